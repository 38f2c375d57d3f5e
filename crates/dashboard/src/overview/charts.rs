//! The two charts of the overview.

use crate::charts::{Caption, Lines, StackedBars};
use periscope_domain::metrics::Figures;
use periscope_domain::use_cases::Report;

pub(super) fn deployments(reports: &[Report]) -> String {
    let caption = Caption {
        id: "deployments-per-day",
        title: "Deployments per day",
        description: "A bar for each day, split by how the deployments ended.",
    };
    let daily = reports.iter().find_map(|report| match &report.answer.figures {
        Figures::DeploymentFrequency(figures) => Some(&figures.daily),
        _ => None,
    });
    daily.map_or_else(String::new, |daily| {
        StackedBars::deployments(caption, daily).to_string()
    })
}

pub(super) fn lead_times(reports: &[Report]) -> String {
    let caption = Caption {
        id: "lead-time-by-week",
        title: "Lead time by week",
        description: "How long pull requests waited from their merge until a deployment shipped them: the median, and \
                      what 75 % and 95 % of them stayed below.",
    };
    let weekly = reports.iter().find_map(|report| match &report.answer.figures {
        Figures::LeadTime(figures) => Some(&figures.weekly),
        _ => None,
    });
    weekly.map_or_else(String::new, |weekly| {
        Lines::percentiles(caption, "lead time", 1.0, weekly).to_string()
    })
}
