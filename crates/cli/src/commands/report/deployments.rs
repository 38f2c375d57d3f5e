use super::charts::{
    NOTHING, bar, change, count, distributions, level, line, medians, more, number, percent, time, weeks,
};
use super::repository_name;
use crate::output::{duration, table};
use periscope_domain::id::DeploymentId;
use periscope_domain::metrics::{
    ChangeFailureRate, DeploymentFrequency, FailureRate, Frequency, LeadTimes, Outage, Rated, Recovery,
    ServiceLeadTime, StatusCounts,
};
use periscope_domain::use_cases::Report;

/// How many outages of each kind are told.
const TOLD: usize = 10;

/// How many services are told of those that shipped something.
const SERVICES_TOLD: usize = 20;

pub(super) fn deployment_frequency(figures: &DeploymentFrequency) -> Vec<String> {
    let row = |name: &str, of: Frequency| {
        vec![
            name.to_owned(),
            of.statuses.success.to_string(),
            of.redeployments.to_string(),
            number(of.per_day),
            number(of.per_week),
            level(of.level).to_owned(),
        ]
    };
    let rows: Vec<_> = [("now", figures.current), ("before", figures.previous)]
        .into_iter()
        .filter_map(|(name, of)| Some(row(name, of?)))
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let environments = figures.environments.iter().map(|(name, counts)| {
        let cells = statuses(*counts).map(|number| number.to_string());
        [name.clone()].into_iter().chain(cells).collect()
    });
    let daily: Vec<f64> = figures
        .daily
        .iter()
        .map(|(_, counts)| count(counts.success))
        .collect();
    vec![
        table(
            &["", "successful", "redeployments", "a day", "a week", "level"],
            rows,
        ),
        format!("successful by day  {}", line(&daily)),
        table(
            &["environment", "success", "failure", "cancelled", "rolled back"],
            environments.collect(),
        ),
    ]
}

fn statuses(counts: StatusCounts) -> [u64; 4] {
    [
        counts.success,
        counts.failure,
        counts.cancelled,
        counts.rolled_back,
    ]
}

pub(super) fn lead_time(figures: &LeadTimes, report: &Report) -> Vec<String> {
    let slowest = figures.slowest.iter().map(|shipment| {
        let name = report.pull_requests.get(&shipment.pull_request_id);
        let name = name.map_or_else(String::new, |stored| {
            let repository = repository_name(report, stored.repository_id);
            format!("{repository}#{}", stored.pull_request.number)
        });
        vec![
            name,
            duration(shipment.lead_time.seconds()),
            deployment_name(report, shipment.deployment_id),
            shipment.service.clone().unwrap_or_else(|| NOTHING.to_owned()),
        ]
    });
    let slowest: Vec<_> = slowest.collect();
    let mut parts = rated(figures.current, figures.previous, 1.0);
    if !slowest.is_empty() {
        parts.push(medians(&figures.weekly));
        parts.extend(services(&figures.services));
        parts.push(table(&["slowest", "lead time", "deployment", "service"], slowest));
    }
    parts
}

/// Service by service, if there are several.
fn services(figures: &[ServiceLeadTime]) -> Vec<String> {
    if figures.len() < 2 {
        return Vec::new();
    }
    let rows = figures.iter().take(SERVICES_TOLD).map(|one| {
        let of = one.lead_time.distribution;
        let mut row = vec![service_name(one.service.as_ref()), of.count.to_string()];
        row.extend([of.p50, of.p75, of.p95].map(time));
        row.push(level(one.lead_time.level).to_owned());
        row
    });
    let header = ["service", "count", "p50", "p75", "p95", "level"];
    vec![table(&header, rows.collect()), more(figures.len(), SERVICES_TOLD)]
}

fn service_name(service: Option<&String>) -> String {
    service.cloned().unwrap_or_else(|| "without a service".to_owned())
}

