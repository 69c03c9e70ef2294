//! The properties of the selected event type, and the values of one of them.

use std::borrow::Cow;

use maud::{Markup, html};

use super::format;
use super::tables::{Cell, Listing, error, listing, nothing};
use crate::plan::Answers;
use crate::selection::Selection;

pub(super) fn properties(selection: &Selection, zone: &str, answers: &Answers) -> Markup {
    let Some(event_type) = selection.only_event_type() else { return nothing() };
    let table = match answers.get("event_properties") {
        None => return nothing(),
        Some(Err(cause)) => return error(cause),
        Some(Ok(table)) if table.is_empty() => {
            return html! { h3 { "Properties of " (event_type) } p.none { "None in this period." } };
        }
        Some(Ok(table)) => table,
    };
    html! {
        h3 { "Properties of " (event_type) }
        ul.chips {
            @for line in table.lines() {
                @let property = line.text("property").unwrap_or_default();
                @let is_chosen = selection.property.as_deref() == Some(property);
                @let other = Selection { property: Some(property.to_owned()), ..selection.clone() };
                li { a.chip href=(other.query(zone)) aria-current=[is_chosen.then_some("true")] { (property) " " span.quiet { (format::count(line.count("events"))) } } }
            }
        }
        (listing(&VALUES, selection, zone, answers.get("property_values")))
    }
}

static VALUES: Listing = Listing {
    caption: "Values of the property",
    heading: "Value",
    name_column: "value",
    detail_column: None,
    filter: None,
    label: format::plain,
    null_label: "No value",
    bar_column: "events",
    numbers: &[("Events", Cell::Count("events")), ("Visitors", Cell::Count("visitors"))],
    question: Cow::Borrowed("property_values"),
};
