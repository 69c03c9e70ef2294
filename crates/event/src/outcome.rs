use crate::Reason;

/// What became of an event. Each event has exactly one outcome, wherever it ends between the HTTP request and the
/// table, and each is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// It is a row of `analytics_events`.
    Stored,
    /// Its `event_id` was stored before.
    Duplicate,
    /// Acknowledged to the client, but could not be stored: kept with its raw bytes.
    Quarantined(Reason),
    /// Refused in the answer to the client.
    Rejected(Reason),
    /// Acknowledged to the client, but Kafka deleted it before it was stored.
    Lost,
}

impl Outcome {
    /// The stable names, in the order of the variants.
    pub const NAMES: [&str; 5] = ["stored", "duplicate", "quarantined", "rejected", "lost"];

    /// The stable name, in snake_case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => Self::NAMES[0],
            Self::Duplicate => Self::NAMES[1],
            Self::Quarantined(_) => Self::NAMES[2],
            Self::Rejected(_) => Self::NAMES[3],
            Self::Lost => Self::NAMES[4],
        }
    }

    /// Why the event was refused or quarantined; `None` for the other outcomes.
    #[must_use]
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Stored | Self::Duplicate | Self::Lost => None,
            Self::Quarantined(reason) | Self::Rejected(reason) => Some(reason),
        }
    }

    /// The outcome with these two names; `None` if they are unknown or do not belong together.
    #[must_use]
    pub fn from_names(outcome: &str, reason: Option<&str>) -> Option<Self> {
        let reason = reason.map(str::parse).transpose().ok()?;
        match (outcome, reason) {
            ("stored", None) => Some(Self::Stored),
            ("duplicate", None) => Some(Self::Duplicate),
            ("lost", None) => Some(Self::Lost),
            ("quarantined", Some(reason)) => Some(Self::Quarantined(reason)),
            ("rejected", Some(reason)) => Some(Self::Rejected(reason)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_their_outcome_only_if_they_belong_together() {
        let reason = Reason::DatabaseRefused;
        let outcomes = [
            Outcome::Stored,
            Outcome::Duplicate,
            Outcome::Quarantined(reason),
            Outcome::Rejected(reason),
            Outcome::Lost,
        ];
        for outcome in outcomes {
            let names = (outcome.as_str(), outcome.reason().map(Reason::as_str));
            assert_eq!(Outcome::from_names(names.0, names.1), Some(outcome));
        }
        for (outcome, reason) in
            [("stored", Some("url_invalid")), ("rejected", None), ("rejected", Some("other")), ("vanished", None)]
        {
            assert_eq!(Outcome::from_names(outcome, reason), None);
        }
    }
}
