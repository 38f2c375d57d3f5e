//! Organizations that tell all that the description has examples of, and ask all that it tells of.

use super::routes::{Route, collect};
use crate::app::{SECRET_KEY, TestApp};
use crate::client::Answer;
use crate::github::sign;
use crate::reader::Reader;
use periscope_domain::api_key::Scope;
use periscope_domain::github::SecretKey;
use periscope_domain::id::OrganizationId;
use periscope_domain::ports::Clock;
use periscope_domain::use_cases::connect_github;
use serde_json::{Value, json};

/// An organization with a key that may do anything and a secret that GitHub signs with.
pub(super) struct Tenant {
    slug: String,
    id: OrganizationId,
    key: String,
    pub(super) secret: String,
}

/// A route that was called by a path, and its answer.
pub(super) type Told<'r> = (&'r Route, String, Answer);

impl Tenant {
    pub(super) async fn new(app: &TestApp, slug: &str) -> Self {
        let id = app.make_organization(slug).await;
        let key = SecretKey::parse(SECRET_KEY).unwrap();
        let secret = connect_github(&app.store, id, &key, &mut app.random(), app.clock.now()).await;
        Self {
            slug: slug.to_owned(),
            id,
            key: app.make_key(id, &Scope::ALL, None).await,
            secret: secret.unwrap().expose().to_owned(),
        }
    }

    pub(super) async fn reader(&self, app: &TestApp) -> Reader {
        Reader::of(app, self.id, &[Scope::Read]).await
    }

    /// Gives environments a tier, which no example does to all that is told.
    pub(super) async fn set_tier(&self, app: &TestApp, pattern: &str) {
        let admin = Reader::of(app, self.id, &[Scope::Admin]).await;
        let rule = json!({"environment": pattern, "tier": "preview"});
        let call = admin.call("PUT", "/api/environments").json(&rule);
        let answer = call.header("Content-Type", "application/json").send().await;
        assert_eq!(answer.status, 200, "{answer}");
    }

    pub(super) async fn ask(&self, app: &TestApp, method: &str, path: &str) -> Answer {
        let call = app.call(method, path);
        call.header("Authorization", format!("Bearer {}", self.key))
            .send()
            .await
    }

    async fn tell(&self, app: &TestApp, route: &Route, body: &Value, headers: &[(String, String)]) -> Answer {
        let body = body.to_string();
        let mut call = app
            .call(&route.method, &route.path_with(|_| Some(self.slug.clone())))
            .header("Content-Type", "application/json");
        for (name, value) in headers {
            call = call.header(name, value);
        }
        call = if route.is_signed {
            call.header("X-Hub-Signature-256", sign(&self.secret, body.as_bytes()))
        } else {
            call.header("Authorization", format!("Bearer {}", self.key))
        };
        call.body(body).send().await
    }
}

/// Tells all that the description has examples of, and gives the answers.
pub(super) async fn tell_all(
    app: &TestApp,
    routes: &[Route],
    tenant: &Tenant,
    change: impl Fn(&Value) -> Value,
) -> Vec<Answer> {
    let mut answers = Vec::new();
    // The last are told first: what deployments are linked to stands behind them.
    for route in routes.iter().rev().filter(|route| route.method == "POST") {
        for (name, body, headers) in route.bodies() {
            let mut body = change(body);
            if body.get("organizationSlug").is_some() {
                body["organizationSlug"] = tenant.slug.as_str().into();
            }
            let answer = tenant.tell(app, route, &body, &headers).await;
            assert!([200, 201].contains(&answer.status), "{route} {name}: {answer}");
            answers.push(answer);
        }
    }
    assert!(
        answers.len() > 5,
        "the description has examples of what can be told"
    );
    answers
}

/// All that the description says can be asked, by all the ids that are told: first the lists, in whole and in pages of
/// one, then each thing in them.
pub(super) async fn told_of<'r>(app: &TestApp, routes: &'r [Route], tenant: &Tenant) -> Vec<Told<'r>> {
    let mut told: Vec<Told<'r>> = Vec::new();
    let reading = || routes.iter().filter(|route| route.is_reading());
    for route in reading().filter(|route| !route.has_ids()) {
        let mut path = route.path.clone();
        if route.queries(&[]).iter().any(|query| query.starts_with("limit=")) {
            path += "?limit=1";
            told.push((route, path.clone(), tenant.ask(app, &route.method, &path).await));
            path.clone_from(&route.path);
        }
        told.push((route, path.clone(), tenant.ask(app, &route.method, &path).await));
    }
    for route in reading().filter(|route| route.has_ids()) {
        let (name, before) = route.id().unwrap();
        let mut ids = Vec::new();
        for (_, path, answer) in &told {
            if path == before {
                collect(&answer.json(), name, &mut ids);
            }
        }
        assert!(!ids.is_empty(), "{route} has ids that {before} lists");
        for id in ids {
            let path = route.path_with(|_| Some(id.clone()));
            told.push((route, path.clone(), tenant.ask(app, &route.method, &path).await));
        }
    }
    told
}
