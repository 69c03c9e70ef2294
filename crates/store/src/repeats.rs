//! Keeps failures that repeat from flooding the log.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// A failure that goes on is logged this often.
const AGAIN_S: u64 = 30;
/// Distinct failures to remember.
const FAILURES_MAX: usize = 100;

/// When each failure was last logged.
#[derive(Debug, Default)]
pub struct Repeats(HashMap<String, Instant>);

impl Repeats {
    /// Whether to log this failure: it is new, or was last logged a while ago.
    pub fn should_log(&mut self, failure: &str) -> bool {
        self.is_due_at(failure, Instant::now())
    }

    /// The failures are over: each is logged at once if it returns.
    pub fn forget(&mut self) {
        self.0.clear();
    }

    fn is_due_at(&mut self, failure: &str, now: Instant) -> bool {
        let again = Duration::from_secs(AGAIN_S);
        if self.0.get(failure).is_some_and(|logged| now.saturating_duration_since(*logged) < again) {
            return false;
        }
        if self.0.len() >= FAILURES_MAX {
            self.0.clear();
        }
        self.0.insert(failure.to_owned(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_goes_on_is_logged_at_once_and_then_now_and_then() {
        let (mut repeats, began) = (Repeats::default(), Instant::now());
        let mut due = |failure, s| repeats.is_due_at(failure, began + Duration::from_secs(s));
        let due = [due("a", 0), due("a", 1), due("b", 1), due("a", 29), due("a", 30), due("a", 31)];
        assert_eq!(due, [true, false, true, false, true, false]);
        repeats.forget();
        assert!(repeats.is_due_at("a", began));
    }
}
