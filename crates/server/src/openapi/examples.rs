//! The examples of the documentation. They are one story, told in order, and a test tells it to a running application:
//! what they say is answered is what was answered.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::LazyLock;
use utoipa::openapi::example::{Example, ExampleBuilder};

static STORY: LazyLock<Vec<Told>> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).unwrap_or_default());

/// Examples by their names.
pub(super) type Examples = Vec<(&'static str, Example)>;

/// A request, and what it was answered.
#[derive(Deserialize)]
struct Told {
    operation: String,
    name: String,
    /// Those of its path, its query and its head.
    #[serde(default)]
    parameters: Map<String, Value>,
    body: Option<Value>,
    status: u16,
    answer: Value,
}

fn of(operation: &str) -> impl Iterator<Item = &'static Told> {
    STORY.iter().filter(move |told| told.operation == operation)
}

/// A value of a parameter.
pub(super) fn parameter(operation: &str, name: &str) -> Option<Value> {
    of(operation).find_map(|told| told.parameters.get(name)).cloned()
}

/// The bodies that were not refused.
pub(super) fn bodies(operation: &str) -> Examples {
    let accepted = of(operation).filter(|told| (200..300).contains(&told.status));
    let bodies = accepted.filter_map(|told| Some((told.name.as_str(), shown(told.body.as_ref()?))));
    bodies.collect()
}

/// The answers with a status.
pub(super) fn answers(operation: &str, status: u16) -> Examples {
    let answers = of(operation).filter(|told| told.status == status);
    answers
        .map(|told| (told.name.as_str(), shown(&told.answer)))
        .collect()
}

fn shown(value: &Value) -> Example {
    ExampleBuilder::new().value(Some(value.clone())).build()
}
