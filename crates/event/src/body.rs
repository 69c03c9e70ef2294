//! Splits a body into the texts of its events.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::lenient::{self, Around};
use crate::{Reason, Rejection, strict};

/// Checks that these bytes are UTF-8 without NUL, before they are read as JSON.
pub(crate) fn sound(bytes: &[u8]) -> Result<&str, Rejection> {
    let text = str::from_utf8(bytes).map_err(|_| Rejection::body(Reason::Utf8Invalid, "is not UTF-8"))?;
    if bytes.contains(&0) {
        return Err(Rejection::body(Reason::NulCharacter, "contains a NUL character"));
    }
    Ok(text)
}

/// A body as text. Invalid UTF-8 and NULs would prevent finding the events' boundaries, so each such byte is replaced
/// with a question mark. An event that contained one is refused later.
pub(crate) struct Mended<'a> {
    body: &'a [u8],
    text: Cow<'a, str>,
}

impl<'a> Mended<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        let text = sound(body).map_or_else(|_| Cow::Owned(mend(body)), Cow::Borrowed);
        Self { body, text }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Checks that no byte in this part of the text was replaced.
    pub(crate) fn sound(&self, part: &str) -> Result<(), Rejection> {
        if matches!(self.text, Cow::Borrowed(_)) {
            return Ok(());
        }
        // The part is a slice of the text, and each byte of the text corresponds to one byte of the body.
        let start = part.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        let original = self.body.get(start..).and_then(|rest| rest.get(..part.len())).unwrap_or(self.body);
        sound(original).map(|_| ())
    }
}

fn mend(body: &[u8]) -> String {
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\0', "?"));
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}

/// The body without white space and byte order marks at its start. Text in another encoding of Unicode is refused.
pub(crate) fn start(body: &[u8]) -> Result<&[u8], Rejection> {
    if let Some(encoding) = other_encoding(body) {
        let message = format!("is {encoding}, but JSON must be UTF-8 (RFC 8259, section 8.1)");
        return Err(Rejection::body(Reason::Utf8Invalid, message));
    }
    Ok(start_of(body, &[]))
}

/// The text without white space, byte order marks and these bytes at its start.
fn start_of<'a>(mut text: &'a [u8], others: &[u8]) -> &'a [u8] {
    loop {
        text = match text {
            [0xef, 0xbb, 0xbf, rest @ ..] => rest,
            [byte, rest @ ..] if byte.is_ascii_whitespace() || others.contains(byte) => rest,
            _ => return text,
        };
    }
}

/// The encoding other than UTF-8, by its byte order mark or by the zeros in its first characters, which are ASCII.
fn other_encoding(body: &[u8]) -> Option<&'static str> {
    match body {
        [0xff, 0xfe, 0, 0, ..] | [(1..), 0, 0, 0, ..] => Some("UTF-32 (little-endian)"),
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, (1..), ..] => Some("UTF-32 (big-endian)"),
        [0xff, 0xfe, ..] | [(1..), 0, (1..), 0, ..] => Some("UTF-16 (little-endian)"),
        [0xfe, 0xff, ..] | [0, (1..), 0, (1..), ..] => Some("UTF-16 (big-endian)"),
        _ => None,
    }
}

/// The elements of an array, each as text, and what is wrong behind the last one. If not even one element is whole, the
/// array is refused.
pub(crate) fn elements(array: &str, events_max: usize) -> Result<(Vec<&str>, Option<Rejection>), Rejection> {
    let mut deserializer = serde_json::Deserializer::from_str(array);
    let elements = deserializer.deserialize_seq(Elements(events_max)).and_then(|elements| {
        deserializer.end()?;
        Ok(elements)
    });
    match elements {
        Ok(elements) => Ok((batch(elements, events_max)?, None)),
        Err(error) => {
            let split = lenient::split(array, events_max, Around::Nothing);
            if split.fault.is_some() && split.readable == 0 {
                return Err(Rejection::body(strict::reason_of(&error), error.to_string()));
            }
            // An unreadable last element is rejected by itself.
            let fault = split
                .fault
                .filter(|_| !split.is_cut_in_element)
                .map(|fault| Rejection::body(Reason::JsonSyntax, fault));
            Ok((batch(split.elements, events_max)?, fault))
        }
    }
}

/// The lines that are not blank. A line may start with a byte order mark, where files were joined, and with the record
/// separator of RFC 7464.
pub(crate) fn lines(body: &[u8], events_max: usize) -> Result<Vec<&[u8]>, Rejection> {
    const RECORD_SEPARATOR: u8 = 0x1e;
    let lines = body.split(|byte| *byte == b'\n').map(|line| start_of(line, &[RECORD_SEPARATOR]).trim_ascii_end());
    let lines = lines.filter(|line| !line.is_empty());
    batch(lines.take(events_max.saturating_add(1)).collect(), events_max)
}

pub(crate) fn batch<T>(events: Vec<T>, events_max: usize) -> Result<Vec<T>, Rejection> {
    if events.is_empty() {
        return Err(Rejection::body(Reason::BatchEmpty, "is a batch without events"));
    }
    if events.len() > events_max {
        return Err(Rejection::body(Reason::TooManyEvents, format!("has more than {events_max} events")));
    }
    Ok(events)
}

struct Elements(usize);

impl<'de> Visitor<'de> for Elements {
    type Value = Vec<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element::<&RawValue>()? {
            elements.push(element.get());
            if elements.len() > self.0 {
                // The batch is refused anyway, so the rest is skipped without using memory.
                while seq.next_element::<IgnoredAny>()?.is_some() {}
            }
        }
        Ok(elements)
    }
}
