use super::RELINKED_AT_ONCE;
use super::place::place;
use super::record_deployments::delivery_query;
use crate::id::{OrganizationId, PullRequestId};
use crate::linking::{LinePosition, LineState, Linking, link};
use crate::ports::{
    Applied, DeliveryQuery, DeploymentContext, DeploymentQuery, LineRequest, RelinkReason, RelinkRequest,
    RelinkingDecision, Store, StoreError,
};
use crate::text::ExternalDeploymentId;
use crate::timestamp::Timestamp;
use std::collections::BTreeSet;
use time::Duration;

/// How long a claimed request is left to its taker. A taker that dies delays it by this much.
const LEASE: Duration = Duration::seconds(3);

/// How many lines one call goes on with.
const LINES_AT_ONCE: u32 = 4;

/// Looks again at the links of up to `limit` deployments that are waiting for it, and of as many of some lines, of one
/// organization or of all, after placing as many of some services and environments, and gives how many requests it took.
/// Nothing left to do: 0.
///
/// # Errors
/// [`StoreError`] when the store failed; what was taken can be taken again after some seconds.
pub async fn relink(
    store: &dyn Store,
    organization_id: Option<OrganizationId>,
    limit: u32,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let lease_until = now.plus(LEASE);
    let placed = place(store, organization_id, limit, now, lease_until).await?;
    let lines = relink_lines(store, organization_id, limit, now).await?;
    let relinking = store.relinking();
    let requests = relinking.claim(organization_id, limit, now, lease_until).await?;
    let taken = requests.len();
    if taken > 0 {
        relink_requested(store, requests, now).await?;
    }
    Ok(placed + lines + taken)
}

/// Decides up to `limit` deployments of each of some requested lines, and gives how many lines it took.
async fn relink_lines(
    store: &dyn Store,
    organization_id: Option<OrganizationId>,
    limit: u32,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let relinking = store.relinking();
    let lines = relinking
        .claim_lines(organization_id, LINES_AT_ONCE, now, now.plus(LEASE))
        .await?;
    let mut progress = Vec::with_capacity(lines.len());
    for line in lines {
        let next = relink_line(store, &line, limit, now).await?;
        progress.push((line, next));
    }
    if !progress.is_empty() {
        relinking.advance_lines(&progress, now).await?;
    }
    Ok(progress.len())
}

/// Relinks later deployments of lines that a deployment has changed. Requests of single deployments are left to the worker:
/// late pull requests make many of them, and a report would wait for these. The requests are recorded, so that the worker
/// does what this call cannot.
pub(super) async fn relink_later_of_lines(
    store: &dyn Store,
    organizations: &BTreeSet<OrganizationId>,
    now: Timestamp,
) {
    for organization_id in organizations {
        let _ = relink_lines(store, Some(*organization_id), RELINKED_AT_ONCE, now).await;
    }
}

/// Decides deployments that have been requested one by one.
async fn relink_requested(
    store: &dyn Store,
    requests: Vec<RelinkRequest>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let queries: Vec<_> = requests
        .iter()
        .map(|request| stored_query(request.organization_id, request.external_id.clone()))
        .collect();
    let contexts = store.deployments().contexts(&queries).await?;
    let known = requests.into_iter().zip(contexts);
    let known: Vec<_> = known
        .filter_map(|(request, context)| {
            let context = context?;
            let linking = link(&context.stored.as_ref()?.deployment, &context.surroundings);
            Some((request, context, linking))
        })
        .collect();
    let queries: Vec<_> = known
        .iter()
        .map(|(request, context, linking)| {
            let stored = context.stored.as_ref()?;
            let pull_requests = linking.first_deliveries().collect();
            delivery_query(
                (request.organization_id, &stored.service_key),
                &stored.deployment,
                pull_requests,
            )
        })
        .collect();
    let mut delivered = delivered(store, queries).await?.into_iter();
    let decisions: Vec<_> = known
        .into_iter()
        .map(|(request, context, linking)| RelinkingDecision {
            request,
            version: context.version,
            is_as_before: false,
            linking: linking.after_deliveries_of(&delivered.next().unwrap_or_default()),
        })
        .collect();
    store.relinking().apply(&decisions, now).await?;
    Ok(())
}

