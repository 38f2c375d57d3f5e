//! What needs somebody's attention: outages that last, and risks.

use periscope_domain::metrics::{Entity, Figures, RiskSignal};
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
    pub(crate) kind: &'static str,
    pub(crate) description: String,
    pub(crate) recommendation: &'static str,
    /// Where to look.
    pub(crate) service: Option<String>,
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

pub(crate) fn risks(report: &Report) -> Vec<RiskRow> {
    match &report.answer.figures {
        Figures::RiskSignals(risks) => risks.signals.iter().map(RiskRow::of).collect(),
        _ => Vec::new(),
    }
}

impl RiskRow {
    fn of(signal: &RiskSignal) -> Self {
        Self {
            severity: signal.severity.as_str(),
            kind: signal.kind.as_str(),
            description: signal.description.clone(),
            recommendation: signal.recommendation,
            service: match &signal.entity {
                Entity::Service(service) => service.clone(),
                Entity::Everything | Entity::Repository(_) | Entity::Author(_) => None,
            },
        }
    }
}
