//! Enriches events, and caches parsed user agents.

use std::num::NonZeroUsize;
use std::sync::Arc;

use footfall_event::Event;
use footfall_event::enrich::{Agent, ClientHints, Enriched, agent, enrich, load_rules};
use lru::LruCache;

/// Enriches events. Parsing a user agent costs more than all the rest, and few are distinct, so the most recently used
/// are cached.
pub struct Enricher {
    agents: LruCache<String, Arc<Agent>>,
    key: String,
}

impl Enricher {
    /// Caches up to `agents_max` user agents; each takes half a KiB, or two KiB if clients send long ones. Loads the
    /// rules now, so that the first batch does not wait for them.
    #[must_use]
    pub fn new(agents_max: NonZeroUsize) -> Self {
        load_rules();
        Self { agents: LruCache::new(agents_max), key: String::new() }
    }

    /// Derives an event's attributes from its fields.
    pub fn enrich(&mut self, event: &Event) -> Enriched {
        let told = ClientHints::by(event);
        told.write_key(&mut self.key);
        let agent = match self.agents.get(self.key.as_str()) {
            Some(agent) => agent.clone(),
            None => {
                let agent = Arc::new(agent(&told));
                self.agents.put(self.key.clone(), agent.clone());
                agent
            }
        };
        enrich(event, agent)
    }
}

#[cfg(test)]
mod tests {
    use footfall_event::Limits;

    use super::*;

    fn event(user_agent: &str) -> Event {
        let line = format!(
            r#"{{"event_id":"018d0c1a-5b80-7c3e-9d2f-3a4b5c6d7e8f","event_type":"x","page_url":"http://a.b/","user_agent":"{user_agent}","timestamp":"2024-01-15T10:30:00Z","received_at":"2024-01-15T10:30:00Z"}}"#
        );
        Event::from_line(line.as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn an_agent_is_parsed_once_and_the_cache_is_bounded() {
        let mut enricher = Enricher::new(NonZeroUsize::new(2).unwrap());
        let first = enricher.enrich(&event("curl/8")).agent;
        assert_eq!(first.browser.as_deref(), Some("curl"));
        assert!(Arc::ptr_eq(&first, &enricher.enrich(&event("curl/8")).agent));
        for other in ["Wget/1", "Go-http-client/2"] {
            assert_ne!(enricher.enrich(&event(other)).agent, first);
        }
        assert_eq!(enricher.agents.len(), 2);
        let again = enricher.enrich(&event("curl/8")).agent;
        assert!(again == first && !Arc::ptr_eq(&first, &again), "evicted, and parsed again");
    }
}
