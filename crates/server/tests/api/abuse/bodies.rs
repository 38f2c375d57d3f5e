//! Bodies that are no JSON, JSON that is no object, and objects of shapes that readers have died of.

use super::{goes_on, is_sound};
use crate::app::report;
use crate::github::{Github, merged};
use serde_json::{Value, json};

const SHA: &str = "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2";

/// A name, the bytes, and whether some route may take them.
type Case = (String, Vec<u8>, bool);

fn case(name: &str, body: impl Into<Vec<u8>>) -> Case {
    (name.to_owned(), body.into(), false)
}

fn harmless(name: &str, body: impl Into<Vec<u8>>) -> Case {
    (name.to_owned(), body.into(), true)
}

/// Texts that are no JSON, or JSON that is no object.
#[rustfmt::skip] // A table is read line by line.
const NO_OBJECTS: [&str; 83] = [
    "", " ", "\n", "\0", "null", "true", "false", "0", "-0", "1e999", "-1e999", "NaN", "Infinity", "-", "+1", "01",
    "0x10", "\"\"", "\"{}\"", "[]", "[{}]", "[[]]", "{", "}", "[", "]", "{]", "[}", "{}}", "{}{}", "{} {}", "{},",
    ",{}", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{'a':1}", "{\"a\":1;}", "{1:1}",
    "{null:1}", "{\"a\":undefined}", "{\"a\":01}", "{\"a\":.5}", "{\"a\":5.}", "{\"a\":+5}", "{\"a\":1e}",
    "{\"a\":0x1}", "{\"a\":'b'}", "{\"a\":\"b}", "{\"a\":\"\\\"}", "{\"a\":\"\\x41\"}", "{\"a\":\"\\u12\"}",
    "{\"a\":\"\\uZZZZ\"}", "{\"a\":\"\n\"}", "{\"a\":\"\t\"}", "{\"a\":\"\u{0}\"}", "{\"a\":tru}", "{\"a\":True}",
    "{\"a\":1} // comment", "/* comment */ {}", "{\"a\":1 /* comment */}", "# comment\n{}",
    "<?xml version=\"1.0\"?><a/>", "deploymentId=1&status=success", "--boundary\r\n\r\n{}\r\n--boundary--",
    "%7B%7D", "data:application/json,{}", "\u{feff}{}", "{}\u{feff}", "\u{a0}{}", "\u{2028}{}",
    "{\u{ff02}a\u{ff02}:1}", ")]}',\n{}", "{\"a\":1}\u{0}", "{\"\\ud800\":1}", "{\"a\":\"\\ud800\"}",
    "{\"a\":\"\\udc00\\ud800\"}", "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":1e400}", "{\"a\":-1e400}",
];

/// Bytes that are no text.
#[rustfmt::skip] // A table is read line by line.
const NO_TEXTS: [(&str, &[u8]); 13] = [
    ("a byte that is no UTF-8", b"{\"a\":\"\xff\"}"),
    ("a lone continuation", b"{\"a\":\"\x80\"}"),
    ("an overlong slash", b"{\"a\":\"\xc0\xaf\"}"),
    ("an overlong NUL", b"{\"a\":\"\xc0\x80\"}"),
    ("a surrogate in UTF-8", b"{\"a\":\"\xed\xa0\x80\"}"),
    ("beyond Unicode", b"{\"a\":\"\xf4\x90\x80\x80\"}"),
    ("five bytes long", b"{\"a\":\"\xf8\x88\x80\x80\x80\"}"),
    ("cut in a letter", b"{\"a\":\"\xe2\x82"),
    ("UTF-16, little end first", b"\xff\xfe{\0}\0"),
    ("UTF-16, big end first", b"\xfe\xff\0{\0}"),
    ("UTF-16 without a mark", b"{\0\"\0a\0\"\0:\x001\0}\0"),
    ("UTF-32", b"\xff\xfe\0\0{\0\0\0}\0\0\0"),
    ( "gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xae\x05\0\x43\xbf\xa6\xa3\x02\0\0\0", ),
];

/// What no route can take: each is refused as malformed.
fn no_objects() -> Vec<Case> {
    // Half a letter, or a number beyond all, is nothing where nobody asks for it.
    let is_skipped = |text: &&str| text.contains(r"\ud") || text.contains("e400");
    let named = |text: &&str| (format!("{text:?}"), text.as_bytes().to_vec(), is_skipped(text));
    let mut cases: Vec<Case> = NO_OBJECTS.iter().map(named).collect();
    for depth in [128, 129, 1000, 40_000] {
        cases.push(case(&format!("{depth} arrays"), "[".repeat(depth)));
        cases.push(case(
            &format!("{depth} closed arrays"),
            "[".repeat(depth) + &"]".repeat(depth),
        ));
        cases.push(case(&format!("{depth} objects"), "{\"a\":".repeat(depth)));
        let closed = "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
        // What nobody asked for is skipped without recursion, however deep it is.
        cases.push((format!("{depth} closed objects"), closed.into_bytes(), true));
        cases.push(case(&format!("{depth} of either"), "{\"a\":[".repeat(depth)));
    }
    cases.extend(NO_TEXTS.map(|(name, bytes)| case(name, bytes)));
    cases.push(case("all bytes", (0..=255).collect::<Vec<u8>>()));
    cases
}

/// Objects that are JSON, but not what anybody asked for.
fn odd_objects() -> Vec<Case> {
    let valid = report().to_string();
    let inner = valid.trim_matches(['{', '}']);
    let digits = "9".repeat(10_000);
    vec![
        harmless("no fields", "{}"),
        harmless("a name of nothing", "{\"\":1}"),
        harmless(
            "a hundred thousand names",
            format!("{{{}}}", vec!["\"a\":1"; 30_000].join(",")),
        ),
        harmless(
            "__proto__",
            "{\"__proto__\":{\"admin\":true},\"constructor\":{\"prototype\":{}}}",
        ),
        harmless("each field twice", format!("{{{inner},{inner}}}")),
        harmless(
            "a field that is right and then wrong",
            format!("{{{inner},\"status\":7}}"),
        ),
        harmless("a name in other letters", valid.replace("status", "STATUS")),
        harmless(
            "a name that is escaped",
            valid.replace("\"status\"", "\"st\\u0061tus\""),
        ),
        harmless(
            "a name with a look-alike",
            valid.replace("\"status\"", "\"st\u{430}tus\""),
        ),
        harmless(
            "a number of ten thousand digits",
            format!("{{\"number\":{digits}}}"),
        ),
        harmless(
            "a fraction of ten thousand digits",
            format!("{{\"number\":0.{digits}}}"),
        ),
        harmless(
            "an exponent that is hardly one",
            "{\"number\":1e308,\"additions\":-1e308,\"x\":1e-999}",
        ),
        harmless(
            "whole numbers at the edge",
            "{\"number\":9223372036854775807,\"a\":9223372036854775808,\"b\":-9223372036854775809}",
        ),
        harmless(
            "white space",
            format!("{}{valid}{}", " \t\r\n".repeat(5000), "\n".repeat(5000)),
        ),
        harmless(
            "a text of 200 kB",
            format!("{{\"title\":\"{}\"}}", "x".repeat(200_000)),
        ),
        harmless("a name of 200 kB", format!("{{\"{}\":1}}", "x".repeat(200_000))),
        harmless(
            "escapes only",
            format!("{{\"title\":\"{}\"}}", "\\u0041".repeat(30_000)),
        ),
        harmless(
            "the other way round",
            "{\"title\":\"\u{202e}\u{2066}evil\u{2069}\"}",
        ),
        harmless(
            "a tower of marks",
            format!("{{\"title\":\"a{}\"}}", "\u{301}".repeat(50_000)),
        ),
        harmless(
            "an array of 60 000 nothings",
            format!("{{\"pullRequests\":[{}]}}", vec!["null"; 40_000].join(",")),
        ),
        harmless(
            "an array of 60 000 objects",
            format!("{{\"commits\":[{}]}}", vec!["{}"; 60_000].join(",")),
        ),
        harmless(
            "empty arrays in arrays",
            format!("{{\"commits\":[{}]}}", vec!["[[[]]]"; 30_000].join(",")),
        ),
    ]
}

/// Batches and events that contradict themselves.
fn odd_batches() -> Vec<Case> {
    vec![
        harmless(
            "an object for an array",
            "{\"commits\":{\"0\":{}},\"pullRequests\":{\"length\":1}}",
        ),
        harmless(
            "a parent that is an object",
            format!("{{\"repository\":\"a/b\",\"commits\":[{{\"sha\":\"{SHA}\",\"parents\":[{{}}]}}]}}"),
        ),
        harmless(
            "a commit that is its own parent",
            commits(&json!([{"sha": SHA, "parents": [SHA]}])),
        ),
        harmless(
            "a commit with a thousand equal parents",
            commits(&json!([{"sha": SHA, "parents": vec!["b".repeat(40); 1000]}])),
        ),
        harmless(
            "a commit with 1001 parents",
            commits(&json!([{"sha": SHA, "parents": vec!["b".repeat(40); 1001]}])),
        ),
        harmless(
            "a thousand equal commits",
            commits(&Value::from(vec![json!({"sha": SHA, "parents": []}); 1000])),
        ),
        harmless(
            "1001 commits",
            commits(&Value::from(vec![json!({"sha": SHA, "parents": []}); 1001])),
        ),
        harmless(
            "one commit with two ancestries",
            commits(&json!([
            {"sha": SHA, "parents": []}, {"sha": SHA, "parents": ["c".repeat(40)]}])),
        ),
        harmless(
            "a circle of commits",
            commits(&json!([
            {"sha": "d".repeat(40), "parents": ["e".repeat(40)]}, {"sha": "e".repeat(40), "parents": ["d".repeat(40)]}])),
        ),
        harmless(
            "a pull request twice in one call",
            json!({"repository": "acme/api", "pullRequests": [
            {"number": 1, "mergeCommitSha": SHA, "mergedAt": "2024-01-15T09:00:00Z"},
            {"number": 1, "mergeCommitSha": "f".repeat(40), "mergedAt": "2024-01-14T09:00:00Z"}]})
            .to_string(),
        ),
        harmless(
            "an event of two merges",
            merged()
                .to_string()
                .replace("\"number\":7", "\"number\":7,\"number\":8"),
        ),
        harmless(
            "a push of what is no commit",
            json!({"ref": "refs/heads/main", "before": 7, "after": [], "commits": {}}).to_string(),
        ),
        harmless(
            "a push backwards",
            json!({"ref": "refs/heads/main", "before": SHA, "after": "0".repeat(40), "deleted": true,
            "repository": {"full_name": "acme/api"}, "commits": []})
            .to_string(),
        ),
        harmless(
            "a repository of dots",
            json!({"repository": "../..", "commits": [], "pullRequests": []}).to_string(),
        ),
        harmless(
            "a repository of many parts",
            json!({"repository": "a/b/c", "commits": [], "pullRequests": []}).to_string(),
        ),
    ]
}

fn commits(items: &Value) -> String {
    let mut items = items.clone();
    for item in items.as_array_mut().unwrap() {
        item["committedAt"] = "2024-01-15T09:00:00Z".into();
    }
    json!({"repository": "acme/api", "commits": items}).to_string()
}

/// Sends a body to every route that takes one, rightly signed and with the right key.
async fn send_everywhere(
    github: &Github,
    body: &[u8],
    number: usize,
) -> Vec<(String, crate::client::Answer)> {
    let mut answers = Vec::new();
    for path in ["/api/webhooks/deployments", "/api/pull-requests", "/api/commits"] {
        answers.push((
            path.to_owned(),
            github.app.post(path).body(body.to_vec()).send().await,
        ));
    }
    for event in ["pull_request", "push"] {
        let call = github.call_bytes(event, &format!("{event}-{number}"), body);
        answers.push((event.to_owned(), call.send().await));
    }
    answers
}

#[tokio::test]
async fn what_is_no_object_is_refused_wherever_it_is_sent() {
    let github = Github::connect().await;
    let cases = no_objects();
    assert!(cases.len() >= 110, "{}", cases.len());
    for (number, (name, body, is_harmless)) in cases.iter().enumerate() {
        for (route, answer) in send_everywhere(&github, body, number).await {
            assert!(is_sound(&answer), "{name} to {route}: {answer}");
            let is_taken = *is_harmless && answer.status == 200;
            assert!(answer.status == 400 || is_taken, "{name} to {route}: {answer}");
        }
    }
    assert!(goes_on(&github.app).await);
}

#[tokio::test]
async fn odd_objects_are_taken_or_refused() {
    let github = Github::connect().await;
    for (number, (name, body, _)) in odd_objects().iter().chain(&odd_batches()).enumerate() {
        for (route, answer) in send_everywhere(&github, body, number).await {
            assert!(is_sound(&answer), "{name} to {route}: {answer}");
            assert!(
                [200, 201, 400, 413].contains(&answer.status),
                "{name} to {route}: {answer}"
            );
        }
    }
    assert!(goes_on(&github.app).await);
}

#[tokio::test]
async fn a_body_cut_off_at_any_byte_is_refused() {
    let github = Github::connect().await;
    let body = report().to_string();
    for end in 0..body.len() {
        let answer = github
            .app
            .post("/api/webhooks/deployments")
            .body(body[..end].to_owned())
            .send()
            .await;
        assert!(answer.status == 400 && is_sound(&answer), "{end}: {answer}");
    }
}
