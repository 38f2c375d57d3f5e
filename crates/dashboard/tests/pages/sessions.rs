//! How long somebody stays signed in, what their browser keeps, and that no other site can act for them.

use crate::app::{Browser, Setup, TestApp};
use periscope_domain::api_key::Scope;
use periscope_domain::ports::{Clock, Store};
use periscope_domain::timestamp::Timestamp;
use time::Duration;

async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/deployments").await.status != 303
}

/// The attributes of a cookie.
fn attributes(cookie: &str) -> Vec<&str> {
    cookie.split("; ").skip(1).collect()
}

#[tokio::test]
async fn the_cookie_is_kept_as_long_as_the_session_and_kept_off_scripts() {
    let app = TestApp::start().await;
    let key = app.make_key(app.organization_id, &[Scope::Read]).await;
    let answer = app.browser().sign_in(&key).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("periscope_session="), "{cookie}");
    assert_eq!(
        attributes(cookie),
        ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"]
    );
    let in_an_hour = Timestamp::parse("2024-01-15T13:00:00Z").unwrap();
    let expiring = app
        .make_key_until(app.organization_id, &[Scope::Read], Some(in_an_hour))
        .await;
    let answer = app.browser().sign_in(&expiring).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(attributes(cookie).contains(&"Max-Age=3600"), "{cookie}");
}

#[tokio::test]
async fn over_tls_the_cookie_is_one_of_this_host_and_of_encrypted_lines_alone() {
    let app = TestApp::start_with(Setup {
        public_url: Some("https://periscope.example.org"),
        ..Setup::default()
    })
    .await;
    let key = app.make_key(app.organization_id, &[Scope::Admin]).await;
    let headers = [("Origin", "https://periscope.example.org")];
    let mut browser = app.browser();
    let answer = browser.post_with("/sign-in", &[("key", &key)], &headers).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-periscope_session="), "{cookie}");
    let attributes = attributes(cookie);
    assert!(
        attributes.contains(&"Secure") && attributes.contains(&"Path=/"),
        "{cookie}"
    );
    assert!(!cookie.contains("Domain"), "{cookie}");
    let html = browser.page("/").await;
    assert_eq!(html.matches("https://periscope.example.org").count(), 7);
    let html = browser.page("/settings/github").await;
    assert!(
        html.contains("https://periscope.example.org/api/webhooks/github/acme"),
        "{html}"
    );
    assert!(!html.contains("GitHub cannot reach this address"));
}

#[tokio::test]
async fn a_session_ends_with_its_key() {
    let app = TestApp::start().await;
    let in_two_days = app.clock.now().plus(Duration::days(2));
    let [lasting, expiring] = [None, Some(in_two_days)];
    let mut browsers = Vec::new();
    for end in [lasting, expiring] {
        let key = app.make_key_until(app.organization_id, &[Scope::Read], end).await;
        let mut browser = app.browser();
        browser.sign_in(&key).await;
        browsers.push(browser);
    }
    assert!(is_signed_in(&browsers[0]).await && is_signed_in(&browsers[1]).await);
    app.clock.advance(Duration::days(2));
    assert!(is_signed_in(&browsers[0]).await, "its key does not expire");
    assert!(!is_signed_in(&browsers[1]).await, "its key has expired");
    for key in app.store.api_keys().list(app.organization_id).await.unwrap() {
        let revoked = app
            .store
            .api_keys()
            .revoke(app.organization_id, key.id, app.clock.now());
        revoked.await.unwrap();
    }
    assert!(!is_signed_in(&browsers[0]).await, "its key is revoked");
}

#[tokio::test]
async fn a_display_on_a_wall_stays_signed_in_and_its_browser_is_told_so_once_a_day() {
    let app = TestApp::start().await;
    let browser = app.reader().await;
    assert_eq!(browser.get("/").await.header("set-cookie"), None);
    for day in 1..100 {
        app.clock.advance(Duration::days(1));
        let answer = browser.get("/").await;
        assert_eq!(answer.status, 200, "{day}");
        let cookie = answer.header("set-cookie").unwrap();
        assert!(attributes(cookie).contains(&"Max-Age=2592000"), "{cookie}");
        assert_eq!(browser.get("/").await.header("set-cookie"), None);
    }
    app.clock.advance(Duration::days(30));
    assert_eq!(browser.get("/").await.status, 303, "unused for 30 days");
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let app = TestApp::start().await;
    let mut browser = app.reader().await;
    let stolen = browser.clone();
    let answer = browser.submit("/", "/sign-out", &[]).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/sign-in"))
    );
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("periscope_session=;") && cookie.contains("Max-Age=0"),
        "{cookie}"
    );
    assert!(!is_signed_in(&stolen).await);
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let mut browser = app.admin().await;
    let token = browser.csrf_token("/settings/keys").await;
    let other = app.admin().await.csrf_token("/settings/keys").await;
    let own = format!("http://{}", app.address);
    let keys = app.store.api_keys().list(app.organization_id).await.unwrap();
    let path = format!("/settings/keys/{}/revoke", keys[0].id);
    let right = ("csrfToken", token.as_str());
    for (fields, headers) in [
        (vec![], vec![("Origin", own.as_str())]),
        (vec![("csrfToken", other.as_str())], vec![("Origin", &own)]),
        (vec![right], vec![]),
        (vec![right], vec![("Origin", "null")]),
        (vec![right], vec![("Origin", "https://evil.example")]),
        (
            vec![right],
            vec![("Origin", &own), ("Sec-Fetch-Site", "cross-site")],
        ),
        (
            vec![right],
            vec![("Origin", &own), ("Sec-Fetch-Site", "same-site")],
        ),
        (vec![right], vec![("Origin", &own), ("Sec-Fetch-Site", "none")]),
    ] {
        let answer = browser.post_with(&path, &fields, &headers).await;
        assert_eq!(answer.status, 403, "{fields:?} {headers:?}");
        assert!(answer.body.contains("Nothing was changed"), "{answer}");
        let after = app.store.api_keys().list(app.organization_id).await.unwrap();
        assert!(after.iter().all(|key| key.revoked_at.is_none()));
    }
    let answer = browser
        .post_with(&path, &[right], &[("Sec-Fetch-Site", "same-origin")])
        .await;
    assert_eq!(answer.status, 303);
}
