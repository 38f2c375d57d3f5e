//! An application of its own for each test, with one organization, `acme`, which is told of things as CI would tell it; and
//! a browser to look at them.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HeaderMap;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use periscope_adapters::memory::MemoryStore;
use periscope_adapters::system::SystemRandom;
use periscope_dashboard::pages;
use periscope_domain::api_key::Scope;
use periscope_domain::github::SecretKey;
use periscope_domain::id::OrganizationId;
use periscope_domain::organization::{OrganizationSlug, Plan};
use periscope_domain::ports::{Clock, Inserted, NewOrganization, Store};
use periscope_domain::text::{ApiKeyName, OrganizationName};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{IssueApiKey, issue_api_key};
use periscope_domain::web_url::BaseUrl;
use periscope_server::{Application, Outside, Settings};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;

/// What time it is until the clock is moved.
pub(crate) const NOW: &str = "2024-01-15T12:00:00Z";

/// A clock that stands still until it is moved.
pub(crate) struct HandClock(Mutex<Timestamp>);

impl HandClock {
    pub(crate) fn advance(&self, duration: time::Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus(duration);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// How an application is to be started.
pub(crate) struct Setup {
    pub(crate) rate_limit: u32,
    pub(crate) secret_key: Option<&'static str>,
    pub(crate) plan: Plan,
    pub(crate) public_url: Option<&'static str>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            rate_limit: 0,
            secret_key: Some("0123456789abcdef0123456789abcdef"),
            plan: Plan::Business,
            public_url: None,
        }
    }
}

pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) organization_id: OrganizationId,
    /// A key of `acme` for programs: it may ingest and read.
    pub(crate) key: String,
    random: AtomicU64,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    pub(crate) async fn start_with(setup: Setup) -> Self {
        let clock = Arc::new(HandClock(Mutex::new(Timestamp::parse(NOW).unwrap())));
        let store = Arc::new(MemoryStore::default());
        let settings = Settings {
            listen: "127.0.0.1:0".parse().unwrap(),
            rate_limit: setup.rate_limit,
            secret_key: setup.secret_key.map(|key| SecretKey::parse(key).unwrap()),
            metrics: None,
            tls: None,
            public_url: setup.public_url.map(|url| BaseUrl::parse(url).unwrap()),
            traces: None,
        };
        let outside = Outside {
            store: Arc::clone(&store) as _,
            clock: Arc::clone(&clock) as _,
            random: Arc::new(SystemRandom),
        };
        let application = Application::bind(settings, pages, outside).unwrap();
        let address = application.local_addr();
        tokio::spawn(application.run(std::future::pending()));
        let mut app = Self {
            address,
            store,
            clock,
            organization_id: OrganizationId::new(0),
            key: String::new(),
            random: AtomicU64::new(1),
        };
        app.organization_id = app.make_organization_on("acme", setup.plan).await;
        app.key = app
            .make_key(app.organization_id, &[Scope::Ingest, Scope::Read])
            .await;
        app
    }

    pub(crate) async fn make_organization(&self, slug: &str) -> OrganizationId {
        self.make_organization_on(slug, Plan::Business).await
    }

    async fn make_organization_on(&self, slug: &str, plan: Plan) -> OrganizationId {
        let organization = NewOrganization {
            slug: OrganizationSlug::parse(slug).unwrap(),
            name: OrganizationName::parse(slug).unwrap(),
            plan,
            created_at: self.clock.now(),
        };
        match self.store.organizations().insert(&organization).await.unwrap() {
            Inserted::New(organization) => organization.id,
            Inserted::Already => panic!("{slug} exists"),
        }
    }

    pub(crate) async fn make_key(&self, organization_id: OrganizationId, scopes: &[Scope]) -> String {
        self.make_key_until(organization_id, scopes, None).await
    }

    pub(crate) async fn make_key_until(
        &self,
        organization_id: OrganizationId,
        scopes: &[Scope],
        expires_at: Option<Timestamp>,
    ) -> String {
        let command = IssueApiKey {
            organization_id,
            name: ApiKeyName::parse("ci").unwrap(),
            scopes: scopes.to_vec(),
            expires_at,
        };
        // Random numbers that are the same in every run.
        let mut random = StdRng::seed_from_u64(self.random.fetch_add(1, Ordering::Relaxed));
        let (secret, _) = issue_api_key(&*self.store, command, &mut random, self.clock.now())
            .await
            .unwrap();
        secret.expose().to_owned()
    }

    /// Tells the API of something.
    pub(crate) async fn tell(&self, path: &str, body: &Value) -> Value {
        let call = Call::new("POST", path)
            .header("Authorization", &format!("Bearer {}", self.key))
            .header("Content-Type", "application/json");
        let answer = call.body(body.to_string()).send(self.address).await;
        assert!((200..300).contains(&answer.status), "{path}: {answer}");
        answer.json()
    }

    /// Reports a deployment; gives Periscope's number for it.
    pub(crate) async fn deploy(&self, report: &Value) -> i64 {
        let answer = self.tell("/api/webhooks/deployments", report).await;
        answer["deploymentId"].as_i64().unwrap()
    }

    /// What the API answers.
    pub(crate) async fn api(&self, path: &str) -> Value {
        let call = Call::new("GET", path).header("Authorization", &format!("Bearer {}", self.key));
        let answer = call.send(self.address).await;
        assert_eq!(answer.status, 200, "{path}: {answer}");
        answer.json()
    }

    /// A browser that has never been here.
    pub(crate) fn browser(&self) -> Browser {
        Browser {
            address: self.address,
            cookie: None,
        }
    }

    /// Somebody of `acme` who signed in with a key of these scopes.
    pub(crate) async fn visitor(&self, scopes: &[Scope]) -> Browser {
        let key = self.make_key(self.organization_id, scopes).await;
        let mut browser = self.browser();
        let answer = browser.sign_in(&key).await;
        assert_eq!(answer.status, 303, "{answer}");
        browser
    }

    /// Somebody of `acme` who may change settings.
    pub(crate) async fn admin(&self) -> Browser {
        self.visitor(&[Scope::Admin]).await
    }

    /// Somebody of `acme` who may look.
    pub(crate) async fn reader(&self) -> Browser {
        self.visitor(&[Scope::Read]).await
    }
}

