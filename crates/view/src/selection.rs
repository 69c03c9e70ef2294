//! What a page's address selects: a period, a time zone and filters. Pages with the same selection share one view.

use std::collections::BTreeMap;

use footfall_event::dimension::filters;
use footfall_event::filter;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;
use url::form_urlencoded;

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
const PERIOD_DEFAULT: &str = "today";

const BOT: [&str; 3] = ["false", "true", "any"];

/// The measures that the curve can show.
pub(crate) const CURVES: [&str; 3] = ["visitors", "visits", "views"];

/// Per filter.
const VALUES_MAX: usize = 20;
pub(crate) const VALUE_CHARACTERS_MAX: usize = 500;
const CUSTOM_DAYS_MAX: i64 = 3_660;

/// Why a field of the address is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize)]
#[error("{field}: {message}")]
pub(crate) struct FieldProblem {
    pub(crate) field: String,
    pub(crate) message: String,
}

impl FieldProblem {
    pub(crate) fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

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

/// A period given by its bounds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Custom {
    pub(crate) range: Range,
    /// As written in the address.
    pub(crate) since: String,
    pub(crate) until: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Period {
    Named(&'static str),
    Custom(Box<Custom>),
}

pub(crate) type Filters = BTreeMap<&'static str, Vec<String>>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Selection {
    pub(crate) period: Period,
    pub(crate) time_zone: String,
    pub(crate) filters: Filters,
    /// The measure that the curve shows.
    pub(crate) curve: &'static str,
    /// The property whose values are listed, if one event type is selected.
    pub(crate) property: Option<String>,
}

impl Selection {
    /// Parses the query of an address. `others` is called for fields that are not part of a selection, and returns
    /// whether it knows them.
    pub(crate) fn parse(
        query: &str,
        time_zone_default: &str,
        mut others: impl FnMut(&str, &str) -> Result<bool, FieldProblem>,
    ) -> Result<Self, FieldProblem> {
        let (mut period, mut since, mut until, mut time_zone) = (None, None, None, None);
        let (mut curve, mut property) = (CURVES[0], None);
        let mut filters = Filters::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let (name, value) = (name.as_ref(), value.as_ref());
            if value.chars().count() > VALUE_CHARACTERS_MAX {
                return Err(FieldProblem::new(name, format!("is longer than {VALUE_CHARACTERS_MAX} characters")));
            }
            // PostgreSQL's text cannot contain NUL.
            if value.contains('\0') {
                return Err(FieldProblem::new(name, "contains the character NUL"));
            }
            match name {
                // The form of a custom period sends empty fields.
                "period" | "since" | "until" | "tz" if value.is_empty() => {}
                "period" => period = Some(named_period(value)?),
                "since" => since = Some(value.to_owned()),
                "until" => until = Some(value.to_owned()),
                "tz" => time_zone = Some(value.to_owned()),
                "curve" => curve = one_of("curve", value, CURVES)?,
                "property" => property = Some(value.to_owned()),
                _ => match filter_named(name) {
                    Some(key) => {
                        if key == "bot" {
                            one_of("bot", value, BOT)?;
                        }
                        let values = filters.entry(key).or_default();
                        if values.len() == VALUES_MAX {
                            return Err(FieldProblem::new(key, format!("has more than {VALUES_MAX} values")));
                        }
                        values.push(filter::spelt(key, value));
                    }
                    None if others(name, value)? => {}
                    None => return Err(FieldProblem::new(name, "is not known")),
                },
            }
        }
        for values in filters.values_mut() {
            values.sort();
            values.dedup();
        }
        let time_zone = time_zone.unwrap_or_else(|| time_zone_default.to_owned());
        let zone = TimeZone::get(&time_zone)
            .map_err(|_| FieldProblem::new("tz", "is not a time zone such as Europe/Berlin"))?;
        let period = match (since, until) {
            (None, None) => Period::Named(period.unwrap_or(PERIOD_DEFAULT)),
            (since, until) if period.is_none() => Period::Custom(Box::new(custom(since, until, &zone)?)),
            _ => return Err(FieldProblem::new("period", "cannot be combined with since or until")),
        };
        Ok(Self { period, time_zone, filters, curve, property })
    }

