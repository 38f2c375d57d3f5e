//! Whatever is sent, the answer is a success or a refusal in the one form that refusals have; never a failure.

use crate::app::{TestApp, report};
use crate::client::Answer;
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

const PATHS: [&str; 2] = ["/api/webhooks/deployments", "/api/pull-requests"];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9a-fA-F]{0,45}".prop_map(Value::from),
        "[ -~]{0,300}".prop_map(Value::from),
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:?[0-9]{2})"
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn batch() -> Value {
    json!({"repository": "acme/api", "pullRequests": [{
        "number": 7, "mergeCommitSha": "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2", "mergedAt": "2024-01-15T09:00:00Z",
        "createdAt": "2024-01-14T09:00:00Z", "title": "t", "url": "https://x/y", "author": "a", "mergedBy": "b",
        "baseBranch": "main", "headBranch": "fix", "additions": 1, "deletions": 2, "changedFiles": 3,
    }]})
}

/// A valid body, some of whose values are replaced.
fn mutated_json() -> impl Strategy<Value = Vec<u8>> {
    let replacements = || prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..4);
    let replace = |object: &mut Value, replacements: Vec<(prop::sample::Index, Value)>| {
        let names: Vec<String> = object.as_object().unwrap().keys().cloned().collect();
        for (place, value) in replacements {
            object[place.get(&names)] = value;
        }
    };
    let reports = replacements().prop_map(move |replacements| {
        let mut body = report();
        replace(&mut body, replacements);
        body.to_string().into_bytes()
    });
    let batches = replacements().prop_map(move |replacements| {
        let mut body = batch();
        replace(&mut body["pullRequests"][0], replacements);
        body.to_string().into_bytes()
    });
    Union::new([reports.boxed(), batches.boxed()])
}

/// A valid body, some of whose bytes are replaced, and perhaps cut short.
fn mutated_bytes() -> impl Strategy<Value = Vec<u8>> {
    let flips = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4);
    (
        prop::bool::ANY,
        flips,
        any::<prop::sample::Index>(),
        prop::bool::ANY,
    )
        .prop_map(|(is_report, flips, end, cut)| {
            let body = if is_report { report() } else { batch() };
            let mut bytes = body.to_string().into_bytes();
            for (place, byte) in flips {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if cut {
                bytes.truncate(end.index(bytes.len()));
            }
            bytes
        })
}

fn is_well_answered(answer: &Answer) -> bool {
    matches!(answer.status, 200 | 201) || answer.is_refusal()
}

fn check(bodies: impl Strategy<Value = Vec<u8>>) {
    let runtime: Runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let app = runtime.block_on(TestApp::start());
    let config = Config {
        cases: 200,
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&bodies, |body| {
        for path in PATHS {
            let answer = runtime.block_on(app.post(path).body(body.clone()).send());
            prop_assert!(is_well_answered(&answer), "{path}: {answer}");
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn any_bytes_are_answered() {
    check(prop::collection::vec(any::<u8>(), 0..300));
}

#[test]
fn any_json_is_answered() {
    check(any_json().prop_map(|value| value.to_string().into_bytes()));
}

#[test]
fn any_values_in_a_valid_body_are_answered() {
    check(mutated_json());
}

#[test]
fn any_bytes_in_a_valid_body_are_answered() {
    check(mutated_bytes());
}