/// Distributions with the level of the present one; `size` is how many seconds a unit of theirs has.
fn rated(now: Option<Rated>, before: Option<Rated>, size: f64) -> Vec<String> {
    let [current, previous] = [now, before].map(|rated| rated.map(|rated| rated.distribution));
    let rating = now.map_or_else(
        || "no level".to_owned(),
        |now| match now.level {
            Ok(level) => format!("level {}", level.as_str()),
            Err(reason) => reason.sentence().to_owned(),
        },
    );
    let [p50, p50_before] = [current, previous].map(|of| of.map(|of| of.p50));
    match distributions(current, previous, size) {
        text if text.is_empty() => Vec::new(),
        text => vec![
            format!(
                "{rating}\np50 {} on the window before",
                change(p50, p50_before, |p50| time(p50 * size))
            ),
            text,
        ],
    }
}

pub(super) fn change_failure_rate(figures: &ChangeFailureRate, report: &Report) -> Vec<String> {
    let row = |name: String, of: FailureRate| {
        let counts = statuses(of.statuses).map(|number| number.to_string());
        let rates = [
            percent(of.share),
            percent(of.narrow_share),
            level(of.level).to_owned(),
        ];
        let mut row = vec![name];
        row.extend(rates);
        row.extend(counts);
        row.push(bar(of.share, 1.0));
        row
    };
    let named = [("now", figures.current), ("before", figures.previous)];
    let mut rows: Vec<_> = named
        .into_iter()
        .filter_map(|(name, of)| Some(row(name.to_owned(), of?)))
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let services = figures.services.iter();
    rows.extend(services.map(|one| row(service_name(one.service.as_ref()), one.rate)));
    let header = [
        "",
        "rate",
        "narrow",
        "level",
        "success",
        "failure",
        "cancelled",
        "rolled back",
        "",
    ];
    let failures = figures.recent_failures.iter().filter_map(|id| {
        let deployment = &report.deployments.get(id)?.deployment;
        let url = deployment.pipeline_url.as_ref();
        Some(vec![
            deployment.external_id.to_string(),
            deployment.run.status().to_string(),
            deployment
                .run
                .completed_at()
                .map_or_else(String::new, |time| time.to_string()),
            url.map_or(NOTHING, |url| url.as_str()).to_owned(),
        ])
    });
    let failures: Vec<_> = failures.collect();
    let mut parts = vec![table(&header, rows)];
    if figures.current.is_some() {
        let rates = weeks(&figures.weekly, |week| week.share);
        parts.push(format!("rate by week  {rates}"));
    }
    if !failures.is_empty() {
        parts.push(table(
            &["recent failure", "status", "completed", "pipeline"],
            failures,
        ));
    }
    parts
}

pub(super) fn recovery(figures: &Recovery, report: &Report) -> Vec<String> {
    let mut parts = rated(figures.current, figures.previous, 60.0);
    let incidents: Vec<_> = figures
        .incidents
        .iter()
        .take(TOLD)
        .map(|one| outage(one, report))
        .collect();
    let header = ["service", "environment", "opened", "lasted", "by", "ended by"];
    if !incidents.is_empty() {
        parts.push(medians(&figures.weekly));
        parts.push(table(&header, incidents));
    }
    let open: Vec<_> = figures
        .open
        .iter()
        .take(TOLD)
        .map(|one| outage(one, report))
        .collect();
    if !open.is_empty() {
        parts.push(format!("still open: {}", figures.open.len()));
        parts.push(table(&header, open));
        parts.push(more(figures.open.len(), TOLD));
    }
    parts
}

fn outage(outage: &Outage, report: &Report) -> Vec<String> {
    vec![
        outage.service.clone().unwrap_or_else(|| NOTHING.to_owned()),
        outage.environment.clone(),
        outage.opened_at.to_string(),
        outage
            .duration_seconds()
            .map_or_else(|| "open".to_owned(), duration),
        deployment_name(report, outage.opened_by),
        outage
            .ended
            .map_or_else(|| NOTHING.to_owned(), |(id, _)| deployment_name(report, id)),
    ]
}

fn deployment_name(report: &Report, id: DeploymentId) -> String {
    let stored = report.deployments.get(&id);
    stored.map_or_else(
        || id.to_string(),
        |stored| stored.deployment.external_id.to_string(),
    )
}
