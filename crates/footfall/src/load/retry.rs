//! Whether and when to retry an event, as a good client does.

use std::time::Duration;

use hyper::StatusCode;

use crate::http::{Answer, Failure};

const FIRST_MS: u64 = 100;
const LONGEST_MS: u64 = 5_000;
/// More doublings would change nothing, and the shift could overflow.
const DOUBLINGS_MAX: u32 = 16;
const _: () = assert!(FIRST_MS << DOUBLINGS_MAX >= LONGEST_MS);

/// How long to wait before the next request; `None` if a retry cannot succeed.
///
/// `attempt` counts from 0. `random`, in 0..1, spreads the retries of clients that failed at the same time. The wait is
/// never shorter than Retry-After.
pub(crate) fn wait(answer: &Result<Answer, Failure>, attempt: u32, random: f64) -> Option<Duration> {
    let asked = match answer {
        Ok(answer) if answer.status == StatusCode::SERVICE_UNAVAILABLE => answer.retry_after.unwrap_or_default(),
        Ok(_) => return None,
        Err(_) => Duration::ZERO,
    };
    let backoff = Duration::from_millis((FIRST_MS << attempt.min(DOUBLINGS_MAX)).min(LONGEST_MS));
    Some(asked + backoff.mul_f64(0.5 + random / 2.0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use hyper::StatusCode;

    use super::{LONGEST_MS, wait};
    use crate::http::{Answer, Failure};

    fn answered(status: u16, retry_after: Option<Duration>) -> Result<Answer, Failure> {
        Ok(Answer { status: StatusCode::from_u16(status).unwrap(), retry_after, body: Bytes::new() })
    }

    #[test]
    fn only_requests_that_can_succeed_later_are_retried() {
        for status in [200, 204, 400, 403, 404, 413, 500] {
            assert_eq!(wait(&answered(status, None), 0, 0.5), None, "{status}");
        }
        assert!(wait(&answered(503, None), 0, 0.5).is_some());
        for failure in [Failure::Refused, Failure::Reset("x".into()), Failure::Timeout(Duration::ZERO)] {
            assert!(wait(&Err(failure), 0, 0.5).is_some());
        }
    }

    #[test]
    fn waits_grow_to_a_limit_and_are_spread() {
        let at = |attempt, random| wait(&Err(Failure::Refused), attempt, random).unwrap();
        assert_eq!((at(0, 0.0), at(0, 1.0)), (Duration::from_millis(50), Duration::from_millis(100)));
        assert_eq!(at(3, 1.0), Duration::from_millis(800));
        for attempt in [10, 31, 64, u32::MAX] {
            assert_eq!(at(attempt, 1.0), Duration::from_millis(LONGEST_MS));
        }
    }

    #[test]
    fn retry_after_is_honoured_and_spread() {
        let asked = Duration::from_secs(2);
        let at = |random| wait(&answered(503, Some(asked)), 0, random).unwrap();
        assert!(at(0.0) >= asked);
        assert!(at(0.0) < at(1.0));
    }
}
