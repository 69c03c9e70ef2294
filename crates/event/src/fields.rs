//! The fields of one event as they were sent, read in one pass over the text.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use jiff::Timestamp;
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::clock::{self, TIMESTAMP_MIN};
use crate::strict::{Any, Key, Metadata, Reading, Text};
use crate::{Flags, Limits, Reason, Rejection, language};

/// Where the text comes from: some fields are ours to set, and are ignored where a client sets them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Body,
    Line,
}

/// Each field as it was sent; none where it is absent or null.
#[derive(Default)]
pub(crate) struct Fields<'a> {
    pub(crate) event_id: Option<Cow<'a, str>>,
    pub(crate) event_type: Option<Cow<'a, str>>,
    pub(crate) page_url: Option<Cow<'a, str>>,
    pub(crate) page_title: Option<Cow<'a, str>>,
    pub(crate) button_id: Option<Cow<'a, str>>,
    pub(crate) session_id: Option<Cow<'a, str>>,
    pub(crate) user_agent: Option<Cow<'a, str>>,
    pub(crate) timestamp: Option<Timestamp>,
    pub(crate) metadata: Option<Map<String, Value>>,
    pub(crate) sent_at: Option<Timestamp>,
    pub(crate) user_id: Option<Cow<'a, str>>,
    pub(crate) referrer: Option<Cow<'a, str>>,
    pub(crate) site: Option<Cow<'a, str>>,
    pub(crate) language: Option<String>,
    pub(crate) screen_width: Option<u16>,
    pub(crate) schema_version: Option<u16>,
    /// Of a body: what makes it an envelope.
    pub(crate) events: Option<&'a RawValue>,
    /// Of a line.
    pub(crate) received_at: Option<Timestamp>,
    /// Of a line.
    pub(crate) visitor_id: Option<Cow<'a, str>>,
    /// Of a line.
    pub(crate) country: Option<Cow<'a, str>>,
    /// Of a line.
    pub(crate) sec_ch_ua: Option<Cow<'a, str>>,
    /// Of a line.
    pub(crate) sec_ch_ua_mobile: Option<Cow<'a, str>>,
    /// Of a line.
    pub(crate) sec_ch_ua_platform: Option<Cow<'a, str>>,
    /// Of a line.
    pub(crate) flags: Flags,
}

/// Reads the text of one event, or of an envelope. Keys that are not known are ignored, as other SDKs send many, but
/// what stands in them is held to the same rules of JSON; only `events` is left unread until it is known what it is.
pub(crate) fn read<'a>(text: &'a str, source: Source, limits: &Limits) -> Result<Fields<'a>, Rejection> {
    let reading = Reading::new(limits);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let visitor = Object { reading: &reading, source, text_bytes: text.len() };
    let fields = deserializer.deserialize_any(visitor).and_then(|fields| deserializer.end().map(|()| fields));
    fields.map_err(|error| reading.rejection(&error))
}

struct Object<'r, 'l> {
    reading: &'r Reading<'l>,
    source: Source,
    text_bytes: usize,
}

/// The known keys. The position is the bit by which a second one is noticed.
const NAMES: [&str; 24] = [
    "event_id",
    "event_type",
    "page_url",
    "page_title",
    "button_id",
    "session_id",
    "user_agent",
    "timestamp",
    "metadata",
    "sent_at",
    "user_id",
    "referrer",
    "site",
    "language",
    "screen_width",
    "schema_version",
    "events",
    "received_at",
    "visitor_id",
    "country",
    "sec_ch_ua",
    "sec_ch_ua_mobile",
    "sec_ch_ua_platform",
    "flags",
];

const TEXT: &str = "a string or null";
const TIME: &str = "an RFC 3339 time, a number of milliseconds since 1970, or null";

/// A width in pixels, to the whole pixel; none where no screen has it.
fn width(pixels: f64) -> Option<u16> {
    let pixels = pixels.round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within the range")]
    (1.0..=f64::from(u16::MAX)).contains(&pixels).then_some(pixels as u16)
}

