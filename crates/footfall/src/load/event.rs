//! The events: with the tracker's types and sizes, each with its own id and number.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

/// The number of pages of a small site.
const PAGES: u64 = 20;
const TYPES: [&str; 3] = ["page_view", "button_click", "navigation_click"];
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// What the events of a run have in common.
pub(crate) struct Template {
    run: Uuid,
    page_url_prefix: String,
    sessions: u64,
}

/// One event, the same in every attempt to send it.
pub(crate) struct Event {
    pub(crate) id: Uuid,
    event_type: &'static str,
    page_url: String,
    session_id: String,
    number: u64,
    timestamp: Timestamp,
}

impl Template {
    pub(crate) fn new(page_url_prefix: &str, sessions: u32) -> Self {
        Self { run: Uuid::new_v4(), page_url_prefix: page_url_prefix.to_owned(), sessions: u64::from(sessions.max(1)) }
    }

    pub(crate) fn event(&self, number: u64) -> Event {
        let run = self.run.as_fields().0;
        Event {
            id: Uuid::now_v7(),
            event_type: TYPES[usize::from(number.to_le_bytes()[0]) % TYPES.len()],
            page_url: format!("{}page-{}", self.page_url_prefix, number % PAGES),
            session_id: format!("load-{run:08x}-{}", number % self.sessions),
            number,
            timestamp: Timestamp::now(),
        }
    }
}

impl Event {
    /// The body of a request sent now.
    pub(crate) fn body(&self) -> Vec<u8> {
        let Self { id, event_type, page_url, session_id, number, timestamp } = self;
        let body = json!({
            "event_id": id,
            "event_type": event_type,
            "page_url": page_url,
            "page_title": "Load",
            "button_id": number.to_string(),
            "session_id": session_id,
            "user_agent": USER_AGENT,
            "timestamp": timestamp,
            "sent_at": Timestamp::now(),
            "metadata": { "page_section": "main" },
        });
        body.to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use footfall_event::{Arrival, BodyFormat, Hints, Limits, parse};
    use jiff::Timestamp;

    use super::Template;

    #[test]
    fn each_event_is_valid_unique_and_as_large_as_a_real_one() {
        let template = Template::new("http://footfall.invalid/load/", 7);
        let limits = Limits::default();
        let arrival = Arrival {
            received_at: Timestamp::now(),
            user_agent: None,
            hints: Hints::default(),
            site: None,
            country: None,
            visitor: &|_, _| None,
            limits: &limits,
            masked_names: &[],
            import_past_ms_max: None,
        };
        let (mut ids, mut sessions) = (HashSet::new(), HashSet::new());
        for number in 0..300 {
            let event = template.event(number);
            let body = event.body();
            assert!((330..430).contains(&body.len()), "{} bytes", body.len());
            let parsed = parse(&body, BodyFormat::Json, &arrival).unwrap();
            let stored = parsed.events.into_iter().next().unwrap().unwrap().event;
            assert_eq!((stored.event_id, stored.button_id), (event.id, Some(number.to_string())));
            assert!(stored.flags.is_empty());
            ids.insert(stored.event_id);
            sessions.insert(stored.session_id);
        }
        assert_eq!((ids.len(), sessions.len()), (300, 7));
    }
}
