//! Answers what is asked about an organization's deployments and pull requests. In three steps, so that whoever answers
//! many can compute where it disturbs nobody: [gather](gather_material) what an answer is computed from,
//! [measure](Material::measure), and [look up](complete_reports) what the answer tells of.

use super::find_tiers;
use crate::deployment::StoredDeployment;
use crate::environment::Environment;
use crate::environment_tiers::EnvironmentTiers;
use crate::id::{DeploymentId, OrganizationId, PullRequestId};
use crate::metrics::{Answer, Material, Metric, Question};
use crate::ports::{Store, StoreError};
use crate::pull_request::StoredPullRequest;
use crate::repository::Repository;
use std::collections::BTreeMap;

/// An answer with all that it tells of.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was asked.
    pub question: Question,
    /// The answer.
    pub answer: Answer,
    /// Every repository of the organization.
    pub repositories: Vec<Repository>,
    /// The pull requests that the answer tells of.
    pub pull_requests: BTreeMap<PullRequestId, StoredPullRequest>,
    /// The deployments that the answer tells of.
    pub deployments: BTreeMap<DeploymentId, StoredDeployment>,
}

/// Reads all that some metrics' answers to a question are computed from, which then agree.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn gather_material(
    store: &dyn Store,
    organization_id: OrganizationId,
    metrics: &[Metric],
    question: Question,
) -> Result<Material, StoreError> {
    let since = metrics.iter().map(|metric| question.facts_since(*metric));
    let since = since.min().unwrap_or(question.window.since);
    let metric_facts = store.metric_facts();
    let tiers = find_tiers(store, organization_id).await?;
    let states = if metrics.iter().any(|metric| metric.follows_outages()) {
        let environments = environments_of(store, organization_id, &tiers, &question.environment).await?;
        metric_facts
            .states_before(organization_id, &environments, question.outages_since())
            .await?
    } else {
        Vec::new()
    };
    Ok(Material {
        tiers,
        states,
        facts: metric_facts.facts_since(organization_id, since).await?,
        repositories: store.repositories().list(organization_id).await?,
        question,
    })
}

/// The environments that a filter means: those that it takes of all that anything was deployed to.
async fn environments_of(
    store: &dyn Store,
    organization_id: OrganizationId,
    tiers: &EnvironmentTiers,
    filter: &Environment,
) -> Result<Vec<Environment>, StoreError> {
    if !filter.means_tier() {
        return Ok(vec![filter.clone()]);
    }
    let environments = store.environments().list(organization_id).await?.into_iter();
    let environments = environments.map(|environment| tiers.apply(environment));
    Ok(environments
        .filter(|environment| filter.takes(environment))
        .collect())
}

/// Reads what the answers tell of, in their order.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn complete_reports(
    store: &dyn Store,
    organization_id: OrganizationId,
    material: &Material,
    answers: Vec<Answer>,
) -> Result<Vec<Report>, StoreError> {
    let mut reports = Vec::with_capacity(answers.len());
    for answer in answers {
        reports.push(complete_report(store, organization_id, material, answer).await?);
    }
    Ok(reports)
}

async fn complete_report(
    store: &dyn Store,
    organization_id: OrganizationId,
    material: &Material,
    answer: Answer,
) -> Result<Report, StoreError> {
    let (pull_requests, deployments) = (answer.figures.pull_requests(), answer.figures.deployments());
    let pull_requests = match pull_requests.as_slice() {
        [] => Vec::new(),
        ids => store.pull_requests().list(organization_id, ids).await?,
    };
    let deployments = match deployments.as_slice() {
        [] => Vec::new(),
        ids => store.deployments().list(organization_id, ids).await?,
    };
    Ok(Report {
        question: material.question.clone(),
        answer,
        repositories: material.repositories.clone(),
        pull_requests: pull_requests.into_iter().map(|one| (one.id, one)).collect(),
        deployments: deployments.into_iter().map(|one| (one.id, one)).collect(),
    })
}

/// Answers a question by some metrics, in their order.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn report_metrics(
    store: &dyn Store,
    organization_id: OrganizationId,
    metrics: &[Metric],
    question: Question,
) -> Result<Vec<Report>, StoreError> {
    let material = gather_material(store, organization_id, metrics, question).await?;
    let answers = material.measure_all(metrics);
    complete_reports(store, organization_id, &material, answers).await
}
