//! Configuration errors, each with its source.

use std::fmt;
use std::ops::RangeInclusive;

/// A field that [`Configuration::validate`](super::Configuration::validate) rejects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The dotted key, for example `kafka.linger_ms`.
    pub field: String,
    /// The reason, for the operator. Must not reveal a secret.
    pub message: String,
}

impl FieldError {
    /// An error in this field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// Returns an error if the text is empty.
    #[must_use]
    pub fn unless_filled(field: &str, text: &str) -> Option<Self> {
        text.is_empty().then(|| Self::new(field, "is empty"))
    }

    /// Returns an error if the value is out of range.
    #[must_use]
    pub fn unless_within(field: &str, value: u64, range: RangeInclusive<u64>) -> Option<Self> {
        let message = || format!("{value} lies outside of {}..={}", range.start(), range.end());
        (!range.contains(&value)).then(|| Self::new(field, message()))
    }
}

/// One error: the key, the reason and where the value came from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message} (from {source_name})", key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default())]
pub struct ConfigError {
    /// The dotted key; None if a whole source is unusable.
    pub key: Option<String>,
    /// The reason.
    pub message: String,
    /// The file, environment variable or credential that holds the value, or "the defaults".
    pub source_name: String,
}

/// All errors in a configuration. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            write!(formatter, "{}{error}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}
