use super::Body;
use crate::charts::StackedBars;
use crate::controls::Controls;
use crate::table::{Cell, Table, numbers, words};
use crate::text;
use periscope_domain::metrics::{DeploymentFrequency, Frequency, StatusCounts};

pub(super) fn body(figures: &DeploymentFrequency, controls: &Controls) -> Body {
    let chart = StackedBars::deployments(&figures.daily);
    Body {
        chart_title: chart.caption.title,
        chart: Some(chart.to_string()),
        tables: vec![windows(figures), environments(figures, controls)],
    }
}

fn windows(figures: &DeploymentFrequency) -> Table {
    let row = |name: &str, of: Option<Frequency>| {
        of.map(|of| {
            let mut row: Vec<Cell> = vec![name.into()];
            row.extend(counts(of.statuses));
            row.push(text::count(of.redeployments).into());
            row.extend([text::number(of.per_day).into(), text::number(of.per_week).into()]);
            row
        })
    };
    let mut columns = columns("");
    columns.extend(["Redeployments", "Succeeded a day", "Succeeded a week"].map(numbers));
    Table {
        id: "windows",
        title: "By how they ended".to_owned(),
        columns,
        rows: [row("Now", figures.current), row("Before", figures.previous)]
            .into_iter()
            .flatten()
            .collect(),
        empty: "No deployment ended in either window.",
    }
}

fn environments(figures: &DeploymentFrequency, controls: &Controls) -> Table {
    let rows = figures.environments.iter().map(|(name, of)| {
        let path = controls.path("/metrics/deployment-frequency", &[("environment", name)]);
        let mut row = vec![Cell::link(name.clone(), path)];
        row.extend(counts(*of));
        row
    });
    Table {
        id: "environments",
        title: "Environments".to_owned(),
        columns: columns("Environment"),
        rows: rows.collect(),
        empty: "Nothing was deployed anywhere.",
    }
}

fn columns(first: &'static str) -> Vec<crate::table::Column> {
    vec![
        words(first),
        numbers("Succeeded"),
        numbers("Failed"),
        numbers("Rolled back"),
        numbers("Cancelled"),
    ]
}

fn counts(of: StatusCounts) -> [Cell; 4] {
    [of.success, of.failure, of.rolled_back, of.cancelled].map(|count| text::count(count).into())
}
