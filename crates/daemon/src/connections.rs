//! Connections of a daemon's own port: accepted within their number, drained at the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::Response;
use hyper::header::{CONNECTION, HeaderValue};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use listenfd::ListenFd;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::Ticker;

const BACKLOG: u32 = 1_024;
/// Out of file descriptors: accepting at once again would only burn the processor.
const ACCEPT_PAUSE_MS: u64 = 50;
const TICK_MS: u64 = 500;
/// How long a kept connection is served on after a stop has begun: a client that is about to use it gets its answer, and
/// is told with it that the connection ends. Cut off at once, its request would be lost on the way.
const LAST_REQUEST_MS_MAX: u64 = 300;
const LOOK_AGAIN_MS: u64 = 10;

/// Listens, and says so: at the socket that systemd passes, where it passes one (a restart then refuses no connection),
/// else at `address`. To be called before there are other threads that read the environment.
///
/// # Errors
/// The address cannot be had, or what systemd passes is no socket that listens for TCP.
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

/// Runs `serve_one` for each connection until the shutdown begins, then waits for those that it watches with its
/// [`Watcher`]. The shell bounds the time of that.
pub async fn serve<Connection>(
    listener: TcpListener,
    connections_max: usize,
    ticker: Ticker,
    shutdown: &CancellationToken,
    serve_one: impl Fn(TcpStream, SocketAddr, Watcher) -> Connection,
) where
    Connection: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(connections_max));
    let graceful = GracefulShutdown::new();
    let mut tick = tokio::time::interval(Duration::from_millis(TICK_MS));
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            _ = tick.tick() => { ticker.tick(); continue }
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                let connection = serve_one(stream, peer, graceful.watcher());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                warn!(%error, "accepting a connection");
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
            }
        }
    }
    // No new connection from here on: it waits at systemd's socket for the next process, or is refused at once and its
    // client turns elsewhere.
    drop(listener);
    let last_request = Instant::now() + Duration::from_millis(LAST_REQUEST_MS_MAX);
    while graceful.count() > 0 && Instant::now() < last_request {
        ticker.tick();
        tokio::time::sleep(Duration::from_millis(LOOK_AGAIN_MS)).await;
    }
    graceful.shutdown().await;
}

/// Tells a client that its connection ends with this answer, where a stop has begun.
pub fn end_with_answer<Body>(answer: &mut Response<Body>, shutdown: &CancellationToken) {
    if shutdown.is_cancelled() {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> std::io::Result<Accepted> {
    let place = places.clone().acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, place))
}
