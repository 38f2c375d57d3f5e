//! What operators measure of the service itself, as Prometheus reads it. Nothing here is labelled by what senders choose:
//! a route is a line of the URL table, and methods, outcomes and reasons are lists of words. The domain knows nothing of
//! it; what is known of the database alone is counted by its adapter.

mod scrape;

pub(crate) use scrape::{bind, keep_up};

use crate::error::ApiError;
use crate::noted::Noted;
use ::metrics::{
    Counter, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use actix_web::http::{Method, StatusCode};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use periscope_domain::use_cases::{DeploymentAction, RecordedDeployment};
use periscope_domain::warning::Warning;
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use std::{fmt, io};

const REQUESTS: &str = "periscope_http_request_duration_seconds";
const EVENTS: &str = "periscope_deployment_events_total";
const REFUSALS: &str = "periscope_deployment_events_refused_total";
const GROUPS: &str = "periscope_deployment_group_size";
const WAITING: &str = "periscope_deployment_events_waiting";
const RELINKING: &str = "periscope_relink_queue_length";
const RELINKING_AGE: &str = "periscope_relink_queue_oldest_seconds";
const READY: &str = "periscope_ready";
const BUILD: &str = "periscope_build_info";

/// From a millisecond to the deadline of a request.
const SECONDS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0,
];
/// To the most that a group has.
const SIZES: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// The path whose requests are deployment events.
const WEBHOOK: &str = "/api/webhooks/deployments";

/// Collects what is measured in this process, from when it is installed.
#[derive(Clone)]
pub struct Exporter(PrometheusHandle);

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporter(..)")
    }
}

impl Exporter {
    /// Begins to collect; before it, measuring costs nothing and is lost. So it comes before the store is opened. A process
    /// has one, and whoever asks again gets the same.
    ///
    /// # Errors
    /// [`io::Error`] when somebody else collects already.
    pub fn install() -> io::Result<Self> {
        static INSTALLED: Mutex<Option<Exporter>> = Mutex::new(None);
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(exporter) = &*installed {
            return Ok(exporter.clone());
        }
        let exporter = Self(recorder().map_err(io::Error::other)?);
        describe();
        Ok(installed.insert(exporter).clone())
    }
}

fn recorder() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets(&SECONDS)?
        .set_buckets_for_metric(Matcher::Full(GROUPS.to_owned()), &SIZES)?
        .install_recorder()
}

/// Says what each is, and counts nothing once, so that whoever asks before the first time sees a zero.
fn describe() {
    describe_histogram!(
        REQUESTS,
        Unit::Seconds,
        "Requests by route, method and class of status, from their head to their answer."
    );
    describe_counter!(
        EVENTS,
        "Deployment events that were recorded, by what they did to their deployment."
    );
    describe_counter!(REFUSALS, "Deployment events that were not recorded, by reason.");
    describe_histogram!(GROUPS, "How many deployment events were recorded together.");
    describe_gauge!(WAITING, "Deployment events that wait to be recorded.");
    describe_gauge!(
        RELINKING,
        "Deployments whose links have to be looked at again, and changed bases."
    );
    describe_gauge!(
        RELINKING_AGE,
        Unit::Seconds,
        "How long the oldest of them has waited; 0 if none waits."
    );
    describe_gauge!(READY, "Whether it would record what is sent to it: 1 or 0.");
    describe_gauge!(BUILD, "Always 1; its version is in the label.");
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    for reason in REASONS {
        counter!(REFUSALS, "reason" => reason).increment(0);
    }
}

/// What is measured of deployment events.
pub(crate) struct EventMeters {
    created: Counter,
    updated: Counter,
    stale: Counter,
    pub(crate) group_size: Histogram,
}

impl Default for EventMeters {
    fn default() -> Self {
        let outcome = |outcome: &'static str| {
            let counter = counter!(EVENTS, "outcome" => outcome);
            counter.increment(0);
            counter
        };
        Self {
            created: outcome("created"),
            updated: outcome("updated"),
            stale: outcome("stale_event_ignored"),
            group_size: histogram!(GROUPS),
        }
    }
}

impl EventMeters {
    pub(crate) fn count(&self, recorded: &RecordedDeployment) {
        let is_stale = recorded.warnings.contains(&Warning::StaleEventIgnored);
        match recorded.action {
            _ if is_stale => self.stale.increment(1),
            DeploymentAction::Created => self.created.increment(1),
            DeploymentAction::Updated => self.updated.increment(1),
        }
    }
}

/// A request that is being measured.
pub(crate) struct Meter {
    pub(crate) method: &'static str,
    pub(crate) begun: Instant,
    noted: Rc<Noted>,
}

impl Meter {
    pub(crate) fn begin(method: &Method, noted: Rc<Noted>) -> Self {
        Self {
            method: word(method),
            begun: Instant::now(),
            noted,
        }
    }

    /// Counts it, with its answer if it got one, and gives its route. What is no line of the table may be another's, who
    /// knows its pattern.
    pub(crate) fn end(
        &self,
        status: Option<StatusCode>,
        error: Option<&ApiError>,
        pattern: impl FnOnce() -> Option<String>,
    ) -> Cow<'static, str> {
        let route = self.noted.route();
        if route == Some(WEBHOOK) {
            let reason = match (status, error) {
                (None, _) => Some("no_answer"),
                (_, error) => error.map(reason),
            };
            if let Some(reason) = reason {
                counter!(REFUSALS, "reason" => reason).increment(1);
            }
        }
        let route = route.map(Cow::Borrowed).or_else(|| pattern().map(Cow::Owned));
        let route = route.unwrap_or(Cow::Borrowed("unmatched"));
        let labels = [
            ("route", route.clone()),
            ("method", self.method.into()),
            ("status", status.map_or("none", class).into()),
        ];
        histogram!(REQUESTS, &labels).record(self.begun.elapsed());
        route
    }
}

fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}

const REASONS: [&str; 10] = [
    "unauthorized",
    "forbidden",
    "media_type",
    "too_large",
    "too_slow",
    "invalid",
    "rate_limited",
    "unavailable",
    "internal",
    "no_answer",
];

/// Why an event was not recorded, in a word.
fn reason(error: &ApiError) -> &'static str {
    use periscope_domain::ports::StoreError;
    match error {
        ApiError::InvalidApiKey | ApiError::InvalidSignature => "unauthorized",
        ApiError::MissingScope(_) | ApiError::OrganizationMismatch => "forbidden",
        ApiError::UnsupportedMediaType(_) => "media_type",
        ApiError::BodyTooLarge { .. } => "too_large",
        ApiError::BodyTooSlow(_) => "too_slow",
        ApiError::InvalidPayload(_)
        | ApiError::InvalidQuery(_)
        | ApiError::NotFound
        | ApiError::NotAcceptable
        | ApiError::MethodNotAllowed { .. } => "invalid",
        ApiError::RateLimited(_) => "rate_limited",
        ApiError::ShuttingDown | ApiError::Busy | ApiError::Deadline => "unavailable",
        ApiError::Store(error) => match **error {
            StoreError::Unavailable(_) => "unavailable",
            StoreError::Corrupt { .. } | StoreError::Internal(_) => "internal",
        },
        ApiError::Internal(_) => "internal",
    }
}
