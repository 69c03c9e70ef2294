//! When a client has taken too long.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Once a stop has begun, a client in the middle of a request's head has this long to finish it: the drain is for
/// requests that have begun, and a stranger must not make it longer.
const HEAD_IN_STOP_MS_MAX: u64 = 1_000;

/// What makes a connection be cut off.
#[derive(Clone, Copy, Debug)]
pub enum CutOff {
    /// The connection is this old: for clients that ask once, such as scrapers. Each request takes a connection of its
    /// own, so one deadline bounds request, answer and idle time.
    Deadline {
        /// In milliseconds.
        ms_max: u64,
    },
    /// No request was under way for this long: for answers that are short. It bounds the time that a client takes to
    /// read an answer, to be silent, and to send the next head, all in one.
    NoRequest {
        /// In milliseconds.
        silence_ms_max: u64,
    },
    /// No byte moved for this long: for answers that stream for hours. They are sent something more often than that, so
    /// that a client that no longer reads is noticed.
    NoBytes {
        /// Time for a request's head, in milliseconds.
        header_ms_max: u64,
        /// Time without a byte in either direction, in milliseconds.
        idle_ms_max: u64,
    },
}

/// Resolves when no request has been under way for `silence_max`.
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

/// Resolves when no byte has moved for `idle_max`.
pub(super) async fn still(mut has_moved: watch::Receiver<()>, idle_max: Duration) {
    while let Ok(Ok(())) = tokio::time::timeout(idle_max, has_moved.changed()).await {}
}
