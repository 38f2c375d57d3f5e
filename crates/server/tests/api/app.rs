//! An application of its own for each test, with one organization, `acme`, and a key that may ingest.

use crate::client::Call;
use crate::store::FaultyStore;
use periscope_adapters::system::SystemRandom;
use periscope_domain::api_key::Scope;
use periscope_domain::deployment::StoredDeployment;
use periscope_domain::github::SecretKey;
use periscope_domain::id::OrganizationId;
use periscope_domain::organization::{OrganizationSlug, Plan};
use periscope_domain::ports::{Clock, Inserted, NewOrganization, Store};
use periscope_domain::text::{ApiKeyName, ExternalDeploymentId, OrganizationName};
use periscope_domain::timestamp::Timestamp;
use periscope_domain::use_cases::{IssueApiKey, issue_api_key};
use periscope_server::{Application, Exporter, Groups, Outside, Pages, Settings, Timing, no_pages};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const NOW: &str = "2024-01-15T12:00:00Z";
pub(crate) const SECRET_KEY: &str = "0123456789abcdef0123456789abcdef";

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
    pub(crate) timing: Timing,
    pub(crate) groups: Groups,
    pub(crate) pages: Pages,
    pub(crate) metrics: Option<(SocketAddr, Exporter)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            rate_limit: 0,
            secret_key: Some(SECRET_KEY),
            timing: Timing {
                notice: Duration::ZERO,
                linger: Duration::from_secs(1),
                ..Timing::default()
            },
            groups: Groups::default(),
            pages: no_pages,
            metrics: None,
        }
    }
}

pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) metrics_address: Option<SocketAddr>,
    pub(crate) store: FaultyStore,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) organization_id: OrganizationId,
    pub(crate) key: String,
    random: AtomicU64,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<io::Result<()>>,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    pub(crate) async fn start_with(setup: Setup) -> Self {
        let store = FaultyStore::new();
        let clock = Arc::new(HandClock(Mutex::new(Timestamp::parse(NOW).unwrap())));
        let settings = Settings {
            listen: "127.0.0.1:0".parse().unwrap(),
            rate_limit: setup.rate_limit,
            secret_key: setup.secret_key.map(|key| SecretKey::parse(key).unwrap()),
            metrics: setup.metrics,
            tls: None,
            public_url: None,
            traces: None,
        };
        let shared: Arc<dyn Store> = Arc::new(store.clone());
        let application = Application::bind_with(
            settings,
            setup.timing,
            setup.groups,
            setup.pages,
            Outside {
                store: shared,
                clock: Arc::clone(&clock) as _,
                random: Arc::new(SystemRandom),
            },
        )
        .unwrap();
        let (stop, stopped) = oneshot::channel();
        let address = application.local_addr();
        let metrics_address = application.metrics_addr();
        let running = tokio::spawn(application.run(async {
            let _ = stopped.await;
        }));
        let mut app = Self {
            address,
            metrics_address,
            store,
            clock,
            organization_id: OrganizationId::new(0),
            key: String::new(),
            random: AtomicU64::new(1),
            stop: Some(stop),
            running,
        };
        app.organization_id = app.make_organization("acme").await;
        app.key = app.make_key(app.organization_id, &[Scope::Ingest], None).await;
        app
    }

    pub(crate) async fn make_organization(&self, slug: &str) -> OrganizationId {
        let organization = NewOrganization {
            slug: OrganizationSlug::parse(slug).unwrap(),
            name: OrganizationName::parse(slug).unwrap(),
            plan: Plan::Free,
            created_at: self.clock.now(),
        };
        match self.store.organizations().insert(&organization).await.unwrap() {
            Inserted::New(organization) => organization.id,
            Inserted::Already => panic!("{slug} exists"),
        }
    }

    pub(crate) async fn make_key(
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
        let mut random = self.random();
        let (secret, _) = issue_api_key(&self.store, command, &mut random, self.clock.now())
            .await
            .unwrap();
        secret.expose().to_owned()
    }

    /// Random numbers that are the same in every run.
    pub(crate) fn random(&self) -> StdRng {
        StdRng::seed_from_u64(self.random.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Call {
        Call::new(self.address, method, path)
    }

    /// A call that posts JSON with the key.
    pub(crate) fn post(&self, path: &str) -> Call {
        self.call("POST", path)
            .header("Authorization", format!("Bearer {}", self.key))
            .header("Content-Type", "application/json")
    }

    /// A call that reports a deployment.
    pub(crate) fn deploy(&self, body: &Value) -> Call {
        self.post("/api/webhooks/deployments").json(body)
    }

    /// The head of a request that reports a deployment, with some more headers.
    pub(crate) fn head(&self, headers: &str) -> String {
        let key = &self.key;
        format!(
            "POST /api/webhooks/deployments HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\n{headers}\r\n\r\n"
        )
    }

    pub(crate) async fn find_deployment(&self, id: &str) -> Option<StoredDeployment> {
        let id = ExternalDeploymentId::parse(id).unwrap();
        self.store
            .deployments()
            .find(self.organization_id, &id)
            .await
            .unwrap()
    }

    /// Asks it to stop, without waiting for it.
    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Completes once it has stopped.
    pub(crate) async fn until_stopped(&mut self) {
        (&mut self.running).await.unwrap().unwrap();
    }
}

/// What a CI job sends after a successful deployment.
pub(crate) fn report() -> Value {
    json!({
        "deploymentId": "gha-12345",
        "commitSha": "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2",
        "environment": "production",
        "status": "success",
        "startedAt": "2024-01-15T10:30:00Z",
        "completedAt": "2024-01-15T10:35:00Z",
        "service": "api-gateway",
        "branch": "main",
        "triggeredBy": "octocat",
        "pipelineName": "Production Deploy",
        "pipelineUrl": "https://github.com/org/repo/actions/runs/12345",
    })
}

/// That report with some of its fields changed, and those that become `None` left out.
pub(crate) fn report_with(changes: &[(&str, Option<Value>)]) -> Value {
    let mut report = report();
    let fields = report.as_object_mut().unwrap();
    for (name, value) in changes {
        match value {
            Some(value) => fields.insert((*name).to_owned(), value.clone()),
            None => fields.remove(*name),
        };
    }
    report
}
