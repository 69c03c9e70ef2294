//! Times, corrected for the error of the client's clock.

use jiff::Timestamp;

use crate::Limits;

/// The earliest time that PostgreSQL's timestamptz holds: 4714-11-24 BC, Julian day 0.
pub(crate) const TIMESTAMP_MIN: Timestamp = Timestamp::constant(-210_866_803_200, 0);

/// The latest time that jiff holds, to the microsecond; PostgreSQL's is far later.
const TIMESTAMP_MAX: Timestamp = Timestamp::constant(253_402_207_200, 999_999_000);

/// Microseconds since the epoch as a time, clamped to what can be represented.
pub(crate) fn at_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { TIMESTAMP_MAX })
}

/// The time truncated to microseconds, as PostgreSQL holds it.
pub(crate) fn whole_micros(time: Timestamp) -> Timestamp {
    at_micros(time.as_microsecond())
}

/// When the event happened by our clock, and whether the client's time was implausible and replaced.
///
/// A difference between sending and receipt below `clock_offset_ms_min` is network delay, which varies between requests:
/// correcting for it could make two clicks change places. A larger one is the error of the client's clock, and is
/// corrected. A result too far from the time of receipt is replaced by it. An event without a time happened when it was
/// received.
pub(crate) fn corrected(
    timestamp: Option<Timestamp>,
    sent_at: Option<Timestamp>,
    received_at: Timestamp,
    limits: &Limits,
) -> (Timestamp, bool) {
    let Some(timestamp) = timestamp else {
        return (received_at, false);
    };
    let received = received_at.as_microsecond();
    // Each is within 4e17 of the epoch, so their sum cannot overflow i64.
    let offset = sent_at.map_or(0, |sent_at| received - sent_at.as_microsecond());
    let is_clock = offset.unsigned_abs() >= limits.clock_offset_ms_min.saturating_mul(1_000);
    let micros = timestamp.as_microsecond() + if is_clock { offset } else { 0 };
    let distance_ms_max = if micros > received { limits.future_ms_max } else { limits.past_ms_max };
    let near = micros.abs_diff(received) <= distance_ms_max.saturating_mul(1_000);
    match Timestamp::from_microsecond(micros) {
        Ok(time) if near && time >= TIMESTAMP_MIN => (time, false),
        _ => (received_at, true),
    }
}
