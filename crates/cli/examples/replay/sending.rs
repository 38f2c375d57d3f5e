//! Sends messages to a server, from one sender or several.

use crate::history::Message;
use crate::http::{Answer, Connection};
use anyhow::{Context, anyhow};
use std::thread;
use std::time::Duration;

/// How often in a row a request may end without an answer.
const FAILURES: usize = 10;

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
        let mut failures = 0;
        loop {
            let answer = match self.connection.request(method, path, self.key, body) {
                Err(_) if failures < FAILURES => {
                    failures += 1;
                    self.repeated += 1;
                    thread::sleep(Duration::from_secs(1));
                    continue;
                }
                answer => answer?,
            };
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    /// Reads the head of a request and answers; reads no body, as a server that refuses.
    fn answer(stream: &mut TcpStream, text: &str) {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        stream.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn a_sender_connects_again_where_the_server_closes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = Target {
            host: listener.local_addr().unwrap().to_string(),
            key: "psk_live_".to_owned(),
        };
        let server = thread::spawn(move || {
            let refused = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
            answer(&mut listener.accept().unwrap().0, refused);
            // This one says nothing and closes, as at the end of its keep-alive.
            let mut idle = listener.accept().unwrap().0;
            answer(&mut idle, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
            drop(idle);
            let mut last = listener.accept().unwrap().0;
            answer(&mut last, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
        });
        let mut sender = Sender::connect(&target).unwrap();
        let statuses = [1, 2].map(|_| sender.request("POST", "/", b"").unwrap().status);
        assert_eq!((statuses, sender.repeated), ([200, 201], 1));
        server.join().unwrap();
    }
}
