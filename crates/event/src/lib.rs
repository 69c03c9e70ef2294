//! What an event is, for every part of Footfall: the only contract between ingest and sink.
//!
//! Pure: bytes and a time go in, values come out. No I/O, no clock, no tokio.
//!
//! ```text
//! body ── parse ──▶ Accepted(Event) ── to_line ──▶ Kafka ── from_line ──▶ Event ──▶ one row
//!             └───▶ Rejection(Reason)                            └──────▶ Rejection(Reason): quarantine
//! ```
//!
//! 1. [`BodyFormat::from_content_type`] says how the body is to be read, [`parse`] reads it: one event, an array,
//!    `{"events":[...]}` or NDJSON. A bad element costs none of its neighbours.
//! 2. What [`parse`] accepts is a normalised [`Event`]: every string within the [`Limits`], no NUL character anywhere,
//!    an absolute page URL, an id, a time that the client's clock error has been taken out of. Text that was cut and
//!    a time that was replaced are marked by a [`Flag`]. PostgreSQL can hold whatever stands in an accepted event.
//! 3. [`Event::to_line`] is what stands in the Kafka topic; [`Event::from_line`] makes the same checks again, because
//!    a topic can be written by others, and gives back the same event.
//! 4. An event has exactly one [`Outcome`]; what is not stored has a [`Reason`] with a stable name, and what cannot be
//!    taken now a [`Deferral`]. docs/reasons.md explains each ([`reasons_document`]). Ingest has no
//!    way to the database, so its counts travel as [`OutcomeCounts`] and its metrics as [`PipelineSample`]:
//!    [`OutcomesMessage`].
//! 5. What an event tells beyond its fields (page, channel, browser, bot or not) is worked out by [`enrich`] when it is
//!    stored; what only the HTTP request tells ([`Hints`], the country) travels with the event until then.
//! 6. A visitor is known by a hash that changes daily ([`VisitorKey`]), never by an address.

mod body;
mod body_format;
mod clock;
mod deferral;
pub mod enrich;
mod event;
mod fields;
mod flags;
mod language;
mod limits;
mod normalise;
mod outcome;
mod outcome_counts;
mod outcomes_message;
mod page_url;
mod parse;
mod pipeline_sample;
mod reason;
mod reasons_document;
mod rejection;
mod source;
mod strict;
mod text;
mod visitor;

pub use body_format::BodyFormat;
pub use deferral::Deferral;
pub use event::{Event, SCHEMA_VERSION, SCHEMA_VERSION_HEADER};
pub use flags::{Flag, Flags};
pub use limits::Limits;
pub use outcome::Outcome;
pub use outcome_counts::{OutcomeCount, OutcomeCounts};
pub use outcomes_message::OutcomesMessage;
pub use parse::{Accepted, Arrival, Hints, Parsed, RequestKind, VisitorOf, parse};
pub use pipeline_sample::PipelineSample;
pub use reason::{Reason, UnknownReason};
pub use reasons_document::reasons_document;
pub use rejection::Rejection;
pub use visitor::VisitorKey;
