//! How long to wait before restarting a process that died, and when to give up.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A process that dies more often within the window has a problem that a restart does not solve.
pub(crate) const DEATHS_MAX: usize = 5;
const WINDOW_S: u64 = 60;
const WAIT_S_MAX: u64 = 30;

/// Counts the deaths of one process within the last minute.
#[derive(Debug, Default)]
pub(crate) struct RestartBackoff {
    deaths: VecDeque<Instant>,
}

impl RestartBackoff {
    /// Counts a death and returns how long to wait before the restart; `None` after too many.
    pub(crate) fn after_death(&mut self, now: Instant) -> Option<Duration> {
        let window = Duration::from_secs(WINDOW_S);
        self.deaths.retain(|death| now.duration_since(*death) < window);
        self.deaths.push_back(now);
        let earlier = u32::try_from(self.deaths.len() - 1).ok()?;
        let wait_s = 2_u64.saturating_pow(earlier).min(WAIT_S_MAX);
        (self.deaths.len() <= DEATHS_MAX).then_some(Duration::from_secs(wait_s))
    }
}

#[cfg(test)]
mod tests {
    use super::RestartBackoff;
    use std::time::{Duration, Instant};

    #[test]
    fn the_wait_doubles_until_it_gives_up() {
        let (mut backoff, now) = (RestartBackoff::default(), Instant::now());
        let waits: Vec<_> = (0..6).map(|_| backoff.after_death(now).map(|wait| wait.as_secs())).collect();
        assert_eq!(waits, [Some(1), Some(2), Some(4), Some(8), Some(16), None]);
    }

    #[test]
    fn a_death_a_minute_ago_is_forgotten() {
        let (mut backoff, now) = (RestartBackoff::default(), Instant::now());
        for minute in 0..10 {
            let wait = backoff.after_death(now + Duration::from_secs(60 * minute));
            assert_eq!(wait, Some(Duration::from_secs(1)));
        }
    }
}
