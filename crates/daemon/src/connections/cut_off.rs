//! When a client has taken too long.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Once shutdown has begun, a client in the middle of a request head has this long to finish it: the drain is for
/// requests that have already begun, and a stranger must not prolong it.
const HEAD_IN_STOP_MS_MAX: u64 = 1_000;

/// When a connection is cut off.
#[derive(Clone, Copy, Debug)]
pub enum CutOff {
    /// When it is this old: for clients that send one request, such as scrapers. Each request takes its own connection,
    /// so one deadline bounds the request, the response and idle time.
    Deadline {
        /// In milliseconds.
        ms_max: u64,
    },
    /// When no request has been in progress for this long: for short responses. Bounds the time that a client takes to
    /// read a response, sit idle and send the next head, all together.
    NoRequest {
        /// In milliseconds.
        silence_ms_max: u64,
    },
    /// When no byte has moved for this long: for responses that stream for hours. They send something more often than
    /// that, so that a client that no longer reads is noticed.
    NoBytes {
        /// Time for a request's head, in milliseconds.
        header_ms_max: u64,
        /// Time without a byte in either direction, in milliseconds.
        idle_ms_max: u64,
    },
}

/// Resolves once no request has been in progress for `silence_max`.
pub(super) async fn silent(
    mut is_answering: watch::Receiver<bool>,
    silence_max: Duration,
    shutdown: &CancellationToken,
) {
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

/// Resolves once no byte has moved for `idle_max`.
pub(super) async fn still(mut has_moved: watch::Receiver<()>, idle_max: Duration) {
    while let Ok(Ok(())) = tokio::time::timeout(idle_max, has_moved.changed()).await {}
}
