//! Connections, and when they end. actix gives the head of the first request its time, and an idle connection its own;
//! but whoever has been answered once and then sends half a head, or does not read what they asked for, would keep the
//! connection, and what was to be sent, for ever. So the system gives up what is not read, and we what has been idle
//! for longer than actix lets it be.

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::any::Any;
use std::convert::Infallible;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::time::interval;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 2048;

/// How often the patience with idle connections is measured in its course.
const LOOKS: u32 = 16;

/// Listens. On Linux every connection that is accepted inherits how long what is sent may stay unread.
#[cfg_attr(
    not(target_os = "linux"),
    expect(unused_variables, reason = "elsewhere it cannot be told")
)]
pub(crate) fn listen(address: SocketAddr, unread: Duration) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if cfg!(not(windows)) {
        socket.set_reuse_address(true)?;
    }
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(unread))?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// All connections that there are.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<Weak<Line>>>);

/// A connection.
pub(crate) struct Line {
    /// Another handle of its socket.
    socket: Socket,
    load: Mutex<Load>,
}

/// What a connection carries.
struct Load {
    /// How many of its requests have not been answered.
    requests: usize,
    /// Since when that is so.
    since: Instant,
}

impl Lines {
    /// Watches a connection that has just been accepted, and lets its requests find it.
    pub(crate) fn watch(&self, connection: &dyn Any, found: &mut Extensions) {
        let stream = connection.downcast_ref::<TcpStream>();
        let encrypted = || Some(connection.downcast_ref::<TlsStream<TcpStream>>()?.get_ref().0);
        // Where there is no handle left, there will soon be no connection either.
        let socket = stream
            .or_else(encrypted)
            .map(|stream| SockRef::from(stream).try_clone());
        let Some(Ok(socket)) = socket else {
            return;
        };
        let line = Arc::new(Line {
            socket,
            load: Mutex::new(Load {
                requests: 0,
                since: Instant::now(),
            }),
        });
        lock(&self.0).push(Arc::downgrade(&line));
        found.insert(line);
    }

    /// Ends connections on which nothing was asked for so long.
    pub(crate) async fn end_idle(&self, patience: Duration) -> Infallible {
        let mut looks = interval(patience / LOOKS);
        loop {
            looks.tick().await;
            lock(&self.0).retain(|line| line.upgrade().is_some_and(|line| line.keep(patience)));
        }
    }
}

impl Line {
    /// Whether it may stay. Otherwise it ends.
    fn keep(&self, patience: Duration) -> bool {
        let load = lock(&self.load);
        let may_stay = load.requests > 0 || load.since.elapsed() < patience;
        if !may_stay {
            // Whoever has gone has ended it themselves.
            let _ = self.socket.shutdown(Shutdown::Both);
        }
        may_stay
    }

    fn change(&self, requests: impl FnOnce(usize) -> usize) {
        let mut load = lock(&self.load);
        *load = Load {
            requests: requests(load.requests),
            since: Instant::now(),
        };
    }
}

/// A request that is being answered, until all of its answer is on its way.
pub(crate) struct Answering(Arc<Line>);

impl Answering {
    pub(crate) fn begin(line: &Arc<Line>) -> Self {
        line.change(|requests| requests + 1);
        Self(Arc::clone(line))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.change(|requests| requests.saturating_sub(1));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
