//! What a page's address selects: a period, a time zone and filters. Pages with the same selection share one view.

mod filters;
mod period;
mod problem;

pub(crate) use filters::{Filters, PROPERTY_PREFIX, filter_label, filters_json, is_filter};
pub(crate) use period::{Bound, Custom, PERIODS, Period, Range};
pub(crate) use problem::{FieldProblem, VALUE_CHARACTERS_MAX};

use footfall_event::filter;
use jiff::tz::TimeZone;
use serde_json::Value;
use url::form_urlencoded;

use crate::zones::Zones;
use filters::{BOT, KEYS_FROM_ROLL_UPS, add_value};
use period::{PERIOD_DEFAULT, named_period};
use problem::one_of;

/// The measures that the curve can show.
pub(crate) const CURVES: [&str; 3] = ["visitors", "visits", "views"];

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Selection {
    pub(crate) period: Period,
    pub(crate) time_zone: String,
    pub(crate) filters: Filters,
    /// The measure that the curve shows.
    pub(crate) curve: &'static str,
    /// The property whose values are listed, if one event type is selected.
    pub(crate) property: Option<String>,
    /// Whether a shared link limits what is shown, so that nothing without these filters may be.
    pub(crate) is_narrowed: bool,
    /// Whether single events are not shown to this viewer: see `access.readers_see_events`.
    pub(crate) hides_events: bool,
}

impl Selection {
    /// Parses the query of an address. `others` is called for fields that are not part of a selection, and returns
    /// whether it knows them.
    pub(crate) fn parse(
        query: &str,
        time_zone_default: &str,
        zones: &Zones,
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
                _ if is_filter(name) => {
                    if name == "bot" {
                        one_of("bot", value, BOT)?;
                    }
                    add_value(&mut filters, name, filter::spelt(name, value))?;
                }
                _ if others(name, value)? => {}
                _ => return Err(FieldProblem::new(name, "is not known")),
            }
        }
        for values in filters.values_mut() {
            values.sort();
            values.dedup();
        }
        let time_zone = match time_zone {
            None => time_zone_default.to_owned(),
            Some(name) => {
                zones.named(&name).ok_or_else(|| FieldProblem::new("tz", "is not a time zone such as Europe/Berlin"))?
            }
        };
        let period = match (since, until) {
            (None, None) => Period::Named(period.unwrap_or(PERIOD_DEFAULT)),
            (since, until) if period.is_none() => Period::Custom(Box::new(Custom::parse(since, until)?)),
            _ => return Err(FieldProblem::new("period", "cannot be combined with since or until")),
        };
        Ok(Self { period, time_zone, filters, curve, property, is_narrowed: false, hides_events: false })
    }

    /// Like [`Selection::parse`], for the address of a page.
    pub(crate) fn of_page(query: &str, time_zone_default: &str, zones: &Zones) -> Result<Self, FieldProblem> {
        // `seen` is the version that an open page shows; see `live::stream`.
        Self::parse(query, time_zone_default, zones, |name, _| Ok(name == "seen"))
    }

    /// Applies the filters of a shared link, which override those of the address.
    pub(crate) fn narrow(&mut self, fixed: &Filters) {
        self.is_narrowed |= !fixed.is_empty();
        for (key, values) in fixed {
            self.filters.insert(key.clone(), values.clone());
        }
    }

    /// The time zone, for showing times. PostgreSQL decides which names there are, and where days begin.
    pub(crate) fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// The filters, in the form that the SQL functions take.
    pub(crate) fn filters_json(&self) -> Value {
        filters_json(&self.filters)
    }

    /// Whether roll-ups by day hold the answers, whose cost does not grow with the events.
    pub(crate) fn is_light(&self) -> bool {
        self.filters.keys().all(|key| KEYS_FROM_ROLL_UPS.contains(&key.as_str()))
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
                query.append_pair("since", &custom.since.to_string()).append_pair("until", &custom.until.to_string());
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
    pub(crate) fn with_filter(&self, key: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.filters.insert(key.to_owned(), vec![value.to_owned()]);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Selection, FieldProblem> {
        Selection::of_page(query, "UTC", &Zones::of(["UTC", "Europe/Berlin", "Asia/Calcutta"]))
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
    fn a_time_zone_has_the_names_that_postgresql_has_in_any_case() {
        assert_eq!(read("tz=asia/calcutta").unwrap().time_zone, "Asia/Calcutta");
        assert_eq!(read("tz=Asia/Kolkata").unwrap_err().field, "tz");
        // Before the names are known, PostgreSQL refuses what it does not know.
        let early = |query| Selection::of_page(query, "UTC", &Zones::default());
        assert_eq!(early("tz=Asia/Kolkata").unwrap().time_zone, "Asia/Kolkata");
        assert_eq!(early("tz=a';b").unwrap_err().field, "tz");
    }

    #[test]
    fn a_property_is_a_filter_of_its_own() {
        let selection =
            read("property.plan=large&property.plan=small&property.seats=3&browser=Firefox&property=plan").unwrap();
        let expected =
            serde_json::json!({ "browser": ["Firefox"], "property": { "plan": ["large", "small"], "seats": ["3"] } });
        assert_eq!(selection.filters_json(), expected);
        assert_eq!(read(&selection.query("UTC")[1..]).unwrap(), selection);
        let chosen = selection.without_filter("property.plan").with_filter("property.seats", "4");
        assert_eq!(chosen.filters_json()["property"], serde_json::json!({ "seats": ["4"] }));
        assert_eq!(read("property.=x").unwrap_err().field, "property.");
        let many = (0..11).map(|n| format!("property.p{n}=x")).collect::<Vec<_>>().join("&");
        assert_eq!(read(&many).unwrap_err().field, "property.p10");
    }

    #[test]
    fn only_what_a_roll_up_holds_is_light() {
        for (query, is_light) in
            [("", true), ("period=30d&site=a&bot=any", true), ("browser=x", false), ("property.plan=x", false)]
        {
            assert_eq!(read(query).unwrap().is_light(), is_light, "{query}");
        }
    }

    #[test]
    fn the_filters_of_a_shared_link_override_those_of_the_address() {
        let mut selection = read("site=b&browser=Firefox").unwrap();
        selection.narrow(&Filters::from([("site".to_owned(), vec!["a".to_owned()])]));
        assert_eq!(selection.query("UTC"), "?browser=Firefox&site=a");
    }
}
