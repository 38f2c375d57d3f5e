//! Reads what the services log while they run, looks in every line for what must never be there, and keeps the last lines
//! for whoever has to find out why something failed.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::task::JoinHandle;

const PREFIX: &str = "psk_live_";
/// All secrets have this length: that of a key without its prefix.
pub(crate) const SECRET: usize = 36;
const KEPT: usize = 30;

/// What was seen of the logs of all services of a run.
#[derive(Debug, Default)]
pub(crate) struct Logs(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    secrets: HashSet<String>,
    lines: u64,
    leaks: usize,
    /// Panics and answers of 500.
    bugs: usize,
    /// The last lines that tell of an error.
    errors: VecDeque<String>,
}

impl Logs {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this must not appear, with or without the prefix of a key.
    pub(crate) fn guard(&self, secret: &str) {
        let body = secret.strip_prefix(PREFIX).unwrap_or(secret);
        self.seen().secrets.insert(body.to_owned());
    }

    /// Reads until the writer is gone.
    pub(crate) fn follow(self: &Arc<Self>, from: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<()> {
        let logs = Arc::clone(self);
        tokio::spawn(async move {
            let mut from = BufReader::with_capacity(64 * 1024, from);
            let mut line = Vec::new();
            while matches!(from.read_until(b'\n', &mut line).await, Ok(1..)) {
                logs.look_at(&String::from_utf8_lossy(&line));
                line.clear();
            }
        })
    }

    pub(crate) fn look_at(&self, line: &str) {
        let mut seen = self.seen();
        seen.lines += 1;
        if seen.leaks_in(line) {
            seen.leaks += 1;
        }
        let is_bug = line.contains("panicked at") || line.contains("answered with 500");
        seen.bugs += usize::from(is_bug);
        if is_bug || line.contains(" ERROR ") {
            seen.errors.push_back(line.trim_end().to_owned());
            if seen.errors.len() > KEPT {
                seen.errors.pop_front();
            }
        }
    }

    pub(crate) fn lines(&self) -> u64 {
        self.seen().lines
    }

    pub(crate) fn leaks(&self) -> usize {
        self.seen().leaks
    }

    pub(crate) fn bugs(&self) -> usize {
        self.seen().bugs
    }

    pub(crate) fn errors(&self) -> Vec<String> {
        self.seen().errors.iter().cloned().collect()
    }
}

impl Seen {
    fn leaks_in(&self, line: &str) -> bool {
        let is_text = |byte: &u8| byte.is_ascii_alphanumeric();
        let key = line.match_indices(PREFIX).any(|(start, _)| {
            let body = line.as_bytes().iter().skip(start + PREFIX.len());
            body.take_while(|byte| is_text(byte)).count() >= 8
        });
        let words = line.as_bytes().split(|byte| !is_text(byte));
        let mut windows = words.flat_map(|word| word.windows(SECRET));
        key || windows.any(|window| {
            let text = std::str::from_utf8(window).unwrap_or_default();
            self.secrets.contains(text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "psk_live_fh4fGcLMi8FR0Tkmslg8g2miQMpDjn0nPsx3";

    #[test]
    fn a_key_is_found_whole_bare_and_in_the_middle() {
        let logs = Logs::default();
        logs.guard(KEY);
        for harmless in [
            "INFO answered with 201 path=/api/webhooks/deployments",
            "key psk_live_ is not one",
            "fh4fGcLMi8FR0Tkmslg8g2miQMpDjn0nPsx",
        ] {
            logs.look_at(harmless);
        }
        assert_eq!((logs.lines(), logs.leaks()), (3, 0));
        let body = KEY.strip_prefix(PREFIX).unwrap();
        for leak in [
            format!("bearer={KEY}"),
            format!("hash of {body}"),
            format!("x{body}y"),
            "an unknown one: psk_live_abcdefgh".to_owned(),
        ] {
            logs.look_at(&leak);
        }
        assert_eq!((logs.lines(), logs.leaks()), (7, 4));
    }

    #[test]
    fn the_last_errors_are_kept_and_what_must_not_happen_is_counted() {
        let logs = Logs::default();
        for number in 0..40 {
            logs.look_at(&format!("2026-11-24 ERROR request: {number}\n"));
        }
        assert_eq!(logs.bugs(), 0);
        let errors = logs.errors();
        assert_eq!(errors.len(), KEPT);
        assert!(errors.last().unwrap().ends_with("39"));
        logs.look_at("ERROR request{}: answered with 500 error=\"...\"");
        logs.look_at("thread 'main' panicked at crates/server/src/app.rs:1:1:");
        assert_eq!(logs.bugs(), 2);
    }
}
