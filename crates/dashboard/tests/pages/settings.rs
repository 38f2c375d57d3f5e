//! Settings: for admins alone, of their own organization alone, and secrets shown once.

use crate::app::{Browser, Call, Setup, TestApp, report, sha};
use periscope_domain::api_key::{ApiKey, Scope};
use periscope_domain::environment::Tier;
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::Store;
use periscope_domain::repository::Repository;
use periscope_domain::use_cases::list_environments;
use serde_json::json;
use std::time::Duration;

const PAGES: [&str; 7] = [
    "/settings/keys",
    "/settings/keys/new",
    "/settings/keys/1/revoke",
    "/settings/repositories",
    "/settings/environments",
    "/settings/github",
    "/settings/organization",
];

impl TestApp {
    async fn keys(&self) -> Vec<ApiKey> {
        self.store.api_keys().list(self.organization_id).await.unwrap()
    }

    async fn repositories(&self, of: OrganizationId) -> Vec<Repository> {
        self.store.repositories().list(of).await.unwrap()
    }

    /// Tells of two repositories, `acme/api` and `acme/web`.
    async fn tell_of_repositories(&self) {
        for (number, name) in [(1, "acme/api"), (2, "acme/web")] {
            let merge =
                json!({"number": 1, "mergeCommitSha": sha(number), "mergedAt": "2024-01-15T09:00:00Z"});
            let body = json!({"repository": name, "pullRequests": [merge]});
            self.tell("/api/pull-requests", &body).await;
        }
    }

    /// An organization with a key and a repository of its own.
    async fn other_organization(&self) -> (OrganizationId, String, Repository) {
        let other = self.make_organization("globex").await;
        let key = self.make_key(other, &[Scope::Ingest]).await;
        let merge = json!({"number": 1, "mergeCommitSha": sha(9), "mergedAt": "2024-01-15T09:00:00Z"});
        let body = json!({"repository": "globex/shop", "pullRequests": [merge]});
        let call = Call::new("POST", "/api/pull-requests")
            .header("Authorization", &format!("Bearer {key}"))
            .header("Content-Type", "application/json");
        assert_eq!(call.body(body.to_string()).send(self.address).await.status, 200);
        let repository = self.repositories(other).await.remove(0);
        (other, key, repository)
    }

    async fn works(&self, key: &str) -> bool {
        let call = Call::new("POST", "/api/webhooks/deployments")
            .header("Authorization", &format!("Bearer {key}"))
            .header("Content-Type", "application/json");
        let answer = call.body(report("first", &json!({})).to_string());
        (200..300).contains(&answer.send(self.address).await.status)
    }
}

/// What stands in the element with an id.
fn text_of<'h>(html: &'h str, id: &str) -> &'h str {
    let from = html.split(&format!("id=\"{id}\"><code>")).nth(1).unwrap();
    from.split('<').next().unwrap()
}

async fn make_key(browser: &mut Browser, fields: &[(&str, &str)]) -> crate::app::Answer {
    browser
        .submit("/settings/keys/new", "/settings/keys/new", fields)
        .await
}

#[tokio::test]
async fn only_an_admin_sees_and_changes_settings() {
    let app = TestApp::start().await;
    let mut reader = app.reader().await;
    for page in PAGES {
        assert_eq!(reader.get(page).await.status, 403, "{page}");
        assert_eq!(app.browser().get(page).await.status, 303, "{page}");
    }
    assert!(!reader.page("/").await.contains("/settings"));
    let before = app.keys().await;
    for (action, fields) in [
        ("/settings/keys/new", vec![("name", "x"), ("scope", "admin")]),
        ("/settings/keys/1/revoke", vec![]),
        ("/settings/repositories/1/monitored", vec![("monitored", "no")]),
        ("/settings/github", vec![]),
    ] {
        let answer = reader.submit("/", action, &fields).await;
        assert_eq!(answer.status, 403, "{action}");
    }
    let ids = |keys: &[ApiKey]| -> Vec<_> { keys.iter().map(|key| (key.id, key.revoked_at)).collect() };
    assert_eq!(ids(&app.keys().await), ids(&before));
    let admin = app.admin().await;
    for page in ["/settings/keys", "/settings/repositories", "/settings/github"] {
        assert!(admin.page(page).await.contains("<h1>Settings</h1>"), "{page}");
    }
    assert_eq!(admin.get("/settings/keys/999/revoke").await.status, 404);
}

