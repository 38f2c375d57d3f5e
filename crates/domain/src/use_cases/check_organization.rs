use crate::checkup::{
    Check, STUCK_AFTER, check_environments, check_github, check_keys, check_links, check_runs,
};
use crate::environment::Environment;
use crate::id::OrganizationId;
use crate::listing::{DeploymentFilter, ListedDeployment, Order, Page, PageLimit, PageRequest};
use crate::metrics::{Metric, Question, TimeRange, Window};
use crate::organization::Organization;
use crate::period::Period;
use crate::ports::{Store, StoreError};
use crate::run::DeploymentStatus;
use crate::time_zone::TimeZone;
use crate::timestamp::Timestamp;
use crate::use_cases::{gather_material, list_environments};

/// How many deployments whose end nobody reports are looked for.
const STUCK_AT_MOST: PageLimit = PageLimit::new(200).unwrap();

/// Finds the deployments that a filter takes and that have been in progress for more than a day, the oldest first.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn list_stuck_deployments(
    store: &dyn Store,
    organization_id: OrganizationId,
    filter: DeploymentFilter,
    now: Timestamp,
) -> Result<Page<ListedDeployment>, StoreError> {
    let filter = DeploymentFilter {
        statuses: vec![DeploymentStatus::InProgress],
        period: Period::up_to(now.plus(-STUCK_AFTER)),
        ..filter
    };
    let page = PageRequest {
        order: Order::Oldest,
        after: None,
        limit: STUCK_AT_MOST,
    };
    let deployments = store.deployments();
    deployments.page(organization_id, &filter, &page).await
}

/// Looks at what an operator should know of an organization: its keys, its forge, deployments that do not end, its environments,
/// and the links of the last 30 days.
///
/// # Errors
/// [`StoreError`] when the store failed.
pub async fn check_organization(
    store: &dyn Store,
    organization: &Organization,
    now: Timestamp,
) -> Result<Vec<Check>, StoreError> {
    let question = Question {
        window: Window::of_last(TimeRange::DEFAULT, now),
        now,
        time_zone: TimeZone::UTC,
        environment: Environment::production(),
        service: None,
    };
    let keys = store.api_keys().list(organization.id).await?;
    let github = store.github_connections();
    let connection = github.find_by_slug(&organization.slug).await?;
    let last_effect = github.last_effect_at(organization.id).await?;
    let material = gather_material(store, organization.id, &[Metric::Overview], question).await?;
    let stuck = list_stuck_deployments(store, organization.id, DeploymentFilter::default(), now).await?;
    let environments = list_environments(store, organization.id).await?;
    Ok(vec![
        check_keys(&keys, now),
        check_github(
            connection.map(|known| known.connection.created_at),
            last_effect,
            now,
        ),
        check_runs(&stuck),
        check_environments(&environments.undecided()),
        check_links(&material.coverage()),
    ])
}