/// A browser: it keeps its cookie, and says where a form comes from. It follows no redirect.
#[derive(Clone)]
pub(crate) struct Browser {
    address: SocketAddr,
    cookie: Option<String>,
}

impl Browser {
    pub(crate) async fn sign_in(&mut self, key: &str) -> Answer {
        self.post("/sign-in", &[("key", key)]).await
    }

    /// The same browser with another cookie beside its session's.
    pub(crate) fn with_cookie(&self, cookie: &str) -> Self {
        let own = self.cookie.iter().map(String::as_str);
        let cookies: Vec<_> = own.chain([cookie]).collect();
        Self {
            cookie: Some(cookies.join("; ")),
            ..self.clone()
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send(self.address).await
    }

    /// The HTML of a page that there is.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer}");
        answer.body
    }

    /// What the forms of a page carry.
    pub(crate) async fn csrf_token(&self, page: &str) -> String {
        let html = self.page(page).await;
        let token = html.split("name=\"csrfToken\" value=\"").nth(1).unwrap();
        token.split('"').next().unwrap().to_owned()
    }

    /// Fills in a form of a page and sends it.
    pub(crate) async fn submit(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.csrf_token(page).await;
        let fields = [fields, &[("csrfToken", &token)]].concat();
        self.post(action, &fields).await
    }

    /// Sends a form of a page of ours.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = format!("http://{}", self.address);
        self.post_with(path, fields, &[("Origin", &origin)]).await
    }

    /// Sends a form with these headers and no others that tell where it comes from.
    pub(crate) async fn post_with(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let call = headers
            .iter()
            .fold(self.call("POST", path), |call, (name, value)| {
                call.header(name, value)
            });
        let call = call
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = call.send(self.address).await;
        if let Some(cookie) = answer.header("set-cookie") {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        answer
    }

    /// A request with the cookie.
    pub(crate) fn call(&self, method: &str, path: &str) -> Call {
        let call = Call::new(method, path);
        match &self.cookie {
            Some(cookie) => call.header("Cookie", cookie),
            None => call,
        }
    }
}

/// A request in the making.
pub(crate) struct Call {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Call {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: String) -> Self {
        self.body = body;
        self
    }

    pub(crate) async fn send(self, address: SocketAddr) -> Answer {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.path)
            .header("Host", address.to_string());
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(self.body))).unwrap();
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        connection.abort();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self}"))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.body)
    }
}

/// A commit SHA of its own for each number.
pub(crate) fn sha(number: u32) -> String {
    format!("{number:08x}{number:032x}")
}

/// What a CI job sends after a successful deployment of `api`, with some of its fields changed; null leaves one out.
pub(crate) fn report(id: &str, changes: &Value) -> Value {
    let mut report = json!({
        "deploymentId": id,
        "commitSha": sha(1),
        "environment": "production",
        "status": "success",
        "startedAt": "2024-01-15T10:30:00Z",
        "completedAt": "2024-01-15T10:35:00Z",
        "service": "api",
        "branch": "main",
        "triggeredBy": "octocat",
        "pipelineName": "Production Deploy",
        "pipelineUrl": "https://ci.example/runs/12345",
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        report[name] = value.clone();
    }
    report
}
