use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Outcome, Reason, Rejection, clock, source, strict};

/// How many events of one source had each outcome since its last message. Ingest's counts reach the database in this
/// form, through the topic `analytics-outcomes`, as do [`PipelineSample`](crate::PipelineSample)s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeCounts {
    /// Id of this message: if its acknowledgement is lost, it is sent again unchanged, and still counts once.
    pub id: Uuid,
    /// The instance that counted, at most 100 characters.
    pub source: String,
    /// When the counts were taken.
    pub at: Timestamp,
    /// One entry for each outcome that occurred.
    pub counts: Vec<OutcomeCount>,
}

/// How often one outcome occurred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeCount {
    /// [`Outcome::as_str`], or `accepted`: Kafka has the event, and the sink will count its outcome.
    pub outcome: String,
    /// [`Outcome::reason`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// At most 10^12.
    pub count: u64,
}

const ACCEPTED: &str = "accepted";

/// Far more than any source counts in a second. The sum of years of messages fits into a PostgreSQL bigint.
const COUNT_MAX: u64 = 1_000_000_000_000;

impl OutcomeCount {
    /// Kafka has acknowledged this many events.
    #[must_use]
    pub fn accepted(count: u64) -> Self {
        Self { outcome: ACCEPTED.to_owned(), reason: None, count }
    }

    fn is_known(&self) -> bool {
        let reason = self.reason.as_deref();
        (self.outcome == ACCEPTED && reason.is_none()) || Outcome::from_names(&self.outcome, reason).is_some()
    }

    /// This many events had this outcome.
    #[must_use]
    pub fn new(outcome: Outcome, count: u64) -> Self {
        let reason = outcome.reason().map(|reason| reason.as_str().to_owned());
        Self { outcome: outcome.as_str().to_owned(), reason, count }
    }
}

impl OutcomeCounts {
    /// One line of JSON, without the newline.
    #[must_use]
    pub fn to_line(&self) -> Vec<u8> {
        #[expect(clippy::expect_used, reason = "cannot fail: keys are strings, and writing to a Vec always succeeds")]
        serde_json::to_vec(self).expect("counts are JSON")
    }

    /// Reads what [`OutcomeCounts::to_line`] wrote. Outcomes and reasons must be known and belong together, so that
    /// another program that writes to the topic cannot fill the database with invented names.
    pub fn from_line(line: &[u8]) -> Result<Self, Rejection> {
        let counts: Self = serde_json::from_slice(line).map_err(|error| {
            let reason = if error.is_data() { Reason::FieldType } else { strict::reason_of(&error) };
            Rejection::body(reason, "not a message of outcome counts")
        })?;
        source::check(&counts.source)?;
        if counts.at < clock::TIMESTAMP_MIN {
            return Err(Rejection::new("at", Reason::TimestampInvalid, "is before what PostgreSQL can hold"));
        }
        // There cannot be more, because each outcome is listed once.
        if counts.counts.len() > Outcome::NAMES.len() * Reason::ALL.len() {
            return Err(Rejection::new("counts", Reason::TooManyEvents, "has more entries than there are outcomes"));
        }
        for count in &counts.counts {
            if !count.is_known() {
                return Err(Rejection::new("counts.outcome", Reason::FieldType, "not an outcome with its reason"));
            }
            if count.count > COUNT_MAX {
                return Err(Rejection::new("counts.count", Reason::NumberOutOfRange, "more than 10^12"));
            }
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> OutcomeCounts {
        OutcomeCounts {
            id: Uuid::from_u128(7),
            source: "ingest-1".to_owned(),
            at: "2024-01-15T10:30:00Z".parse().unwrap(),
            counts: vec![
                OutcomeCount::new(Outcome::Rejected(Reason::UrlInvalid), 3),
                OutcomeCount::new(Outcome::Duplicate, COUNT_MAX),
            ],
        }
    }

    #[test]
    fn counts_come_back_as_they_were_written() {
        let line = counts().to_line();
        assert_eq!(
            String::from_utf8(line.clone()).unwrap(),
            r#"{"id":"00000000-0000-0000-0000-000000000007","source":"ingest-1","at":"2024-01-15T10:30:00Z","counts":[{"outcome":"rejected","reason":"url_invalid","count":3},{"outcome":"duplicate","count":1000000000000}]}"#
        );
        assert_eq!(OutcomeCounts::from_line(&line).unwrap(), counts());
    }

    #[test]
    fn counts_that_the_database_should_not_hold_are_refused() {
        let refused = |change: fn(&mut OutcomeCounts)| {
            let mut counts = counts();
            change(&mut counts);
            OutcomeCounts::from_line(&counts.to_line()).unwrap_err().reason
        };
        assert_eq!(refused(|it| it.source = "a".repeat(101)), Reason::FieldTooLong);
        assert_eq!(refused(|it| it.source.clear()), Reason::FieldEmpty);
        assert_eq!(refused(|it| it.source = "\0".to_owned()), Reason::NulCharacter);
        assert_eq!(refused(|it| it.at = Timestamp::MIN), Reason::TimestampInvalid);
        assert_eq!(refused(|it| it.counts[0].reason = Some("other".to_owned())), Reason::FieldType);
        assert_eq!(refused(|it| it.counts[0].reason = None), Reason::FieldType);
        assert_eq!(refused(|it| it.counts[1].outcome = "vanished".to_owned()), Reason::FieldType);
        assert_eq!(refused(|it| it.counts[1].count += 1), Reason::NumberOutOfRange);
        assert_eq!(refused(|it| it.counts = vec![it.counts[0].clone(); 1_000]), Reason::TooManyEvents);
        let reason = |line: &str| OutcomeCounts::from_line(line.as_bytes()).unwrap_err().reason;
        assert_eq!(reason("{"), Reason::JsonSyntax);
        assert_eq!(reason("[]"), Reason::FieldType);
        assert_eq!(reason(r#"{"source":"\ud800"}"#), Reason::LoneSurrogate);
    }
}