    /// Like [`Selection::parse`], for the address of a page.
    pub(crate) fn of_page(query: &str, time_zone_default: &str) -> Result<Self, FieldProblem> {
        // `seen` is the version that an open page shows; see `live::stream`.
        Self::parse(query, time_zone_default, |name, _| Ok(name == "seen"))
    }

    /// Applies the filters of a shared link, which override those of the address.
    pub(crate) fn narrow(&mut self, fixed: &Filters) {
        for (key, values) in fixed {
            self.filters.insert(key, values.clone());
        }
    }

    /// The time zone, which `parse` has validated.
    pub(crate) fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// The filters, in the form that the SQL functions take.
    pub(crate) fn filters_json(&self) -> Value {
        serde_json::to_value(&self.filters).unwrap_or_default()
    }

    /// The selected event type, if there is exactly one.
    pub(crate) fn only_event_type(&self) -> Option<&str> {
        match self.filters.get("event_type").map(Vec::as_slice) {
            Some([only]) => Some(only),
            _ => None,
        }
    }

    /// The query of the address, starting with `?`, in a fixed order.
    pub(crate) fn query(&self, time_zone_default: &str) -> String {
        let mut query = form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
        match &self.period {
            Period::Named(PERIOD_DEFAULT) => {}
            Period::Named(name) => drop(query.append_pair("period", name)),
            Period::Custom(custom) => {
                query.append_pair("since", &custom.since).append_pair("until", &custom.until);
            }
        }
        if self.time_zone != time_zone_default {
            query.append_pair("tz", &self.time_zone);
        }
        if self.curve != CURVES[0] {
            query.append_pair("curve", self.curve);
        }
        for (key, values) in &self.filters {
            for value in values {
                query.append_pair(key, value);
            }
        }
        if let Some(property) = &self.property {
            query.append_pair("property", property);
        }
        query.finish()
    }

    /// The same selection, with this filter set to one value.
    pub(crate) fn with_filter(&self, key: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.filters.insert(key, vec![value.to_owned()]);
        // A property belongs to one event type.
        if key == "event_type" {
            other.property = None;
        }
        other
    }

    /// The same selection, without this filter.
    pub(crate) fn without_filter(&self, key: &str) -> Self {
        let mut other = self.clone();
        other.filters.remove(key);
        if key == "event_type" {
            other.property = None;
        }
        other
    }
}

/// The key of the filter with this name.
pub(crate) fn filter_named(name: &str) -> Option<&'static str> {
    filters().map(|(key, _)| key).find(|key| *key == name)
}

