//! Says what to do next if there are no numbers to show.

use maud::{Markup, html};

use super::tables::nothing;
use crate::database::QueryError;
use crate::plan::Answers;
use crate::selection::{Period, Selection};

pub(super) fn hint(selection: &Selection, zone: &str, answers: &Answers, error: Option<&QueryError>) -> Markup {
    if let Some(error) = error {
        let title = if answers.is_empty() { "The numbers are not available" } else { "These numbers are out of date" };
        return html! { div.hint.bad role="status" { h2 { (title) } p { (error) } } };
    }
    let (Some(types), Some(recent)) = (answers.get("event_types"), answers.get("recent_events")) else {
        return nothing();
    };
    let (types, recent) = match (types, recent) {
        (Ok(types), Ok(recent)) => (types, recent),
        (Err(error), _) | (_, Err(error)) => {
            return html! { div.hint.bad role="status" { h2 { "The numbers are not available" } p { (error) } } };
        }
    };
    if !types.is_empty() {
        return nothing();
    }
    html! {
        div.hint {
            @if !recent.is_empty() { (quiet_period(selection, zone)) }
            @else if !selection.filters.is_empty() {
                h2 { "No events match these filters" }
                p { "Remove a filter with its cross, above the numbers, or choose a longer period." }
            } @else { (first_steps(selection, zone)) }
        }
    }
}

fn quiet_period(selection: &Selection, zone: &str) -> Markup {
    let wide = Selection { period: Period::Named("30d"), ..selection.clone() };
    html! {
        h2 { "No events in this period" }
        p { "There are earlier events. " a href=(wide.query(zone)) { "Show the last 30 days" } ", or choose another period above." }
    }
}

fn first_steps(selection: &Selection, zone: &str) -> Markup {
    html! {
        h2 { "No events have arrived yet" }
        ol {
            li { "Put the tracker on a page, with the address of this server:"
                pre tabindex="0" { code { "<script src=\"https://your.host/analytics.js\" defer></script>" } } }
            li { "Open that page. The visit appears here within a second." }
            li { "If nothing appears, run " code { "footfall check" } ". It sends a test event and says how far it got." }
            li { "Crawlers and browser tests that identify themselves are not counted. "
                a href=(selection.with_filter("bot", "any").query(zone)) { "Show them too" } "." }
        }
    }
}
