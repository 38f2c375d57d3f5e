use crate::deployment::Deployment;
use crate::id::OrganizationId;
use crate::linking::{Surroundings, link, needs_more_earlier};
use crate::ports::{DeploymentQuery, EarlierQuery, RelinkRequest, RelinkingDecision, Store, StoreError};
use crate::text::ExternalDeploymentId;
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
    let spread = store.relinking().spread(organization_id, limit, now).await?;
    let requests = store
        .relinking()
        .claim(organization_id, limit, now, now.plus(LEASE))
        .await?;
    let taken = requests.len();
    if taken == 0 {
        return Ok(usize::try_from(spread).unwrap_or(usize::MAX));
    }
    let queries: Vec<_> = requests.iter().map(query).collect();
    let contexts = store.deployments().contexts(&queries).await?;
    let mut decisions = Vec::with_capacity(taken);
    for (request, context) in requests.into_iter().zip(contexts) {
        let Some((stored, mut surroundings, version)) =
            context.and_then(|context| Some((context.stored?, context.surroundings, context.version)))
        else {
            continue;
        };
        let deployment = &stored.deployment;
        find_base(store, request.organization_id, deployment, &mut surroundings).await?;
        decisions.push(RelinkingDecision {
            linking: link(deployment, &surroundings),
            request,
            version,
        });
    }
    store.relinking().apply(&decisions, now).await?;
    Ok(taken)
}

/// Looks up earlier deployments until the base of a deployment is among them, or there are no more.
pub(super) async fn find_base(
    store: &dyn Store,
    organization_id: OrganizationId,
    deployment: &Deployment,
    surroundings: &mut Surroundings,
) -> Result<(), StoreError> {
    let mut most = EARLIER_AT_ONCE;
    while needs_more_earlier(deployment, surroundings) {
        let earlier = &mut surroundings.earlier;
        let Some(last) = earlier.deployments.last() else {
            return Ok(());
        };
        let query = EarlierQuery {
            organization_id,
            of: deployment.external_id.clone(),
            service: deployment.service.clone(),
            before: (last.completed_at, last.external_id.clone()),
            most,
        };
        let further = store.deployments().earlier(&query).await?;
        earlier.deployments.extend(further.deployments);
        earlier.has_more = further.has_more;
        most = (most * 4).min(EARLIER_AT_MOST);
    }
    Ok(())
}

/// How many earlier deployments are looked up when the first few were not enough; then four times as many, and so on.
const EARLIER_AT_ONCE: u32 = 100;
const EARLIER_AT_MOST: u32 = 10_000;

fn query(request: &RelinkRequest) -> DeploymentQuery {
    stored_query(request.organization_id, request.external_id.clone())
}

/// Asks for the context of a deployment as it is stored.
pub(super) const fn stored_query(
    organization_id: OrganizationId,
    external_id: ExternalDeploymentId,
) -> DeploymentQuery {
    DeploymentQuery {
        organization_id,
        external_id,
        linking: true,
        commit: None,
        previous_commit: None,
        service: None,
        shipped_at: None,
    }
}
