//! The properties of the selected event type, and the values of one of them.

use maud::{Markup, html};
use url::form_urlencoded;

use super::age::{Ages, with_age};
use super::format;
use super::tables::{Cell, Listing, error, listing, nothing};
use crate::answers::Answers;
use crate::selection::{PROPERTY_PREFIX, Selection};

pub(super) fn properties(selection: &Selection, zone: &str, answers: &Answers, ages: &Ages) -> Markup {
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
        @if let Some(property) = &selection.property {
            @let values = listing(&values(event_type, property), selection, zone, answers.get("property_values"));
            (with_age(values, ages.get("property_values"), false, &selection.zone()))
        }
    }
}

fn values(event_type: &str, property: &str) -> Listing {
    let parameters: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("event", event_type)
        .append_pair("property", property)
        .finish();
    Listing {
        caption: "Values of the property",
        heading: "Value",
        name_column: "value",
        detail_column: None,
        filter: Some(format!("{PROPERTY_PREFIX}{property}").into()),
        label: format::plain,
        null_label: "No value",
        bar_column: "events",
        numbers: &[("Events", Cell::Count("events")), ("Visitors", Cell::Count("visitors"))],
        question: format!("property_values?{parameters}").into(),
    }
}
