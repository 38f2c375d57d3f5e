//! Services side by side.

use crate::controls::Controls;
use crate::text;
use periscope_domain::metrics::{Figures, Rating};
use periscope_domain::use_cases::Report;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How a service does.
pub(crate) struct ServiceRow {
    pub(crate) name: Option<String>,
    pub(crate) successful: String,
    pub(crate) failed: u64,
    pub(crate) failure_rate: String,
    pub(crate) rating: Rating,
    pub(crate) lead_time: String,
    /// The same page of this service alone; none without a name, which nothing can be asked by.
    pub(crate) path: Option<String>,
}

/// The services of which something was deployed, those with the most deployments that count first, then by name.
pub(crate) fn rows(reports: &[Report], controls: &Controls) -> Vec<ServiceRow> {
    let rates = reports.iter().find_map(|report| match &report.answer.figures {
        Figures::ChangeFailureRate(rates) => Some(rates),
        _ => None,
    });
    let lead_times = reports.iter().find_map(|report| match &report.answer.figures {
        Figures::LeadTime(lead_times) => Some(lead_times),
        _ => None,
    });
    let lead_times = lead_times
        .map(|lead_times| lead_times.services.as_slice())
        .unwrap_or_default();
    let lead_times: BTreeMap<_, _> = lead_times
        .iter()
        .map(|of| (key(of.service.as_deref()), of.lead_time.distribution.p50))
        .collect();
    let lead_time = |service: Option<&str>| {
        let median = lead_times.get(&key(service));
        median.map_or_else(|| text::NOTHING.to_owned(), |median| text::duration(*median))
    };
    let services = rates.map(|rates| rates.services.as_slice()).unwrap_or_default();
    let mut services: Vec<_> = services.iter().collect();
    services.sort_by_key(|service| {
        let statuses = service.rate.statuses;
        Reverse(statuses.total() - statuses.cancelled)
    });
    let row = services.into_iter().map(|service| {
        let statuses = service.rate.statuses;
        ServiceRow {
            name: service.service.clone(),
            successful: text::count(statuses.success),
            failed: statuses.failure + statuses.rolled_back,
            failure_rate: text::percent(service.rate.share),
            rating: service.rate.level,
            lead_time: lead_time(service.service.as_deref()),
            path: service
                .service
                .as_deref()
                .map(|name| controls.path("/", &[("service", name)])),
        }
    });
    row.collect()
}

/// What a service is the same by, however the metrics spell it: only ASCII letters have two cases, as in the domain.
fn key(service: Option<&str>) -> Option<String> {
    service.map(str::to_ascii_lowercase)
}
