//! Keep-alive HTTP/1.1 connections over loopback, as thin as they can be: the same machine runs what is looked at.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No call is waited for any longer: the service promises fifteen seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: bool,
    pub(crate) body: Vec<u8>,
    closes: bool,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Periscope's number of the deployment that it answers for.
    pub(crate) fn deployment_id(&self) -> Option<i64> {
        let value: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        value.get("deploymentId")?.as_i64()
    }
}

/// The bytes of a request with a JSON body.
pub(crate) fn post(path: &str, key: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: soak\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub(crate) fn get(path: &str, key: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: soak\r\nAuthorization: Bearer {key}\r\n\r\n").into_bytes()
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(bytes).await
    }

    pub(crate) async fn read_answer(&mut self) -> io::Result<Answer> {
        let line = self.read_line().await?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut answer = Answer {
            status: status.ok_or_else(|| io::Error::other(format!("no HTTP status: {line:?}")))?,
            retry_after: false,
            body: Vec::new(),
            closes: false,
        };
        let mut length = 0;
        loop {
            let line = self.read_line().await?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
                "retry-after" => answer.retry_after = true,
                "connection" => answer.closes = value.trim().eq_ignore_ascii_case("close"),
                _ => {}
            }
        }
        answer.body.resize(length, 0);
        self.0.read_exact(&mut answer.body).await?;
        Ok(answer)
    }

    /// Whether the server has not closed it meanwhile, as far as is known: every client looks before it sends.
    fn is_open(&self) -> bool {
        let read = self.0.get_ref().try_read(&mut [0]);
        read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    async fn read_line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}

/// Calls one server, over one connection for as long as it lasts.
#[derive(Debug)]
pub(crate) struct Caller {
    address: SocketAddr,
    connection: Option<Connection>,
}

impl Caller {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            connection: None,
        }
    }

    /// Sends a request once; an error means that nobody knows what became of it.
    pub(crate) async fn call(&mut self, request: &[u8]) -> io::Result<Answer> {
        let mut connection = match self.connection.take().filter(Connection::is_open) {
            Some(connection) => connection,
            None => timeout(PATIENCE, Connection::open(self.address)).await??,
        };
        let answer = timeout(PATIENCE, async {
            connection.send(request).await?;
            connection.read_answer().await
        })
        .await??;
        if !answer.closes {
            self.connection = Some(connection);
        }
        Ok(answer)
    }
}
