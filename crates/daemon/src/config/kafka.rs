//! What the `kafka` sections of several programs share.

use super::FieldError;

/// The keys that every `kafka` section has, borrowed from it. Each program declares them among its own keys:
/// `#[serde(flatten)]` would disable `deny_unknown_fields`, and an error about a wrong type would not name its key.
#[derive(Clone, Copy, Debug)]
pub struct KafkaKeys<'a> {
    /// `kafka.bootstrap_servers`
    pub bootstrap_servers: &'a str,
    /// `kafka.events_topic`
    pub events_topic: &'a str,
    /// `kafka.outcomes_topic`
    pub outcomes_topic: &'a str,
}

impl KafkaKeys<'static> {
    /// The defaults, and the only place that names the topics.
    pub const DEFAULT: Self = Self {
        bootstrap_servers: "127.0.0.1:9092",
        events_topic: "analytics-events",
        outcomes_topic: "analytics-outcomes",
    };
}

impl KafkaKeys<'_> {
    /// Returns one error per invalid key.
    pub fn validate(self) -> Vec<FieldError> {
        let keys = [
            ("kafka.bootstrap_servers", self.bootstrap_servers),
            ("kafka.events_topic", self.events_topic),
            ("kafka.outcomes_topic", self.outcomes_topic),
        ];
        let mut errors: Vec<_> =
            keys.into_iter().filter_map(|(field, text)| FieldError::unless_filled(field, text)).collect();
        if self.events_topic == self.outcomes_topic {
            errors.push(FieldError::new("kafka.outcomes_topic", "is the topic of the events"));
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_and_brokers_are_named_and_the_topics_differ() {
        let refused = |keys: KafkaKeys<'_>| keys.validate().into_iter().map(|error| error.field).collect::<Vec<_>>();
        let known = KafkaKeys::DEFAULT;
        assert!(refused(known).is_empty());
        assert_eq!(refused(KafkaKeys { bootstrap_servers: "", ..known }), ["kafka.bootstrap_servers"]);
        let one = KafkaKeys { outcomes_topic: known.events_topic, ..known };
        assert_eq!(refused(one), ["kafka.outcomes_topic"]);
    }
}
