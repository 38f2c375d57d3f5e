//! Sends messages to a server, from one sender or several.

use crate::history::Message;
use crate::http::{Answer, Connection};
use anyhow::{Context, anyhow};
use std::thread;
use std::time::Duration;

/// A server, and the key to send with.
pub(crate) struct Target {
    /// `host:port`
    pub(crate) host: String,
    pub(crate) key: String,
}

/// A connection that does not give up while the server is busy or asks for patience.
pub(crate) struct Sender<'a> {
    connection: Connection,
    key: &'a str,
    /// How many requests were sent once more.
    pub(crate) repeated: usize,
}

impl<'a> Sender<'a> {
    pub(crate) fn connect(target: &'a Target) -> anyhow::Result<Self> {
        let connection = Connection::open(&target.host);
        Ok(Self {
            connection: connection.with_context(|| format!("cannot connect to {}", target.host))?,
            key: &target.key,
            repeated: 0,
        })
    }

    pub(crate) fn send(&mut self, message: &Message) -> anyhow::Result<Answer> {
        self.request("POST", message.path, &serde_json::to_vec(&message.body)?)
    }

    pub(crate) fn request(&mut self, method: &str, path: &str, body: &[u8]) -> anyhow::Result<Answer> {
        loop {
            let answer = self.connection.request(method, path, self.key, body)?;
            if !matches!(answer.status, 429 | 503) {
                return Ok(answer);
            }
            self.repeated += 1;
            thread::sleep(Duration::from_secs(answer.retry_after.unwrap_or(1)));
        }
    }
}

/// Sends every message; gives what `read` makes of each answer, and how many requests were sent once more. A sender ends
/// where `read` fails.
pub(crate) fn send_all<T: Send>(
    target: &Target,
    messages: &[Message],
    senders: usize,
    read: impl Fn(&Message, &Answer) -> anyhow::Result<T> + Sync,
) -> anyhow::Result<(Vec<T>, usize)> {
    // Each sender takes every n-th message, so that all of them are at the same place of the history.
    let send = |first| {
        let mut sender = Sender::connect(target)?;
        let mut results = Vec::new();
        for message in messages.iter().skip(first).step_by(senders) {
            results.push(read(message, &sender.send(message)?)?);
        }
        anyhow::Ok((results, sender.repeated))
    };
    let send = &send;
    let shares: Vec<_> = thread::scope(|scope| {
        let senders: Vec<_> = (0..senders)
            .map(|first| scope.spawn(move || send(first)))
            .collect();
        senders
            .into_iter()
            .map(|sender| {
                sender
                    .join()
                    .unwrap_or_else(|_| Err(anyhow!("a sender panicked")))
            })
            .collect()
    });
    let mut all = (Vec::new(), 0);
    for share in shares {
        let (results, repeated) = share?;
        all.0.extend(results);
        all.1 += repeated;
    }
    Ok(all)
}

pub(crate) fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}