#[tokio::test]
async fn a_key_is_shown_once_and_works() {
    let app = TestApp::start().await;
    let mut browser = app.admin().await;
    let form = browser.page("/settings/keys/new?scope=read").await;
    assert!(form.contains(r#"value="read" aria-describedby="scope-read-hint" checked"#));
    let fields = [
        ("name", "ci & more"),
        ("scope", "ingest"),
        ("scope", "read"),
        ("expires", "2024-01-15"),
    ];
    let answer = make_key(&mut browser, &fields).await;
    assert_eq!((answer.status, answer.header("location")), (200, None));
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    let key = text_of(&answer.body, "key").to_owned();
    assert!(answer.body.contains("The key ci &#38; more"), "{answer}");
    assert!(answer.body.contains(&format!("Bearer {key}")));
    assert!(app.works(&key).await);
    let list = browser.page("/settings/keys").await;
    assert!(
        list.contains("ci &#38; more") && list.contains("data-label=\"Last day\">15 Jan 2024<"),
        "{list}"
    );
    assert!(!list.contains(&key));
    let made = app.keys().await.pop().unwrap();
    assert_eq!(made.scopes, [Scope::Ingest, Scope::Read]);
    // A first deployment that is not a true one is not offered to whom has true ones.
    let answer = make_key(&mut browser, &fields).await;
    assert!(!answer.body.contains("Try it from a shell"));
}

#[tokio::test]
async fn a_key_that_cannot_be_made_leaves_the_form_as_it_was_typed() {
    let app = TestApp::start().await;
    let mut browser = app.admin().await;
    let keys = app.keys().await.len();
    for (fields, ids) in [
        (vec![], vec!["name-problem", "scope-problem"]),
        (
            vec![("name", "<ci>"), ("scope", "admin"), ("expires", "2024-01-14")],
            vec!["expires-problem"],
        ),
        (
            vec![("name", &*"x".repeat(101)), ("scope", "read")],
            vec!["name-problem"],
        ),
    ] {
        let answer = make_key(&mut browser, &fields).await;
        assert_eq!(answer.status, 422, "{fields:?}");
        for id in ["name-problem", "scope-problem", "expires-problem"] {
            let is_told = answer.body.contains(&format!("id=\"{id}\""));
            assert_eq!(is_told, ids.contains(&id), "{fields:?} {id}");
        }
        for (_, value) in &fields {
            let escaped = value.replace('<', "&#60;").replace('>', "&#62;");
            assert!(answer.body.contains(&escaped), "{value}");
        }
    }
    assert_eq!(make_key(&mut browser, &[("scope", "root")]).await.status, 400);
    assert_eq!(app.keys().await.len(), keys);
}

#[tokio::test]
async fn a_key_is_revoked_once_somebody_has_confirmed_it() {
    let app = TestApp::start().await;
    let mut browser = app.admin().await;
    let victim = app.make_key(app.organization_id, &[Scope::Ingest]).await;
    let id = app.keys().await.pop().unwrap().id;
    let path = format!("/settings/keys/{id}/revoke");
    let question = browser.page(&path).await;
    assert!(!question.contains("signed in with"), "{question}");
    let answer = browser.submit(&path, &path, &[]).await;
    let to = "/settings/keys?done=revoked";
    assert_eq!((answer.status, answer.header("location")), (303, Some(to)));
    assert!(!app.works(&victim).await);
    let list = browser.page(to).await;
    assert!(list.contains("The key is revoked."), "{list}");
    assert!(list.contains("Revoked 15 Jan 2024"), "{list}");
    let odd = browser.page("/settings/keys?done=%3Cscript%3E").await;
    assert!(!odd.contains("role=\"status\""), "only what is known is said");
}

#[tokio::test]
async fn revoking_one_s_own_key_signs_out() {
    let app = TestApp::start().await;
    let mut browser = app.admin().await;
    let id = app.keys().await.pop().unwrap().id;
    let path = format!("/settings/keys/{id}/revoke");
    let question = browser.page(&path).await;
    assert!(
        question.contains("It is the key that you are signed in with"),
        "{question}"
    );
    assert!(
        question.contains("It is the last key with the scope admin"),
        "{question}"
    );
    let answer = browser.submit(&path, &path, &[]).await;
    let to = "/sign-in?done=key-revoked";
    assert_eq!((answer.status, answer.header("location")), (303, Some(to)));
    assert!(browser.page(to).await.contains("The key is revoked"));
    assert_eq!(browser.get("/").await.status, 303);
}

#[tokio::test]
async fn repositories_are_monitored_or_not_and_have_services() {
    let app = TestApp::start().await;
    app.tell_of_repositories().await;
    let mut browser = app.admin().await;
    let page = "/settings/repositories";
    let (api, web) = (0, 1);
    let all = app.repositories(app.organization_id).await;
    let id = |place: usize| all[place].id.to_string();
    let monitored = format!("{page}/{}/monitored", id(api));
    for (value, is_monitored, done) in [("no", false, "unmonitored"), ("yes", true, "monitored")] {
        let answer = browser.submit(page, &monitored, &[("monitored", value)]).await;
        let to = format!("{page}?done={done}");
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some(to.as_str()))
        );
        assert_eq!(
            app.repositories(app.organization_id).await[api].monitored,
            is_monitored
        );
        assert!(browser.page(&to).await.contains("role=\"status\""));
    }
    let aliases = format!("{page}/aliases");
    for (place, service, done) in [
        (api, "Checkout", "alias-added"),
        (api, "checkout", "alias-added"),
        (web, "checkout", "alias-taken"),
    ] {
        let fields = [("repository", &*id(place)), ("service", service)];
        let answer = browser.submit(page, &aliases, &fields).await;
        let to = format!("{page}?done={done}");
        assert_eq!(answer.header("location"), Some(to.as_str()));
        let after = app.repositories(app.organization_id).await;
        assert_eq!(after[place].aliases.len(), 1, "{service}");
    }
    assert!(
        app.repositories(app.organization_id).await[api]
            .aliases
            .is_empty()
    );
    for (service, problem) in [
        ("", "Give the name by which deployments call the service"),
        ("API", "API is the name of acme/api, and a repository"),
    ] {
        let fields = [("repository", &*id(web)), ("service", service)];
        let answer = browser.submit(page, &aliases, &fields).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("id=\"service-problem\""), "{answer}");
        assert!(answer.body.contains(problem), "{answer}");
    }
    let remove = format!("{page}/{}/aliases/remove", id(web));
    let answer = browser.submit(page, &remove, &[("service", "checkout")]).await;
    assert_eq!(answer.status, 303);
    assert!(
        app.repositories(app.organization_id).await[web]
            .aliases
            .is_empty()
    );
}

