//! One keep-alive HTTP/1.1 connection, as thin as it can be: the same machine also runs what is measured.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Seconds to wait before trying again, if the server says so.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Vec<u8>,
}

/// A connection to `host:port`.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    pub(crate) fn open(host: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            host: host.to_owned(),
        })
    }

    /// Sends a request with a JSON body, or an empty one, and waits for the answer.
    pub(crate) fn request(&mut self, method: &str, path: &str, key: &str, body: &[u8]) -> io::Result<Answer> {
        self.send(method, path, ("Authorization", &format!("Bearer {key}")), body)
    }

    /// Sends a request with one more header.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        (name, value): (&str, &str),
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{name}: {value}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            self.host,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request)?;
        self.read_answer()
    }

    fn read_answer(&mut self) -> io::Result<Answer> {
        let status_line = self.read_line()?;
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let mut answer = Answer {
            status: status.ok_or_else(|| io::Error::other(format!("no HTTP status: {status_line:?}")))?,
            retry_after: None,
            body: Vec::new(),
        };
        let mut length = 0;
        loop {
            let line = self.read_line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
                "retry-after" => answer.retry_after = value.trim().parse().ok(),
                _ => {}
            }
        }
        answer.body.resize(length, 0);
        self.stream.read_exact(&mut answer.body)?;
        Ok(answer)
    }

    fn read_line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}
