//! The newest events.

use maud::{Markup, html};

use super::format;
use super::tables::{csv_link, error, nothing};
use crate::plan::Answers;
use crate::selection::Selection;

pub(super) fn recent_events(selection: &Selection, time_zone: &str, answers: &Answers) -> Markup {
    let table = match answers.get("recent_events") {
        None => return nothing(),
        Some(Err(cause)) => return error(cause),
        Some(Ok(table)) if table.is_empty() => return html! { p.none { "No events yet." } },
        Some(Ok(table)) => table,
    };
    let zone = selection.zone();
    html! {
        div.scroll tabindex="0" role="region" aria-label="Table of recent events" {
            table.recent {
                caption.hide { "Recent events, newest first" }
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
                            td { a href=(selection.with_filter("event_type", event_type).query(time_zone)) { (event_type) } }
                            td.page { a href=(selection.with_filter("page", page).query(time_zone)) title=(line.text("page_title").unwrap_or(page)) { (page) } }
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
        (csv_link("recent_events", "the recent events", selection, time_zone))
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
