//! Whether the daemon's loops make progress, and the service manager's watchdog.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use sd_notify::NotifyState;

use crate::notify::Notify;

/// The loops that must make progress. WATCHDOG=1 is sent only if all have ticked since it was last sent.
#[derive(Clone, Default)]
pub struct Progress(Arc<Mutex<Loops>>);

#[derive(Default)]
struct Loops {
    watched: Vec<Weak<Loop>>,
    unnamed: Option<Ticker>,
}

struct Loop {
    name: &'static str,
    has_ticked: AtomicBool,
}

/// One loop's heartbeat. Dropping the last clone removes the loop from the watchdog.
#[derive(Clone)]
pub struct Ticker(Arc<Loop>);

impl Ticker {
    /// Records that the loop is making progress, with one atomic store. An idle loop must tick too, at least three
    /// times per `WatchdogSec=`.
    pub fn tick(&self) {
        self.0.has_ticked.store(true, Ordering::Relaxed);
    }
}

impl Progress {
    /// Adds a loop that must make progress from now on. It starts with a tick.
    pub fn watch(&self, name: &'static str) -> Ticker {
        let ticker = Ticker(Arc::new(Loop { name, has_ticked: AtomicBool::new(true) }));
        self.lock().watched.push(Arc::downgrade(&ticker.0));
        ticker
    }

    /// Ticks the daemon's unnamed loop, which is watched from its first tick until the process exits. Takes a lock, so
    /// a hot loop should keep a [`Ticker`] instead.
    pub fn tick(&self) {
        if let Some(ticker) = &self.lock().unnamed {
            return ticker.tick();
        }
        let ticker = self.watch("main");
        self.lock().unnamed = Some(ticker);
    }

    /// Returns the first loop that has not ticked. If all have, resets them and returns None.
    fn take(&self) -> Option<&'static str> {
        let mut loops = self.lock();
        loops.watched.retain(|watched| watched.strong_count() > 0);
        let watched: Vec<_> = loops.watched.iter().filter_map(Weak::upgrade).collect();
        let standing = watched.iter().find(|watched| !watched.has_ticked.load(Ordering::Relaxed));
        if standing.is_none() {
            watched.iter().for_each(|watched| watched.has_ticked.store(false, Ordering::Relaxed));
        }
        standing.map(|watched| watched.name)
    }

    fn lock(&self) -> MutexGuard<'_, Loops> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends WATCHDOG=1 to the service manager, which waits for `timeout`, until the process exits.
///
/// Checks four times per timeout and sends if all loops have ticked, so a loop may take up to half the timeout between
/// ticks. Runs on the daemon's own runtime, so that a stuck runtime silences it.
pub(crate) async fn watchdog(progress: Progress, notify: Notify, timeout: Duration) {
    let mut interval = tokio::time::interval(timeout / 4);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut reported = None;
    loop {
        interval.tick().await;
        let standing = progress.take();
        match standing {
            None => notify.send(&[NotifyState::Watchdog]),
            // A healthy loop may miss one check; two are half the timeout.
            Some(name) if reported == Some(name) => {
                tracing::warn!(name, timeout_ms = timeout.as_millis(), "a loop has stopped; the watchdog is silent");
            }
            Some(_) => {}
        }
        reported = standing;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_millis(80);

    async fn watchdogs_sent(progress: &Progress, tick: impl Fn()) -> usize {
        let (notify, sent) = Notify::recorder();
        let watchdog = tokio::spawn(watchdog(progress.clone(), notify, TIMEOUT));
        for _ in 0..20 {
            tokio::time::sleep(TIMEOUT / 8).await;
            tick();
        }
        watchdog.abort();
        let sent = sent.lock().unwrap();
        assert!(sent.iter().all(|message| message == "WATCHDOG=1"));
        sent.len()
    }

    #[tokio::test(start_paused = true)]
    async fn the_watchdog_is_fed_while_every_loop_moves() {
        let progress = Progress::default();
        let (reader, writer) = (progress.watch("reader"), progress.watch("writer"));
        let sent = watchdogs_sent(&progress, || {
            reader.tick();
            writer.tick();
        })
        .await;
        assert!(sent >= 9, "{sent} in ten quarters");
    }

    #[tokio::test(start_paused = true)]
    async fn the_watchdog_is_silent_while_one_loop_stands_still() {
        let progress = Progress::default();
        let (reader, _writer) = (progress.watch("reader"), progress.watch("writer"));
        let sent = watchdogs_sent(&progress, || reader.tick()).await;
        assert_eq!(sent, 1, "only for the tick that every loop begins with");
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_has_ended_is_no_longer_waited_for() {
        let progress = Progress::default();
        let (reader, writer) = (progress.watch("reader"), progress.watch("writer"));
        drop(writer);
        assert!(watchdogs_sent(&progress, || reader.tick()).await >= 9);
    }

    #[tokio::test(start_paused = true)]
    async fn the_unnamed_loop_is_watched_from_its_first_tick() {
        let progress = Progress::default();
        progress.tick();
        assert!(watchdogs_sent(&progress, || progress.tick()).await >= 9);
        assert_eq!(watchdogs_sent(&progress, || {}).await, 1);
    }
}
