//! What one organization tells is marked so that it is recognised wherever it turns up: every text begins with letters
//! that nothing else has, every commit with digits, every time with a fraction, every number with a magnitude.

use crate::client::Answer;
use serde_json::{Map, Value};

const WORD: &str = "qzx";
const COMMIT: &str = "feedface";
const FRACTION: &str = ".424242";
const MAGNITUDE: i64 = 1_900_000_000;

/// Names whose values are words that the API knows; others would be refused or change what happens.
const KEPT: [&str; 5] = ["status", "environment", "action", "event", "merged"];

/// The same body with every value marked.
pub(super) fn mark(body: &Value) -> Value {
    marked("", body)
}

fn marked(name: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), marked(name, value)))
                .collect(),
        ),
        Value::Array(items) => items.iter().map(|item| marked(name, item)).collect(),
        Value::Number(number) => number
            .as_i64()
            .map_or(value.clone(), |number| (number + MAGNITUDE).into()),
        Value::String(text) if !KEPT.contains(&name) => marked_text(text).into(),
        kept => kept.clone(),
    }
}

fn marked_text(text: &str) -> String {
    let is_hex = text.len() >= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if text.bytes().all(|byte| byte == b'0') {
        text.to_owned()
    } else if is_hex && text.len() == 40 {
        format!("{COMMIT}{}", &text[8..])
    } else if is_hex {
        COMMIT[..7].to_owned()
    } else if text.len() >= 20 && text.as_bytes()[10] == b'T' && text.starts_with("20") {
        format!("{}{FRACTION}{}", &text[..19], &text[19..])
    } else if let Some(rest) = text.strip_prefix("https://") {
        format!("https://{WORD}{rest}")
    } else {
        let parts: Vec<_> = text.split('/').map(|part| format!("{WORD}{part}")).collect();
        parts.join("/")
    }
}

/// A mark in an answer, head or body, that was not in what was asked.
pub(super) fn leaked(answer: &Answer, asked: &str) -> Option<String> {
    let whole = answer.whole();
    let asked = form_urlencoded::parse(asked.as_bytes()).fold(asked.to_owned(), |all, (name, value)| {
        format!("{all} {name} {value}")
    });
    let is_part = |letter: char| letter.is_alphanumeric() || "-_./".contains(letter);
    let marks = [WORD, COMMIT, &COMMIT[..7], FRACTION, &MAGNITUDE.to_string()[..6]];
    for mark in marks {
        for (place, _) in whole.match_indices(mark) {
            let found: String = whole[place..]
                .chars()
                .take_while(|letter| is_part(*letter))
                .collect();
            if !asked.contains(&found) {
                return Some(found);
            }
        }
    }
    None
}

/// What is numbered over all organizations may have other numbers.
pub(super) fn without_ids(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, value)| {
                !(value.is_i64() && (name.as_str() == "id" || name.ends_with("Id")))
                    && name.as_str() != "nextCursor"
            });
            let kept: Map<_, _> = kept
                .map(|(name, value)| (name.clone(), without_ids(value)))
                .collect();
            kept.into()
        }
        Value::Array(items) => items.iter().map(without_ids).collect(),
        value => value.clone(),
    }
}

#[test]
fn a_mark_is_found_in_whatever_is_told() {
    let body = serde_json::json!({"title": "Fix", "status": "success", "sha": "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8",
        "at": "2024-01-15T09:00:00Z", "zone": "2024-01-15T09:00:00+01:00", "number": 7, "repository": "acme/api"});
    assert_eq!(
        mark(&body),
        serde_json::json!({"title": "qzxFix", "status": "success", "sha": "feedfacefaa5a7fce15d1ddcb9eaeaea377667b8",
            "at": "2024-01-15T09:00:00.424242Z", "zone": "2024-01-15T09:00:00.424242+01:00", "number": 1_900_000_007,
            "repository": "qzxacme/qzxapi"})
    );
}
