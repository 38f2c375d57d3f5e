use crate::checkup::{Check, check_github, check_keys, check_links};
use crate::environment::Environment;
use crate::metrics::{Metric, Question, TimeRange, Window};
use crate::organization::Organization;
use crate::ports::{Store, StoreError};
use crate::time_zone::TimeZone;
use crate::timestamp::Timestamp;
use crate::use_cases::gather_material;

/// Looks at what an operator should know of an organization: its keys, its forge, and the links of the last 30 days.
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
    Ok(vec![
        check_keys(&keys, now),
        check_github(
            connection.map(|known| known.connection.created_at),
            last_effect,
            now,
        ),
        check_links(&material.coverage()),
    ])
}
