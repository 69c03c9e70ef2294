//! An event as it was sent, read in one pass.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use jiff::Timestamp;
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::clock::{self, TIMESTAMP_MIN, Unit};
use crate::field::{FIELDS, Kind, SetBy, position};
use crate::strict::{Any, Key, Metadata, Reading, Text};
use crate::{Flag, Flags, Limits, Reason, Rejection, language, numbers};

/// Where the text comes from. Fields that only ingest may set are ignored in a body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Body,
    Line,
}

impl SetBy {
    fn may_set_in(self, source: Source) -> bool {
        match self {
            Self::Client => true,
            Self::Ingest => source == Source::Line,
            Self::Envelope => source == Source::Body,
        }
    }
}

/// Each field as it was sent; `None` if it is absent or null.
#[derive(Default)]
pub(crate) struct RawEvent<'a> {
    /// Texts and UUIDs, by the field's [`position`].
    pub(crate) texts: [Option<Cow<'a, str>>; FIELDS.len()],
    /// Times, by the field's [`position`].
    pub(crate) times: [Option<Timestamp>; FIELDS.len()],
    pub(crate) metadata: Option<Map<String, Value>>,
    pub(crate) language: Option<String>,
    pub(crate) screen_width: Option<u16>,
    pub(crate) schema_version: Option<u16>,
    pub(crate) flags: Flags,
    /// Makes the body an envelope.
    pub(crate) events: Option<&'a RawValue>,
}

pub(crate) const EVENT_ID: usize = position("event_id");
pub(crate) const PAGE_URL: usize = position("page_url");
pub(crate) const REFERRER: usize = position("referrer");
pub(crate) const CAMPAIGN: usize = position("campaign");
pub(crate) const EVENT_TYPE: usize = position("event_type");
pub(crate) const USER_AGENT: usize = position("user_agent");
pub(crate) const COUNTRY: usize = position("country");
pub(crate) const VISITOR_ID: usize = position("visitor_id");
pub(crate) const TIMESTAMP: usize = position("timestamp");
pub(crate) const SENT_AT: usize = position("sent_at");
pub(crate) const RECEIVED_AT: usize = position("received_at");
pub(crate) const SEC_CH_UA: usize = position("sec_ch_ua");
pub(crate) const SEC_CH_UA_MOBILE: usize = position("sec_ch_ua_mobile");
pub(crate) const SEC_CH_UA_PLATFORM: usize = position("sec_ch_ua_platform");
pub(crate) const PURPOSE: usize = position("purpose");

/// Reads the text of one event, or of an envelope. Unknown keys are ignored, because other SDKs send many, but their
/// values must be valid JSON by the same rules. `events` is not read until it is known to be an envelope's.
pub(crate) fn read<'a>(text: &'a str, source: Source, limits: &Limits) -> Result<RawEvent<'a>, Rejection> {
    let reading = Reading::new(limits);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let visitor = Object { reading: &reading, source, text_bytes: text.len() };
    let fields = deserializer.deserialize_any(visitor).and_then(|fields| deserializer.end().map(|()| fields));
    let mut event = match fields {
        Ok(event) => event,
        Err(error) => return Err(reading.rejection(&error)),
    };
    if source == Source::Body && event.metadata.is_some() && reading.has_float.get() && numbers::are_changed(text) {
        event.flags.insert(Flag::MetadataNumberChanged);
    }
    Ok(event)
}

struct Object<'r, 'l> {
    reading: &'r Reading<'l>,
    source: Source,
    text_bytes: usize,
}

const TEXT: &str = "a string or null";
const TIME: &str = "an RFC 3339 time, a number of milliseconds since 1970, or null";

/// A width in whole pixels; `None` if no screen is that wide.
fn width(pixels: f64) -> Option<u16> {
    let pixels = pixels.round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within the range")]
    (1.0..=f64::from(u16::MAX)).contains(&pixels).then_some(pixels as u16)
}

