//! Connections of a daemon's own port: accepted within their number, drained at the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::Ticker;

const BACKLOG: u32 = 1_024;
/// Out of file descriptors: accepting at once again would only burn the processor.
const ACCEPT_PAUSE_MS: u64 = 50;
const TICK_MS: u64 = 500;

/// Listens, and says so.
///
/// # Errors
/// The address cannot be had.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    info!(address = %listener.local_addr()?, "listening");
    Ok(listener)
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
    // No new connection from here on: a client is refused at once and turns elsewhere.
    drop(listener);
    graceful.shutdown().await;
}

type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> std::io::Result<Accepted> {
    let place = places.clone().acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, place))
}
