//! When each event is due.

use std::io;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::error::LoadError;

/// How many due events may wait for the network; the schedule does not depend on it.
const WAITING_MAX: usize = 64;

/// A number of events at a steady rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    rate_per_s: f64,
    events: u64,
}

/// One event that is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    pub(crate) number: u64,
    pub(crate) at: Instant,
}

impl Schedule {
    pub(crate) fn new(rate_per_s: f64, events: u64) -> Result<Self, LoadError> {
        let schedule = Self { rate_per_s, events };
        let wrong = |why: &str| LoadError::Option { option: "rate", why: why.to_owned() };
        if !rate_per_s.is_finite() || rate_per_s <= 0.0 {
            return Err(wrong("must be a number above 0"));
        }
        // At most a year, because a later Instant may overflow.
        if schedule.seconds(events) > 365.0 * 24.0 * 3600.0 {
            return Err(wrong("is so low that the last event would be due in more than a year"));
        }
        Ok(schedule)
    }

    fn seconds(self, number: u64) -> f64 {
        number as f64 / self.rate_per_s
    }

    /// When an event is due, measured from the start, even if earlier ones were late.
    fn due(self, number: u64) -> Duration {
        Duration::from_secs_f64(self.seconds(number))
    }

    /// Sends each event to the channel when it is due, and closes the channel after the last one.
    ///
    /// Runs in its own thread, because tokio's timer has a resolution of a millisecond, which would count as latency.
    pub(crate) fn keep(self, started: Instant) -> io::Result<mpsc::Receiver<Due>> {
        let (sender, due) = mpsc::channel(WAITING_MAX);
        let keep = move || {
            for number in 0..self.events {
                let at = started + self.due(number);
                std::thread::sleep(at.saturating_duration_since(Instant::now()));
                if sender.blocking_send(Due { number, at }).is_err() {
                    break;
                }
            }
        };
        std::thread::Builder::new().name("load-schedule".into()).spawn(keep)?;
        Ok(due)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Schedule;

    #[test]
    fn an_event_is_due_by_its_number_alone_without_drift() {
        let schedule = Schedule::new(300.0, 1).unwrap();
        assert_eq!(schedule.due(0), Duration::ZERO);
        assert_eq!(schedule.due(3), Duration::from_millis(10));
        assert_eq!(schedule.due(300 * 86_400), Duration::from_secs(86_400));
    }

    #[tokio::test]
    async fn an_event_that_is_received_late_keeps_its_due_time() {
        let started = Instant::now();
        let mut due = Schedule::new(1000.0, 200).unwrap().keep(started).unwrap();
        tokio::time::sleep(Duration::from_millis(150)).await;
        for number in 0..200 {
            let event = due.recv().await.unwrap();
            assert_eq!((event.number, event.at), (number, started + Duration::from_millis(number)));
            assert!(event.at <= Instant::now());
        }
        assert!(due.recv().await.is_none());
        assert!(started.elapsed() >= Duration::from_millis(199));
    }

    #[test]
    fn a_meaningless_rate_is_refused() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
            assert!(Schedule::new(rate, 1).is_err(), "{rate}");
        }
    }
}
