use serde::{Deserialize, Serialize};

use crate::Reason;

/// Why an event or a whole body is refused. It is sent to the client, and stored with a quarantined row.
///
/// It contains names of fields, but no values that the client sent, so it may be logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{field}: {message} ({reason})")]
pub struct Rejection {
    /// The path of the field, such as `metadata.a.b`; `body` if no single field is at fault. Never empty.
    pub field: String,
    /// The stable reason.
    pub reason: Reason,
    /// For a person to read.
    pub message: String,
}

impl Rejection {
    /// The value of `field` for the whole body, or the whole event.
    pub const BODY: &str = "body";

    /// A rejection of the field at this path.
    pub fn new(field: impl Into<String>, reason: Reason, message: impl Into<String>) -> Self {
        Self { field: field.into(), reason, message: message.into() }
    }

    /// A rejection of the whole body, or the whole event.
    pub fn body(reason: Reason, message: impl Into<String>) -> Self {
        Self::new(Self::BODY, reason, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_is_serialized_as_in_the_answer() {
        let rejection = Rejection::new("page_url", Reason::UrlInvalid, "must be a URL");
        let json = r#"{"field":"page_url","reason":"url_invalid","message":"must be a URL"}"#;
        assert_eq!(serde_json::to_string(&rejection).unwrap(), json);
        assert_eq!(rejection.to_string(), "page_url: must be a URL (url_invalid)");
    }
}
