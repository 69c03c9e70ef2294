//! How long to wait before a part is started again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const WINDOW_S: u64 = 60;
const WAIT_S_MAX: u64 = 10;

/// Counts the failures of one part within the last minute. It never gives up: what prevents a start, such as a full
/// disk, may end at any time.
#[derive(Debug, Default)]
pub(crate) struct RestartBackoff {
    failures: VecDeque<Instant>,
}

impl RestartBackoff {
    /// Counts a failure and returns how long to wait before the next attempt.
    pub(crate) fn after_failure(&mut self, now: Instant) -> Duration {
        let window = Duration::from_secs(WINDOW_S);
        self.failures.retain(|failure| now.duration_since(*failure) < window);
        self.failures.push_back(now);
        let earlier = u32::try_from(self.failures.len() - 1).unwrap_or(u32::MAX);
        Duration::from_secs(2_u64.saturating_pow(earlier).min(WAIT_S_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::RestartBackoff;
    use std::time::{Duration, Instant};

    #[test]
    fn the_wait_doubles_up_to_a_limit() {
        let (mut backoff, now) = (RestartBackoff::default(), Instant::now());
        let waits: Vec<_> = (0..6).map(|_| backoff.after_failure(now).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn a_failure_a_minute_ago_is_forgotten() {
        let (mut backoff, now) = (RestartBackoff::default(), Instant::now());
        for minute in 0..10 {
            let wait = backoff.after_failure(now + Duration::from_secs(60 * minute));
            assert_eq!(wait, Duration::from_secs(1));
        }
    }
}
