//! The lists that one question answers: `visits_by_all` and `events_by_all` are split into the tables that the page shows,
//! with the columns of the questions that answer one list each.

use footfall_event::dimension::DIMENSIONS;
use serde_json::Value;

use crate::answers::{Answers, EVENTS_BY_ALL, Key, VISITS_BY_ALL};
use crate::table::{Line, Table};

/// Event types that the tracker sends by itself; all others are custom events.
const TRACKER_EVENT_TYPES: [&str; 10] = [
    "page_view",
    "page_unload",
    "button_click",
    "navigation_click",
    "outbound_click",
    "file_download",
    "form_submit",
    "page_not_found",
    "engagement",
    "web_vitals",
];

/// The rows of each list to ask `events_by_all` for, so that `rows_max` custom events are among them.
pub(crate) fn rows_of_events(rows_max: usize) -> usize {
    rows_max + TRACKER_EVENT_TYPES.len()
}

struct EventList {
    /// Its name in `events_by_all`.
    list: &'static str,
    key: Key,
    /// Columns, and those of `events_by_all` that they are.
    columns: &'static [(&'static str, &'static str)],
    /// Whether a list without rows is left out, because most sites have no such events.
    is_rare: bool,
}

const fn list(list: &'static str, key: Key, columns: &'static [(&'static str, &'static str)]) -> EventList {
    EventList { list, key, columns, is_rare: true }
}

static EVENT_LISTS: [EventList; 7] = [
    EventList { is_rare: false, ..list("event_type", "event_types", TYPES) },
    EventList {
        is_rare: false,
        ..list("page", "top_pages", &[("page", "value"), ("views", "events"), ("visitors", "visitors")])
    },
    list("outbound_link", "outbound_links", &[("url", "value"), ("clicks", "events"), ("visitors", "visitors")]),
    list("download", "downloads", &[("url", "value"), ("downloads", "events"), ("visitors", "visitors")]),
    list(
        "form",
        "form_submissions",
        &[("page", "subject"), ("form", "value"), ("submissions", "events"), ("visitors", "visitors")],
    ),
    list(
        "not_found",
        "pages_not_found",
        &[("page", "subject"), ("referrer", "value"), ("hits", "events"), ("visitors", "visitors")],
    ),
    EventList {
        is_rare: false,
        ..list("property", "event_properties", &[("property", "property"), ("events", "events")])
    },
];

const TYPES: &[(&str, &str)] = &[("event_type", "value"), ("events", "events"), ("visitors", "visitors")];
const CUSTOM_EVENTS: Key = "custom_events";

/// The keys of the lists that a question answers.
pub(crate) fn keys(question: &str) -> Vec<Key> {
    match question {
        VISITS_BY_ALL => dimensions().collect(),
        EVENTS_BY_ALL => EVENT_LISTS.iter().map(|list| list.key).chain([CUSTOM_EVENTS]).collect(),
        _ => Vec::new(),
    }
}

fn dimensions() -> impl Iterator<Item = Key> {
    DIMENSIONS.iter().filter(|dimension| dimension.tab.is_some()).map(|dimension| dimension.name)
}

/// The table of each dimension.
pub(crate) fn of_visits(table: &Table) -> Answers {
    let columns: Vec<_> =
        table.columns.iter().filter(|name| *name != "dimension").map(|name| (name.as_str(), name.as_str())).collect();
    let answer = |key: Key| (key, Ok(picked(table.rows_with("dimension", key), &columns)));
    dimensions().map(answer).collect()
}

/// The lists of events, each of at most `rows_max` rows, except that of all types.
pub(crate) fn of_events(table: &Table, rows_max: usize) -> Answers {
    let mut answers = Answers::new();
    for EventList { list, key, columns, is_rare } in &EVENT_LISTS {
        let most = if *list == "event_type" { usize::MAX } else { rows_max };
        let rows = picked(table.rows_with("list", list).take(most), columns);
        if !(*is_rare && rows.is_empty()) {
            answers.insert(key, Ok(rows));
        }
    }
    let is_custom = |line: &Line<'_>| line.text("value").is_some_and(|name| !TRACKER_EVENT_TYPES.contains(&name));
    let custom = picked(table.rows_with("list", "event_type").filter(is_custom).take(rows_max), TYPES);
    if !custom.is_empty() {
        answers.insert(CUSTOM_EVENTS, Ok(custom));
    }
    answers
}

fn picked<'a>(lines: impl Iterator<Item = Line<'a>>, columns: &[(&str, &str)]) -> Table {
    let row = |line: Line<'_>| columns.iter().map(|(_, from)| line.value(from).clone()).collect::<Vec<Value>>();
    Table { columns: columns.iter().map(|(name, _)| (*name).to_owned()).collect(), rows: lines.map(row).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_lists_of_one_answer_become_the_tables_of_the_page() {
        let row = |list: &str, subject: Value, value: Value, events: i64| {
            vec![json!(list), subject, json!(null), value, json!(events), json!(1)]
        };
        let mut rows: Vec<_> =
            TRACKER_EVENT_TYPES.iter().map(|name| row("event_type", json!(null), json!(name), 9)).collect();
        rows.push(row("event_type", json!(null), json!("signup"), 1));
        rows.push(row("event_type", json!(null), json!("upgrade"), 1));
        rows.push(row("page", json!(null), json!("/"), 3));
        rows.push(row("form", json!("/contact"), json!(null), 2));
        let columns = ["list", "subject", "property", "value", "events", "visitors"].map(str::to_owned).to_vec();
        let answers = of_events(&Table { columns, rows }, 1);
        let of = |key: Key| answers[key].as_ref().unwrap();
        assert_eq!(of("event_types").rows.len(), 12);
        assert_eq!(of("custom_events").objects(), [json!({ "event_type": "signup", "events": 1, "visitors": 1 })]);
        assert_eq!(of("top_pages").objects(), [json!({ "page": "/", "views": 3, "visitors": 1 })]);
        let form = json!({ "page": "/contact", "form": null, "submissions": 2, "visitors": 1 });
        assert_eq!(of("form_submissions").objects(), [form]);
        assert!(of("event_properties").is_empty() && !answers.contains_key("downloads"), "a rare list is left out");
    }

    #[test]
    fn each_dimension_with_a_tab_has_its_table_also_without_a_visit() {
        let columns = ["dimension", "value", "visits"].map(str::to_owned).to_vec();
        let rows =
            vec![vec![json!("browser"), json!("Firefox"), json!(2)], vec![json!("browser"), json!(null), json!(1)]];
        let answers = of_visits(&Table { columns, rows });
        assert_eq!(answers["browser"].as_ref().unwrap().rows.len(), 2);
        assert!(answers["country"].as_ref().unwrap().is_empty() && !answers.contains_key("site"));
    }
}
