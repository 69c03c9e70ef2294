use serde::Deserialize;

use crate::{OutcomeCounts, PipelineSample, Rejection};

/// A message of the topic `analytics-outcomes`: ingest's own counts or metrics, distinguished by `kind`.
///
/// A reader skips an unknown kind, written by a newer ingest. Sinks that predate `kind` quarantine a sample instead,
/// and count it as quarantined, so update sinks before ingest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutcomesMessage {
    /// Has no `kind`, because it came first.
    Counts(OutcomeCounts),
    /// `"kind":"sample"`
    Sample(PipelineSample),
    /// Another kind.
    Unknown,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    kind: Option<String>,
}

impl OutcomesMessage {
    /// Reads a message, strictly if its kind is known.
    pub fn from_line(line: &[u8]) -> Result<Self, Rejection> {
        // Anything but an object with a kind goes to the reader of counts, which refuses it unless it is one.
        let kind = serde_json::from_slice::<Head>(line).ok().and_then(|head| head.kind);
        match kind.as_deref() {
            None => OutcomeCounts::from_line(line).map(Self::Counts),
            Some(PipelineSample::KIND) => PipelineSample::from_line(line).map(Self::Sample),
            Some(_) => Ok(Self::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;

    const COUNTS: &str =
        r#"{"id":"00000000-0000-0000-0000-000000000007","source":"a","at":"2024-01-15T10:30:00Z","counts":[]}"#;
    const SAMPLE: &str = r#"{"kind":"sample","source":"a","at":"2024-01-15T10:30:00Z","started_at":"2024-01-15T10:30:00Z","samples":{"m":1}}"#;

    #[test]
    fn the_kind_decides_how_a_message_is_read() {
        let of = |line: &str| OutcomesMessage::from_line(line.as_bytes());
        assert!(matches!(of(COUNTS), Ok(OutcomesMessage::Counts(_))));
        assert!(matches!(of(SAMPLE), Ok(OutcomesMessage::Sample(_))));
        assert_eq!(of(r#"{"kind":"of-tomorrow","anything":[1,2]}"#), Ok(OutcomesMessage::Unknown));
        let refused = |line: &str| of(line).unwrap_err().reason;
        assert_eq!(refused("{"), Reason::JsonSyntax);
        assert_eq!(refused("[]"), Reason::FieldType);
        assert_eq!(refused(r#"{"kind":7}"#), Reason::FieldType);
        assert_eq!(refused(&SAMPLE.replace(r#","samples":{"m":1}"#, "")), Reason::FieldType);
    }

    #[test]
    fn a_reader_older_than_kinds_refuses_a_sample_and_so_quarantines_it() {
        assert_eq!(OutcomeCounts::from_line(SAMPLE.as_bytes()).unwrap_err().reason, Reason::FieldType);
    }
}
