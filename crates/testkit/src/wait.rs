//! Waiting for what has to come.

use std::time::{Duration, Instant};

/// How long a test waits for what has to come: much longer than it takes on a slow machine beside other tests. Only a test that
/// fails waits for all of it.
pub const SOON: Duration = Duration::from_secs(90);
/// What waits for nothing is done within it, also on a busy machine; each wait of a daemon is longer (`kafka.acknowledge_ms_max` and
/// `database.commit_ms_max` are 5 s, `drain_ms_max` 20 s).
pub const AT_ONCE: Duration = Duration::from_secs(4);

/// Waits until a condition holds; panics with `what` if it does not in time.
pub async fn eventually<F: AsyncFnMut() -> bool>(what: &str, within: Duration, mut holds: F) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < within, "{what}: not within {within:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
