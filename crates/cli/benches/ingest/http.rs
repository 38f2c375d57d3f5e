//! A keep-alive HTTP/1.1 client, as thin as it can be: the same machine also runs what is measured. It opens another connection
//! where the server closes one, as it does after a refusal, because recording the same twice changes nothing.

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

/// One connection at a time to `host:port`.
#[derive(Debug)]
pub(crate) struct Connection {
    /// `None` once the server has said that it closes.
    stream: Option<BufReader<TcpStream>>,
    host: String,
}

impl Connection {
    pub(crate) fn open(host: &str) -> io::Result<Self> {
        Ok(Self {
            stream: Some(connect(host)?),
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
        // The server may have closed a connection that was used before, and says so only now.
        match self.stream.take().map(|stream| self.exchange(stream, &request)) {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) if !is_closed(&error) => Err(error),
            Some(Err(_)) | None => self.exchange(connect(&self.host)?, &request),
        }
    }

    fn exchange(&mut self, mut stream: BufReader<TcpStream>, request: &[u8]) -> io::Result<Answer> {
        // A refusal may come, and the connection close, before the whole request is written.
        let written = stream.get_mut().write_all(request);
        let (answer, closes) = read_answer(&mut stream).map_err(|error| written.err().unwrap_or(error))?;
        self.stream = (!closes).then_some(stream);
        Ok(answer)
    }
}

fn connect(host: &str) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    [BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof].contains(&error.kind())
}

/// An answer, and whether the server closes the connection after it.
fn read_answer(stream: &mut BufReader<TcpStream>) -> io::Result<(Answer, bool)> {
    let status_line = read_line(stream)?;
    let status = status_line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let mut answer = Answer {
        status: status.ok_or_else(|| io::Error::other(format!("no HTTP status: {status_line:?}")))?,
        retry_after: None,
        body: Vec::new(),
    };
    let (mut length, mut closes) = (0, false);
    loop {
        let line = read_line(stream)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
            "connection" => closes = value.trim().eq_ignore_ascii_case("close"),
            "retry-after" => answer.retry_after = value.trim().parse().ok(),
            _ => {}
        }
    }
    answer.body.resize(length, 0);
    stream.read_exact(&mut answer.body)?;
    Ok((answer, closes))
}

fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}
