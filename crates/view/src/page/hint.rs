//! Says what to do next if there are no numbers to show.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::format;
use super::tables::nothing;
use crate::answers::Answers;
use crate::database::QueryError;
use crate::plan::RECENT_EVENTS;
use crate::selection::{Period, Selection};

/// The database does not answer, so the page shows earlier answers.
pub(crate) struct Outage {
    pub(crate) error: QueryError,
    /// When it last answered.
    pub(crate) answered_at: Option<Timestamp>,
}

pub(super) fn hint(selection: &Selection, zone: &str, answers: &Answers, outage: Option<&Outage>) -> Markup {
    if let Some(outage) = outage {
        return out_of_date(outage, &selection.zone());
    }
    if let Some(delay) = delay(answers, &selection.zone()) {
        return delay;
    }
    let recent = answers.get(RECENT_EVENTS);
    let Some(types) = answers.get("event_types").filter(|_| selection.hides_events || recent.is_some()) else {
        return nothing();
    };
    let (types, recent) = match (types, recent) {
        (Ok(types), None) => (types, None),
        (Ok(types), Some(Ok(recent))) => (types, Some(recent)),
        // The part says so; the others are there.
        (Err(QueryError::TooSlow), _) | (_, Some(Err(QueryError::TooSlow))) => return nothing(),
        (Err(error), _) | (_, Some(Err(error))) => {
            return html! { div.hint.bad role="status" { h2 { "The numbers are not available" } p { (error) } } };
        }
    };
    if !types.is_empty() {
        return nothing();
    }
    html! {
        div.hint {
            @if recent.is_some_and(|recent| !recent.is_empty()) { (quiet_period(selection, zone, "There are earlier events. ")) }
            @else if !selection.filters.is_empty() {
                h2 { "No events match these filters" }
                p { "Remove a filter with its cross, above the numbers, or choose a longer period." }
            } @else if selection.hides_events { (quiet_period(selection, zone, "")) }
            @else { (first_steps(selection, zone)) }
        }
    }
}

fn out_of_date(Outage { error, answered_at }: &Outage, zone: &TimeZone) -> Markup {
    html! {
        div.hint.bad role="status" {
            @if let Some(at) = answered_at {
                h2 { "These numbers are out of date" }
                p { "They are as of " (format::moment(*at, zone)) ". " (error) }
            } @else {
                h2 { "The numbers are not available" }
                p { (error) }
            }
        }
    }
}

/// Says how old the numbers are if a part of the pipeline keeps new events from them. Times rather than ages, so that a
/// screen reader is not interrupted every few seconds.
fn delay(answers: &Answers, zone: &TimeZone) -> Option<Markup> {
    let line = answers.get("pipeline_delays")?.as_ref().ok()?.lines().next()?;
    let reported = match line.instant("reported_at") {
        Some(at) => format!("last reported at {}", format::moment(at, zone)),
        None => "has not reported for more than an hour".to_owned(),
    };
    let (part, trouble) = (line.text("part").unwrap_or_default(), line.text("trouble").unwrap_or_default());
    let why = match (part, trouble) {
        ("kafka", _) => {
            "footfall-sink cannot reach Kafka, so no events arrive. Trackers keep theirs and send them again."
                .to_owned()
        }
        ("footfall-sink", "silent") => {
            format!(
                "footfall-sink, which stores the events, {reported}. What arrives meanwhile is counted once it is back."
            )
        }
        ("footfall-ingest", "silent") => format!(
            "footfall-ingest, which receives the events, {reported}. Trackers keep theirs and send them again once it is back."
        ),
        (part, "cannot_store") => {
            format!("{part} runs, but cannot store events: the database refuses them, or a table is locked.")
        }
        (_, "behind") => {
            let waiting = format::count(line.count("waiting"));
            format!("{waiting} messages wait in Kafka, and footfall-sink is storing them.")
        }
        _ => "footfall-ingest and footfall-sink have not reported for more than an hour.".to_owned(),
    };
    Some(html! {
        div.hint.bad role="status" {
            @if let Some(at) = line.instant("events_until") {
                h2 { "The numbers end at " (format::moment(at, zone)) }
            } @else {
                h2 { "No events are arriving" }
            }
            p { (why) " On the server, " code { "footfall check" } " says how far an event gets." }
        }
    })
}

fn quiet_period(selection: &Selection, zone: &str, earlier: &str) -> Markup {
    let wide = Selection { period: Period::Named("30d"), ..selection.clone() };
    html! {
        h2 { "No events in this period" }
        p { (earlier) a href=(wide.query(zone)) { "Show the last 30 days" } ", or choose another period above." }
    }
}

fn first_steps(selection: &Selection, zone: &str) -> Markup {
    html! {
        h2 { "No events have arrived yet" }
        ol {
            li { "Put the tracker on a page of this host:"
                pre tabindex="0" { code { "<script src=\"/analytics.js\" defer></script>" } }
                "For another site, run " code { "footfall key add blog --origin https://blog.example" }
                " on the server, and put what it prints into the site's pages." }
            li { "Open that page. The visit appears here within a second." }
            li { "If nothing appears, run " code { "footfall check" } ". It sends a test event and says how far it got." }
            li { "Crawlers and browser tests that identify themselves are not counted. "
                a href=(selection.with_filter("bot", "any").query(zone)) { "Show them too" } "." }
        }
    }
}
