//! Answers "why": how the links of a deployment were found, and what is not linked to it.

use super::describe::{LinkedPullRequest, linked_pull_requests, name_of, repositories_by_id};
use super::record_deployments::delivery_query;
use super::relink::stored_query;
use crate::deployment::StoredDeployment;
use crate::id::{OrganizationId, RepositoryId};
use crate::linking::{Absence, Absences, Surroundings, link};
use crate::listing::{Order, PageLimit, PageRequest, PullRequestFilter};
use crate::period::Period;
use crate::ports::{Store, StoreError};
use crate::pull_request::StoredPullRequest;
use crate::repository::Repository;
use crate::warning::Warning;
use std::collections::{BTreeMap, BTreeSet};

/// One step of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is, in a code that never changes.
    pub code: &'static str,
    /// The same for people.
    pub sentence: String,
}

/// How the links of a deployment were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentExplanation {
    /// The deployment.
    pub deployment: StoredDeployment,
    /// Step by step: where it was looked, for what, and what was found.
    pub steps: Vec<Step>,
    /// The pull requests that are linked, in order of the numbers that Periscope gave them.
    pub links: Vec<LinkedPullRequest>,
    /// If it is a successful production deployment, the latest pull requests of where it was looked that were merged by
    /// the time of its completion and are not linked, each with the full name of its repository and the reason; the latest
    /// merge first.
    pub not_linked: Vec<(StoredPullRequest, String, Absence)>,
    /// What could not be known.
    pub warnings: Vec<Warning>,
    /// Whether the steps lead to the links. If not, something has just arrived, and they soon will.
    pub is_settled: bool,
}

impl DeploymentExplanation {
    /// What the deployment repeats, if it brings nothing new.
    #[must_use]
    pub fn repetition(&self) -> Option<&str> {
        let novelty = self.deployment.novelty?;
        let mut steps = self.steps.iter();
        let step = steps.find(|step| step.code == novelty.as_str())?;
        Some(&step.sentence)
    }
}

/// How many pull requests before its completion are looked at to tell which are not in a deployment, and of how many of
/// these it is told why. Most of the latest ones are in it.
const MERGES_LOOKED_AT: PageLimit = PageLimit::new(200).unwrap();
const NOT_LINKED_AT_MOST: usize = 20;

/// Explains the links of a deployment of the organization.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn explain_deployment(
    store: &dyn Store,
    organization_id: OrganizationId,
    deployment: StoredDeployment,
) -> Result<DeploymentExplanation, StoreError> {
    let repositories = repositories_by_id(store, organization_id).await?;
    let surroundings = surroundings(store, organization_id, &deployment).await?;
    let mut linking = link(&deployment.deployment, &surroundings);
    let first = linking.first_deliveries().collect();
    if let Some(query) = delivery_query(
        (organization_id, &deployment.service_key),
        &deployment.deployment,
        first,
    ) {
        let delivered = store.deployments().delivered(&[query]).await?;
        linking = linking.after_deliveries_of(&delivered.into_iter().next().unwrap_or_default());
    }
    let links = linked_pull_requests(store, organization_id, deployment.id, &repositories).await?;
    let is_settled = links.iter().map(|linked| &linked.link).eq(&linking.links);
    let absences = Absences::of(&deployment.deployment, &surroundings, &linking);
    let not_linked = not_linked(
        store,
        organization_id,
        &deployment,
        &absences,
        &links,
        &repositories,
    )
    .await?;
    let steps = linking.findings.iter().map(|finding| Step {
        code: finding.code(),
        sentence: finding.sentence(|id| name_of(&repositories, id)),
    });
    Ok(DeploymentExplanation {
        deployment,
        steps: steps.collect(),
        links,
        not_linked,
        warnings: linking.warnings,
        is_settled,
    })
}

/// What was merged by the time of a deployment's completion where it was looked, and is not linked to it.
async fn not_linked(
    store: &dyn Store,
    organization_id: OrganizationId,
    deployment: &StoredDeployment,
    absences: &Absences<'_>,
    links: &[LinkedPullRequest],
    repositories: &BTreeMap<RepositoryId, Repository>,
) -> Result<Vec<(StoredPullRequest, String, Absence)>, StoreError> {
    let Some(shipped_at) = deployment.deployment.shipped_at() else {
        return Ok(Vec::new());
    };
    let named = absences.repository_named();
    let filter = PullRequestFilter {
        repository_id: named,
        merged: Period::up_to(shipped_at),
        ..PullRequestFilter::default()
    };
    let page = PageRequest {
        order: Order::Newest,
        after: None,
        limit: MERGES_LOOKED_AT,
    };
    let page = store
        .pull_requests()
        .page(organization_id, &filter, &page)
        .await?;
    let is_watched = |id| named.is_some() || repositories.get(&id).is_some_and(|known| known.monitored);
    let linked: BTreeSet<_> = links.iter().map(|linked| linked.link.pull_request_id).collect();
    let others = page
        .items
        .into_iter()
        .map(|listed| (listed.stored, listed.repository));
    let others =
        others.filter(|(stored, _)| !linked.contains(&stored.id) && is_watched(stored.repository_id));
    let with_reasons = others.map(|(stored, repository)| {
        let merged_as = (stored.id, stored.pull_request.merge_commit);
        let why = absences.why(stored.repository_id, merged_as);
        (stored, repository.to_string(), why)
    });
    Ok(with_reasons
        .filter(|(.., why)| *why != Absence::OtherRepository)
        .take(NOT_LINKED_AT_MOST)
        .collect())
}

/// What the links of a deployment are decided from now.
pub(super) async fn surroundings(
    store: &dyn Store,
    organization_id: OrganizationId,
    stored: &StoredDeployment,
) -> Result<Surroundings, StoreError> {
    let query = stored_query(organization_id, stored.deployment.external_id.clone());
    let context = store.deployments().contexts(&[query]).await?.pop().flatten();
    Ok(context.map(|context| context.surroundings).unwrap_or_default())
}
