//! Whatever strangers send is read without a panic, and what is read can be told again and means the same. Each target
//! is tried for a moment with every `cargo test`, and as long as one likes by `just fuzz TARGET SECONDS`; where
//! `cargo-bolero` is installed, `cargo bolero test` finds its way by what is executed.

mod generated;
mod inputs;
mod told;

use crate::query::Query;
use crate::read::Paging;
use crate::{commits, deployments, github, pull_requests};
use inputs::{Edits, edited};
use periscope_domain::api_key::ApiKeySecret;
use periscope_domain::environment::Environment;
use periscope_domain::github::{ConnectionNonce, GithubConnection, SecretKey};
use periscope_domain::id::{DeploymentId, OrganizationId};
use periscope_domain::listing::Position;
use periscope_domain::run::DeploymentStatus;
use periscope_domain::timestamp::Timestamp;
use std::time::Duration;

/// How long each is tried with every `cargo test`.
const MOMENT: Duration = Duration::from_millis(500);

fn now() -> Timestamp {
    Timestamp::parse("2024-01-15T12:00:00Z").unwrap()
}

/// A report that is taken means the same when it is told again.
fn try_report(body: &[u8]) -> bool {
    let Ok(deployment) = deployments::read(body, now()) else {
        return false;
    };
    let again = told::deployment(&deployment).to_string();
    assert_eq!(
        deployments::read(again.as_bytes(), now()).unwrap(),
        deployment,
        "{again}"
    );
    true
}

fn try_merges(body: &[u8]) -> bool {
    let Ok(command) = pull_requests::read(body, now()) else {
        return false;
    };
    let again = told::merges(&command).to_string();
    assert_eq!(
        pull_requests::read(again.as_bytes(), now()).unwrap(),
        command,
        "{again}"
    );
    true
}

fn try_commits(body: &[u8]) -> bool {
    let Ok(command) = commits::read(body) else {
        return false;
    };
    let again = told::commits(&command).to_string();
    assert_eq!(commits::read(again.as_bytes()).unwrap(), command, "{again}");
    true
}

fn try_github(body: &[u8]) -> bool {
    let mut taken = false;
    if let Ok(Some(command)) = github::pull_request::read(body, now()) {
        let again = told::merged(&command).to_string();
        let read = github::pull_request::read(again.as_bytes(), now()).unwrap();
        assert_eq!(read.as_ref(), Some(&command), "{again}");
        taken = true;
    }
    if let Ok(Some(command)) = github::push::read(body) {
        let again = told::pushed(&command).to_string();
        let read = github::push::read(again.as_bytes()).unwrap().unwrap();
        assert_eq!(read.commits, command.commits, "{again}");
        taken = true;
    }
    taken
}

#[test]
fn webhook() {
    bolero::check!()
        .with_test_time(MOMENT)
        .with_type::<Edits>()
        .for_each(|edits| {
            try_report(&edited(&inputs::REPORTS, edits));
        });
}

#[test]
fn batches() {
    bolero::check!()
        .with_test_time(MOMENT)
        .with_type::<Edits>()
        .for_each(|edits| {
            let body = edited(&inputs::BATCHES, edits);
            try_merges(&body);
            try_commits(&body);
        });
}

#[test]
fn github_body() {
    bolero::check!()
        .with_test_time(MOMENT)
        .with_type::<Edits>()
        .for_each(|edits| {
            try_github(&edited(&inputs::EVENTS, edits));
        });
}

#[test]
fn github_signature() {
    let connection = GithubConnection {
        organization_id: OrganizationId::new(1),
        nonce: ConnectionNonce::from_bytes([7; 16]),
        created_at: now(),
    };
    let secret = connection.webhook_secret(&SecretKey::parse("0123456789abcdef0123456789abcdef").unwrap());
    // What `openssl dgst -sha256 -hmac` says of `{}` is not needed: the one right signature is found by the seed.
    let right = inputs::signature(secret.expose(), b"{}");
    assert!(secret.signed(b"{}", &right));
    bolero::check!()
        .with_test_time(MOMENT)
        .with_type::<Edits>()
        .for_each(|edits| {
            let sent = edited(&[&right], edits);
            let sent = String::from_utf8_lossy(&sent);
            assert_eq!(
                secret.signed(b"{}", &sent),
                sent.eq_ignore_ascii_case(&right) && sent.starts_with("sha256=")
            );
        });
}

#[test]
fn api_key() {
    const KEYS: [&str; 2] = ["psk_live_000000000000000000000000000000", "psk_live_"];
    bolero::check!()
        .with_test_time(MOMENT)
        .with_type::<Edits>()
        .for_each(|edits| {
            let text = edited(&KEYS, edits);
            let text = String::from_utf8_lossy(&text);
            if let Ok(key) = ApiKeySecret::parse(&text) {
                assert_eq!((key.expose(), text.len()), (&*text, 45));
                let hint = key.hint();
                assert!(text.contains(&hint.first) && text.ends_with(&hint.last));
            }
        });
}

#[test]
fn query() {
    const QUERIES: [&str; 3] = [
        "environment=production&status=success,failure&since=2024-01-15T10:00:00%2B02:00&sort=oldest&limit=20",
        "until=2024-01-15T10:00:00Z&status=pending&status=rolled_back&cursor=AAAA",
        "%65nvironment=a+b%20c&limit=&x=1&since=2024-01-15T10:00:00+0200",
    ];
    bolero::check!()
        .with_test_time(MOMENT)
        .with_type::<Edits>()
        .for_each(|edits| {
            let text = edited(&QUERIES, edits);
            let mut query = Query::parse(&String::from_utf8_lossy(&text));
            let environment = query.optional("environment", Environment::parse);
            let statuses = query.several("status", DeploymentStatus::parse);
            let period = query.period();
            let paging = Paging::read(
                &mut query,
                "deployments",
                OrganizationId::new(1),
                DeploymentId::new,
            );
            assert!((1..=200).contains(&paging.request.limit.get()));
            if let Err(refusal) = query.finish() {
                let sentence = refusal.to_string();
                assert!(
                    sentence.starts_with("Invalid query: ")
                        && !sentence.contains(|letter: char| letter.is_control())
                );
                return;
            }
            // What was taken is taken again.
            if let Some(environment) = environment {
                assert_eq!(
                    Environment::parse(environment.as_str()).as_ref(),
                    Ok(&environment)
                );
            }
            assert!(
                statuses
                    .iter()
                    .all(|status| DeploymentStatus::parse(status.as_str()) == Ok(*status))
            );
            assert!(
                period
                    .since()
                    .zip(period.until())
                    .is_none_or(|(since, until)| since < until)
            );
        });
}

#[test]
fn cursor() {
    let position = Position { time: now(), id: 7 };
    let right = crate::read::sealed(position);
    bolero::check!()
        .with_test_time(MOMENT)
        .with_type::<Edits>()
        .for_each(|edits| {
            let sent = edited(&[&right], edits);
            let sent = String::from_utf8_lossy(&sent);
            // There is one way to write each, and none to make one up.
            assert_eq!(
                crate::read::opened(&sent),
                (sent == right).then_some(position),
                "{sent}"
            );
        });
}
