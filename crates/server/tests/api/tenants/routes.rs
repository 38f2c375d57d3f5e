//! The routes that the description tells of, and how each can be called: with the ids, names and cursors that an
//! organization was told, wherever the description says that a route takes one.

use super::world::Told;
use crate::app::TestApp;
use periscope_domain::api_key::Scope;
use serde_json::Value;
use std::fmt;

pub(super) struct Route {
    pub(super) method: String,
    pub(super) path: String,
    /// The scope of the key that it takes.
    pub(super) scope: Option<Scope>,
    /// Whether it takes a signature.
    pub(super) is_signed: bool,
    operation: Value,
    examples: Vec<Value>,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

pub(super) async fn routes(app: &TestApp) -> Vec<Route> {
    let document = app.call("GET", "/openapi.json").send().await.json();
    let story = include_str!("../../../src/openapi/examples.json");
    let story: Vec<Value> = serde_json::from_str(story).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let scopes = operation["security"][0]["apiKey"].as_array();
            let examples = story
                .iter()
                .filter(|example| example["operation"] == operation["operationId"]);
            routes.push(Route {
                method: method.to_uppercase(),
                path: path.clone(),
                scope: scopes.map(|scopes| Scope::parse(scopes[0].as_str().unwrap()).unwrap()),
                is_signed: operation["security"][0].get("signature").is_some(),
                operation: operation.clone(),
                examples: examples
                    .filter(|example| example["status"] != 400)
                    .cloned()
                    .collect(),
            });
        }
    }
    routes
}

impl Route {
    pub(super) fn has_ids(&self) -> bool {
        self.path.contains('{')
    }

    pub(super) fn is_reading(&self) -> bool {
        self.method == "GET" && self.scope.is_some()
    }

    /// The path with its parameters replaced, by what was told or by their examples.
    pub(super) fn path_with(&self, value: impl Fn(&str) -> Option<String>) -> String {
        self.parameters("path")
            .fold(self.path.clone(), |path, (name, example)| {
                let value = value(name)
                    .or_else(|| example.map(bare))
                    .unwrap_or("1".to_owned());
                path.replace(&format!("{{{name}}}"), &value)
            })
    }

    /// The name of the first parameter of the path, and the path before it: what is listed there has such ids.
    pub(super) fn id(&self) -> Option<(&str, &str)> {
        let (before, rest) = self.path.split_once("/{")?;
        Some((rest.split_once('}')?.0, before))
    }

    /// A query for each parameter that is documented, with what was told under its name or else its example; for the
    /// cursor with every one that was told.
    pub(super) fn queries(&self, told: &[Told<'_>]) -> Vec<String> {
        let mut queries = Vec::new();
        for (name, example) in self.parameters("query") {
            let key = if name == "cursor" { "nextCursor" } else { name };
            let mut values: Vec<String> = Vec::new();
            for (_, _, answer) in told {
                if answer.header("content-type") == Some("application/json") {
                    collect(&answer.json(), key, &mut values);
                }
            }
            values.extend(example.map(bare));
            values.sort_unstable();
            values.dedup();
            queries.extend(values.iter().map(|value| {
                form_urlencoded::Serializer::new(String::new())
                    .append_pair(name, value)
                    .finish()
            }));
        }
        queries
    }

    /// The bodies that are documented, with the headers that go with them.
    pub(super) fn bodies(&self) -> impl Iterator<Item = (&str, &Value, Vec<(String, String)>)> {
        let headers: Vec<_> = self.parameters("header").map(|(name, _)| name).collect();
        self.examples.iter().filter_map(move |example| {
            let sent = example["parameters"].as_object();
            let sent = sent.into_iter().flatten();
            let sent = sent.filter(|(name, _)| headers.contains(&name.as_str()));
            let sent = sent.map(|(name, value)| (name.clone(), bare(value))).collect();
            Some((example["name"].as_str()?, example.get("body")?, sent))
        })
    }

    fn parameters(&self, place: &str) -> impl Iterator<Item = (&str, Option<&Value>)> {
        let parameters = self.operation["parameters"].as_array().into_iter().flatten();
        parameters
            .filter(move |parameter| parameter["in"] == place)
            .map(|parameter| (parameter["name"].as_str().unwrap(), parameter.get("example")))
    }
}

fn bare(value: &Value) -> String {
    value.as_str().map_or(value.to_string(), ToOwned::to_owned)
}

/// Every plain value that has a name, however deep.
pub(super) fn collect(value: &Value, name: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if key == name && (value.is_string() || value.is_i64()) {
                    into.push(bare(value));
                }
                collect(value, name, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, into)),
        _ => {}
    }
}
