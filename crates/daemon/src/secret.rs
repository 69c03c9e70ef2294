//! A string that must not appear in logs, errors or printed configuration.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Shown in place of a secret.
pub(crate) const MASK: &str = "***";

/// The JSON Schema format by which configuration code recognises a secret field.
pub(crate) const SCHEMA_FORMAT: &str = "password";

/// A password, key or token. `Debug` and `Serialize` yield `***`; only [`Secret::expose`] returns the text.
///
/// The default is empty and means "not set". It serialises as the empty string, so that `print-config` shows the
/// difference. A configuration's `Default` must leave its secrets empty, since the default is serialised.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Keep it out of logs, errors and metrics.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the secret is unset.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn shown(&self) -> &'static str {
        if self.0.is_empty() { "" } else { MASK }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secret({})", self.shown())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

/// Words every error itself, because serde's messages would reveal the value.
struct SecretVisitor;

const NOT_A_STRING: &str = "a secret must be a string; put it in quotes";

impl Visitor<'_> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a secret (a string)")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Secret, E> {
        if text == MASK {
            return Err(E::custom("*** is what print-config shows in the place of a secret, not a secret"));
        }
        Ok(Secret::new(text))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Secret, E> {
        Err(E::custom(NOT_A_STRING))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Secret, E> {
        Err(E::custom(NOT_A_STRING))
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<Secret, E> {
        Err(E::custom(NOT_A_STRING))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Secret, E> {
        Err(E::custom(NOT_A_STRING))
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<Secret, E> {
        Err(E::custom(NOT_A_STRING))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Secret, E> {
        Err(E::custom(NOT_A_STRING))
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": SCHEMA_FORMAT })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_only_when_it_is_exposed() {
        let secret = Secret::new("hunter2");
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(format!("{secret:?} {:#?}", Some(&secret)).matches("hunter2").count(), 0);
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
        assert_eq!(serde_json::to_string(&Secret::default()).unwrap(), "\"\"");
    }

    #[test]
    fn a_refused_secret_is_not_repeated() {
        for json in ["4711", "-4711", "47.11", "true", "[4711]", "{\"4711\":4711}"] {
            let message = serde_json::from_str::<Secret>(json).unwrap_err().to_string();
            assert!(!message.contains("4711") && !message.contains("true"), "{message}");
        }
    }

    #[test]
    fn the_mask_is_not_taken_for_a_secret() {
        assert!(serde_json::from_str::<Secret>("\"***\"").is_err());
        assert_eq!(serde_json::from_str::<Secret>("\"x\"").unwrap(), Secret::new("x"));
    }
}
