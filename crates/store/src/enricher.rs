//! Works out what events tell, and remembers what their user agents told.

use std::num::NonZeroUsize;
use std::sync::Arc;

use footfall_event::Event;
use footfall_event::enrich::{Agent, Enriched, Told, agent, enrich, load_rules};
use lru::LruCache;

/// Reading a user agent costs more than all else that is worked out about an event, and few differ: each is read once,
/// and remembered until as many others have been met since.
pub struct Enricher {
    agents: LruCache<String, Arc<Agent>>,
    key: String,
}

impl Enricher {
    /// Remembers as many agents; one takes half a KiB, or two where clients send long ones. Reads the rules now, so
    /// that the first batch does not wait for them.
    #[must_use]
    pub fn new(agents_max: NonZeroUsize) -> Self {
        load_rules();
        Self { agents: LruCache::new(agents_max), key: String::new() }
    }

    pub(crate) fn enrich(&mut self, event: &Event) -> Enriched {
        let told = Told::by(event);
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
