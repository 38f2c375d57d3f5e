//! Tenants apart. Every route that the description tells of is called without a key, with every kind of wrong one, and
//! with a right one of another organization, and no answer may hold anything of an organization that the caller is not
//! of. A new route is called as soon as it is documented: nothing here names one.

mod marks;
mod routes;
mod world;

use crate::app::{SECRET_KEY, TestApp};
use crate::client::Answer;
use crate::github::sign;
use marks::{leaked, without_ids};
use periscope_domain::api_key::{ApiKeySecret, Scope};
use periscope_domain::ports::{ApiKeys, Clock};
use routes::{Route, routes};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use world::{Tenant, tell_all, told_of};

const UNKNOWN_KEY: &str = r#"401 {"error":"Invalid or missing API key"}"#;
const UNSIGNED: &str = r#"401 {"error":"Invalid webhook signature"}"#;
const NOT_FOUND: &str = r#"404 {"error":"Not found"}"#;

/// Everything about a request but its sender is wrong: its sender is refused before that is looked at.
async fn send_nonsense(app: &TestApp, route: &Route, authorization: Option<&str>) -> Answer {
    let path = route.path_with(|_| Some("999999999".to_owned()));
    let mut call = app
        .call(&route.method, &format!("{path}?nonsense=1"))
        .header("Content-Type", "text/plain")
        .body("no JSON");
    if let Some(authorization) = authorization {
        call = call.header("Authorization", authorization);
    }
    call.send().await
}

#[tokio::test]
async fn nobody_is_let_in_without_a_key_that_is_valid() {
    let app = TestApp::start().await;
    let scopes = Scope::ALL;
    let unknown = ApiKeySecret::generate(&mut app.random()).expose().to_owned();
    let right = app.make_key(app.organization_id, &scopes, None).await;
    let mistyped = format!("{}!", &right[..right.len() - 1]);
    let swapped = format!(
        "{}{}",
        &right[..right.len() - 1],
        if right.ends_with('x') { 'y' } else { 'x' }
    );
    let expired = app
        .make_key(app.organization_id, &scopes, Some(app.clock.now()))
        .await;
    let revoked = app.make_key(app.organization_id, &scopes, None).await;
    let newest = app.store.list(app.organization_id).await.unwrap().pop().unwrap();
    let now = app.clock.now();
    app.store
        .revoke(app.organization_id, newest.id, now)
        .await
        .unwrap();
    let keyed: Vec<_> = routes(&app)
        .await
        .into_iter()
        .filter(|route| route.scope.is_some())
        .collect();
    assert!(
        keyed.len() > 20,
        "the description tells of the routes that take a key"
    );
    for route in &keyed {
        let answer = send_nonsense(&app, route, None).await;
        assert_eq!(answer.to_string(), UNKNOWN_KEY, "{route}");
        for key in [&unknown, &mistyped, &swapped, &expired, &revoked] {
            let answer = send_nonsense(&app, route, Some(&format!("Bearer {key}"))).await;
            assert_eq!(answer.to_string(), UNKNOWN_KEY, "{route} with {key}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{route}");
        }
        let basic = send_nonsense(&app, route, Some(&format!("Basic {right}"))).await;
        assert_eq!(basic.to_string(), UNKNOWN_KEY, "{route}");
        let admitted = send_nonsense(&app, route, Some(&format!("Bearer {right}"))).await;
        assert!(![401, 403].contains(&admitted.status), "{route}: {admitted}");
    }
}