impl Object<'_, '_> {
    fn field<'de, A: MapAccess<'de>>(&self, key: &str, fields: &mut Fields<'de>, map: &mut A) -> Result<(), A::Error> {
        let reading = self.reading;
        let mut text = || {
            reading.expected.set(TEXT);
            map.next_value_seed(Text(reading))
        };
        match (key, self.source) {
            ("event_id", _) => fields.event_id = text()?,
            ("event_type", _) => fields.event_type = text()?,
            ("page_url", _) => fields.page_url = text()?,
            ("page_title", _) => fields.page_title = text()?,
            ("button_id", _) => fields.button_id = text()?,
            ("session_id", _) => fields.session_id = text()?,
            ("user_agent", _) => fields.user_agent = text()?,
            ("user_id", _) => fields.user_id = text()?,
            ("referrer", _) => fields.referrer = text()?,
            ("site", _) => fields.site = text()?,
            ("visitor_id", Source::Line) => fields.visitor_id = text()?,
            ("country", Source::Line) => fields.country = text()?,
            ("sec_ch_ua", Source::Line) => fields.sec_ch_ua = text()?,
            ("sec_ch_ua_mobile", Source::Line) => fields.sec_ch_ua_mobile = text()?,
            ("sec_ch_ua_platform", Source::Line) => fields.sec_ch_ua_platform = text()?,
            // These two were once ignored: whatever stands in them is no reason to refuse what was accepted then.
            ("language", _) => {
                let value = map.next_value_seed(Any::lenient(reading))?;
                fields.language = value.as_str().and_then(language::tag).map(str::to_owned);
            }
            ("screen_width", _) => {
                let value = map.next_value_seed(Any::lenient(reading))?;
                fields.screen_width = value.as_f64().and_then(width);
            }
            ("timestamp", source) => {
                fields.timestamp = map.next_value_seed(Time { reading, source })?;
            }
            ("sent_at", source) => {
                fields.sent_at = map.next_value_seed(Time { reading, source })?;
            }
            ("received_at", Source::Line) => {
                fields.received_at = map.next_value_seed(Time { reading, source: Source::Line })?;
            }
            ("metadata", _) => {
                reading.expected.set("an object or null");
                fields.metadata = map.next_value_seed(Metadata { reading, text_bytes: self.text_bytes })?;
            }
            ("schema_version", _) => {
                fields.schema_version = map.next_value_seed(Version(reading))?;
            }
            ("flags", Source::Line) => {
                reading.expected.set("an array of known flags");
                fields.flags = map.next_value()?;
            }
            ("events", Source::Body) => fields.events = Some(map.next_value()?),
            _ => {
                map.next_value_seed(Any::ignored(reading))?;
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Object<'_, '_> {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let reading = self.reading;
        let mut fields = Fields::default();
        let mut known = 0_u32;
        let mut unknown = HashSet::new();
        while let Some(key) = map.next_key_seed(Key(reading))? {
            let first = match NAMES.iter().position(|name| *name == key) {
                Some(position) => {
                    let bit = 1 << position;
                    let first = known & bit == 0;
                    known |= bit;
                    first
                }
                None => unknown.insert(key.clone()),
            };
            if !first {
                reading.leave(&key);
                return Err(reading.fail(Reason::DuplicateKey, "stands twice in one object"));
            }
            self.field(&key, &mut fields, &mut map).inspect_err(|_| reading.leave(&key))?;
        }
        Ok(fields)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Fields<'de>, A::Error> {
        // A nest of arrays is told from a plain array.
        Any::ignored(self.reading).visit_seq(seq)?;
        Err(self.reading.fail(Reason::NotAnObject, "must be an object"))
    }
}

/// Reads a time: an RFC 3339 string, or milliseconds since the epoch; null and the empty string as none.
///
/// A number, or a year, that PostgreSQL cannot hold becomes the nearest time that it can where it comes from a client:
/// it is too far away to be believed in any case, and no reason to lose the event.
struct Time<'r, 'l> {
    reading: &'r Reading<'l>,
    source: Source,
}

impl Time<'_, '_> {
    fn checked<E: Error>(&self, time: Timestamp) -> Result<Option<Timestamp>, E> {
        if time < TIMESTAMP_MIN && self.source == Source::Line {
            return Err(self.reading.fail(Reason::TimestampInvalid, "is before what PostgreSQL can hold"));
        }
        Ok(Some(clock::whole_micros(time.max(TIMESTAMP_MIN))))
    }
}

impl<'de> DeserializeSeed<'de> for Time<'_, '_> {
    type Value = Option<Timestamp>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.reading.expected.set(TIME);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Time<'_, '_> {
    type Value = Option<Timestamp>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(TIME)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.reading.checked(text)?;
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse() {
            Ok(time) => self.checked(time),
            Err(_) => Err(self.reading.fail(Reason::TimestampInvalid, format!("must be {TIME}"))),
        }
    }

    fn visit_i64<E: Error>(self, millis: i64) -> Result<Self::Value, E> {
        self.checked(clock::at_micros(millis.saturating_mul(1_000)))
    }

    fn visit_u64<E: Error>(self, millis: u64) -> Result<Self::Value, E> {
        self.visit_i64(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: Error>(self, millis: f64) -> Result<Self::Value, E> {
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and so does at_micros")]
        let micros = (millis * 1_000.0).round() as i64;
        self.checked(clock::at_micros(micros))
    }
}

const VERSION: &str = "an integer from 1 to 65535, or null";

/// Reads a schema version; null as none.
struct Version<'r, 'l>(&'r Reading<'l>);

impl<'de> DeserializeSeed<'de> for Version<'_, '_> {
    type Value = Option<u16>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.expected.set(VERSION);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Version<'_, '_> {
    type Value = Option<u16>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(VERSION)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, version: u64) -> Result<Self::Value, E> {
        match u16::try_from(version) {
            Ok(version @ 1..) => Ok(Some(version)),
            _ => Err(self.0.fail(Reason::NumberOutOfRange, format!("must be {VERSION}"))),
        }
    }

    fn visit_i64<E: Error>(self, _negative: i64) -> Result<Self::Value, E> {
        self.visit_u64(0)
    }
}
