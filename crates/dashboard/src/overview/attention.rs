//! What needs somebody's attention: outages that last, and risks.

use crate::controls::Controls;
use periscope_domain::metrics::{Entity, Figures};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::Report;

/// A service that is down.
pub(crate) struct OutageRow {
    pub(crate) service: Option<String>,
    pub(crate) environment: String,
    pub(crate) since: Timestamp,
    /// The deployment that opened it.
    pub(crate) deployment_id: i64,
    pub(crate) deployment: String,
}

/// A risk.
pub(crate) struct RiskRow {
    pub(crate) severity: &'static str,
    pub(crate) description: String,
    pub(crate) recommendation: &'static str,
    /// Where to look.
    pub(crate) href: String,
}

pub(crate) fn outages(report: &Report) -> Vec<OutageRow> {
    let Figures::Recovery(recovery) = &report.answer.figures else {
        return Vec::new();
    };
    let row = recovery.open.iter().map(|outage| OutageRow {
        service: outage.service.clone(),
        environment: outage.environment.clone(),
        since: outage.opened_at,
        deployment_id: outage.opened_by.get(),
        deployment: report
            .deployments
            .get(&outage.opened_by)
            .map_or_else(String::new, |stored| stored.deployment.external_id.to_string()),
    });
    row.collect()
}

pub(crate) fn risks(report: &Report, controls: &Controls) -> Vec<RiskRow> {
    let Figures::RiskSignals(risks) = &report.answer.figures else {
        return Vec::new();
    };
    let row = risks.signals.iter().map(|signal| RiskRow {
        severity: signal.severity.as_str(),
        description: signal.description.clone(),
        recommendation: signal.recommendation,
        href: href(&signal.entity, report, controls),
    });
    row.collect()
}

fn href(entity: &Entity, report: &Report, controls: &Controls) -> String {
    match entity {
        Entity::Everything => controls.path("/repositories", &[]),
        Entity::Repository(id) => {
            let repository = report.repositories.iter().find(|repository| repository.id == *id);
            let name = repository.map_or("", |repository| repository.name.as_str());
            controls.path("/repositories", &[("service", name)])
        }
        Entity::Service(service) => {
            let service = service.as_deref().unwrap_or_default();
            controls.path("/metrics/change-failure-rate", &[("service", service)])
        }
        Entity::Author(author) => controls.path_to_list("/pull-requests", &[("author", author)]),
    }
}
