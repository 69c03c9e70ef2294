//! Splits a body into events.

use jiff::Timestamp;

use crate::body::{self, Mended};
use crate::lenient::{self, Around};
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
    let body = body::start(body)?;
    if body.is_empty() {
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
    if text.starts_with('[') {
        return Ok(batch(body, array(body, text, arrival)?, None, arrival));
    }
    let raw = raw_event::read(text, Source::Body, arrival.limits);
    if let Ok(RawEvent { events: Some(events), texts, times, .. }) = &raw
        && texts[EVENT_TYPE].is_none()
    {
        if !events.get().starts_with('[') {
            return Err(Rejection::new("events", Reason::FieldType, "must be an array"));
        }
        return Ok(batch(body, array(body, events.get(), arrival)?, times[SENT_AT], arrival));
    }
    if raw.as_ref().is_err_and(|rejection| rejection.reason == Reason::JsonSyntax)
        && let Some((elements, sent_at)) = broken_envelope(text, arrival)?
    {
        return Ok(batch(body, elements, sent_at, arrival));
    }
    let event = body.sound(text).and(raw).and_then(|raw| normalise::accepted(raw, None, arrival));
    match event {
        Err(rejection) if matches!(rejection.reason, Reason::JsonSyntax | Reason::Utf8Invalid) => Err(rejection),
        event => Ok(Parsed { kind: RequestKind::Single, events: vec![event] }),
    }
}

/// The texts of a batch's events, and what is wrong behind the last one.
type Elements<'t> = (Vec<&'t str>, Option<Rejection>);

fn array<'t>(body: &Mended<'_>, array: &'t str, arrival: &Arrival<'_>) -> Result<Elements<'t>, Rejection> {
    match body::elements(array, arrival.limits.events_max) {
        // The replaced bytes may be the cause.
        Err(rejection) if rejection.reason == Reason::JsonSyntax => body.sound(array).and(Err(rejection)),
        elements => elements,
    }
}

/// The events of an envelope whose array has an unreadable element, or which ends too early; none if it is no envelope
/// or has no whole event.
fn broken_envelope<'t>(
    text: &'t str,
    arrival: &Arrival<'_>,
) -> Result<Option<(Elements<'t>, Option<Timestamp>)>, Rejection> {
    let Some(start) = lenient::events_of(text) else { return Ok(None) };
    let (head, array) = text.split_at(start);
    let split = lenient::split(array, arrival.limits.events_max, Around::Envelope);
    let sent_at = |tail: &str| {
        let around = format!("{head}[]{tail}");
        let raw = raw_event::read(&around, Source::Body, arrival.limits).ok()?;
        raw.texts[EVENT_TYPE].is_none().then_some(raw.times[SENT_AT])
    };
    let (sent_at, fault) = match sent_at(&array[split.end..]) {
        Some(sent_at) => (Some(sent_at), split.fault),
        None => (sent_at("}"), split.fault.or(Some("cannot be read after the events"))),
    };
    if fault.is_some() && split.readable == 0 {
        return Ok(None);
    }
    let Some(sent_at) = sent_at else { return Ok(None) };
    // An unreadable last element is rejected by itself.
    let fault = fault.filter(|_| !split.is_cut_in_element);
    let elements = body::batch(split.elements, arrival.limits.events_max)?;
    Ok(Some(((elements, fault.map(|fault| Rejection::body(Reason::JsonSyntax, fault))), sent_at)))
}

fn batch(
    body: &Mended<'_>,
    (elements, fault): Elements<'_>,
    sent_at: Option<Timestamp>,
    arrival: &Arrival<'_>,
) -> Parsed {
    let event = |text: &str| {
        if text.is_empty() {
            return Err(Rejection::body(Reason::JsonSyntax, "is empty: a comma follows another one, or the bracket"));
        }
        body.sound(text).and_then(|()| event(text, sent_at, arrival))
    };
    let events = elements.into_iter().map(event).chain(fault.map(Err)).collect();
    Parsed { kind: RequestKind::Batch, events }
}

fn event(text: &str, sent_at: Option<Timestamp>, arrival: &Arrival<'_>) -> Result<Accepted, Rejection> {
    let raw = raw_event::read(text, Source::Body, arrival.limits)?;
    normalise::accepted(raw, sent_at, arrival)
}