impl Object<'_, '_> {
    /// Reads the value of the field at this position.
    fn read<'de, A>(&self, position: usize, event: &mut RawEvent<'de>, map: &mut A) -> Result<(), A::Error>
    where
        A: MapAccess<'de>,
    {
        let reading = self.reading;
        match FIELDS[position].kind {
            Kind::Text(_) | Kind::Uuid => {
                reading.expected.set(TEXT);
                event.texts[position] = map.next_value_seed(Text(reading))?;
            }
            Kind::Time => {
                let time = map.next_value_seed(Time { reading, source: self.source })?;
                if position == TIMESTAMP && time.is_some_and(|time| !time.in_millis) {
                    event.flags.insert(Flag::TimestampUnit);
                }
                event.times[position] = time.map(|time| time.at);
            }
            Kind::Metadata => {
                reading.expected.set("an object or null");
                event.metadata = map.next_value_seed(Metadata { reading, text_bytes: self.text_bytes })?;
            }
            // These two were once ignored, so an invalid value is no reason to refuse the event.
            Kind::Language => {
                let value = map.next_value_seed(Any::lenient(reading))?;
                event.language = value.as_str().and_then(language::tag).map(str::to_owned);
            }
            Kind::ScreenWidth => {
                let value = map.next_value_seed(Any::lenient(reading))?;
                event.screen_width = value.as_f64().and_then(width);
                if event.screen_width.is_some_and(|width| value.as_f64() != Some(width.into())) {
                    event.flags.insert(Flag::ScreenWidthRounded);
                }
            }
            Kind::SchemaVersion => event.schema_version = map.next_value_seed(Version(reading))?,
            Kind::Flags => {
                reading.expected.set("an array of known flags");
                event.flags = map.next_value()?;
            }
            Kind::Events => event.events = Some(map.next_value()?),
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Object<'_, '_> {
    type Value = RawEvent<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawEvent<'de>, A::Error> {
        let reading = self.reading;
        let mut event = RawEvent::default();
        let mut known = 0_u32;
        let mut unknown = HashSet::new();
        while let Some(key) = map.next_key_seed(Key(reading))? {
            let position = FIELDS.iter().position(|field| field.name == key);
            let is_first = match position {
                Some(position) => {
                    let bit = 1 << position;
                    let is_first = known & bit == 0;
                    known |= bit;
                    is_first
                }
                None => unknown.insert(key.clone()),
            };
            if !is_first {
                reading.leave(&key);
                return Err(reading.fail(Reason::DuplicateKey, "appears twice in one object"));
            }
            let position = position.filter(|position| FIELDS[*position].set_by.may_set_in(self.source));
            let read = match position {
                Some(position) => self.read(position, &mut event, &mut map),
                None => map.next_value_seed(Any::ignored(reading)).map(drop),
            };
            read.inspect_err(|_| reading.leave(&key))?;
        }
        Ok(event)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<RawEvent<'de>, A::Error> {
        // Deeply nested arrays have their own reason.
        Any::ignored(self.reading).visit_seq(seq)?;
        Err(self.reading.fail(Reason::NotAnObject, "must be an object"))
    }
}

/// A time as it was sent.
#[derive(Clone, Copy)]
struct Sent {
    at: Timestamp,
    /// False for a number of seconds, microseconds or nanoseconds.
    in_millis: bool,
}

/// Reads a time: an RFC 3339 string, or a number since the epoch, also as a string; `None` for null and the empty string.
///
/// A time from a client that PostgreSQL cannot hold becomes the nearest one that it can: it is too far off to be believed
/// anyway, and no reason to lose the event.
struct Time<'r, 'l> {
    reading: &'r Reading<'l>,
    source: Source,
}

impl Time<'_, '_> {
    fn checked<E: Error>(&self, time: Timestamp, in_millis: bool) -> Result<Option<Sent>, E> {
        if time < TIMESTAMP_MIN && self.source == Source::Line {
            return Err(self.reading.fail(Reason::TimestampInvalid, "is before what PostgreSQL can hold"));
        }
        Ok(Some(Sent { at: clock::whole_micros(time.max(TIMESTAMP_MIN)), in_millis }))
    }
}

impl<'de> DeserializeSeed<'de> for Time<'_, '_> {
    type Value = Option<Sent>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.reading.expected.set(TIME);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Time<'_, '_> {
    type Value = Option<Sent>;

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
        match (text.parse(), clock::of_digits(text)) {
            (Ok(time), _) => self.checked(time, true),
            (_, Some((time, unit))) => self.checked(time, unit == Unit::Millis),
            _ => Err(self.reading.fail(Reason::TimestampInvalid, format!("must be {TIME}"))),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        let unit = Unit::of_integer(number.into());
        self.checked(unit.time_of_integer(number.into()), unit == Unit::Millis)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        let unit = Unit::of_integer(number.into());
        self.checked(unit.time_of_integer(number.into()), unit == Unit::Millis)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        let unit = Unit::of_float(number);
        self.checked(unit.time_of_float(number), unit == Unit::Millis)
    }
}

const VERSION: &str = "an integer from 1 to 65535, or null";

/// Reads a schema version; `None` for null.
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

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() { Ok(None) } else { Err(E::invalid_type(Unexpected::Str("..."), &self)) }
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
