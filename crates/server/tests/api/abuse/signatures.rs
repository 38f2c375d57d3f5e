//! Signatures that are nearly right, missing, or several; and events that are signed and make no sense.

use super::{goes_on, is_sound};
use crate::client::Wire;
use crate::github::{Github, merged};

const REFUSED: &str = r#"401 {"error":"Invalid webhook signature"}"#;

#[tokio::test]
async fn only_the_one_right_signature_is_taken() {
    let github = Github::connect().await;
    let body = merged().to_string();
    let right = github.sign(&body);
    let hex = right.trim_start_matches("sha256=");
    let other = github.sign("{}");
    let flipped: String = hex
        .chars()
        .map(|digit| if digit == '0' { '1' } else { digit })
        .collect();
    let wrong = [
        String::new(),
        "sha256".to_owned(),
        "sha256=".to_owned(),
        hex.to_owned(),
        format!("={hex}"),
        format!("sha1={hex}"),
        format!("sha512={hex}"),
        format!("sha256:{hex}"),
        format!("sha256 {hex}"),
        format!("sha256==={hex}"),
        format!("sha256={hex}00"),
        format!("sha256={}", &hex[..62]),
        format!("sha256={}", &hex[..63]),
        format!("sha256=0x{hex}"),
        format!("sha256={flipped}"),
        format!("sha256={}", hex.replace('a', "g")),
        format!("sha256={}", "0".repeat(64)),
        format!("sha256={}", "f".repeat(64)),
        format!("sha256={hex},{right}"),
        format!("{other},{right}"),
        format!("{other} {right}"),
        format!("sha256={}", "a".repeat(7000)),
        "sha256=é".to_owned(),
        "sha256=null".to_owned(),
        "none".to_owned(),
        other.clone(),
    ];
    for signature in &wrong {
        let call = github
            .call("pull_request", "d-1", &body)
            .header("X-Hub-Signature-256", signature);
        let answer = call.send().await;
        assert_eq!(answer.to_string(), REFUSED, "{signature}");
    }
    let bytes = github
        .call("pull_request", "d-1", &body)
        .header("X-Hub-Signature-256", b"sha256=\xff\xfe");
    assert_eq!(bytes.send().await.to_string(), REFUSED);
    for name in ["X-Hub-Signature", "X-Signature-256", "Authorization"] {
        let call = github
            .call("pull_request", "d-1", &body)
            .without("X-Hub-Signature-256")
            .header(name, &right);
        assert_eq!(call.send().await.to_string(), REFUSED, "{name}");
    }
    // One byte more, less or other than was signed.
    for body in [
        format!("{body} "),
        format!(" {body}"),
        body[1..].to_owned(),
        body.replace('7', "8"),
        String::new(),
    ] {
        let call = github
            .call("pull_request", "d-1", &body)
            .header("X-Hub-Signature-256", &right);
        assert_eq!(call.send().await.to_string(), REFUSED);
    }
    assert_eq!(
        github.call("pull_request", "d-1", &body).send().await.to_string(),
        r#"200 {"action":"recorded"}"#
    );
}

/// Of several signatures the first one counts, whatever follows; never any that fits.
#[tokio::test]
async fn a_right_signature_behind_a_wrong_one_is_not_looked_at() {
    let github = Github::connect().await;
    let body = merged().to_string();
    let (right, wrong) = (github.sign(&body), github.sign("{}"));
    for (first, second, status) in [(&wrong, &right, "401"), (&right, &wrong, "200")] {
        let mut wire = Wire::open(github.app.address).await;
        wire.send(format!(
            "POST /api/webhooks/github/acme HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/json\r\n\
             X-GitHub-Event: ping\r\nX-Hub-Signature-256: {first}\r\nX-Hub-Signature-256: {second}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await;
        let answer = wire.read_to_end().await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

#[tokio::test]
async fn what_is_signed_and_makes_no_sense_is_refused_or_ignored() {
    let github = Github::connect().await;
    let body = merged().to_string();
    let long = "x".repeat(5000);
    for event in [
        "",
        "PING",
        "pull-request",
        "pull_request ",
        "é",
        "../push",
        "push\tping",
        "pull_request_review",
        &long,
    ] {
        let answer = github.call(event, "d-9", &body).send().await;
        assert!(is_sound(&answer) && answer.status < 500, "{event}: {answer}");
    }
    for delivery in [
        "",
        " ",
        "é",
        &long,
        "a b",
        "'; drop table webhook_deliveries; --",
        "\t",
    ] {
        let answer = github.call("pull_request", delivery, &body).send().await;
        assert!(is_sound(&answer), "{delivery}: {answer}");
    }
    for content_type in [
        "",
        "text/plain",
        "application/json;charset=utf-16",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/json, text/html",
        "APPLICATION/JSON",
        "é",
        "*/*",
        "application/vnd.github+json",
    ] {
        let answer = github
            .call("pull_request", "d-10", &body)
            .header("Content-Type", content_type)
            .send()
            .await;
        assert!(is_sound(&answer), "{content_type}: {answer}");
    }
    for form in [
        "",
        "payload",
        "payload=",
        "payload=%",
        "payload=%FF",
        "payload=%7B%7D&payload=1",
        "PAYLOAD={}",
        "a=b",
        "payload=null",
    ] {
        let call = github
            .call("pull_request", "d-11", form)
            .header("Content-Type", "application/x-www-form-urlencoded");
        let answer = call.send().await;
        assert!(
            is_sound(&answer) && [200, 400].contains(&answer.status),
            "{form}: {answer}"
        );
    }
    for slug in [
        "",
        "ACME",
        "acme%00",
        "acme%2f..",
        "..",
        "%2e%2e",
        "acme/../acme",
        "acme;a=b",
        "аcme",
        &long,
    ] {
        let path = format!("/api/webhooks/github/{}", slug.replace('а', "%D0%B0"));
        let answer = github
            .app
            .call("POST", &path)
            .header("X-Hub-Signature-256", github.sign(&body))
            .header("X-GitHub-Event", "ping")
            .body(body.clone())
            .send()
            .await;
        assert!(
            is_sound(&answer) && [401, 404].contains(&answer.status),
            "{slug}: {answer}"
        );
    }
    assert!(goes_on(&github.app).await);
}
