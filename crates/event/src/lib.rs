//! Defines what an event is for all of Footfall; it is the only contract between ingest and sink.
//!
//! Pure: bytes and a time go in, values come out. No I/O, no clock, no tokio.
//!
//! ```text
//! body ── parse ──▶ Accepted(Event) ── to_line ──▶ Kafka ── from_line ──▶ Event ──▶ one row
//!             └───▶ Rejection(Reason)                            └──────▶ Rejection(Reason): quarantine
//! ```
//!
//! 1. [`BodyFormat::from_content_type`] determines the body's format, [`parse`] reads it: one event, an array,
//!    `{"events":[...]}` or NDJSON. A bad element does not affect the others.
//! 2. [`parse`] turns each accepted element into a normalised [`Event`]: every string within the [`Limits`], no NUL
//!    character anywhere, an absolute page URL, an id, and a time corrected for the error of the client's clock. A
//!    [`Flag`] marks text that was cut and a time that was replaced. PostgreSQL can store every accepted event.
//! 3. [`Event::to_line`] is the message in the Kafka topic; [`Event::from_line`] repeats the same checks, because others
//!    may write to the topic, and returns the same event.
//! 4. An event has exactly one [`Outcome`]; one that is not stored has a [`Reason`] with a stable name, and one that
//!    cannot be taken now a [`Deferral`]; docs/reasons.md explains each ([`reasons_document`]). Ingest has no
//!    connection to the database, so its counts travel as [`OutcomeCounts`] and its metrics as [`PipelineSample`], both
//!    as an [`OutcomesMessage`].
//! 5. [`enrich`] derives further columns (page, channel, browser, bot or not) when the event is stored; what only the
//!    HTTP request contains ([`Hints`], the country) travels with the event until then.
//! 6. A visitor is identified by a hash that changes daily ([`VisitorKey`]), never by an address.

mod arrival;
mod body;
mod body_format;
mod campaign;
mod channel_name;
mod clock;
mod deferral;
mod describe;
pub mod dimension;
pub mod enrich;
mod event;
mod field;
pub mod filter;
mod flags;
mod language;
mod lenient;
mod limits;
mod line;
mod masked;
mod measures;
mod normalise;
mod numbers;
mod outcome;
mod outcome_counts;
mod outcomes_message;
mod page_url;
mod parse;
mod pipeline_sample;
mod raw_event;
mod reason;
mod reasons_document;
mod rejection;
mod source;
mod spelling;
mod strict;
mod text;
mod visitor;

pub use arrival::{Arrival, Hints, VisitorOf};
pub use body_format::BodyFormat;
pub use campaign::CLICK_IDS;
pub use deferral::Deferral;
pub use describe::describe_fields;
pub use event::{Event, SCHEMA_VERSION, SCHEMA_VERSION_HEADER};
pub use field::{FIELDS, Field};
pub use flags::{Flag, Flags};
pub use limits::{CharsMax, Limits};
pub use masked::MASKED_NAMES;
pub use normalise::Accepted;
pub use outcome::Outcome;
pub use outcome_counts::{OutcomeCount, OutcomeCounts};
pub use outcomes_message::OutcomesMessage;
pub use parse::{Parsed, RequestKind, parse};
pub use pipeline_sample::PipelineSample;
pub use reason::{Reason, UnknownReason};
pub use reasons_document::reasons_document;
pub use rejection::Rejection;
pub use visitor::VisitorKey;
