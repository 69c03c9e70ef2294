//! When to join the group again after the consumer has failed for good: after a freeze of the broker, for example, the
//! group may take this sink for a second one with the same name.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

const PAUSE_MS_MIN: u64 = 100;
/// Two sinks with the same name drive each other out of the group: each then works for about this long.
const PAUSE_MS_MAX: u64 = 60_000;
/// A consumer that lasted this long begins with the shortest pause again.
const CALM_S: u64 = 300;

pub(crate) struct Membership {
    joined_at: Instant,
    join_at: Option<Instant>,
    pauses: ExponentialBackoff,
}

impl Membership {
    /// A consumer has just been created.
    pub(crate) fn new() -> Self {
        Self { joined_at: Instant::now(), join_at: None, pauses: pauses() }
    }

    /// The consumer has failed for good. Returns the pause before the next one.
    pub(crate) fn end(&mut self) -> Duration {
        if self.joined_at.elapsed() > Duration::from_secs(CALM_S) {
            self.pauses = pauses();
        }
        let longest = Duration::from_millis(PAUSE_MS_MAX);
        let pause = self.pauses.next().unwrap_or(longest).min(longest);
        self.join_at = Some(Instant::now() + pause);
        pause
    }

    /// The rest of the pause, if the consumer has failed.
    pub(crate) fn pause_left(&self) -> Option<Duration> {
        self.join_at.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// How long ago the consumer was created.
    pub(crate) fn lasted(&self) -> Duration {
        self.joined_at.elapsed()
    }

    /// A new consumer has been created.
    pub(crate) fn join(&mut self) {
        self.join_at = None;
        self.joined_at = Instant::now();
    }
}

fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(PAUSE_MS_MIN))
        .with_max_delay(Duration::from_millis(PAUSE_MS_MAX))
        .without_max_times()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_a_consumer_lasts() {
        let mut membership = Membership::new();
        assert_eq!(membership.pause_left(), None);
        let pauses: Vec<_> = (0..12).map(|_| membership.end().as_millis()).collect();
        assert_eq!((pauses[0], pauses[1], pauses[11]), (100, 200, 60_000));
        assert!(membership.pause_left().is_some_and(|left| left > Duration::from_secs(50)));
        membership.join();
        assert_eq!(membership.pause_left(), None);
        assert_eq!(membership.end().as_millis(), 60_000);
        membership.joined_at = Instant::now().checked_sub(Duration::from_secs(CALM_S + 1)).unwrap();
        assert_eq!(membership.end().as_millis(), 100);
    }
}
