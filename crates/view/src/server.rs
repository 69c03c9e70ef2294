//! Serves HTTP connections, with limits.

use std::sync::Arc;

use footfall_daemon::Ticker;
use footfall_daemon::connections::{self, CutOff, Limits};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::HttpConfig;
use crate::routes::Service;

/// More than a browser sends, even for the page's longest address.
const HEAD_BYTES_MAX: usize = 32 * 1024;

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
        async move { service.answer(request, peer, &stop).await }
    };
    connections::serve(listener, limits, open, Some(ticker), shutdown, answer).await;
}
