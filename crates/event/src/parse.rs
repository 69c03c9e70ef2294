use jiff::Timestamp;
use uuid::Uuid;

use crate::body::{self, Mended};
use crate::raw_event::{self, EVENT_TYPE, RawEvent, SENT_AT, Source};
use crate::{BodyFormat, Event, Limits, Reason, Rejection, normalise};

/// Gives the visitor of a site and a user agent, where both or either may be unknown.
pub type VisitorOf<'a> = dyn Fn(Option<&str>, Option<&str>) -> Option<Uuid> + 'a;

/// What is known about a request beside its body.
pub struct Arrival<'a> {
    /// When the request came in.
    pub received_at: Timestamp,
    /// The User-Agent header, taken where an event names none.
    pub user_agent: Option<&'a str>,
    /// What other headers say of the browser; none of it counts where an event names another user agent.
    pub hints: Hints<'a>,
    /// The country of the client's address, where it is known (ISO 3166-1 alpha-2).
    pub country: Option<&'a str>,
    /// Names the visitor; it knows the client's address, this crate does not.
    pub visitor: &'a VisitorOf<'a>,
    /// What is allowed.
    pub limits: &'a Limits,
}

/// Request headers that tell of the browser and its person. One that is too long counts as absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'a> {
    /// Accept-Language, taken where an event names no language.
    pub accept_language: Option<&'a str>,
    /// Sec-CH-UA: the browser's brands.
    pub sec_ch_ua: Option<&'a str>,
    /// Sec-CH-UA-Mobile.
    pub sec_ch_ua_mobile: Option<&'a str>,
    /// Sec-CH-UA-Platform.
    pub sec_ch_ua_platform: Option<&'a str>,
}

/// How the events stood in the body, which decides the shape of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// One event by itself.
    Single,
    /// An array, an envelope or NDJSON, of however many events.
    Batch,
}

/// A body that could be taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// One event or a batch.
    pub kind: RequestKind,
    /// Each event of the body, in its order: the position is the index that the client is told. Never empty.
    pub events: Vec<Result<Accepted, Rejection>>,
}

/// An event to be handed over, and what its client expects to be answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// The normalised event.
    pub event: Event,
    /// The client's `event_id` as it was sent, else its `session_id`, else the id that was assigned. Clients of the
    /// first generation rely on this.
    pub answer_id: String,
}

/// Reads a body. An error means that no event could be made out in it: it is empty, no JSON, a batch of none or of too
/// many. What is wrong with one event stands in its place among the others.
///
/// `{"events":[...]}` is an envelope where it has no `event_type`; its `sent_at` holds for all its events.
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
        // What was mended may be what broke it.
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