/// What was delivered before, for each question that is asked.
async fn delivered(
    store: &dyn Store,
    queries: Vec<Option<DeliveryQuery>>,
) -> Result<Vec<BTreeSet<PullRequestId>>, StoreError> {
    let asked: Vec<_> = queries.iter().flatten().cloned().collect();
    let mut answers = if asked.is_empty() {
        Vec::new()
    } else {
        store.deployments().delivered(&asked).await?
    }
    .into_iter();
    let delivered = queries.into_iter().map(|query| {
        let answer = query.and_then(|_| answers.next());
        answer.unwrap_or_default()
    });
    Ok(delivered.collect())
}

/// A deployment of a line with the links that it has when nothing but commits counts.
struct LineEntry {
    context: DeploymentContext,
    linking: Linking,
}

/// Decides the next deployments of a line, in order, and gives the place to go on at. What is as it was is not written.
async fn relink_line(
    store: &dyn Store,
    line: &LineRequest,
    limit: u32,
    now: Timestamp,
) -> Result<Option<LinePosition>, StoreError> {
    let deployments = store.deployments();
    let organization_id = line.organization_id;
    let found = deployments
        .line(
            organization_id,
            &line.service_key,
            &line.from,
            limit.saturating_add(1),
        )
        .await?;
    let most = limit as usize;
    let next = found.get(most).map(|member| member.place.clone());
    let mut environments = BTreeSet::new();
    let queries: Vec<_> = found
        .into_iter()
        .take(most)
        .map(|member| DeploymentQuery {
            // What is live before a later one follows from those before it.
            earlier: environments.insert(member.environment),
            ..stored_query(organization_id, member.external_id)
        })
        .collect();
    let contexts = deployments.contexts(&queries).await?;
    let contexts = contexts.into_iter().flatten();
    let entries = link_in_order(contexts, &line.service_key);
    let known = known_before(store, line, &entries).await?;
    let mut state = LineState::new(Vec::new(), known);
    let mut decisions = Vec::new();
    for LineEntry { context, linking } in entries {
        let Some(stored) = context.stored else { continue };
        let linking = linking.after_deliveries_of(state.delivered());
        state.advance(stored.id, &stored.deployment, &linking);
        decisions.push(RelinkingDecision {
            request: RelinkRequest {
                organization_id,
                deployment_id: stored.id,
                external_id: stored.deployment.external_id,
                reason: RelinkReason::Line(line.generation),
            },
            version: context.version,
            is_as_before: context.digest == Some(linking.digest()),
            linking,
        });
    }
    if !decisions.is_empty() {
        let applied = store.relinking().apply(&decisions, now).await?;
        if applied.contains(&Applied::Stale) {
            return Ok(Some(line.from.clone()));
        }
    }
    Ok(next)
}

/// Links the deployments of a line one after the other. The store tells what was live before the first one; what is live
/// before each of the others follows, whatever the store knows of them.
fn link_in_order(contexts: impl Iterator<Item = DeploymentContext>, line: &str) -> Vec<LineEntry> {
    let mut state: Option<LineState> = None;
    let mut entries = Vec::new();
    for mut context in contexts {
        let Some(stored) = &context.stored else { continue };
        if stored.service_key != line {
            continue;
        }
        let earlier = std::mem::take(&mut context.surroundings.earlier);
        let state = state.get_or_insert_with(|| LineState::new(earlier.heads, BTreeSet::new()));
        state.begin(&stored.deployment.environment, earlier.latest);
        context.surroundings.earlier = state.before(&stored.deployment);
        let linking = link(&stored.deployment, &context.surroundings);
        state.advance(stored.id, &stored.deployment, &linking);
        entries.push(LineEntry { context, linking });
    }
    entries
}

/// The pull requests that were delivered before the first deployment of some.
async fn known_before(
    store: &dyn Store,
    line: &LineRequest,
    entries: &[LineEntry],
) -> Result<BTreeSet<PullRequestId>, StoreError> {
    let first = entries.iter().find_map(|entry| entry.context.stored.as_ref());
    let pull_requests: BTreeSet<_> = entries
        .iter()
        .flat_map(|entry| entry.linking.first_deliveries())
        .collect();
    let query = first.and_then(|first| {
        let pull_requests = pull_requests.into_iter().collect();
        delivery_query(
            (line.organization_id, &line.service_key),
            &first.deployment,
            pull_requests,
        )
    });
    let answers = delivered(store, vec![query]).await?;
    Ok(answers.into_iter().next().unwrap_or_default())
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
        environment: None,
        shipped_at: None,
        earlier: true,
    }
}
