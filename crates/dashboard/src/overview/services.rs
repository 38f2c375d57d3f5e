//! Services side by side.

use crate::controls::Controls;
use crate::text;
use periscope_domain::metrics::{Figures, Level};
use periscope_domain::use_cases::Report;

/// How a service does.
pub(crate) struct ServiceRow {
    pub(crate) name: Option<String>,
    pub(crate) successful: String,
    pub(crate) failed: u64,
    pub(crate) failure_rate: String,
    pub(crate) level: Level,
    pub(crate) lead_time: String,
    /// The same page of this service alone.
    pub(crate) path: String,
}

/// The services of which something was deployed, by name.
pub(crate) fn rows(reports: &[Report], controls: &Controls) -> Vec<ServiceRow> {
    let rates = reports.iter().find_map(|report| match &report.answer.figures {
        Figures::ChangeFailureRate(rates) => Some(rates),
        _ => None,
    });
    let services = rates.map(|rates| rates.services.as_slice()).unwrap_or_default();
    let row = services.iter().map(|service| {
        let statuses = service.rate.statuses;
        ServiceRow {
            name: service.service.clone(),
            successful: text::count(statuses.success),
            failed: statuses.failure + statuses.rolled_back,
            failure_rate: text::percent(service.rate.share),
            level: service.rate.level,
            lead_time: text::NOTHING.to_owned(),
            path: controls.path(
                "/",
                &[("service", service.service.as_deref().unwrap_or_default())],
            ),
        }
    });
    row.collect()
}
