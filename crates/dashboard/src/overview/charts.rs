//! The two charts of the overview.

use crate::charts::{Caption, Lines, StackedBars};
use periscope_domain::metrics::Figures;
use periscope_domain::use_cases::Report;

pub(super) fn deployments(reports: &[Report]) -> Option<StackedBars<'static>> {
    reports.iter().find_map(|report| match &report.answer.figures {
        Figures::DeploymentFrequency(figures) => Some(StackedBars::deployments(&figures.daily)),
        _ => None,
    })
}

pub(super) fn lead_times(reports: &[Report]) -> Option<Lines<'static>> {
    let caption = Caption {
        id: "lead-time-by-week",
        title: "Lead time by week",
        description: "How long pull requests waited from their merge until a deployment shipped them: the median, and \
                      what 75 % and 95 % of them stayed below.",
    };
    reports.iter().find_map(|report| match &report.answer.figures {
        Figures::LeadTime(figures) => Some(Lines::percentiles(caption, "lead time", 1.0, &figures.weekly)),
        _ => None,
    })
}
