//! A valid body in which one field after the other holds what no field can mean. Each is taken, where it means nothing
//! at all, or refused with a sentence that begins with the field's name.

use super::is_sound;
use crate::app::{TestApp, report};
use serde_json::{Value, json};

/// Texts that mean something somewhere.
#[rustfmt::skip] // A table is read line by line.
const TEXTS: [&str; 103] = [
    "\0", "a\0b", "\u{1}", "\u{7f}", "\u{85}", "a\nb", "a\rb", "\r\nSet-Cookie: a=b", "\t", "\u{200b}", "\u{202e}",
    "\u{feff}", "\u{fffe}", "\u{ffff}", "\u{10ffff}", "\u{e000}", "👩‍👩‍👧‍👦", "ﷺ", "İ", "ß", "ſ", "ﬁ", "Å", "Ω",
    "success ", "ｓuccess", "ѕuccess", "success\u{200d}", "prоduction", "PRODUCTİON", "true", "null", "undefined",
    "NaN", "0", "-1", "1e9", "0x1f", "١٢٣", "'; drop table deployments; --", "\" or \"\"=\"", "$1", "%s%n%d",
    "{{7*7}}", "${7*7}", "<script>alert(1)</script>", "../../../etc/passwd", "..\\..\\windows",
    "file:///etc/passwd", "javascript:alert(1)", "http://", "https://", "http://[::1", "http://a b",
    "http://user:pass@host/", "http://169.254.169.254/latest", "ftp://host/", "//host", "http:/host",
    "http://host:99999/", "http://host\\@evil", "http://ho\u{200b}st/", "0000-00-00T00:00:00Z",
    "2024-02-30T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-15T24:00:00Z", "2024-01-15T23:59:60Z",
    "2024-01-15T10:30:00", "2024-01-15 10:30:00Z", "2024-01-15T10:30:00+25:00", "2024-01-15T10:30:00+00:60",
    "2024-01-15T10:30:00.1234567890123456789Z", "+12024-01-15T10:30:00Z", "-2024-01-15T10:30:00Z",
    "9999-12-31T23:59:59Z", "1999-12-31T23:59:59Z", "1705314600", "2024-W03-1T00:00:00Z", "2024-015T00:00:00Z",
    "20240115T103000Z", "２０２４-01-15T10:30:00Z", "2024-01-15T10:30:00Zz", "abcd", " abcdef ", "abc def", "ａbcdef",
    "0xabcdef", "HEAD", "refs/heads/main", "--upload-pack=touch /tmp/x", "a/b", "/", "a/", "/b", "a//b", "a/b/c",
    ".", "..", "./..", "a/..", "a/b.git", "a%2fb", "а/b",
];

/// Values that some reader of some field has stumbled over.
fn values() -> Vec<Value> {
    let mut values = vec![
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(i64::MIN),
        json!(u64::MAX),
        json!([]),
        json!({}),
        json!([null]),
        json!([["a"]]),
        json!({"$ne": null}),
        json!({"toString": "x"}),
        json!("x".repeat(100_000)),
    ];
    for (digit, length) in [("g", 40), ("a", 39), ("a", 41), ("A", 40), ("0", 40)] {
        values.push(json!(digit.repeat(length)));
    }
    values.extend(TEXTS.map(|text| json!(text)));
    values
}

/// A body in which nothing is wrong, its route, and the object in it that has the fields.
fn bodies() -> [(&'static str, Value, &'static str); 3] {
    let mut report = report();
    report["organizationSlug"] = json!("acme");
    report["previousCommitSha"] = json!("b1b2c3d4e5f6");
    let merges = json!({"repository": "acme/api", "pullRequests": [{
        "number": 7, "mergeCommitSha": "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2", "mergedAt": "2024-01-15T09:00:00Z",
        "createdAt": "2024-01-14T09:00:00Z", "title": "t", "url": "https://x/y", "author": "a", "mergedBy": "b",
        "baseBranch": "main", "headBranch": "fix", "additions": 1, "deletions": 2, "changedFiles": 3,
    }]});
    let commits = json!({"repository": "acme/api", "commits": [{
        "sha": "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2", "parents": [], "committedAt": "2024-01-15T09:00:00Z",
    }]});
    [
        ("/api/webhooks/deployments", report, ""),
        ("/api/pull-requests", merges, "/pullRequests/0"),
        ("/api/commits", commits, "/commits/0"),
    ]
}

#[tokio::test]
async fn no_field_of_no_body_breaks_on_any_value() {
    let app = TestApp::start().await;
    let (mut sent, mut refused) = (0, 0);
    for (path, body, place) in bodies() {
        for object in ["", place] {
            let fields: Vec<String> = body
                .pointer(object)
                .unwrap()
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect();
            for field in &fields {
                for value in values() {
                    let mut body = body.clone();
                    body.pointer_mut(object).unwrap()[field] = value.clone();
                    let answer = app.post(path).json(&body).send().await;
                    let told = format!("{path} {field} = {value:.100}: {answer}");
                    assert!(is_sound(&answer), "{told}");
                    sent += 1;
                    if answer.status == 400 {
                        refused += 1;
                        let error = answer.json()["error"].as_str().unwrap().to_owned();
                        let names = error.contains(field) || error.contains("completedAt");
                        assert!(names, "{told} does not name the field");
                    } else {
                        assert!(
                            [200, 201].contains(&answer.status) || field == "organizationSlug",
                            "{told}"
                        );
                    }
                }
            }
            if place.is_empty() {
                break;
            }
        }
    }
    assert!(sent > 3000 && refused > 1000, "{refused} of {sent} were refused");
}
