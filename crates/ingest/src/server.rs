//! The port for events, and the limits on its connections.

use std::sync::Arc;

use footfall_daemon::Ticker;
use footfall_daemon::connections::{self, CutOff, Limits};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::HttpConfig;
use crate::routes::Service;

/// Maximum size of a request head, in bytes: more than a browser sends.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Serves until shutdown begins, then finishes the requests in progress.
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
        cut_off: CutOff::NoRequest { silence_ms_max: config.header_ms_max },
    };
    let open = service.metrics.connections.clone();
    let answer = move |request, peer| service.clone().answer(request, peer);
    connections::serve(listener, limits, open, Some(ticker), shutdown, answer).await;
}
