//! Connections: accepted within their number, cut where nothing moves, drained at the end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use footfall_daemon::Ticker;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::config::HttpConfig;
use crate::routes::Service;

/// More than a browser sends, with the longest address that a page of ours has.
const HEAD_BYTES_MAX: usize = 32 * 1024;
const BACKLOG: u32 = 1_024;
/// Out of file descriptors: accepting at once again would only burn the processor.
const ACCEPT_PAUSE_MS: u64 = 50;
const TICK_MS: u64 = 500;

/// Listens, and says so.
pub(crate) async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
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

/// Serves until the shutdown begins; open pages are let go then, and ask again elsewhere.
pub(crate) async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    config: &HttpConfig,
    ticker: Ticker,
    shutdown: &CancellationToken,
) {
    let places = Arc::new(Semaphore::new(config.connections_max));
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
                let connection = serve_one(stream, peer, service.clone(), config, graceful.watcher(), shutdown.clone());
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

fn serve_one(
    stream: TcpStream,
    peer: SocketAddr,
    service: Arc<Service>,
    config: &HttpConfig,
    watcher: Watcher,
    shutdown: CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let connections = service.metrics.connections.clone();
    let (moving, is_moving) = watch::channel(());
    let answer = service_fn(move |request| {
        let (service, shutdown) = (service.clone(), shutdown.clone());
        async move { Ok::<_, Infallible>(service.answer(request, peer.ip(), &shutdown).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(config.header_ms_max))
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Moving { stream, moving }), answer);
    let watched = watcher.watch(connection);
    let idle_max = Duration::from_millis(config.idle_ms_max);
    async move {
        connections.inc();
        tokio::select! {
            // A client that breaks off or dawdles is its own affair, and its address goes into no log.
            result = watched => if let Err(error) = result { debug!(%error, "connection ended") },
            () = stands_still(is_moving, idle_max) => debug!("connection cut off: nothing moved"),
        }
        connections.dec();
    }
}

/// Resolves when no byte has moved for this long. An open page is sent a heartbeat more often, so one that does not
/// read it any more is noticed too.
async fn stands_still(mut is_moving: watch::Receiver<()>, idle_max: Duration) {
    while let Ok(Ok(())) = tokio::time::timeout(idle_max, is_moving.changed()).await {}
}

/// A stream that says when bytes move.
struct Moving {
    stream: TcpStream,
    moving: watch::Sender<()>,
}

impl Moving {
    fn note<T>(&self, result: Poll<std::io::Result<T>>) -> Poll<std::io::Result<T>> {
        if let Poll::Ready(Ok(_)) = &result {
            self.moving.send_replace(());
        }
        result
    }
}

impl AsyncRead for Moving {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.note(result)
    }
}

impl AsyncWrite for Moving {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.note(result)
    }
}