/// The label of the filter with this key.
pub(crate) fn filter_label(key: &'static str) -> &'static str {
    filters().find(|(other, _)| *other == key).map_or(key, |(_, label)| label)
}

fn one_of<const N: usize>(field: &str, value: &str, known: [&'static str; N]) -> Result<&'static str, FieldProblem> {
    let found = known.into_iter().find(|name| *name == value);
    found.ok_or_else(|| FieldProblem::new(field, format!("is none of {}", known.join(", "))))
}

fn named_period(value: &str) -> Result<&'static str, FieldProblem> {
    one_of("period", value, PERIODS.map(|(name, _)| name))
}

fn custom(since: Option<String>, until: Option<String>, zone: &TimeZone) -> Result<Custom, FieldProblem> {
    let missing = |field| FieldProblem::new(field, "is missing");
    let since = since.ok_or_else(|| missing("since"))?;
    let until = until.ok_or_else(|| missing("until"))?;
    let (from, to) = (instant("since", &since, zone, false)?, instant("until", &until, zone, true)?);
    if to <= from {
        return Err(FieldProblem::new("until", "is not after since"));
    }
    let length = to.duration_since(from);
    if length > SignedDuration::from_hours(24 * CUSTOM_DAYS_MAX) {
        return Err(FieldProblem::new("until", format!("is more than {CUSTOM_DAYS_MAX} days after since")));
    }
    let previous_since = from.checked_sub(length).map_err(|_| FieldProblem::new("since", "is too long ago"))?;
    let bucket_width = bucket_width(length).to_owned();
    let range = Range { since: from, until: to, previous_since, previous_until: from, bucket_width };
    Ok(Custom { range, since, until })
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

/// Parses an instant, or a day as its start in the time zone (as its end if `is_end`).
fn instant(field: &str, text: &str, zone: &TimeZone, is_end: bool) -> Result<Timestamp, FieldProblem> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    let day: Option<Date> = text.parse().ok().filter(|_| text.len() == 10);
    let day = day.and_then(|day| if is_end { day.checked_add(1.day()).ok() } else { Some(day) });
    let start = day.and_then(|day| day.to_zoned(zone.clone()).ok()).and_then(|noon| noon.start_of_day().ok());
    start.map(|start| start.timestamp()).ok_or_else(|| {
        FieldProblem::new(field, "is neither a day such as 2026-11-24 nor an instant such as 2026-11-24T10:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Selection, FieldProblem> {
        Selection::of_page(query, "UTC")
    }

    #[test]
    fn a_selection_can_be_read_back_from_its_query() {
        for query in [
            "?",
            "?period=7d&browser=Firefox&browser=Safari&page=%2Fa%3Fb%26c&page=%2Fcaf%C3%A9&page_prefix=%2F50%25",
            "?since=2026-11-01&until=2026-11-07&tz=Europe%2FBerlin&curve=views&event_type=signup&property=plan",
        ] {
            let selection = read(&query[1..]).unwrap();
            assert_eq!(selection.query("UTC"), query);
            assert_eq!(read(&selection.query("UTC")[1..]).unwrap(), selection);
        }
        assert_eq!(read("page=b&page=a&page=b").unwrap(), read("page=a&page=b").unwrap(), "the order does not matter");
    }

    #[test]
    fn a_page_is_the_same_selection_however_it_is_spelt() {
        let selection = read("page=%2Fcaf%C3%A9&page_prefix=%2F%C3%BC&hostname=xn--mnchen-3ya.de").unwrap();
        for query in [
            "page=/caf%25C3%25A9&page_prefix=/%25c3%25bc&hostname=M%C3%BCnchen.de",
            "page=/cafe%CC%81&page=/x/../caf%C3%A9&page_prefix=/%C3%BC&hostname=XN--mnchen-3ya.de",
            "page=https://shop.example/caf%25C3%25A9?utm_source=x&page_prefix=/%C3%BC&hostname=m%C3%BCnchen.de",
        ] {
            assert_eq!(read(query).unwrap(), selection, "{query}");
        }
    }

    #[test]
    fn an_invalid_field_is_named() {
        for (query, field) in [
            ("period=fortnight", "period"),
            ("period=7d&since=2026-01-01&until=2026-01-02", "period"),
            ("since=2026-01-01", "until"),
            ("until=2026-01-01", "since"),
            ("since=yesterday&until=2026-01-02", "since"),
            ("since=2026-01-02&until=2026-01-01", "until"),
            ("since=1970-01-01&until=2026-01-01", "until"),
            ("tz=Mars/Olympus", "tz"),
            ("bot=maybe", "bot"),
            ("curve=up", "curve"),
            ("colour=red", "colour"),
            ("page=%00", "page"),
        ] {
            assert_eq!(read(query).unwrap_err().field, field, "{query}");
        }
        let long = format!("page={}", "x".repeat(501));
        assert_eq!(read(&long).unwrap_err().field, "page");
        let many = (0..21).map(|n| format!("page={n}")).collect::<Vec<_>>().join("&");
        assert_eq!(read(&many).unwrap_err().field, "page");
    }

    #[test]
    fn a_day_is_a_whole_day_of_its_time_zone_also_if_it_has_25_hours() {
        let selection = read("since=2026-10-25&until=2026-10-25&tz=Europe/Berlin").unwrap();
        let Period::Custom(custom) = selection.period else { panic!("a custom period") };
        assert_eq!(custom.range.since.to_string(), "2026-10-24T22:00:00Z");
        assert_eq!(custom.range.until.to_string(), "2026-10-25T23:00:00Z");
        assert_eq!(custom.range.previous_since.to_string(), "2026-10-23T21:00:00Z");
    }

    #[test]
    fn the_filters_of_a_shared_link_override_those_of_the_address() {
        let mut selection = read("site=b&browser=Firefox").unwrap();
        selection.narrow(&Filters::from([("site", vec!["a".to_owned()])]));
        assert_eq!(selection.query("UTC"), "?browser=Firefox&site=a");
    }
}
