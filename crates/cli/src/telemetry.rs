//! Log lines, to stderr, so that answers have stdout to themselves.

use crate::config::{Config, LogFormat};
use std::io::{self, IsTerminal};
use tracing_subscriber::fmt;

/// Starts to log. Only the first call has an effect.
pub(crate) fn start(config: &Config) {
    let lines = fmt().with_env_filter(config.log.clone()).with_writer(io::stderr);
    let started = match config.log_format {
        LogFormat::Text => lines
            .with_ansi(io::stderr().is_terminal())
            .with_target(false)
            .try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    drop(started);
}
