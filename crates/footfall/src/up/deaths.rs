//! How often a part died of late, and so how long to wait before it is started again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// More deaths than this within the window are no accident.
pub(crate) const DEATHS_MAX: usize = 5;
const WINDOW_S: u64 = 60;
const WAIT_S_MAX: u64 = 30;

/// The deaths of one part within the last minute.
#[derive(Debug, Default)]
pub(crate) struct Deaths {
    recent: VecDeque<Instant>,
}

impl Deaths {
    /// Counts one more. Answers how long to wait before the next start, or nothing where there were too many.
    pub(crate) fn one_more(&mut self, now: Instant) -> Option<Duration> {
        let window = Duration::from_secs(WINDOW_S);
        self.recent.retain(|death| now.duration_since(*death) < window);
        self.recent.push_back(now);
        let earlier = u32::try_from(self.recent.len() - 1).ok()?;
        let wait_s = 2_u64.saturating_pow(earlier).min(WAIT_S_MAX);
        (self.recent.len() <= DEATHS_MAX).then_some(Duration::from_secs(wait_s))
    }
}

#[cfg(test)]
mod tests {
    use super::Deaths;
    use std::time::{Duration, Instant};

    #[test]
    fn the_wait_doubles_until_it_is_given_up() {
        let (mut deaths, now) = (Deaths::default(), Instant::now());
        let waits: Vec<_> = (0..6).map(|_| deaths.one_more(now).map(|wait| wait.as_secs())).collect();
        assert_eq!(waits, [Some(1), Some(2), Some(4), Some(8), Some(16), None]);
    }

    #[test]
    fn a_death_a_minute_ago_is_forgotten() {
        let (mut deaths, now) = (Deaths::default(), Instant::now());
        for minute in 0..10 {
            let wait = deaths.one_more(now + Duration::from_secs(60 * minute));
            assert_eq!(wait, Some(Duration::from_secs(1)));
        }
    }
}
