//! Connections to a daemon's own port: limited in number, cut off if a client takes too long, drained at shutdown.

mod cut_off;
mod moving;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use listenfd::ListenFd;
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::Ticker;
pub use cut_off::CutOff;
use moving::Moving;

const BACKLOG: u32 = 1_024;
/// Pause when out of file descriptors: retrying at once would only burn CPU.
const ACCEPT_PAUSE_MS: u64 = 50;
const TICK_MS: u64 = 500;
/// How long a kept-alive connection is still served once shutdown has begun: a client about to use it gets its
/// response, which tells it that the connection closes. If it were cut off at once, the request would be lost in
/// transit.
const LAST_REQUEST_MS_MAX: u64 = 300;
const LOOK_AGAIN_MS: u64 = 10;

/// Limits on connections.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Maximum number of concurrent connections; further ones wait to be accepted.
    pub connections_max: usize,
    /// Maximum size of a request head, in bytes; hyper needs at least 8 KiB.
    pub head_bytes_max: usize,
    /// When a client has taken too long.
    pub cut_off: CutOff,
}

/// Listens on the socket passed by systemd, if any (a restart then refuses no connections), else on `address`. Call it
/// before other threads read the environment.
///
/// # Errors
/// Fails if the address cannot be bound, or if what systemd passes is not a listening TCP socket.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let passed = ListenFd::from_env().take_tcp_listener(0)?;
    let is_passed = passed.is_some();
    let listener = match passed {
        Some(listener) => {
            listener.set_nonblocking(true)?;
            TcpListener::from_std(listener)?
        }
        None => listen(address)?,
    };
    info!(address = %listener.local_addr()?, is_passed, "listening");
    Ok(listener)
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Answers requests until shutdown begins, then finishes those in progress; the shell bounds how long that takes.
/// `open` counts open connections; `ticker` reports that the accept loop is alive.
pub async fn serve<Answering, Content>(
    listener: TcpListener,
    limits: Limits,
    open: Gauge,
    ticker: Option<Ticker>,
    shutdown: &CancellationToken,
    answer: impl Fn(Request<Incoming>, IpAddr) -> Answering + Clone + Send + Sync + 'static,
) where
    Answering: Future<Output = Response<Content>> + Send + 'static,
    Content: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(limits.connections_max.min(Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    let moves = || ticker.iter().for_each(Ticker::tick);
    let mut tick = tokio::time::interval(Duration::from_millis(TICK_MS));
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            _ = tick.tick() => { moves(); continue }
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                let (answer, watcher, shutdown) = (answer.clone(), graceful.watcher(), shutdown.clone());
                let (open, peer) = (open.clone(), peer.ip());
                tokio::spawn(async move {
                    open.inc();
                    serve_one(stream, limits, watcher, shutdown, move |request| answer(request, peer)).await;
                    open.dec();
                    drop(place);
                });
            }
            Err(error) => {
                warn!(%error, "accepting a connection");
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
            }
        }
    }
    // From here on, a new connection waits on systemd's socket for the next process, or is refused at once, so that its
    // client tries elsewhere.
    drop(listener);
    let last_request = Instant::now() + Duration::from_millis(LAST_REQUEST_MS_MAX);
    while graceful.count() > 0 && Instant::now() < last_request {
        moves();
        tokio::time::sleep(Duration::from_millis(LOOK_AGAIN_MS)).await;
    }
    graceful.shutdown().await;
}

type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> std::io::Result<Accepted> {
    let place = places.clone().acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, place))
}

async fn serve_one<Answering, Content>(
    stream: TcpStream,
    limits: Limits,
    watcher: Watcher,
    shutdown: CancellationToken,
    answer: impl Fn(Request<Incoming>) -> Answering + Send + Sync,
) where
    Answering: Future<Output = Response<Content>> + Send,
    Content: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let http = http(limits);
    match limits.cut_off {
        CutOff::Deadline { ms_max } => {
            let deadline = tokio::time::sleep(Duration::from_millis(ms_max));
            serve_until(&http, stream, watcher, &shutdown, answer, deadline).await;
        }
        CutOff::NoRequest { silence_ms_max } => {
            let (answering, is_answering) = watch::channel(false);
            let (answering, stopping) = (&answering, &shutdown);
            let answer = |request| {
                answering.send_replace(true);
                let answer = answer(request);
                async move {
                    let answer = answer.await;
                    answering.send_replace(false);
                    answer
                }
            };
            let silent = cut_off::silent(is_answering, Duration::from_millis(silence_ms_max), stopping);
            serve_until(&http, stream, watcher, stopping, answer, silent).await;
        }
        CutOff::NoBytes { idle_ms_max, .. } => {
            let (stream, has_moved) = Moving::new(stream);
            let still = cut_off::still(has_moved, Duration::from_millis(idle_ms_max));
            serve_until(&http, stream, watcher, &shutdown, answer, still).await;
        }
    }
}

fn http(limits: Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).max_buf_size(limits.head_bytes_max);
    match limits.cut_off {
        CutOff::Deadline { .. } => http.keep_alive(false).header_read_timeout(None),
        CutOff::NoRequest { .. } => http.header_read_timeout(None),
        CutOff::NoBytes { header_ms_max, .. } => http.header_read_timeout(Duration::from_millis(header_ms_max)),
    };
    http
}

/// Serves one connection until it ends or `too_long` resolves.
async fn serve_until<Answering, Content>(
    http: &http1::Builder,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    watcher: Watcher,
    shutdown: &CancellationToken,
    answer: impl Fn(Request<Incoming>) -> Answering + Send + Sync,
    too_long: impl Future<Output = ()>,
) where
    Answering: Future<Output = Response<Content>> + Send,
    Content: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let service = service_fn(|request| {
        let answering = answer(request);
        async {
            let mut answer = answering.await;
            if shutdown.is_cancelled() {
                // Makes the client reconnect, to the next process.
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http.serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // Debug only: a client may disconnect or dawdle. Its address must not be logged.
        result = watcher.watch(connection) => if let Err(error) = result { debug!(%error, "connection ended") },
        () = too_long => debug!("connection cut off: the client took too long"),
    }
}
