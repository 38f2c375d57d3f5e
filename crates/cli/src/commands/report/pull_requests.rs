use super::charts::{NOTHING, bar, change, count, distributions, line, medians, more, number, percent, time};
use super::repository_name;
use crate::output::{table, time_or_dash};
use periscope_domain::metrics::{
    Concern, Contributors, CycleTime, MergeCounts, RepositoryHealth, RiskSignals, SizeVsTime,
};
use periscope_domain::use_cases::Report;

/// How many contributors are told.
const TOLD: usize = 20;

pub(super) fn cycle_time(figures: &CycleTime) -> Vec<String> {
    match distributions(figures.current, figures.previous, 3600.0) {
        text if text.is_empty() => Vec::new(),
        text => vec![text, medians(&figures.weekly)],
    }
}

pub(super) fn merges(figures: &MergeCounts, each: &str) -> Vec<String> {
    let Some(now) = figures.current else {
        return Vec::new();
    };
    let before = figures.previous.map(|before| before.per_slice);
    let series: Vec<f64> = figures.series.iter().map(|(_, merged)| count(*merged)).collect();
    vec![
        format!(
            "{} merged, {} {each}, {} on the window before",
            now.merged,
            number(now.per_slice),
            change(Some(now.per_slice), before, number)
        ),
        line(&series),
    ]
}

pub(super) fn size_vs_time(figures: &SizeVsTime) -> Vec<String> {
    if figures.current == 0 {
        return Vec::new();
    }
    vec![format!(
        "{} pull requests of known size and cycle time, {} before; --output json tells a point each",
        figures.current, figures.previous
    )]
}

pub(super) fn contributors(figures: &Contributors) -> Vec<String> {
    let all = &figures.contributors;
    let max = all.first().map_or(0.0, |first| first.share);
    let rows: Vec<_> = all
        .iter()
        .take(TOLD)
        .map(|one| {
            let hours = one.mean_cycle_time_hours.map(|hours| time(hours * 3600.0));
            vec![
                one.author.clone().unwrap_or_else(|| "not known".to_owned()),
                one.merged.to_string(),
                one.previously_merged.to_string(),
                percent(one.share),
                one.mean_lines.map_or_else(|| NOTHING.to_owned(), number),
                hours.unwrap_or_else(|| NOTHING.to_owned()),
                bar(one.share, max),
            ]
        })
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let header = [
        "author",
        "merged",
        "before",
        "share",
        "mean lines",
        "mean cycle time",
        "",
    ];
    vec![
        format!("{} authors, {} before", figures.current, figures.previous),
        table(&header, rows),
        more(all.len(), TOLD),
    ]
}

pub(super) fn service_health(figures: &[RepositoryHealth], report: &Report) -> Vec<String> {
    let rows: Vec<_> = figures
        .iter()
        .map(|one| {
            let concerns: Vec<_> = one.concerns.iter().copied().map(Concern::as_str).collect();
            let weekly: Vec<f64> = one.weekly.iter().map(|(_, merged)| count(*merged)).collect();
            vec![
                repository_name(report, one.repository_id),
                one.health.as_str().to_owned(),
                concerns.join(", "),
                one.merged.to_string(),
                one.previously_merged.to_string(),
                one.contributors.to_string(),
                time_or_dash(one.last_merged_at),
                line(&weekly),
            ]
        })
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let header = [
        "repository",
        "health",
        "concerns",
        "merged",
        "before",
        "contributors",
        "last merge",
        "by week",
    ];
    vec![table(&header, rows)]
}

pub(super) fn risk_signals(figures: &RiskSignals) -> Vec<String> {
    let told = figures.signals.iter().map(|signal| {
        format!(
            "{:6} {}: {}\n       {}",
            signal.severity.as_str(),
            signal.kind.as_str(),
            signal.description,
            signal.recommendation
        )
    });
    match figures.current {
        Some(0) => vec!["none".to_owned()],
        _ => told.collect(),
    }
}
