//! The first figure of an organization after an import.

use crate::output::duration;
use periscope_adapters::system::SystemClock;
use periscope_domain::environment::Environment;
use periscope_domain::id::OrganizationId;
use periscope_domain::metrics::{Figures, Metric, Question, TimeRange, Window};
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::time_zone::TimeZone;
use periscope_domain::use_cases::report_metrics;

const RANGE: &str = "90d";

/// The lead time of production over 90 days, in a sentence with the command that shows more.
pub(super) async fn lead_time(
    store: &dyn Store,
    organization_id: OrganizationId,
    slug: &OrganizationSlug,
) -> anyhow::Result<String> {
    let now = SystemClock.now();
    let question = Question {
        window: Window::of_last(TimeRange::parse(RANGE)?, now),
        now,
        time_zone: TimeZone::parse("UTC")?,
        environment: Environment::parse(Environment::PRODUCTION)?,
        service: None,
    };
    let reports = report_metrics(store, organization_id, &[Metric::LeadTime], question).await?;
    let current = reports.iter().find_map(|report| match &report.answer.figures {
        Figures::LeadTime(figures) => figures.current.as_ref(),
        _ => None,
    });
    let figure = current.map_or_else(
        || "no pull request reached production".to_owned(),
        |rated| {
            let distribution = &rated.distribution;
            #[expect(clippy::cast_possible_truncation, reason = "seconds of some years fit")]
            let seconds = distribution.p50 as i64;
            format!(
                "lead time p50 {} of {} pull requests",
                duration(seconds),
                distribution.count
            )
        },
    );
    Ok(format!(
        "{figure} over {RANGE}: periscope report --org {slug} --time-range {RANGE}"
    ))
}
