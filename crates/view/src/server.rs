//! Connections: cut where nothing moves.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use footfall_daemon::{Ticker, connections};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::config::HttpConfig;
use crate::routes::Service;

/// More than a browser sends, with the longest address that a page of ours has.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Serves until the shutdown begins; open pages are let go then, and ask again elsewhere.
pub(crate) async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    config: &HttpConfig,
    ticker: Ticker,
    shutdown: &CancellationToken,
) {
    connections::serve(listener, config.connections_max, ticker, shutdown, |stream, peer, watcher| {
        serve_one(stream, peer, service.clone(), config, watcher, shutdown.clone())
    })
    .await;
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
        async move {
            let mut answer = service.answer(request, peer.ip(), &shutdown).await;
            connections::end_with_answer(&mut answer, &shutdown);
            Ok::<_, Infallible>(answer)
        }
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
