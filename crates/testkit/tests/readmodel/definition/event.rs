//! An event, with what is worked out about it before it is stored.

use std::collections::BTreeMap;

use footfall_event::dimension::DIMENSIONS;
use footfall_event::enrich::Enriched;
use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

/// What a page that is open says about itself.
const REPORTS: [&str; 3] = ["engagement", "web_vitals", "page_unload"];

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) at: Timestamp,
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    /// Empty if it names none.
    pub(crate) site: String,
    pub(crate) key: Option<String>,
    /// The `visitor_id`, else the key.
    pub(crate) who: Option<String>,
    pub(crate) bot: bool,
    pub(crate) page: String,
    pub(crate) referrer: Option<String>,
    pub(crate) metadata: Map<String, Value>,
    /// The dimensions that are columns.
    pub(crate) dimensions: BTreeMap<&'static str, String>,
}

impl Event {
    pub(crate) fn new(sent: &footfall_event::Event, enriched: &Enriched) -> Self {
        let visitor = sent.visitor_id.map(|id| id.to_string());
        let key = sent.session_id.clone().or_else(|| visitor.clone());
        let values = DIMENSIONS.iter().filter_map(|dimension| {
            let value = dimension.value()?(enriched);
            // How a visit that no other site led to came.
            let value = if dimension.name == "channel" { value.or(Some("direct")) } else { value };
            Some((dimension.name, value?.to_owned()))
        });
        Self {
            at: sent.timestamp,
            id: sent.event_id,
            kind: sent.event_type.clone(),
            site: sent.site.clone().unwrap_or_default(),
            who: visitor.or_else(|| key.clone()),
            key,
            bot: enriched.agent.bot,
            page: enriched.page_path.clone(),
            referrer: sent.referrer.clone(),
            metadata: sent.metadata.clone().unwrap_or_default(),
            dimensions: values.collect(),
        }
    }

    pub(crate) fn is_report(&self) -> bool {
        REPORTS.contains(&&*self.kind)
    }

    pub(crate) fn is_view(&self) -> bool {
        self.kind == "page_view"
    }

    /// Its properties as text; of reports and of pages that are missing none are kept.
    pub(crate) fn properties(&self) -> BTreeMap<&str, Option<String>> {
        if self.is_report() || self.kind == "page_not_found" {
            return BTreeMap::new();
        }
        self.metadata.iter().map(|(name, value)| (&**name, text(value))).collect()
    }

    /// A property of any event as text.
    pub(crate) fn property(&self, name: &str) -> Option<String> {
        self.metadata.get(name).and_then(text)
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        other => Some(other.to_string()),
    }
}
