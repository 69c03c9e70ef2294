//! Reads JSON strictly: a value that PostgreSQL's text and jsonb cannot hold, or would change, is an error with a reason
//! and a path.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use crate::{Limits, Reason, Rejection};

/// The path of an error is sent back and stored, so a client's keys must not make it long.
const PATH_CHARS_MAX: usize = 200;

/// The state of one read. serde's errors carry only text, so the error is kept here, and its path is collected while
/// serde's error travels up.
pub(crate) struct Reading<'l> {
    pub(crate) limits: &'l Limits,
    /// What the current field must be, for the message.
    pub(crate) expected: Cell<&'static str>,
    keys_left: Cell<usize>,
    bytes_left: Cell<usize>,
    /// Whether `metadata` has a number that is kept as a float.
    pub(crate) has_float: Cell<bool>,
    fault: RefCell<Option<(Reason, Cow<'static, str>)>>,
    /// Innermost first.
    path: RefCell<Vec<String>>,
}

impl<'l> Reading<'l> {
    pub(crate) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            expected: Cell::new("an object"),
            keys_left: Cell::new(0),
            bytes_left: Cell::new(0),
            has_float: Cell::new(false),
            fault: RefCell::default(),
            path: RefCell::default(),
        }
    }

    /// Keeps the error, and returns the one that makes serde stop.
    pub(crate) fn fail<E: Error>(&self, reason: Reason, message: impl Into<Cow<'static, str>>) -> E {
        *self.fault.borrow_mut() = Some((reason, message.into()));
        E::custom("see the fault")
    }

    /// Adds a key to the path of the error that is travelling up.
    pub(crate) fn leave(&self, key: &str) {
        self.path.borrow_mut().push(key.to_owned());
    }

    /// The key at which `metadata` became too large is not the cause, so it is not named.
    fn blame_the_whole(&self) {
        if let Some((Reason::MetadataTooLarge | Reason::MetadataTooManyKeys, _)) = *self.fault.borrow() {
            self.path.borrow_mut().clear();
        }
    }

    pub(crate) fn checked<E: Error>(&self, text: &str) -> Result<(), E> {
        if text.as_bytes().contains(&0) {
            return Err(self.fail(Reason::NulCharacter, "holds a NUL character"));
        }
        Ok(())
    }

    /// Turns serde's error into the rejection.
    pub(crate) fn rejection(self, error: &serde_json::Error) -> Rejection {
        let mut path = self.path.into_inner();
        path.reverse();
        let field: String = path.join(".").chars().take(PATH_CHARS_MAX).collect();
        let field = if path.is_empty() || field.is_empty() { Rejection::BODY.to_owned() } else { field };
        match self.fault.into_inner() {
            Some((reason, message)) => Rejection::new(field, reason, message),
            // serde's message would quote what the client sent.
            None if error.is_data() => {
                let reason = if path.is_empty() { Reason::NotAnObject } else { Reason::FieldType };
                Rejection::new(field, reason, format!("must be {}", self.expected.get()))
            }
            None => Rejection::new(field, reason_of(error), error.to_string()),
        }
    }

    fn spend<E: Error>(&self, bytes: usize) -> Result<(), E> {
        match self.bytes_left.get().checked_sub(bytes) {
            Some(left) => self.bytes_left.set(left),
            None => return Err(self.metadata_too_large()),
        }
        Ok(())
    }

    fn metadata_too_large<E: Error>(&self) -> E {
        self.fail(Reason::MetadataTooLarge, format!("has more than {} bytes", self.limits.metadata_bytes_max))
    }
}

/// The reason for an error of serde_json's own, which exposes its error codes only as text.
pub(crate) fn reason_of(error: &serde_json::Error) -> Reason {
    let message = error.to_string();
    let is = |text: &str| message.starts_with(text);
    if is("lone leading surrogate") || is("unexpected end of hex escape") {
        Reason::LoneSurrogate
    } else if is("number out of range") {
        Reason::NumberOutOfRange
    } else if is("recursion limit exceeded") {
        Reason::NestingTooDeep
    } else {
        Reason::JsonSyntax
    }
}

/// Reads a string; `None` for null.
#[derive(Clone, Copy)]
pub(crate) struct Text<'r, 'l>(pub(crate) &'r Reading<'l>);

impl<'de> DeserializeSeed<'de> for Text<'_, '_> {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text<'_, '_> {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or null")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        self.0.checked(text)?;
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.0.checked(text)?;
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Reads a key.
#[derive(Clone, Copy)]
pub(crate) struct Key<'r, 'l>(pub(crate) &'r Reading<'l>);

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Ok(Text(self.0).deserialize(deserializer)?.unwrap_or_default())
    }
}

/// Reads `metadata`: an object within the limits; `None` for null and the empty string. An empty array is an empty
/// object: PHP has one type for both.
pub(crate) struct Metadata<'r, 'l> {
    pub(crate) reading: &'r Reading<'l>,
    /// Length of the whole event.
    pub(crate) text_bytes: usize,
}

