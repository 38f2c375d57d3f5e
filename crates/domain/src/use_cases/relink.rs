use crate::id::OrganizationId;
use crate::linking::link;
use crate::ports::{DeploymentQuery, RelinkRequest, RelinkingDecision, Store, StoreError};
use crate::timestamp::Timestamp;
use time::Duration;

/// How long a claimed request is left to its taker. A taker that dies delays it by this much.
const LEASE: Duration = Duration::seconds(3);

/// Looks again at the links of up to `limit` deployments that are waiting for it, of one organization or of all,
/// and gives how many it took. Nothing left to do: 0.
///
/// # Errors
/// [`StoreError`] when the store failed; what was taken can be taken again after some seconds.
pub async fn relink(
    store: &dyn Store,
    organization_id: Option<OrganizationId>,
    limit: u32,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let requests = store
        .relinking()
        .claim(organization_id, limit, now, now.plus(LEASE))
        .await?;
    let taken = requests.len();
    if taken == 0 {
        return Ok(0);
    }
    let queries: Vec<_> = requests.iter().map(query).collect();
    let contexts = store.deployments().contexts(&queries).await?;
    let decisions: Vec<_> = requests
        .into_iter()
        .zip(contexts)
        .filter_map(|(request, context)| {
            let context = context?;
            let linking = link(&context.stored?.deployment, &context.surroundings);
            Some(RelinkingDecision {
                request,
                version: context.version,
                linking,
            })
        })
        .collect();
    store.relinking().apply(&decisions).await?;
    Ok(taken)
}

fn query(request: &RelinkRequest) -> DeploymentQuery {
    DeploymentQuery {
        organization_id: request.organization_id,
        external_id: request.external_id.clone(),
        linking: true,
        commit: None,
        previous_commit: None,
        service: None,
    }
}