#[tokio::test]
async fn environments_get_a_tier_by_a_button_or_a_rule() {
    let app = TestApp::start().await;
    let mut browser = app.admin().await;
    let page = "/settings/environments";
    assert!(browser.page(page).await.contains("None yet."));
    for environment in ["production", "live", "prod-eu"] {
        app.deploy(&report(environment, &json!({"environment": environment})))
            .await;
    }
    let html = browser.page(page).await;
    assert!(html.contains("2 environments without a tier"), "{html}");
    assert!(
        html.contains("Make production<span class=\"unseen\"> of live</span>"),
        "{html}"
    );
    assert!(
        !html.contains("<span class=\"unseen\"> of production</span>"),
        "{html}"
    );
    for (name, tier) in [
        ("live", "production"),
        (" Prod* ", "production"),
        ("prod*", "staging"),
    ] {
        let fields = [("environment", name), ("tier", tier)];
        let answer = browser.submit(page, page, &fields).await;
        let to = format!("{page}?done=tier-set");
        assert_eq!((answer.status, answer.header("location")), (303, Some(&*to)));
        assert!(browser.page(&to).await.contains("The rule is saved."));
    }
    let found = list_environments(&*app.store, app.organization_id).await.unwrap();
    let tiers = found.environments.iter();
    let tiers: Vec<_> = tiers
        .map(|known| (known.environment.as_str(), known.environment.tier()))
        .collect();
    let expected = [
        ("live", Tier::Production),
        ("prod-eu", Tier::Staging),
        ("production", Tier::Production),
    ];
    assert_eq!(tiers, expected);
    assert!(!browser.page(page).await.contains("without a tier"));
    let answer = browser
        .submit(page, page, &[("environment", " "), ("tier", "staging")])
        .await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("<option selected>staging</option>"),
        "{answer}"
    );
    assert!(
        answer
            .body
            .contains("Give the name of an environment, or a pattern"),
        "{answer}"
    );
    let unknown = [("environment", "qa"), ("tier", "quality")];
    assert_eq!(browser.submit(page, page, &unknown).await.status, 404);
    let remove = format!("{page}/remove");
    for _ in 0..2 {
        let answer = browser.submit(page, &remove, &[("environment", "prod*")]).await;
        let to = format!("{page}?done=tier-removed");
        assert_eq!((answer.status, answer.header("location")), (303, Some(&*to)));
    }
    let html = browser.page(page).await;
    assert!(html.contains("1 environment without a tier"), "{html}");
}

