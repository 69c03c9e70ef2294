//! A period in words.

use jiff::ToSpan;

use super::format;
use crate::selection::{PERIODS, Period, Range, Selection};

/// The period's title, as in the list of periods.
pub(super) fn title(selection: &Selection) -> String {
    match &selection.period {
        Period::Named(name) => PERIODS.iter().find(|(key, _)| key == name).map_or(*name, |(_, title)| title).to_owned(),
        Period::Custom(custom) => format!("{} to {}", custom.since, custom.until),
    }
}

/// The curve's names for the period and the one before it.
pub(super) fn names(selection: &Selection) -> (&'static str, &'static str) {
    match selection.period {
        Period::Named("today") => ("Today", "Yesterday"),
        Period::Named("yesterday") => ("Yesterday", "The day before"),
        Period::Named("realtime") => ("Last 30 minutes", "Previous 30 minutes"),
        Period::Named("24h") => ("Last 24 hours", "Previous 24 hours"),
        Period::Named("7d") => ("Last 7 days", "Previous 7 days"),
        Period::Named("30d") => ("Last 30 days", "Previous 30 days"),
        Period::Named("month") => ("This month", "Previous month"),
        Period::Named("year") => ("This year", "Previous year"),
        Period::Named(_) | Period::Custom(_) => ("Selected period", "Previous period"),
    }
}

/// The period's first and last day, with times if it is short and spans two days.
pub(super) fn bounds(selection: &Selection, range: &Range) -> String {
    let zone = selection.zone();
    let is_short = range.until.duration_since(range.since).as_hours() <= 25;
    // `until` is exclusive.
    let last = range.until.checked_sub(1.microsecond()).unwrap_or(range.until);
    if is_short && format::time(range.since, &zone, "%F") == format::time(last, &zone, "%F") {
        return format::time(range.since, &zone, "%A, %-d %B %Y");
    }
    let pattern = if is_short { "%-d %b, %H:%M" } else { "%-d %b %Y" };
    format!("{} \u{2013} {}", format::time(range.since, &zone, pattern), format::time(last, &zone, pattern))
}
