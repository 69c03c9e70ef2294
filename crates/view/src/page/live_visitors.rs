//! Visitors of the last five minutes.

use maud::{Markup, html};
use serde_json::Value;

use super::format;
use super::minutes::minutes;
use super::tables::{error, nothing};
use crate::answers::Answers;
use crate::plan::LAST_30_MINUTES;
use crate::selection::Selection;

const PAGES_MAX: usize = 5;

pub(super) fn live_visitors(selection: &Selection, zone: &str, answers: &Answers) -> Markup {
    let visitors = match answers.get("live_visitors") {
        None => return nothing(),
        Some(Err(cause)) => return error(cause),
        Some(Ok(table)) => table.rows.first().and_then(|row| row.first()).and_then(Value::as_i64).unwrap_or_default(),
    };
    let not_empty = |key| answers.get(key).and_then(|answer| answer.as_ref().ok()).filter(|table| !table.is_empty());
    html! {
        p.big role="status" aria-atomic="true" {
            strong data-number="live" { (format::count(visitors)) } " "
            span { @if visitors == 1 { "visitor now" } @else { "visitors now" } }
        }
        @if let Some(pages) = not_empty("live_now") {
            ul.where aria-label="Pages they are on" {
                @for line in pages.lines().take(PAGES_MAX) {
                    @let page = line.text("page").unwrap_or_default();
                    li {
                        a href=(selection.with_filter("page", page).query(zone)) title=(page) { (page) }
                        span.number { (format::count(line.count("visitors"))) }
                    }
                }
            }
        } @else {
            p.quiet { "No visitors in the last five minutes." }
        }
        @if let Some(table) = not_empty(LAST_30_MINUTES) {
            div.minutes { (minutes(table)) p.quiet { "Per minute, last 30 minutes" } }
        }
    }
}
