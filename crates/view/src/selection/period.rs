//! Periods: named ones, whose bounds PostgreSQL works out as of now, and those given by their bounds. PostgreSQL also
//! decides when a day begins in a time zone.

use std::fmt;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::problem::{FieldProblem, one_of};

/// The named periods, with their labels.
pub(crate) const PERIODS: [(&str, &str); 8] = [
    ("realtime", "Last 30 minutes"),
    ("today", "Today"),
    ("yesterday", "Yesterday"),
    ("24h", "Last 24 hours"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
    ("month", "This month"),
    ("year", "This year"),
];
pub(super) const PERIOD_DEFAULT: &str = "today";

const CUSTOM_DAYS_MAX: i64 = 3_660;
/// The years that both PostgreSQL and jiff can hold, with a margin for a day, a time zone and the period before.
const YEARS: std::ops::RangeInclusive<i16> = 1..=9_990;

/// The bounds of a period, and those of the period it is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Range {
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) previous_since: Timestamp,
    pub(crate) previous_until: Timestamp,
    /// A PostgreSQL interval.
    pub(crate) bucket_width: String,
}

impl Range {
    /// From one instant to another, compared with the period of the same length before.
    pub(crate) fn between(since: Timestamp, until: Timestamp) -> Result<Self, FieldProblem> {
        check_length(until.duration_since(since))?;
        let length = until.duration_since(since);
        let previous_since = since.checked_sub(length).map_err(|_| FieldProblem::new("since", "is too long ago"))?;
        let bucket_width = bucket_width(length).to_owned();
        Ok(Self { since, until, previous_since, previous_until: since, bucket_width })
    }
}

/// One end of a custom period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Bound {
    /// A whole day in the selection's time zone.
    Day(Date),
    Instant(Timestamp),
}

impl Bound {
    fn parse(field: &str, text: &str) -> Result<Self, FieldProblem> {
        let day = || text.parse().ok().filter(|day: &Date| text.len() == 10 && YEARS.contains(&day.year()));
        match text.parse::<Timestamp>() {
            Ok(instant) => Ok(Self::Instant(instant)),
            Err(_) => day().map(Self::Day).ok_or_else(|| {
                FieldProblem::new(
                    field,
                    "is neither a day such as 2026-11-24 nor an instant such as 2026-11-24T10:00:00Z",
                )
            }),
        }
    }

    pub(crate) fn day(self) -> Option<Date> {
        match self {
            Self::Day(day) => Some(day),
            Self::Instant(_) => None,
        }
    }

    pub(crate) fn instant(self) -> Option<Timestamp> {
        match self {
            Self::Day(_) => None,
            Self::Instant(instant) => Some(instant),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(formatter),
            Self::Instant(instant) => instant.fmt(formatter),
        }
    }
}

/// A period given by its bounds. A last day is part of it, a last instant is not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Custom {
    pub(crate) since: Bound,
    pub(crate) until: Bound,
}

impl Custom {
    pub(super) fn parse(since: Option<String>, until: Option<String>) -> Result<Self, FieldProblem> {
        let missing = |field| FieldProblem::new(field, "is missing");
        let since = Bound::parse("since", &since.ok_or_else(|| missing("since"))?)?;
        let until = Bound::parse("until", &until.ok_or_else(|| missing("until"))?)?;
        // A day and an instant can be compared only in a time zone.
        match (since, until) {
            (Bound::Day(from), Bound::Day(to)) => {
                let days = i64::from(from.until(to).map(|span| span.get_days()).unwrap_or(i32::MAX)) + 1;
                check_length(SignedDuration::from_hours(24 * days))?;
            }
            (Bound::Instant(from), Bound::Instant(to)) => drop(Range::between(from, to)?),
            _ => {}
        }
        Ok(Self { since, until })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Period {
    Named(&'static str),
    Custom(Box<Custom>),
}

pub(super) fn named_period(value: &str) -> Result<&'static str, FieldProblem> {
    one_of("period", value, PERIODS.map(|(name, _)| name))
}

fn check_length(length: SignedDuration) -> Result<(), FieldProblem> {
    if length <= SignedDuration::ZERO {
        return Err(FieldProblem::new("until", "is not after since"));
    }
    // A day may have 25 hours.
    if length > SignedDuration::from_hours(24 * CUSTOM_DAYS_MAX + 1) {
        return Err(FieldProblem::new("until", format!("is more than {CUSTOM_DAYS_MAX} days after since")));
    }
    Ok(())
}

/// A width that gives the curve about 10 to 100 points.
fn bucket_width(length: SignedDuration) -> &'static str {
    match length.as_hours() {
        ..2 => "1 minute",
        2..72 => "1 hour",
        72..2_232 => "1 day",
        2_232..17_568 => "7 days",
        _ => "1 month",
    }
}
