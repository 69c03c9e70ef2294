//! Serves HTTP connections, with limits.

use std::sync::Arc;
use std::time::Duration;

use footfall_daemon::Ticker;
use footfall_daemon::connections::{self, CutOff, Limits};
use footfall_event::Deferral;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::HttpConfig;
use crate::forward;
use crate::routes::Service;

/// More than a browser sends, even for the page's longest address.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// How long a request may take once shutdown has begun. A slow client or a long query must not delay the end, and nothing
/// is lost: a client that sent an event sends it again.
const ANSWER_IN_STOP_MS_MAX: u64 = 2_000;

/// Serves until shutdown, which disconnects open pages so that they reconnect to the next process.
pub(crate) async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    config: &HttpConfig,
    ticker: Ticker,
    shutdown: &CancellationToken,
) {
    let limits = Limits {
        connections_max: config.connections_max,
        head_bytes_max: HEAD_BYTES_MAX,
        cut_off: CutOff::NoBytes { header_ms_max: config.header_ms_max, idle_ms_max: config.idle_ms_max },
    };
    let open = service.metrics.connections.clone();
    let stop = shutdown.clone();
    let answer = move |request, peer| {
        let (service, stop) = (service.clone(), stop.clone());
        async move {
            tokio::select! {
                answer = service.answer(request, peer, &stop) => answer,
                () = too_late(&stop) => forward::deferred(Deferral::Unavailable),
            }
        }
    };
    connections::serve(listener, limits, open, Some(ticker), shutdown, answer).await;
}

async fn too_late(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(Duration::from_millis(ANSWER_IN_STOP_MS_MAX)).await;
}
