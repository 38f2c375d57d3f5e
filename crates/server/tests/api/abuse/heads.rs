//! Heads of requests that are ambiguous, oversized or no HTTP at all. A head that cannot be read is refused by the
//! library below, with a status and nothing else; whatever it lets through is answered in our form.

use super::{goes_on, is_sound};
use crate::app::{TestApp, report};
use crate::client::Wire;

/// Heads that no server should understand, and some that it may.
#[rustfmt::skip] // A table is read line by line.
const HEADS: [&[u8]; 27] = [
    b"\r\n\r\n\r\n", b"GET\r\n\r\n", b"GET /livez\r\n\r\n", b"GET /livez HTTP/0.9\r\n\r\n",
    b"GET /livez HTTP/1.2\r\nHost: a\r\n\r\n", b"GET /livez HTTP/2.0\r\nHost: a\r\n\r\n",
    b"GET /livez HTTP/9999999999.1\r\n\r\n", b"GET  /livez  HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET\t/livez\tHTTP/1.1\r\nHost: a\r\n\r\n", b" GET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /livez HTTP/1.1\r\n Host: a\r\n\r\n", b"GET /livez HTTP/1.1\r\nHost : a\r\n\r\n",
    b"GET /livez HTTP/1.1\r\n: a\r\n\r\n", b"GET /livez HTTP/1.1\r\nHost\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", b"GET /livez HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\n\xff\xfe: a\r\n\r\n", b"G\xc3\x8bT /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
    b"SSH-2.0-OpenSSH_9.2\r\n", b"\0\0\0\x08\x04\xd2\x16\x2f", b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: evil:99999\r\n\r\n", b"GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n",
    b"GET /livez HTTP/1.1\r\n\r\n",
];

/// Headers that are whole, but not what anybody means.
#[rustfmt::skip] // A table is read line by line.
const HEADERS: [(&str, &str); 51] = [
    ("Authorization", "Bearer {key}"), ("Authorization", "Bearer\t{key}"),
    ("Authorization", "Bearer {key},Bearer {key}"), ("Authorization", "Bearer {KEY}"),
    ("Authorization", "Bearer {key}\u{0301}"), ("Authorization", "Bearer {wide}"),
    ("Authorization", "Bearer {short}"), ("Authorization", "Bearer {key}{key}"),
    ("Authorization", "Bearer psk_live_000000000000000000000000000000000000"),
    ("Authorization", "Bearer psk_live_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"), ("Authorization", "Bearer null"),
    ("Authorization", "Digest username=\"a\""), ("Authorization", "{long}"),
    ("Proxy-Authorization", "Bearer {key}"), ("Content-Type", "application/json; charset=utf-16"),
    ("Content-Type", "application/json; charset=\""), ("Content-Type", "application/json;;;"),
    ("Content-Type", "application/json; boundary=x"), ("Content-Type", "application/json\u{a0}"),
    ("Content-Type", "application/JSON+x"), ("Content-Type", "{long}"), ("Content-Encoding", "gzip, gzip, gzip"),
    ("Content-Encoding", "x-gzip"), ("Content-Encoding", ""), ("Content-Encoding", "identity, identity"),
    ("Accept", "text/csv;q=0"), ("Accept", "*/*;q=9, ;;; ,"), ("Accept-Encoding", "*;q=0"),
    ("Accept-Encoding", "gzip;q=1e9, br;q=-1"), ("Accept-Encoding", "{long}"), ("If-None-Match", "W/"),
    ("If-None-Match", "\""), ("If-None-Match", "*"), ("If-None-Match", "\"{long}\",\"{long}\""),
    ("Range", "bytes=-1,0-,9-1"), ("Expect", "100-continue"), ("Expect", "the unexpected"), ("Upgrade", "h2c"),
    ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"), ("TE", "trailers, deflate;q=0.5"),
    ("Trailer", "Content-Length"), ("X-Request-Id", "a\"b<c>"), ("X-Request-Id", "{long}"),
    ("X-Forwarded-For", "127.0.0.1, ::1, evil"), ("Forwarded", "for=\"[::1]:x\";proto=javascript"),
    ("X-HTTP-Method-Override", "DELETE"), ("X-Original-URL", "/livez"), ("Cookie", "{long}"), ("Origin", "null"),
    ("Date", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ("traceparent", "00-00000000000000000000000000000000-0000000000000000-ff"),
];

/// What is answered to bytes, if anything is, before the connection is closed.
async fn answer_to(app: &TestApp, bytes: impl AsRef<[u8]>) -> String {
    let mut wire = Wire::open(app.address).await;
    wire.send(bytes).await;
    wire.read_to_end().await
}

fn status(answer: &str) -> u16 {
    answer
        .get(9..12)
        .and_then(|status| status.parse().ok())
        .unwrap_or_default()
}

/// A report with these headers in place of those of its length.
fn framed(app: &TestApp, headers: &str, body: &str) -> String {
    format!("{}{body}", app.head(&format!("Connection: close\r\n{headers}")))
}

#[tokio::test]
async fn a_body_whose_length_is_ambiguous_is_refused() {
    let app = TestApp::start().await;
    let body = report().to_string();
    let length = body.len();
    let chunk = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    let right = framed(&app, &format!("Content-Length: {length}"), &body);
    assert_eq!(status(&answer_to(&app, right).await), 201);
    for (headers, body) in [
        (format!("Content-Length: {length}\r\nContent-Length: 3"), &body),
        (format!("Content-Length: 3\r\nContent-Length: {length}"), &body),
        (format!("Content-Length: {length}, {length}"), &body),
        ("Content-Length: -1".to_owned(), &body),
        (format!("Content-Length: +{length}"), &body),
        (format!("Content-Length: 0x{length:x}"), &body),
        (format!("Content-Length: {length}.0"), &body),
        ("Content-Length: 99999999999999999999999".to_owned(), &body),
        ("Content-Length: ".to_owned(), &body),
        (
            format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"),
            &chunk,
        ),
        (
            format!("Transfer-Encoding: chunked\r\nContent-Length: {length}"),
            &chunk,
        ),
        ("Transfer-Encoding: chunked, identity".to_owned(), &chunk),
        ("Transfer-Encoding: identity, chunked".to_owned(), &chunk),
        ("Transfer-Encoding: xchunked".to_owned(), &chunk),
        ("Transfer-Encoding: gzip, chunked".to_owned(), &chunk),
        ("Transfer-Encoding : chunked".to_owned(), &chunk),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity".to_owned(),
            &chunk,
        ),
    ] {
        let answer = answer_to(&app, framed(&app, &headers, body)).await;
        // Either it is refused, or it is read the one way and nothing of it is left over for a next request.
        assert!(
            [0, 200, 400, 413, 501].contains(&status(&answer)),
            "{headers}: {answer}"
        );
        assert!(
            answer.matches("HTTP/1.1").count() <= 1,
            "{headers} was taken for two requests: {answer}"
        );
    }
    for chunks in [
        "ffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        "-1\r\n{}\r\n0\r\n\r\n",
        "zz\r\n{}\r\n0\r\n\r\n",
        "\r\n{}\r\n0\r\n\r\n",
        "2\n{}\n0\n\n",
        "2\r\n{}0\r\n\r\n",
        "3\r\n{}\r\n0\r\n\r\n",
        "1;a=\"\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n",
        "2 \r\n{}\r\n0\r\n\r\n",
        "0\r\nX-Hub-Signature-256: a\r\n\r\n",
        "00000000000000000000000000000002\r\n{}\r\n0\r\n\r\n",
    ] {
        let mut wire = Wire::open(app.address).await;
        wire.send(framed(&app, "Transfer-Encoding: chunked", chunks))
            .await;
        // Of some more would be needed; whoever sends no more is done.
        wire.end().await;
        let answer = wire.read_to_end().await;
        assert!([0, 400, 408].contains(&status(&answer)), "{chunks:?}: {answer}");
    }
    assert!(goes_on(&app).await);
}

