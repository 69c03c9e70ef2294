//! Splits a body into events.

use jiff::Timestamp;

use crate::body::{self, Mended};
use crate::raw_event::{self, EVENT_TYPE, RawEvent, SENT_AT, Source};
use crate::{Accepted, Arrival, BodyFormat, Reason, Rejection, normalise};

/// How the events were sent, which decides the form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// One event on its own.
    Single,
    /// An array, an envelope or NDJSON, with any number of events.
    Batch,
}

/// A body that could be split into events.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// One event or a batch.
    pub kind: RequestKind,
    /// Each event of the body, in order: its position is the index in the answer. Never empty.
    pub events: Vec<Result<Accepted, Rejection>>,
}

/// Reads a body. An error means that it has no readable events at all: it is empty, not JSON, or a batch of none or too
/// many. An error in one event is reported at its position among the others.
///
/// `{"events":[...]}` is an envelope if it has no `event_type`; its `sent_at` applies to all its events.
pub fn parse(body: &[u8], format: BodyFormat, arrival: &Arrival<'_>) -> Result<Parsed, Rejection> {
    if body.trim_ascii().is_empty() {
        return Err(Rejection::body(Reason::BodyEmpty, "is empty"));
    }
    match format {
        BodyFormat::Json => json(&Mended::new(body), arrival),
        BodyFormat::Ndjson => {
            let lines = body::lines(body, arrival.limits.events_max)?;
            let event = |line: &[u8]| body::sound(line).and_then(|text| event(text, None, arrival));
            Ok(Parsed { kind: RequestKind::Batch, events: lines.into_iter().map(event).collect() })
        }
    }
}

fn json(body: &Mended<'_>, arrival: &Arrival<'_>) -> Result<Parsed, Rejection> {
    let text = body.text();
    if text.trim_ascii_start().starts_with('[') {
        return batch(body, text, None, arrival);
    }
    let raw = raw_event::read(text, Source::Body, arrival.limits);
    if let Ok(RawEvent { events: Some(events), texts, times, .. }) = &raw
        && texts[EVENT_TYPE].is_none()
    {
        if !events.get().starts_with('[') {
            return Err(Rejection::new("events", Reason::FieldType, "must be an array"));
        }
        return batch(body, events.get(), times[SENT_AT], arrival);
    }
    let event = body.sound(text).and(raw).and_then(|raw| normalise::accepted(raw, None, arrival));
    match event {
        Err(rejection) if matches!(rejection.reason, Reason::JsonSyntax | Reason::Utf8Invalid) => Err(rejection),
        event => Ok(Parsed { kind: RequestKind::Single, events: vec![event] }),
    }
}

fn batch(
    body: &Mended<'_>,
    array: &str,
    sent_at: Option<Timestamp>,
    arrival: &Arrival<'_>,
) -> Result<Parsed, Rejection> {
    let elements = match body::elements(array, arrival.limits.events_max) {
        // The replaced bytes may be the cause.
        Err(rejection) if rejection.reason == Reason::JsonSyntax => body.sound(array).and(Err(rejection))?,
        elements => elements?,
    };
    let event = |text: &str| body.sound(text).and_then(|()| event(text, sent_at, arrival));
    Ok(Parsed { kind: RequestKind::Batch, events: elements.into_iter().map(event).collect() })
}

fn event(text: &str, sent_at: Option<Timestamp>, arrival: &Arrival<'_>) -> Result<Accepted, Rejection> {
    let raw = raw_event::read(text, Source::Body, arrival.limits)?;
    normalise::accepted(raw, sent_at, arrival)
}
