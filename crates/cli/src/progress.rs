//! Shows how far long work has come.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal};

/// A bar on a terminal, a line now and then elsewhere; on stderr.
pub(crate) struct Progress {
    bar: ProgressBar,
    what: String,
    is_terminal: bool,
}

impl Progress {
    pub(crate) fn new(what: &str, total: u64) -> Self {
        let bar = ProgressBar::new(total);
        if let Ok(style) =
            ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} {msg}, {eta} left")
        {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        Self {
            bar,
            what: what.to_owned(),
            is_terminal: io::stderr().is_terminal(),
        }
    }

    pub(crate) fn advance(&self) {
        self.bar.inc(1);
        if !self.is_terminal && self.bar.position().is_multiple_of(10_000) {
            self.tell();
        }
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
        self.tell();
    }

    fn tell(&self) {
        eprintln!(
            "{} of {} {}",
            self.bar.position(),
            self.bar.length().unwrap_or_default(),
            self.what
        );
    }
}