#[tokio::test]
async fn a_key_opens_only_what_its_scope_names() {
    let app = TestApp::start().await;
    for route in routes(&app).await {
        let Some(scope) = route.scope else { continue };
        let others: Vec<_> = Scope::ALL.into_iter().filter(|other| *other != scope).collect();
        let key = app.make_key(app.organization_id, &others, None).await;
        let answer = send_nonsense(&app, &route, Some(&format!("Bearer {key}"))).await;
        let refusal = format!(r#"403 {{"error":"API key lacks the {scope} scope"}}"#);
        assert_eq!(answer.to_string(), refusal, "{route}");
    }
}

#[tokio::test]
async fn what_is_signed_must_be_signed_for_the_organization_that_is_named() {
    let app = TestApp::start().await;
    let (victim, stranger) = (
        Tenant::new(&app, "qzxslug").await,
        Tenant::new(&app, "globex").await,
    );
    let signed: Vec<_> = routes(&app)
        .await
        .into_iter()
        .filter(|route| route.is_signed)
        .collect();
    assert!(
        !signed.is_empty(),
        "the description tells of the routes that are signed"
    );
    for route in &signed {
        for (name, body, event) in route.bodies() {
            let body = body.to_string();
            let strangers = sign(&stranger.secret, body.as_bytes());
            let of_another_body = sign(&victim.secret, format!("{body} ").as_bytes());
            let of_the_key = sign(SECRET_KEY, body.as_bytes());
            let victims = sign(&victim.secret, body.as_bytes());
            let bare = victims.trim_start_matches("sha256=");
            let sha1 = format!("sha1={bare}");
            let short = &victims[..victims.len() - 2];
            let long = format!("{victims}00");
            for (slug, signature) in [
                ("qzxslug", None),
                ("qzxslug", Some("")),
                ("qzxslug", Some("sha256=")),
                ("qzxslug", Some(strangers.as_str())),
                ("qzxslug", Some(&of_another_body)),
                ("qzxslug", Some(&of_the_key)),
                ("qzxslug", Some(bare)),
                ("qzxslug", Some(&sha1)),
                ("qzxslug", Some(short)),
                ("qzxslug", Some(&long)),
                ("globex", Some(&victims)),
                ("nobody", Some(&victims)),
                ("QZXSLUG!", Some(&victims)),
            ] {
                let path = route.path_with(|_| Some(slug.to_owned()));
                let mut call = app
                    .call(&route.method, &path)
                    .header("Content-Type", "application/json");
                for (header, value) in &event {
                    call = call.header(header, value);
                }
                if let Some(signature) = signature {
                    call = call.header("X-Hub-Signature-256", signature);
                }
                let answer = call.body(body.clone()).send().await;
                assert_eq!(
                    answer.to_string(),
                    UNSIGNED,
                    "{route} {name} {slug} {signature:?}"
                );
            }
        }
    }
    // Neither organization has got anything of it.
    for tenant in [&victim, &stranger] {
        assert_eq!(
            tenant.reader(&app).await.json("/api/pull-requests").await["pullRequests"],
            json!([])
        );
    }
}

#[tokio::test]
async fn a_report_for_another_organization_is_refused_after_its_fields_and_changes_nothing() {
    let app = TestApp::start().await;
    let victim = Tenant::new(&app, "qzxslug").await;
    for (changes, status) in [
        (json!({"organizationSlug": "qzxslug"}), 403),
        (json!({"organizationSlug": "qzxslug", "environment": ""}), 400),
        (json!({"organizationSlug": "QZXSLUG"}), 403),
        (json!({"organizationSlug": "acme "}), 201),
    ] {
        let mut report = crate::app::report();
        for (name, value) in changes.as_object().unwrap() {
            report[name] = value.clone();
        }
        let answer = app.deploy(&report).send().await;
        assert_eq!(answer.status, status, "{changes} {answer}");
    }
    assert_eq!(
        victim.reader(&app).await.json("/api/deployments").await["deployments"],
        json!([])
    );
}

/// The heart of it: whatever the stranger asks, with the victim's ids and names, it learns nothing of the victim.
#[tokio::test]
async fn no_answer_to_a_stranger_holds_anything_of_another_organization() {
    let app = TestApp::start().await;
    let routes = routes(&app).await;
    let (stranger, victim) = (
        Tenant::new(&app, "globex").await,
        Tenant::new(&app, "qzxslug").await,
    );
    tell_all(&app, &routes, &stranger, Value::clone).await;
    tell_all(&app, &routes, &victim, marks::mark).await;
    victim.set_tier(&app, "qzxlive*").await;
    let known = told_of(&app, &routes, &victim).await;
    for (route, path, answer) in &known {
        assert!(answer.status < 300, "{path}: {answer}");
        let told = stranger.ask(&app, &route.method, path).await;
        assert_ne!(
            told.body, answer.body,
            "{path}: what the victim is told would show if it were told"
        );
    }
    let mut asked = BTreeSet::new();
    for (route, path, _) in &known {
        let answer = stranger.ask(&app, &route.method, path).await;
        let expected: &[u16] = if route.has_ids() { &[404] } else { &[200] };
        assert!(expected.contains(&answer.status), "{path}: {answer}");
        if route.has_ids() {
            assert_eq!(answer.to_string(), NOT_FOUND, "{path}");
        }
        assert_eq!(leaked(&answer, path), None, "{path}");
        let queries = route.queries(&known).into_iter().filter(|_| !path.contains('?'));
        for query in queries {
            let path = format!("{path}?{query}");
            let answer = stranger.ask(&app, &route.method, &path).await;
            let is_cursor = query.starts_with("cursor=");
            let expected: &[u16] = match (route.has_ids(), is_cursor) {
                (true, _) => &[404],
                (false, true) => &[400],
                // A query that lacks another parameter is refused.
                (false, false) => &[200, 400],
            };
            assert!(expected.contains(&answer.status), "{path}: {answer}");
            assert_eq!(leaked(&answer, &path), None, "{path}");
            asked.insert(query.split('=').next().unwrap_or_default().to_owned());
        }
    }
    for parameter in ["cursor", "service", "repository", "environment"] {
        assert!(
            asked.contains(parameter),
            "{parameter} was tried with what the victim knows: {asked:?}"
        );
    }
    // And whoever has no key at all.
    for route in &routes {
        let answer = app
            .call(&route.method, &route.path_with(|_| Some("qzxslug".to_owned())))
            .send()
            .await;
        assert_eq!(leaked(&answer, "qzxslug"), None, "{route}");
    }
}

#[tokio::test]
async fn what_one_organization_does_changes_no_answer_to_another() {
    let app = TestApp::start().await;
    let routes = routes(&app).await;
    let (victim, stranger) = (
        Tenant::new(&app, "qzxslug").await,
        Tenant::new(&app, "globex").await,
    );
    tell_all(&app, &routes, &victim, marks::mark).await;
    let before = told_of(&app, &routes, &victim).await;
    // Its own, and the very same that the victim told: names, commits, numbers and deliveries collide.
    tell_all(&app, &routes, &stranger, Value::clone).await;
    tell_all(&app, &routes, &stranger, marks::mark).await;
    let after = told_of(&app, &routes, &victim).await;
    assert_eq!(before.len(), after.len());
    for ((_, path, before), (_, _, after)) in before.iter().zip(&after) {
        assert_eq!(before.body, after.body, "{path}");
        assert_eq!(before.header("etag"), after.header("etag"), "{path}");
    }
}

#[tokio::test]
async fn the_answers_to_one_organization_are_those_that_it_would_have_alone() {
    let (alone, crowded) = (TestApp::start().await, TestApp::start().await);
    let routes = routes(&alone).await;
    let first = Tenant::new(&alone, "globex").await;
    let other = Tenant::new(&crowded, "qzxslug").await;
    let second = Tenant::new(&crowded, "globex").await;
    tell_all(&crowded, &routes, &other, Value::clone).await;
    let (expected, told) = (
        tell_all(&alone, &routes, &first, Value::clone).await,
        tell_all(&crowded, &routes, &second, Value::clone).await,
    );
    assert!(!expected.is_empty());
    for (expected, told) in expected.iter().zip(&told) {
        assert_eq!(expected.status, told.status, "{told}");
        assert_eq!(without_ids(&expected.json()), without_ids(&told.json()));
    }
    let (expected, told) = (
        told_of(&alone, &routes, &first).await,
        told_of(&crowded, &routes, &second).await,
    );
    assert_eq!(expected.len(), told.len());
    for ((_, path, expected), (_, _, told)) in expected.iter().zip(&told) {
        assert_eq!(without_ids(&expected.json()), without_ids(&told.json()), "{path}");
    }
}