#[tokio::test]
async fn the_secret_of_github_s_webhook_is_shown_once_and_can_be_replaced() {
    let app = TestApp::start().await;
    let mut browser = app.admin().await;
    let page = "/settings/github";
    let html = browser.page(page).await;
    let url = format!("http://{}/api/webhooks/github/acme", app.address);
    assert_eq!(text_of(&html, "payload-url"), url);
    assert!(html.contains("Not connected."), "{html}");
    let mut secrets = Vec::new();
    for _ in 0..2 {
        let answer = browser.submit(page, page, &[]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        secrets.push(text_of(&answer.body, "webhook-secret").to_owned());
    }
    assert_ne!(secrets[0], secrets[1]);
    let html = browser.page(page).await;
    assert!(secrets.iter().all(|secret| !html.contains(secret)));
    assert!(
        html.contains("No delivery with the right signature has come since"),
        "{html}"
    );
    let wrong = Call::new("POST", "/api/webhooks/github/acme")
        .header("Content-Type", "application/json")
        .header("X-GitHub-Event", "ping")
        .header("X-GitHub-Delivery", "1")
        .header("X-Hub-Signature-256", &format!("sha256={}", "0".repeat(64)));
    assert_eq!(wrong.body("{}".to_owned()).send(app.address).await.status, 401);
    // It is noted once the sender has its answer.
    let is_told = async || {
        let html = browser.page(page).await;
        html.contains("without the right signature. If GitHub")
    };
    for _ in 0..200 {
        if is_told().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nothing is said of the wrong signature");
}

#[tokio::test]
async fn without_a_secret_key_it_is_said_what_to_set() {
    let app = TestApp::start_with(Setup {
        secret_key: None,
        ..Setup::default()
    })
    .await;
    let mut browser = app.admin().await;
    let html = browser.page("/settings/github").await;
    assert!(html.contains("<code>PERISCOPE_SECRET_KEY</code>"), "{html}");
    assert!(!html.contains("Make the secret"));
    let answer = browser.submit("/settings/github", "/settings/github", &[]).await;
    assert_eq!(answer.status, 200);
    let slug = periscope_domain::organization::OrganizationSlug::parse("acme").unwrap();
    let connection = app.store.github_connections().find_by_slug(&slug).await;
    assert!(connection.unwrap().is_none());
}

#[tokio::test]
async fn what_belongs_to_another_organization_is_not_there() {
    let app = TestApp::start().await;
    app.tell_of_repositories().await;
    let (other, key, repository) = app.other_organization().await;
    let key_id = app.store.api_keys().list(other).await.unwrap()[0].id;
    let own = app.repositories(app.organization_id).await[0].id.to_string();
    let theirs = repository.id.to_string();
    let mut browser = app.admin().await;
    let revoke = format!("/settings/keys/{key_id}/revoke");
    assert_eq!(browser.get(&revoke).await.status, 404);
    let of_theirs = |action: &str| format!("/settings/repositories/{theirs}/{action}");
    for (action, fields) in [
        (revoke, vec![]),
        (of_theirs("monitored"), vec![("monitored", "no")]),
        (of_theirs("aliases/remove"), vec![("service", "shop")]),
        (
            "/settings/repositories/aliases".to_owned(),
            vec![("repository", theirs.as_str()), ("service", "shop")],
        ),
        (
            "/settings/repositories/aliases".to_owned(),
            vec![("repository", "x"), ("service", "shop")],
        ),
    ] {
        let answer = browser.submit("/settings/keys", &action, &fields).await;
        assert_eq!(answer.status, 404, "{action}");
        assert_eq!(app.repositories(other).await, std::slice::from_ref(&repository));
        assert!(app.works(&key).await);
    }
    let html = browser.page("/settings/repositories").await;
    assert!(html.contains("acme/api") && !html.contains("globex"), "{html}");
    let fields = [("repository", own.as_str()), ("service", "shop")];
    let answer = browser
        .submit("/settings/keys", "/settings/repositories/aliases", &fields)
        .await;
    assert_eq!(
        answer.header("location"),
        Some("/settings/repositories?done=alias-added"),
        "theirs is not taken from"
    );
}

#[tokio::test]
async fn an_organization_sees_its_plan_and_trial() {
    let app = TestApp::start_with(Setup {
        plan: periscope_domain::organization::Plan::Free,
        ..Setup::default()
    })
    .await;
    let browser = app.admin().await;
    let html = browser.page("/settings/organization").await;
    assert!(html.contains("those of free"), "{html}");
    assert!(
        html.contains("It begins with the first deployment that is reported"),
        "{html}"
    );
    app.deploy(&report("first", &json!({}))).await;
    let html = browser.page("/settings/organization").await;
    assert!(html.contains("those of business"), "{html}");
    assert!(html.contains("It runs from 15 Jan 2024, 12:00"), "{html}");
    app.clock.advance(time::Duration::days(14));
    let html = browser.page("/settings/organization").await;
    assert!(
        html.contains("those of free") && html.contains("It ran from"),
        "{html}"
    );
    assert!(html.contains("Nothing is locked when a trial ends"), "{html}");
}
