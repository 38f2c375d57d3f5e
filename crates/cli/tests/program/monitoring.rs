//! Prometheus: what it is told, and what the dashboard and the alerts make of it.

#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use crate::program::Folder;
use crate::serving::report;
use serde_json::Value;
use std::collections::BTreeSet;
use yaml_rust2::YamlLoader;

const DASHBOARD: &str = include_str!("../../../server/monitoring/grafana.json");
const ALERTS: &str = include_str!("../../../server/monitoring/alerts.yml");

/// The names of metrics in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("periscope_")).collect()
}

/// The expressions of the alerts, each of which says what it means.
fn alerts() -> Vec<String> {
    let alerts = YamlLoader::load_from_str(ALERTS).unwrap();
    let rules = alerts[0]["groups"][0]["rules"].as_vec().unwrap();
    rules
        .iter()
        .map(|rule| {
            let name = rule["alert"].as_str().unwrap();
            let text = |place: &str, key: &str| rule[place][key].as_str().unwrap_or_default();
            assert!(
                ["critical", "warning"].contains(&text("labels", "severity")),
                "{name}"
            );
            assert!(!text("annotations", "summary").is_empty(), "{name}");
            assert!(!text("annotations", "description").is_empty(), "{name}");
            assert!(rule["for"].as_str().is_some(), "{name}");
            rule["expr"].as_str().unwrap().to_owned()
        })
        .collect()
}

/// The queries of the dashboard.
fn queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    panels
        .flat_map(|panel| panel["targets"].as_array().unwrap())
        .map(|target| target["expr"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn whatever_the_dashboard_and_the_alerts_ask_for_is_told() {
    let folder = Folder::new();
    let command = folder.command(&["serve", "--metrics-listen", "127.0.0.1:0"]);
    let service = Folder::start(command);
    service.report(&service.key(), &report());
    let told = service.scrape();
    let samples: String = told
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .flat_map(|name| [name, "\n"])
        .collect();
    let asked = alerts().join("\n") + &queries().join("\n");
    let asked = names(&asked);
    assert!(asked.len() >= 10, "{asked:?}");
    let missing: Vec<_> = asked.difference(&names(&samples)).copied().collect();
    assert!(missing.is_empty(), "{missing:?} are not among\n{told}");
    let shown = names(DASHBOARD);
    for line in told.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        assert!(kind != "summary", "{name} has no buckets");
        assert!(
            shown.iter().any(|shown| shown.starts_with(name)),
            "the dashboard does not show {name}"
        );
        assert!(
            told.contains(&format!("# HELP {name} ")),
            "{name} is not described"
        );
    }
    let in_use: Vec<_> = told
        .lines()
        .filter(|line| line.starts_with("periscope_postgres_connections"))
        .collect();
    assert_eq!(in_use.len(), 3, "{told}");
    assert!(told.contains("\nperiscope_ready 1\n"), "{told}");
}
