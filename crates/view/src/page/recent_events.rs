//! The newest events.

use maud::{Markup, html};

use super::format;
use super::tables::{csv_link, error, nothing};
use crate::answers::Answers;
use crate::selection::Selection;
use crate::table::Table;

pub(super) fn recent_events(selection: &Selection, time_zone: &str, answers: &Answers) -> Markup {
    let table = match answers.get("recent_events") {
        None => return nothing(),
        Some(Err(cause)) => return error(cause),
        Some(Ok(table)) if table.is_empty() => return html! { p.none { "No events yet." } },
        Some(Ok(table)) => table,
    };
    html! {
        (events_table(table, selection, time_zone))
        p.further { (older_link(table, 1, selection, time_zone)) }
        (csv_link("recent_events", "all events", selection, time_zone))
    }
}

/// A link to the events before those of the table, unless it has fewer rows than there can be.
pub(super) fn older_link(table: &Table, rows_max: usize, selection: &Selection, time_zone: &str) -> Markup {
    let cursor = table.lines().next_back().and_then(|line| Some((line.text("happened_at")?, line.text("event_id")?)));
    let Some((before, before_id)) = cursor.filter(|_| table.rows.len() >= rows_max) else { return nothing() };
    let query = selection.query(time_zone);
    let joint = if query.len() == 1 { "" } else { "&" };
    html! { a href=(format!("older{query}{joint}before={before}&before_id={before_id}")) { "Older events" } }
}

/// The events. Its links also work on the page of older events.
pub(super) fn events_table(table: &Table, selection: &Selection, time_zone: &str) -> Markup {
    let zone = selection.zone();
    let filtered = |key: &str, value: &str| format!("./{}", selection.with_filter(key, value).query(time_zone));
    html! {
        div.scroll tabindex="0" role="region" aria-label="Table of events" {
            table.recent {
                caption.hide { "Events, newest first" }
                thead {
                    tr {
                        th scope="col" { "Time" } th scope="col" { "Event" } th scope="col" { "Page" }
                        th scope="col" { "Details" } th scope="col" { "Visitor" }
                    }
                }
                tbody {
                    @for line in table.lines() {
                        @let event_type = line.text("event_type").unwrap_or_default();
                        @let page = line.text("page").unwrap_or_default();
                        tr {
                            td.time { @if let Some(at) = line.instant("happened_at") { time datetime=(at) { (format::moment(at, &zone)) } } }
                            td { a href=(filtered("event_type", event_type)) { (event_type) } }
                            td.page { a href=(filtered("page", page)) title=(line.text("page_title").unwrap_or(page)) { (page) } }
                            td.what { (details(line.text("button_id"), line.value("metadata"))) }
                            td.who {
                                @for text in [line.text("browser"), line.text("os"), line.text("country")].into_iter().flatten() { span { (text) } " " }
                                @if line.value("bot").as_bool() == Some(true) { span.tag { "bot" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Properties shown for an event.
const PROPERTIES_MAX: usize = 2;

/// The button, or else the first properties.
fn details(button: Option<&str>, metadata: &serde_json::Value) -> String {
    if let Some(button) = button.filter(|button| !button.is_empty()) {
        return button.to_owned();
    }
    let Some(fields) = metadata.as_object() else { return String::new() };
    let properties = fields.iter().filter_map(|(key, value)| {
        let text = match value {
            serde_json::Value::String(text) if text.is_empty() => return None,
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Number(_) | serde_json::Value::Bool(_) => value.to_string(),
            _ => return None,
        };
        Some(format!("{key}: {text}"))
    });
    properties.take(PROPERTIES_MAX).collect::<Vec<_>>().join(", ")
}
