//! An event as visits see it, whether it comes from Kafka or from `analytics_events`.

use std::borrow::Cow;

use footfall_event::Event;
use footfall_event::dimension::{DIMENSIONS, Dimension};
use footfall_event::enrich::Enriched;
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio_postgres::Row;
use uuid::Uuid;

use super::measures::{self, Measure};

pub(crate) const PAGE_VIEW: &str = "page_view";
/// What a page that is open says of itself. Reports neither begin a visit nor prolong it.
const REPORTS: [&str; 3] = ["engagement", "web_vitals", "page_unload"];

/// Properties of an event that are listed; the first ones by name.
const PROPERTIES_MAX: usize = 30;
/// Longer values of properties are cut.
const PROPERTY_CHARS_MAX: usize = 500;
/// The channel of a visit whose first event names none.
const DIRECT: &str = "direct";

/// An event that is new to the visits.
pub(crate) struct Seen<'a> {
    pub(crate) at: Timestamp,
    pub(crate) id: Uuid,
    /// Empty if the event names none.
    pub(crate) site: &'a str,
    /// The session, else the visitor.
    pub(crate) key: Option<Cow<'a, str>>,
    pub(crate) visitor: Option<Uuid>,
    pub(crate) event_type: &'a str,
    pub(crate) page: &'a str,
    pub(crate) bot: bool,
    has_session: bool,
    referrer: Option<&'a str>,
    metadata: Option<Cow<'a, Map<String, Value>>>,
    attributes: Attributes<'a>,
}

enum Attributes<'a> {
    Of(&'a Enriched),
    Row(&'a Row),
}

impl<'a> Seen<'a> {
    pub(crate) fn of(event: &'a Event, enriched: &'a Enriched) -> Self {
        let visitor = || event.visitor_id.map(|id| Cow::Owned(id.to_string()));
        Self {
            at: event.timestamp,
            id: event.event_id,
            site: event.site.as_deref().unwrap_or_default(),
            key: event.session_id.as_deref().map(Cow::Borrowed).or_else(visitor),
            visitor: event.visitor_id,
            event_type: &event.event_type,
            page: &enriched.page_path,
            bot: enriched.agent.bot,
            has_session: event.session_id.is_some(),
            referrer: event.referrer.as_deref(),
            metadata: event.metadata.as_ref().map(Cow::Borrowed),
            attributes: Attributes::Of(enriched),
        }
    }

    /// Reads a row with the columns of sql/writer/events_*.sql.
    pub(crate) fn stored(row: &'a Row) -> Self {
        let visitor: Option<Uuid> = row.get("visitor_id");
        let session: Option<&str> = row.get("session_id");
        let metadata: Option<Value> = row.get("metadata");
        Self {
            at: row.get("timestamp"),
            id: row.get("event_id"),
            site: row.get::<_, Option<&str>>("site").unwrap_or_default(),
            key: session.map(Cow::Borrowed).or_else(|| visitor.map(|id| Cow::Owned(id.to_string()))),
            visitor,
            event_type: row.get("event_type"),
            page: row.get::<_, Option<&str>>("page_path").unwrap_or_default(),
            bot: row.get("bot"),
            has_session: session.is_some(),
            referrer: row.get("referrer"),
            metadata: match metadata {
                Some(Value::Object(object)) => Some(Cow::Owned(object)),
                _ => None,
            },
            attributes: Attributes::Row(row),
        }
    }

    /// Whether its key is the session.
    pub(crate) fn is_session(&self) -> bool {
        self.has_session
    }

    pub(crate) fn is_report(&self) -> bool {
        REPORTS.contains(&self.event_type)
    }

    pub(crate) fn is_view(&self) -> bool {
        self.event_type == PAGE_VIEW
    }

    /// The values of [`attributes`], in their order.
    pub(crate) fn attributes(&self) -> Vec<Option<&str>> {
        attributes()
            .map(|dimension| {
                let value = match &self.attributes {
                    Attributes::Of(enriched) => dimension.value().and_then(|value| value(enriched)),
                    Attributes::Row(row) => row.get(dimension.name),
                };
                if dimension.name == "channel" { value.or(Some(DIRECT)) } else { value }
            })
            .collect()
    }

    /// The properties by which its lists count it, as a JSON object in a fixed order.
    pub(crate) fn detail(&self) -> Option<String> {
        let mut detail = Map::new();
        if self.event_type == "page_not_found" {
            detail.insert("referrer".to_owned(), self.referrer?.into());
        } else if !self.is_report() {
            let mut properties: Vec<_> = self.metadata.as_ref()?.iter().collect();
            properties.sort_unstable_by_key(|(name, _)| *name);
            for (name, value) in properties.into_iter().take(PROPERTIES_MAX) {
                detail.insert(cut(name).to_owned(), listed(value));
            }
        }
        (!detail.is_empty()).then(|| Value::Object(detail).to_string())
    }

    /// What the page reported.
    pub(crate) fn measures(&self) -> Vec<Measure> {
        match &self.metadata {
            Some(metadata) if self.is_report() => measures::reported(self.event_type, metadata),
            _ => Vec::new(),
        }
    }
}

/// The dimensions that are columns of both `analytics_events` and `analytics_visits`.
pub(crate) fn attributes() -> impl Iterator<Item = &'static Dimension> {
    DIMENSIONS.iter().filter(|dimension| dimension.value().is_some())
}

/// A property's value as text, or null.
fn listed(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::String(text) => cut(text).into(),
        other => cut(&other.to_string()).into(),
    }
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(PROPERTY_CHARS_MAX).map_or(text, |(end, _)| &text[..end])
}