#[tokio::test]
async fn what_is_no_head_is_not_served() {
    let app = TestApp::start().await;
    let long = "a".repeat(200_000);
    let many = "A: b\r\n".repeat(5000);
    let large = [
        "\u{ff}".repeat(500),
        format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET /livez HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"),
        format!("GET /livez HTTP/1.1\r\nHost: a\r\n{long}: b\r\n\r\n"),
        format!("GET /livez HTTP/1.1\r\nHost: a\r\n{many}\r\n"),
        format!("{long} /livez HTTP/1.1\r\nHost: a\r\n\r\n"),
    ];
    let heads = HEADS.into_iter().chain(large.iter().map(String::as_bytes));
    for head in heads {
        let mut wire = Wire::open(app.address).await;
        wire.send(head).await;
        wire.end().await;
        let answer = wire.read_to_end().await;
        let told = String::from_utf8_lossy(&head[..head.len().min(80)]);
        let answered = status(&answer);
        assert!(answered < 500 || answered == 505, "{told}: {answer}");
    }
    assert!(goes_on(&app).await);
}

#[tokio::test]
async fn odd_headers_are_taken_or_refused_in_our_form() {
    let app = TestApp::start().await;
    let key = app.key.clone();
    let long = "x".repeat(30_000);
    let fill = |value: &str| {
        let filled = value.replace("{key}", &key).replace("{long}", &long);
        let filled = filled
            .replace("{KEY}", &key.to_uppercase())
            .replace("{short}", &key[..20]);
        filled.replace("{wide}", &key.replace('_', "\u{ff3f}"))
    };
    let reader = app
        .make_key(
            app.organization_id,
            &[periscope_domain::api_key::Scope::Read],
            None,
        )
        .await;
    for (name, value) in HEADERS.map(|(name, value)| (name, fill(value))) {
        let posted = app.deploy(&report()).header(name, &value).send().await;
        let told = format!("{name}: {value:.60}: {posted}");
        assert!(
            is_sound(&posted) && [200, 201, 400, 401, 415, 417, 431].contains(&posted.status),
            "{told}"
        );
        let call = app
            .call("GET", "/api/deployments")
            .header("Authorization", format!("Bearer {reader}"));
        let read = call.header(name, &value).send().await;
        let told = format!("{name}: {value:.60}: {read}");
        assert!(
            is_sound(&read) && [200, 304, 400, 401, 403, 406, 417, 431].contains(&read.status),
            "{told}"
        );
        assert!(
            !read.whole().contains("evil") && !read.whole().contains("<c>"),
            "{told} gives back what was sent"
        );
    }
    assert!(goes_on(&app).await);
}
