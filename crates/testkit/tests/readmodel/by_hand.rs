//! The examples of docs/definitions.md, calculated by hand: they hold the definition to the document.

use footfall_event::enrich::Enriched;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use uuid::Uuid;

use crate::definition::{Chosen, Event, Filters, Range, totals, visits};

/// A line: time, session, visitor, type; `-` is none. Times are of 20 October 2026, or later by `+1`.
fn events(table: &str) -> Vec<Event> {
    let lines = table.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate();
    let event = |(number, line): (usize, &str)| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [time, site, session, visitor, kind] = columns[..] else { panic!("not five columns: {line}") };
        let (day, time) = time.strip_prefix("+1T").map_or(("20", time), |time| ("21", time));
        let some = |text: &str| (text != "-").then(|| text.to_owned());
        let sent = footfall_event::Event {
            event_id: Uuid::from_u128(number as u128),
            event_type: kind.to_owned(),
            site: some(site),
            session_id: some(session),
            visitor_id: some(visitor).map(|number| Uuid::from_u128(number.parse().unwrap())),
            timestamp: format!("2026-10-{day}T{time}Z").parse().unwrap(),
            ..Default::default()
        };
        Event::new(&sent, &Enriched { page_path: "/".into(), ..Default::default() })
    };
    lines.map(event).collect()
}

/// visitors, visits, views and events from 20 October, 0:00, to `until`, and the seconds of the visits in order.
fn counted_until(table: &str, zone: &str, until: &str) -> (String, Vec<f64>) {
    let events = events(table);
    let all = visits(&events);
    let range = Range { since: "2026-10-20T00:00:00Z".parse().unwrap(), until: until.parse().unwrap() };
    let zone = TimeZone::get(zone).unwrap();
    let filters = Filters::default();
    let chosen = Chosen::new(&all, range, &filters, &zone);
    let totals = format!("{:?}", totals(&chosen)[0]);
    let number = |name: &str| {
        let (_, rest) = totals.split_once(&format!("\"{name}\": Number(")).unwrap();
        rest.split_once(".0)").unwrap().0.to_owned()
    };
    let mut visits: Vec<(Timestamp, f64)> = chosen.visits.iter().map(|(it, _)| (it.begins(), it.seconds())).collect();
    visits.sort_by_key(|visit| visit.0);
    let numbers = ["visitors", "visits", "views", "events"].map(number).join(" ");
    (numbers, visits.into_iter().map(|(_, seconds)| seconds).collect())
}

fn counted(table: &str) -> (String, Vec<f64>) {
    counted_until(table, "UTC", "2026-10-22T00:00:00Z")
}

#[test]
fn a_visit_over_midnight_is_one_with_one_visitor_on_the_first_day() {
    let table = "23:50:00 - s 1 page_view
        +1T00:05:00 - s 2 button_click";
    assert_eq!(counted(table), ("1 1 1 2".into(), vec![900.0]));
    assert_eq!(counted_until(table, "UTC", "2026-10-21T00:00:00Z").0, "1 1 1 2");
}

#[test]
fn reports_prolong_a_visit_and_nothing_else() {
    let tab = "09:00:00 - s 1 page_view
        14:00:00 - s 1 engagement";
    assert_eq!(counted(tab), ("1 1 1 2".into(), vec![18_000.0]));
    let and_clicked = format!("{tab}\n 14:00:00 - s 1 button_click");
    assert_eq!(
        counted(&and_clicked),
        ("1 2 1 3".into(), vec![0.0, 0.0]),
        "the report is of the moment of the second one"
    );
    let read = "09:00:00 - s 1 page_view
        09:20:00 - s 1 engagement
        09:40:00 - s 1 engagement";
    assert_eq!(counted(read), ("1 1 1 3".into(), vec![2_400.0]));
    let and_viewed = format!("{read}\n 09:40:01 - s 1 page_view");
    assert_eq!(counted(&and_viewed), ("1 2 2 4".into(), vec![2_400.0, 0.0]));
}

#[test]
fn a_report_belongs_to_no_visit_before_one_begins_or_twelve_hours_after_it() {
    let table = "08:59:59.999999 - s 1 engagement
        09:00:00 - s 1 page_view
        21:00:00 - s 1 engagement
        21:00:00.000001 - s 1 engagement";
    assert_eq!(counted(table), ("1 1 1 4".into(), vec![43_200.0]));
}

#[test]
fn half_an_hour_of_silence_ends_a_visit() {
    let table = "09:00:00 - s 1 page_view
        09:29:00 - s 1 page_view
        09:59:00 - s 1 page_view
        10:28:59.999999 - s 1 page_view";
    assert_eq!(counted(table), ("1 2 4 4".into(), vec![1_740.0, 1_799.999999]));
}

#[test]
fn a_visit_without_silence_is_cut_after_twelve_hours() {
    let table: String =
        (0..40).map(|number| format!("{:02}:{:02}:00 - s 1 page_view\n", 8 + number / 3, number % 3 * 20)).collect();
    assert_eq!(counted(&table), ("1 2 40 40".into(), vec![42_000.0, 3_600.0]));
}

#[test]
fn an_event_that_arrives_later_joins_two_visits() {
    let two = "09:00:00 - s 1 page_view
        09:40:00 - s 1 page_view";
    assert_eq!(counted(two), ("1 2 2 2".into(), vec![0.0, 0.0]));
    assert_eq!(counted(&format!("{two}\n 09:20:00 - s 1 page_view")), ("1 1 3 3".into(), vec![2_400.0]));
}

#[test]
fn visitors_are_told_apart_by_site_and_day() {
    let table = "09:00:00 a s 1 page_view
        09:00:00 b s 1 page_view
        10:00:00 a - 1 page_view
        11:00:00 a t - page_view
        +1T09:00:00 a s 1 page_view";
    assert_eq!(counted(table).0, "4 5 5 5");
    let night = "22:30:00 - s 1 page_view
        23:30:00 - s 1 page_view";
    assert_eq!(counted_until(night, "UTC", "2026-10-22T00:00:00Z").0, "1 2 2 2");
    assert_eq!(counted_until(night, "Europe/Berlin", "2026-10-22T00:00:00Z").0, "1 2 2 2");
    assert_eq!(counted_until(night, "Atlantic/Azores", "2026-10-22T00:00:00Z").0, "1 2 2 2");
    assert_eq!(counted_until(night, "Europe/Athens", "2026-10-22T00:00:00Z").0, "1 2 2 2");
    let evening = night.replace("22:30", "21:30");
    assert_eq!(
        counted_until(&evening, "Europe/Berlin", "2026-10-22T00:00:00Z").0,
        "2 2 2 2",
        "23:30 and 1:30 in Berlin"
    );
}

#[test]
fn an_event_without_session_and_visitor_is_of_no_visit() {
    assert_eq!(counted("09:00:00 - - - job_done"), ("0 0 0 1".into(), vec![]));
}

#[test]
fn a_filter_on_events_chooses_visits_and_counts_only_those_events() {
    let events = events(
        "09:00:00 - s 1 page_view
        09:01:00 - s 1 signup
        09:00:00 - t 2 page_view",
    );
    let all = visits(&events);
    let range = Range { since: events[0].at, until: Timestamp::MAX };
    let mut filters = Filters::default();
    filters.named.insert("event_type", vec!["signup".into()]);
    let zone = TimeZone::UTC;
    let chosen = Chosen::new(&all, range, &filters, &zone);
    assert_eq!((chosen.visits.len(), chosen.events().count()), (1, 1));
    assert_eq!(filters.to_json(), json!({"event_type": ["signup"]}));
}
