//! The lists in which events of a kind count: `analytics_entries`.

use serde_json::{Map, Value};

use super::seen::PAGE_VIEW;

/// The texts of a kind of events.
#[derive(Debug, Clone)]
pub(crate) struct KindTexts<'a> {
    pub(crate) event_type: &'a str,
    pub(crate) page: &'a str,
    /// A JSON object; empty if there are no properties.
    pub(crate) detail: &'a str,
}

/// A row of a list: what footfall.events_by_all returns. A text is empty if the list has none, or the value is null.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) list: &'static str,
    pub(crate) subject: String,
    pub(crate) property: String,
    pub(crate) value: String,
}

impl Entry {
    fn new(list: &'static str, subject: &str, property: &str, value: &str) -> Self {
        Self { list, subject: subject.to_owned(), property: property.to_owned(), value: value.to_owned() }
    }

    /// Whether its list is neither that of all types nor one of properties. A kind has one such entry at most.
    pub(crate) fn is_own(&self) -> bool {
        !matches!(self.list, "event_type" | "property" | "property_value")
    }
}

/// Event types whose one property is a list of its own: the list, and the property's name.
const LISTS: [(&str, &str, &str); 4] = [
    ("outbound_click", "outbound_link", "url"),
    ("file_download", "download", "url"),
    ("form_submit", "form", "form"),
    ("page_not_found", "not_found", "referrer"),
];

/// The type comes first.
pub(crate) fn lists(kind: &KindTexts<'_>) -> Vec<Entry> {
    let KindTexts { event_type, page, detail } = *kind;
    let detail: Map<String, Value> = serde_json::from_str(detail).unwrap_or_default();
    let text = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut entries = vec![Entry::new("event_type", "", "", event_type)];
    if event_type == PAGE_VIEW {
        entries.push(Entry::new("page", "", "", page));
    }
    if let Some((_, list, property)) = LISTS.iter().find(|(of, ..)| *of == event_type) {
        let subject = if matches!(*list, "form" | "not_found") { page } else { "" };
        entries.push(Entry::new(list, subject, "", text(property)));
    }
    if event_type != "page_not_found" {
        for (name, value) in &detail {
            entries.push(Entry::new("property", event_type, name, ""));
            entries.push(Entry::new("property_value", event_type, name, value.as_str().unwrap_or_default()));
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(event_type: &str, detail: &str) -> Vec<String> {
        let entries = lists(&KindTexts { event_type, page: "/a", detail });
        let text = |entry: &Entry| format!("{}|{}|{}|{}", entry.list, entry.subject, entry.property, entry.value);
        entries.iter().map(text).collect()
    }

    #[test]
    fn each_kind_is_in_its_lists() {
        assert_eq!(of("page_view", ""), ["event_type|||page_view", "page|||/a"]);
        assert_eq!(
            of("signup", r#"{"plan":"large","trial":null}"#),
            [
                "event_type|||signup",
                "property|signup|plan|",
                "property_value|signup|plan|large",
                "property|signup|trial|",
                "property_value|signup|trial|"
            ]
        );
        assert_eq!(of("form_submit", r#"{"form":"news"}"#)[1], "form|/a||news");
        assert_eq!(of("page_not_found", r#"{"referrer":"https://x/"}"#)[1..], ["not_found|/a||https://x/"]);
        assert_eq!(of("outbound_click", r#"{"url":"https://o/"}"#)[1], "outbound_link|||https://o/");
    }
}
