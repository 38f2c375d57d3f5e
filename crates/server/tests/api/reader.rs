//! Somebody who reads, with a key of their own.

use crate::app::TestApp;
use crate::client::{Answer, Call};
use periscope_domain::api_key::Scope;
use periscope_domain::id::OrganizationId;
use serde_json::Value;
use std::net::SocketAddr;

pub(crate) struct Reader {
    address: SocketAddr,
    key: String,
}

impl Reader {
    pub(crate) async fn new(app: &TestApp) -> Self {
        Self::of(app, app.organization_id, &[Scope::Read]).await
    }

    pub(crate) async fn of(app: &TestApp, organization_id: OrganizationId, scopes: &[Scope]) -> Self {
        Self {
            address: app.address,
            key: app.make_key(organization_id, scopes, None).await,
        }
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Call {
        Call::new(self.address, method, path).header("Authorization", format!("Bearer {}", self.key))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    /// What is answered with success.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer}");
        answer.json()
    }
}
