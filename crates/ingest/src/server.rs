//! Connections: served within their times.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use footfall_daemon::{Ticker, connections};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::Watcher;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::config::HttpConfig;
use crate::routes::Service;

/// The largest request head, in bytes: hyper's least buffer, and more than a browser sends.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Once a stop has begun, a client that is in the middle of a request's head has this long to finish it: the drain is
/// for requests that have begun, and no stranger shall make it longer.
const HEAD_IN_STOP_MS_MAX: u64 = 1_000;

/// Serves until the shutdown begins, then finishes the requests that have begun. The shell bounds the time of that.
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
    let (answering, is_answering) = watch::channel(false);
    let answering = Arc::new(answering);
    let stopping = shutdown.clone();
    let answer = service_fn(move |request| {
        let (service, answering, stopping) = (service.clone(), answering.clone(), stopping.clone());
        answering.send_replace(true);
        async move {
            let mut answer = service.answer(request, peer.ip()).await;
            connections::end_with_answer(&mut answer, &stopping);
            answering.send_replace(false);
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        // The time for a head is kept by `silent`, which also sees a client that does not read its answers.
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), answer);
    let watched = watcher.watch(connection);
    let silence = silent(is_answering, Duration::from_millis(config.header_ms_max), shutdown);
    async move {
        connections.inc();
        tokio::select! {
            // A client that breaks off or dawdles is its own affair, and its address goes into no log.
            result = watched => if let Err(error) = result { debug!(%error, "connection ended") },
            () = silence => debug!("connection cut off: no request came in time"),
        }
        connections.dec();
    }
}

/// Resolves when no request has been under way for this long. That bounds the time that a client takes to read an
/// answer, to be silent, and to send the next head, all in one.
async fn silent(mut is_answering: watch::Receiver<bool>, silence_max: Duration, shutdown: CancellationToken) {
    let in_stop = async || {
        shutdown.cancelled().await;
        tokio::time::sleep(Duration::from_millis(HEAD_IN_STOP_MS_MAX)).await;
    };
    while is_answering.wait_for(|answering| !answering).await.is_ok() {
        tokio::select! {
            _ = is_answering.wait_for(|answering| *answering) => {}
            () = tokio::time::sleep(silence_max) => return,
            () = in_stop() => return,
        }
    }
}
