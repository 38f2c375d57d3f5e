//! Answers that the reader has already, and compressed ones.

use crate::app::{TestApp, report_with};
use crate::client::Answer;
use crate::explain::deployed;
use crate::reader::Reader;
use flate2::read::{GzDecoder, ZlibDecoder};
use serde_json::json;
use std::io::Read;

const READ: [&str; 6] = [
    "/api/deployments",
    "/api/pull-requests?linked=true",
    "/api/repositories",
    "/api/services",
    "/api/organization",
    "/api/metrics/overview",
];

fn tag(answer: &Answer) -> &str {
    let tag = answer.header("etag").unwrap();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "a strong one: {tag}");
    tag
}

#[tokio::test]
async fn an_answer_that_the_reader_has_is_not_sent_again() {
    let (_app, reader) = deployed().await;
    for path in READ {
        let first = reader.get(path).await;
        assert_eq!(first.header("cache-control"), Some("private, no-cache"), "{path}");
        assert_eq!(first.header("vary"), Some("Accept, Accept-Encoding"), "{path}");
        let tag = tag(&first);
        for known in [tag, &format!("\"other\", W/{tag}"), "*"] {
            let again = reader
                .call("GET", path)
                .header("If-None-Match", known)
                .send()
                .await;
            assert_eq!((again.status, again.body.as_str()), (304, ""), "{path} {known}");
            assert_eq!(again.header("etag"), Some(tag));
            assert_eq!(again.header("cache-control"), Some("private, no-cache"));
            assert_eq!(again.header("vary"), Some("Accept, Accept-Encoding"));
            assert_eq!(again.header("content-type"), None);
            assert!(again.header("x-request-id").is_some());
        }
        for known in ["\"other\"", "nonsense", ""] {
            let again = reader
                .call("GET", path)
                .header("If-None-Match", known)
                .send()
                .await;
            assert_eq!((again.status, &again.body), (200, &first.body), "{path} {known}");
        }
    }
}

#[tokio::test]
async fn a_tag_changes_with_what_is_answered() {
    let (app, reader) = deployed().await;
    let before = reader.get("/api/deployments").await;
    app.deploy(&report_with(&[("deploymentId", Some(json!("another")))]))
        .send()
        .await;
    let after = reader
        .call("GET", "/api/deployments")
        .header("If-None-Match", tag(&before))
        .send()
        .await;
    assert_eq!(after.status, 200);
    assert_ne!(tag(&before), tag(&after));
}

#[tokio::test]
async fn each_encoding_has_its_own_tag_and_the_same_content() {
    let (_app, reader) = deployed().await;
    for path in READ {
        let plain = reader.get(path).await;
        let encoded = async |accepted: &str| {
            let call = reader.call("GET", path).header("Accept-Encoding", accepted);
            call.send().await
        };
        for identity in ["identity", "br", "gzip;q=0"] {
            let answer = encoded(identity).await;
            assert_eq!(
                (answer.header("content-encoding"), &answer.body),
                (None, &plain.body)
            );
            assert_eq!(tag(&answer), tag(&plain));
        }
        let mut content = String::new();
        let gzip = encoded("br, gzip, deflate;q=0.1").await;
        assert_eq!(gzip.header("content-encoding"), Some("gzip"), "{path}");
        GzDecoder::new(&gzip.bytes[..])
            .read_to_string(&mut content)
            .unwrap();
        assert_eq!(content, plain.body);
        let mut content = String::new();
        let deflate = encoded("deflate").await;
        ZlibDecoder::new(&deflate.bytes[..])
            .read_to_string(&mut content)
            .unwrap();
        assert_eq!(content, plain.body);
        assert_ne!(tag(&gzip), tag(&plain));
        assert_ne!(tag(&gzip), tag(&deflate));
        for answer in [gzip, deflate] {
            assert_eq!(answer.header("vary"), Some("Accept, Accept-Encoding"));
        }
    }
}

#[tokio::test]
async fn a_compressed_answer_that_the_reader_has_is_not_sent_again() {
    let (_app, reader) = deployed().await;
    let call = || {
        reader
            .call("GET", "/api/deployments")
            .header("Accept-Encoding", "gzip")
    };
    let first = call().send().await;
    let again = call().header("If-None-Match", tag(&first)).send().await;
    assert_eq!((again.status, again.bytes.len()), (304, 0));
    assert_eq!(again.header("content-encoding"), None);
    let plain = reader
        .call("GET", "/api/deployments")
        .header("If-None-Match", tag(&first))
        .send()
        .await;
    assert_eq!(plain.status, 200, "the bytes are others");
}

#[tokio::test]
async fn a_reader_who_takes_no_encoding_is_refused() {
    let app = TestApp::start().await;
    let reader = Reader::new(&app).await;
    let answer = reader
        .call("GET", "/api/organization")
        .header("Accept-Encoding", "identity;q=0, br")
        .send()
        .await;
    assert_eq!(
        answer.to_string(),
        r#"406 {"error":"Accept-Encoding must allow gzip, deflate or identity"}"#
    );
}

#[tokio::test]
async fn the_head_of_an_answer_is_the_same_without_its_body() {
    let (_app, reader) = deployed().await;
    for path in READ {
        let whole = reader.get(path).await;
        let head = reader.call("HEAD", path).send().await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        for name in ["etag", "content-length", "content-type", "cache-control", "vary"] {
            assert_eq!(head.header(name), whole.header(name), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn what_is_refused_or_recorded_has_no_tag() {
    let app = TestApp::start().await;
    let reader = Reader::new(&app).await;
    let refused = reader
        .call("GET", "/api/deployments?limit=0")
        .header("If-None-Match", "*");
    let refused = refused.send().await;
    let recorded = app
        .deploy(&report_with(&[]))
        .header("Accept-Encoding", "gzip")
        .send()
        .await;
    assert_eq!((refused.status, recorded.status), (400, 201));
    for answer in [refused, recorded] {
        for name in ["etag", "content-encoding", "vary"] {
            assert_eq!(answer.header(name), None, "{name}");
        }
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}
