//! Times, corrected for the error of the client's clock.

use jiff::Timestamp;

use crate::Arrival;

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

/// What a number since 1970 counts.
///
/// Read in its own unit, a time from March 1973 until the year 5138 has a size that a time in another unit has not: 10
/// digits are seconds, 13 milliseconds, 16 microseconds, 19 nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

/// The smallest number of seconds; a smaller number is one of milliseconds, and not a time that anyone means.
const SECONDS_MIN: i128 = 100_000_000;
const MILLIS_MIN: i128 = 100_000_000_000;
const MICROS_MIN: i128 = 100_000_000_000_000;
const NANOS_MIN: i128 = 100_000_000_000_000_000;

impl Unit {
    pub(crate) const fn of_integer(number: i128) -> Self {
        match number {
            NANOS_MIN.. => Self::Nanos,
            MICROS_MIN.. => Self::Micros,
            SECONDS_MIN..MILLIS_MIN => Self::Seconds,
            _ => Self::Millis,
        }
    }

    pub(crate) fn of_float(number: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        Self::of_integer(number as i128)
    }

    pub(crate) fn time_of_integer(self, number: i128) -> Timestamp {
        let micros = match self {
            Self::Seconds => number.saturating_mul(1_000_000),
            Self::Millis => number.saturating_mul(1_000),
            Self::Micros => number,
            Self::Nanos => number.div_euclid(1_000),
        };
        at_micros(i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX }))
    }

    pub(crate) fn time_of_float(self, number: f64) -> Timestamp {
        let micros = match self {
            Self::Seconds => number * 1e6,
            Self::Millis => number * 1e3,
            Self::Micros => number,
            Self::Nanos => number / 1e3,
        };
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and so does at_micros")]
        at_micros(micros.round() as i64)
    }
}

/// Digits are a number since 1970 only within these times: 20240115103000 is a date of another kind.
const DIGITS_FROM: Timestamp = Timestamp::constant(631_152_000, 0);
const DIGITS_UNTIL: Timestamp = Timestamp::constant(4_102_444_800, 0);

/// The time that digits stand for, with at most one decimal point among them.
pub(crate) fn of_digits(text: &str) -> Option<(Timestamp, Unit)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit()));
    let number = whole.parse().ok().filter(|_| is_number)?;
    let unit = Unit::of_integer(number);
    let time = if text.contains('.') { unit.time_of_float(text.parse().ok()?) } else { unit.time_of_integer(number) };
    (DIGITS_FROM..DIGITS_UNTIL).contains(&time).then_some((time, unit))
}

/// When the event happened by our clock, and whether the client's time was implausible and replaced.
///
/// A difference between sending and receipt below `clock_offset_ms_min` is network delay, which varies between requests:
/// correcting for it could make two clicks change places. A larger one is the error of the client's clock, and is
/// corrected. A result too far from the time of receipt is replaced by it. An event without a time happened when it was
/// received.
///
/// In an import, `sent_at` tells when the event was once sent to another program, and nothing about a clock now.
pub(crate) fn corrected(
    timestamp: Option<Timestamp>,
    sent_at: Option<Timestamp>,
    received_at: Timestamp,
    arrival: &Arrival<'_>,
) -> (Timestamp, bool) {
    let Some(timestamp) = timestamp else {
        return (received_at, false);
    };
    let limits = arrival.limits;
    let received = received_at.as_microsecond();
    // Each is within 4e17 of the epoch, so their sum cannot overflow i64.
    let offset = sent_at.map_or(0, |sent_at| received - sent_at.as_microsecond());
    let is_clock = offset.unsigned_abs() >= limits.clock_offset_ms_min.saturating_mul(1_000);
    let is_corrected = is_clock && arrival.import_past_ms_max.is_none();
    let micros = timestamp.as_microsecond() + if is_corrected { offset } else { 0 };
    let past_ms_max = arrival.import_past_ms_max.unwrap_or(limits.past_ms_max);
    let distance_ms_max = if micros > received { limits.future_ms_max } else { past_ms_max };
    let near = micros.abs_diff(received) <= distance_ms_max.saturating_mul(1_000);
    match Timestamp::from_microsecond(micros) {
        Ok(time) if near && time >= TIMESTAMP_MIN => (time, false),
        _ => (received_at, true),
    }
}
