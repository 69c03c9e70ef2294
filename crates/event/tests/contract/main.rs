//! The contract of this crate, one property per test.

#![cfg(test)]

mod agents;
mod batches;
mod clock;
mod document;
mod edges;
mod fixtures;
mod lenient;
mod marks;
mod properties;
mod reasons;
mod speed;
mod urls;

use footfall_event::{
    Accepted, Arrival, BodyFormat, Event, Hints, Limits, MASKED_NAMES, Parsed, Rejection, RequestKind, parse,
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// When every request of these tests is received, unless a test says otherwise.
fn received_at() -> Timestamp {
    "2024-01-15T10:31:00Z".parse().unwrap()
}

fn parsed_as(body: &[u8], format: BodyFormat) -> Result<Parsed, Rejection> {
    let limits = Limits::default();
    let names = MASKED_NAMES.map(str::to_owned);
    let arrival = Arrival {
        received_at: received_at(),
        user_agent: Some("header/1.0"),
        hints: Hints::default(),
        site: None,
        country: None,
        visitor: &|_, _| None,
        limits: &limits,
        masked_names: &names,
        import_past_ms_max: None,
    };
    parse(body, format, &arrival)
}

fn parsed(body: impl AsRef<[u8]>) -> Result<Parsed, Rejection> {
    parsed_as(body.as_ref(), BodyFormat::Json)
}

/// One event on its own.
fn single(body: impl AsRef<[u8]>) -> Result<Accepted, Rejection> {
    let mut parsed = parsed(body)?;
    assert_eq!((parsed.kind, parsed.events.len()), (RequestKind::Single, 1));
    parsed.events.remove(0)
}

fn accepted(body: impl AsRef<[u8]>) -> Event {
    single(body).unwrap().event
}

/// The field for which the event is refused, and the reason.
fn refused(body: impl AsRef<[u8]>) -> (String, &'static str) {
    let rejection = single(body).unwrap_err();
    (rejection.field, rejection.reason.as_str())
}

/// The smallest valid event.
fn minimal() -> Value {
    json!({"event_type": "click", "page_url": "https://example.com/"})
}

/// The smallest valid event with one field added or replaced.
fn with(field: &str, value: impl Into<Value>) -> String {
    let mut event = minimal();
    event[field] = value.into();
    event.to_string()
}

/// The smallest valid event with this JSON text added.
fn with_text(text: &str) -> String {
    format!(r#"{{"event_type":"click","page_url":"https://example.com/",{text}}}"#)
}

fn line_of(body: impl AsRef<[u8]>) -> String {
    String::from_utf8(accepted(body).to_line()).unwrap()
}

fn from_line(line: impl AsRef<[u8]>) -> Result<Event, Rejection> {
    Event::from_line(line.as_ref(), &Limits::default())
}
