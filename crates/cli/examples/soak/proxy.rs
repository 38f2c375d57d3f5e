//! A proxy between a service and its Postgres that does what networks do: it delays, cuts, swallows, trickles.

use rand::RngExt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

const LATENCY: Duration = Duration::from_millis(200);
const JITTER: u64 = 400;
/// A byte each.
const DRIP: Duration = Duration::from_millis(20);
/// Eight kilobytes a second: 512 bytes each.
const NARROW: Duration = Duration::from_millis(64);
const NARROW_PIECE: usize = 512;

/// What is wrong with the way to Postgres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Nothing,
    /// Each message takes 200 ms longer.
    Latency,
    /// Each message takes up to 400 ms longer.
    Jitter,
    /// Connections are closed, and new ones too.
    Cut,
    /// Postgres seems to have said its last word, but still listens.
    HalfClose,
    /// Connections are reset, and new ones too.
    Reset,
    /// Nothing arrives, and on connections of that time nothing ever will.
    BlackHole,
    /// A byte every 20 ms.
    Drip,
    /// Eight kilobytes a second.
    Bandwidth,
    /// Nobody listens.
    Refuse,
}

impl Fault {
    fn severs(self) -> bool {
        matches!(self, Self::Cut | Self::Reset | Self::Refuse)
    }
}

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    task: JoinHandle<io::Result<()>>,
}

impl Proxy {
    /// Listens for who wants to speak with the Postgres behind a socket.
    pub(crate) async fn start(address: SocketAddr, socket: PathBuf) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let (fault, faults) = watch::channel(Fault::Nothing);
        let task = tokio::spawn(listen(listener, address, socket.into(), faults));
        Ok(Self { address, fault, task })
    }

    /// What the service takes for its database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://periscope@{}/{database}", self.address)
    }

    pub(crate) fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(
    listener: TcpListener,
    address: SocketAddr,
    socket: Arc<Path>,
    mut faults: watch::Receiver<Fault>,
) -> io::Result<()> {
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        let fault = *faults.borrow_and_update();
        if fault == Fault::Refuse {
            listener = None;
        } else if listener.is_none() {
            listener = Some(TcpListener::bind(address).await?);
        }
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            accepted = accepted => {
                let (stream, _) = accepted?;
                connections.spawn(serve(stream, Arc::clone(&socket), faults.clone()));
            }
            changed = faults.changed() => if changed.is_err() {
                return Ok(());
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

/// Passes on what the two say until one has ended, or a fault ends it.
async fn serve(mut stream: TcpStream, socket: Arc<Path>, faults: watch::Receiver<Fault>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut severed = faults.clone();
    let mut postgres = UnixStream::connect(&socket).await?;
    let (service_says, service_hears) = stream.split();
    let (postgres_says, postgres_hears) = postgres.split();
    let passing = async {
        tokio::join!(
            pass_on(service_says, postgres_hears, faults.clone(), false),
            pass_on(postgres_says, service_hears, faults.clone(), true),
        )
    };
    let fault = tokio::select! {
        _ = passing => Fault::Cut,
        fault = severed.wait_for(|fault| fault.severs()) => fault.map_or(Fault::Cut, |fault| *fault),
    };
    if fault == Fault::Reset {
        stream.set_zero_linger()?;
    }
    Ok(())
}

async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut faults: watch::Receiver<Fault>,
    to_service: bool,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    let mut swallows = false;
    loop {
        let fault = *faults.borrow_and_update();
        swallows |= fault == Fault::BlackHole;
        if fault == Fault::HalfClose && to_service {
            return to.shutdown().await;
        }
        let read = tokio::select! {
            read = from.read(&mut buffer) => read?,
            _ = faults.changed() => continue,
        };
        let Some(bytes @ [_, ..]) = buffer.get(..read) else {
            return to.shutdown().await;
        };
        if !swallows {
            write(&mut to, bytes, &faults, fault).await?;
        }
    }
}

async fn write(
    to: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    faults: &watch::Receiver<Fault>,
    fault: Fault,
) -> io::Result<()> {
    let (piece, pause) = match fault {
        Fault::Latency => (bytes.len(), LATENCY),
        Fault::Jitter => (
            bytes.len(),
            Duration::from_millis(rand::rng().random_range(0..JITTER)),
        ),
        Fault::Drip => (1, DRIP),
        Fault::Bandwidth => (NARROW_PIECE, NARROW),
        _ => return to.write_all(bytes).await,
    };
    for piece in bytes.chunks(piece) {
        if *faults.borrow() == fault {
            sleep(pause).await;
        }
        to.write_all(piece).await?;
    }
    Ok(())
}