/// How much longer compact JSON can be than the text: `9e15` becomes `9000000000000000.0`, so 4 bytes become 18.
const GROWTH_MAX: usize = 5;

impl<'de> DeserializeSeed<'de> for Metadata<'_, '_> {
    type Value = Option<Map<String, Value>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Metadata<'_, '_> {
    type Value = Option<Map<String, Value>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or null")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() { Ok(None) } else { Err(E::invalid_type(Unexpected::Str("..."), &self)) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        match seq.next_element::<IgnoredAny>()? {
            None => Ok(Some(Map::new())),
            Some(_) => Err(A::Error::invalid_type(Unexpected::Seq, &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let limits = self.reading.limits;
        self.reading.keys_left.set(limits.metadata_keys_max);
        self.reading.bytes_left.set(limits.metadata_bytes_max);
        let metadata = Any { reading: self.reading, level: 0, levels_kept: usize::MAX }
            .object(map)
            .inspect_err(|_| self.reading.blame_the_whole())?;
        if self.text_bytes.saturating_mul(GROWTH_MAX) > limits.metadata_bytes_max {
            let mut length = Length(0);
            serde_json::to_writer(&mut length, &metadata).map_err(A::Error::custom)?;
            if length.0 > limits.metadata_bytes_max {
                return Err(self.reading.metadata_too_large());
            }
        }
        Ok(Some(metadata))
    }
}

/// Counts the bytes written.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Reads any value. A value that is not kept is checked all the same, but takes almost no memory.
#[derive(Clone, Copy)]
pub(crate) struct Any<'r, 'l> {
    reading: &'r Reading<'l>,
    /// How many objects and arrays enclose the value.
    level: usize,
    /// How many levels of values are kept.
    levels_kept: usize,
}

impl<'r, 'l> Any<'r, 'l> {
    /// The value of an unknown field.
    pub(crate) fn ignored(reading: &'r Reading<'l>) -> Self {
        reading.keys_left.set(usize::MAX);
        reading.bytes_left.set(usize::MAX);
        Self { reading, level: 0, levels_kept: 0 }
    }

    /// The value of a field that is used if it is a number or text, and ignored otherwise: the contents of an object or an
    /// array are not kept.
    pub(crate) fn lenient(reading: &'r Reading<'l>) -> Self {
        Self { levels_kept: 1, ..Self::ignored(reading) }
    }

    fn keeps(self) -> bool {
        self.level < self.levels_kept
    }

    fn inside<E: Error>(self) -> Result<Self, E> {
        let levels_max = self.reading.limits.metadata_levels_max;
        if self.level >= levels_max {
            return Err(self.reading.fail(Reason::NestingTooDeep, format!("has more than {levels_max} levels")));
        }
        Ok(Self { level: self.level + 1, ..self })
    }

    fn object<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<Map<String, Value>, A::Error> {
        let reading = self.reading;
        let inside = self.inside()?;
        reading.spend(2)?;
        let mut object = Map::new();
        while let Some(key) = map.next_key_seed(Key(reading))? {
            let Some(keys_left) = reading.keys_left.get().checked_sub(1) else {
                let message = format!("has more than {} keys", reading.limits.metadata_keys_max);
                return Err(reading.fail(Reason::MetadataTooManyKeys, message));
            };
            reading.keys_left.set(keys_left);
            reading.spend(key.len() + 3)?;
            match object.entry(key) {
                Entry::Occupied(entry) => {
                    reading.leave(entry.key());
                    return Err(reading.fail(Reason::DuplicateKey, "appears twice in one object"));
                }
                Entry::Vacant(entry) => {
                    let value = map.next_value_seed(inside).inspect_err(|_| reading.leave(entry.key()))?;
                    entry.insert(value);
                }
            }
        }
        Ok(object)
    }
}

impl<'de> DeserializeSeed<'de> for Any<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.reading.spend(4)?;
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.reading.spend(4)?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.reading.spend(1)?;
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.reading.spend(1)?;
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.reading.spend(1)?;
        self.reading.has_float.set(true);
        let number = Number::from_f64(value);
        number.map(Value::Number).ok_or_else(|| self.reading.fail(Reason::NumberOutOfRange, "is not a finite number"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.reading.checked(text)?;
        self.reading.spend(text.len() + 2)?;
        Ok(if self.keeps() { Value::String(text.to_owned()) } else { Value::Null })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        self.reading.spend(2)?;
        let mut array = Vec::new();
        let mut index = 0_usize;
        while let Some(value) = seq.next_element_seed(inside).inspect_err(|_| self.reading.leave(&index.to_string()))? {
            index += 1;
            if inside.keeps() {
                array.push(value);
            }
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        self.object(map).map(Value::Object)
    }
}
