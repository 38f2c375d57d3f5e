//! What is noted of deliveries, so that whoever connects GitHub sees whether it works. A note is a hint for people: no
//! answer depends on it.

use super::Delivery;
use crate::error::{ApiError, causes};
use crate::state::State;
use periscope_domain::delivery::{DeliveryResult, ReceivedDelivery, RefusedReason};
use periscope_domain::organization::OrganizationSlug;
use periscope_domain::text::EventName;
use periscope_domain::use_cases;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long an answer waits at most for what is noted of it.
const PATIENCE: Duration = Duration::from_secs(1);

/// What became of a delivery that was not fulfilled.
pub(super) fn refusal(error: &ApiError) -> DeliveryResult {
    match error {
        ApiError::InvalidPayload(_) => DeliveryResult::Refused(RefusedReason::Payload),
        ApiError::UnsupportedMediaType(_) => DeliveryResult::Refused(RefusedReason::ContentType),
        _ => DeliveryResult::Failed,
    }
}

impl State {
    /// Notes what became of a delivery.
    pub(super) async fn note_delivery(&self, delivery: &Delivery, result: DeliveryResult) {
        let received = ReceivedDelivery {
            received_at: self.clock.now(),
            event: delivery.event.as_deref().and_then(EventName::clean),
            result,
        };
        let connections = self.store.github_connections();
        let noting = connections.note_delivery(delivery.organization_id, &received);
        match timeout(PATIENCE, noting).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = causes(&error), "the last delivery was not noted"),
            Err(_) => tracing::warn!("the last delivery was not noted in time"),
        }
    }

    /// Notes that a delivery for an organization came without the right signature. Nobody waits for it: how long it
    /// takes would tell whether there is such an organization.
    pub(super) fn note_wrong_signature(&self, slug: &str) {
        let (Some(_), Ok(slug)) = (&self.secret_key, OrganizationSlug::parse(slug)) else {
            return;
        };
        let (store, now) = (Arc::clone(&self.store), self.clock.now());
        tokio::spawn(async move {
            if let Err(error) = use_cases::note_wrong_signature(&*store, &slug, now).await {
                tracing::warn!(error = causes(&error), "a wrong signature was not noted");
            }
        });
    }
}
