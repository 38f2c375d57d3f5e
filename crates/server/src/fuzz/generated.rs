//! Twenty thousand bodies that are right in shape, with values of every kind in their fields: none makes a reader
//! panic, and each that is taken means the same when it is told again.

use super::inputs::{BATCHES, EVENTS, REPORTS};
use super::{try_commits, try_github, try_merges, try_report};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use std::cell::Cell;

/// For each of the four kinds of bodies, unless `PROPTEST_CASES` asks for more.
const CASES: u32 = 5000;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..200_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9a-fA-F]{40}".prop_map(Value::from),
        "[0-9a-f]{3,42}".prop_map(Value::from),
        "[ -~]{0,60}".prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        " ?[A-Za-zİŉǰΐ._-]{1,20}/[A-Za-z._-]{1,20} ?".prop_map(Value::from),
        "https?://[a-zA-Z0-9.:@\\[\\]-]{1,20}(/[ -~]{0,20})?".prop_map(Value::from),
        select(vec!["success", "failure", "pending", "in_progress", "Success", "production"]).prop_map(Value::from),
        "20[0-2][0-9]-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]{1,9})?(Z|[+-][0-2][0-9]:?[0-5][0-9])"
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{0,5}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The places of all values in a body.
fn places(value: &Value, place: &str, into: &mut Vec<String>) {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (index.to_string(), item))
            .collect(),
        _ => Vec::new(),
    };
    for (name, part) in parts {
        let place = format!("{place}/{name}");
        places(part, &place, into);
        into.push(place);
    }
}

/// Bodies that are right, some of whose values are others.
fn bodies(seeds: &[&str]) -> impl Strategy<Value = Value> + use<> {
    let seeds: Vec<Value> = seeds
        .iter()
        .filter_map(|seed| serde_json::from_str(seed).ok())
        .collect();
    let changes = prop::collection::vec((any::<Index>(), value()), 0..4);
    (select(seeds), changes).prop_map(|(mut body, changes)| {
        for (index, value) in changes {
            let mut found = Vec::new();
            places(&body, "", &mut found);
            if !found.is_empty() {
                *body.pointer_mut(index.get::<String>(&found)).unwrap() = value;
            }
        }
        body
    })
}

fn check(seeds: &[&str], attempt: impl Fn(&[u8]) -> bool) {
    let mut config = Config::default();
    config.failure_persistence = None;
    config.cases = config.cases.max(CASES);
    let cases = config.cases;
    let taken = Cell::new(0);
    let outcome = TestRunner::new(config).run(&bodies(seeds), |body| {
        if attempt(body.to_string().as_bytes()) {
            taken.set(taken.get() + 1);
        }
        Ok(())
    });
    outcome.unwrap();
    let taken = taken.get();
    assert!(
        taken > cases / 20 && taken < cases,
        "{taken} of {cases} were taken"
    );
}

#[test]
fn any_report_is_refused_or_means_the_same_when_it_is_told_again() {
    check(&REPORTS, try_report);
}

#[test]
fn any_pull_requests_are_refused_or_mean_the_same_when_they_are_told_again() {
    check(&BATCHES, try_merges);
}

#[test]
fn any_commits_are_refused_or_mean_the_same_when_they_are_told_again() {
    check(&BATCHES, try_commits);
}

#[test]
fn any_event_of_github_is_refused_or_means_the_same_when_it_is_told_again() {
    check(&EVENTS, try_github);
}
