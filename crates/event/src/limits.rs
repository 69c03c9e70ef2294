use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Map;

use crate::field::{FIELDS, Field, Kind, position};

/// What an event and a request may contain. Within these limits, nothing is refused for its size.
///
/// Characters are Unicode code points, as PostgreSQL's `varchar(n)` counts them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Limits {
    /// Events in one request.
    pub events_max: usize,
    /// Levels of objects and arrays in `metadata`, including itself. Applies to ignored fields too.
    pub metadata_levels_max: usize,
    /// Keys in `metadata`, on all levels together.
    pub metadata_keys_max: usize,
    /// Bytes of `metadata` as compact JSON.
    pub metadata_bytes_max: usize,
    /// Milliseconds between sending and receipt above which the client's clock is considered wrong.
    pub clock_offset_ms_min: u64,
    /// Milliseconds that an event's time may be after its receipt; beyond that, the time of receipt is stored.
    pub future_ms_max: u64,
    /// Milliseconds that an event's time may be before its receipt; beyond that, the time of receipt is stored.
    pub past_ms_max: u64,
    /// Characters of each text field, as `<field>_chars_max`. Every other key is read here too, and refused if there is no
    /// such field.
    #[serde(flatten)]
    pub chars_max: CharsMax,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            events_max: 1_000,
            metadata_levels_max: 16,
            metadata_keys_max: 256,
            metadata_bytes_max: 32_768,
            clock_offset_ms_min: 2_000,
            future_ms_max: 24 * 3_600 * 1_000,
            past_ms_max: 30 * 24 * 3_600 * 1_000,
            chars_max: CharsMax::default(),
        }
    }
}

/// Well below serde_json's own recursion limit of 128, so that ours is reached first.
const LEVELS_MAX: usize = 64;

impl Limits {
    /// Refuses a limit of 0, a text limit above the width of its column (the default), and more levels than can be read.
    /// The error names the field.
    pub fn validate(&self) -> Result<(), String> {
        let others = [
            ("metadata_levels_max", self.metadata_levels_max, LEVELS_MAX),
            ("metadata_keys_max", self.metadata_keys_max, usize::MAX),
            ("metadata_bytes_max", self.metadata_bytes_max, usize::MAX),
            ("events_max", self.events_max, usize::MAX),
        ];
        let texts =
            Field::limited().map(|(at, field, text)| (field.limit_name(), self.chars_max.at(at), text.chars_max));
        for (name, value, most) in texts.chain(others.map(|(name, value, most)| (name.to_owned(), value, most))) {
            if value == 0 {
                return Err(format!("{name} must be at least 1"));
            }
            if value > most {
                return Err(format!("{name} must be at most {most}, but is {value}"));
            }
        }
        Ok(())
    }
}

/// The maximum number of characters of each text field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharsMax([usize; FIELDS.len()]);

impl CharsMax {
    /// The same, with another limit for one field.
    ///
    /// # Panics
    /// If there is no field of this name.
    #[must_use]
    pub fn with(mut self, field: &str, chars_max: usize) -> Self {
        self.0[position(field)] = chars_max;
        self
    }

    /// The limit of a field.
    ///
    /// # Panics
    /// If there is no field of this name.
    #[must_use]
    pub fn of(&self, field: &str) -> usize {
        self.at(position(field))
    }

    pub(crate) fn at(&self, position: usize) -> usize {
        self.0[position]
    }
}

impl Default for CharsMax {
    fn default() -> Self {
        Self(std::array::from_fn(|at| match &FIELDS[at].kind {
            Kind::Text(text) => text.chars_max,
            _ => usize::MAX,
        }))
    }
}

impl Serialize for CharsMax {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Field::limited().map(|(at, field, _)| (field.limit_name(), self.at(at))))
    }
}

impl<'de> Deserialize<'de> for CharsMax {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(CharsMaxVisitor)
    }
}

struct CharsMaxVisitor;

impl<'de> Visitor<'de> for CharsMaxVisitor {
    type Value = CharsMax;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("limits of text fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CharsMax, A::Error> {
        let mut chars_max = CharsMax::default();
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            let (at, ..) = Field::limited()
                .find(|(_, field, _)| field.limit_name() == key)
                .ok_or_else(|| A::Error::custom(format_args!("unknown limit `{key}`")))?;
            // The path of the error ends at the table, so the message names the key.
            chars_max.0[at] = map.next_value().map_err(|error| A::Error::custom(format_args!("{key}: {error}")))?;
        }
        Ok(chars_max)
    }
}

impl JsonSchema for CharsMax {
    fn schema_name() -> Cow<'static, str> {
        "CharsMax".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let properties: Map<_, _> = Field::limited()
            .map(|(_, field, text)| {
                let meaning = format!("Characters of `{}`; a longer one {}.", field.name, text.too_long.consequence());
                (field.limit_name(), serde_json::json!({"type": "integer", "minimum": 0, "description": meaning}))
            })
            .collect();
        json_schema!({"type": "object", "properties": properties})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(field: &str, chars_max: usize) -> Limits {
        Limits { chars_max: CharsMax::default().with(field, chars_max), ..Limits::default() }
    }

    #[test]
    fn the_defaults_are_allowed_and_a_wider_column_is_not() {
        assert_eq!(Limits::default().validate(), Ok(()));
        let wide = with("page_url", 501);
        assert_eq!(wide.validate(), Err("page_url_chars_max must be at most 500, but is 501".to_owned()));
        let narrow = with("site", 0);
        assert_eq!(narrow.validate(), Err("site_chars_max must be at least 1".to_owned()));
        let deep = Limits { metadata_levels_max: 65, ..Limits::default() };
        assert!(deep.validate().is_err());
    }

    #[test]
    fn one_limit_can_be_named_alone_and_an_unknown_one_is_an_error() {
        let limits: Limits = serde_json::from_str(r#"{"events_max":5}"#).unwrap();
        assert_eq!(limits, Limits { events_max: 5, ..Limits::default() });
        let limits: Limits = serde_json::from_str(r#"{"page_url_chars_max":5}"#).unwrap();
        assert_eq!(limits, with("page_url", 5));
        for wrong in [r#"{"event_max":5}"#, r#"{"country_chars_max":1}"#, r#"{"site_chars_max":-1}"#] {
            assert!(serde_json::from_str::<Limits>(wrong).is_err(), "{wrong}");
        }
    }
}
