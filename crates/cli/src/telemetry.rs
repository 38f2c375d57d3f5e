//! Log lines, to stderr, so that answers have stdout to themselves; and spans, to whoever collects them, if there is one.

mod traces;

pub(crate) use traces::OpenTelemetry;

use crate::config::{Config, LogFormat};
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::io::{self, IsTerminal};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

/// What has been started.
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

/// Starts to log, and to collect spans. Only the first call has an effect.
pub(crate) fn start(config: &Config) -> anyhow::Result<Telemetry> {
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match config.log_format {
        LogFormat::Text => lines
            .with_ansi(io::stderr().is_terminal())
            .with_target(false)
            .boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let provider = config.otlp_endpoint.as_ref().map(traces::provider).transpose()?;
    let spans = provider.as_ref().map(|provider| {
        // Of ours alone: what sends them has spans as well.
        let ours = ["periscope_server", "periscope_adapters"].map(|name| (name, Level::DEBUG));
        traces::layer(provider).with_filter(Targets::new().with_targets(ours))
    });
    let started = registry()
        .with(lines.with_filter(config.log.clone()))
        .with(spans)
        .try_init();
    drop(started);
    Ok(Telemetry(provider))
}

impl Telemetry {
    /// Sends what has not been sent yet.
    pub(crate) async fn stop(self) {
        if let Some(provider) = self.0 {
            let stopping = tokio::task::spawn_blocking(move || provider.shutdown());
            if let Ok(Err(error)) = stopping.await {
                tracing::warn!(error = %error, "the last spans could not be sent");
            }
        }
    }
}
