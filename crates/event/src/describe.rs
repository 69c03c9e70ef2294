//! Generates docs/fields.md from the tables of fields and dimensions.

use std::fmt::Write as _;

use crate::Flag;
use crate::dimension::{DIMENSIONS, ValueOf};
use crate::field::{FIELDS, Field, Kind, SetBy, TooLong};

const HEAD: &str = "# Fields and dimensions

Made from `crates/event/src/field.rs` and `crates/event/src/dimension.rs`; a test fails where this page is stale.

## What a client sends

A field that is absent, null or empty text counts as absent. Keys that are not listed are ignored. Characters are Unicode
code points.
";

const INGEST: &str = "
## What ingest adds

A client cannot set these: they are read in lines of the topic analytics-events only.
";

const FLAGS_HEAD: &str = "
## Flags

What is stored differently from how it was sent. The column `flags` holds the names, and the answer to the client has a
warning for each.

| Flag | Field | Meaning |
|---|---|---|
";

const DIMENSIONS_HEAD: &str = "
## Dimensions

What visits are grouped by (`footfall.visits_by`, the live page) and everything is filtered by: `{\"country\":[\"DE\",\"AT\"]}`
in SQL, `?country=DE&country=AT` in an address. An empty text chooses what has no value. These filters choose visits, with all
their events; [definitions.md](definitions.md) says what a visit is. The column *From* says which of its events has the value.

";

const FILTERS: &str = "
Other filters choose events: `page` is the path of an event's page, `page_prefix` its beginning, `event_type` its type, and
`property` what its `metadata` says, such as `{\"property\":{\"plan\":\"large\"}}`. `bot` chooses visits: `false` (people, the
default), `true` or `any`. A page may be written in any spelling (`/caf%C3%A9`, `/café`) or as its URL, and
an international host in either of its forms: each is stored in one spelling.
";

/// The text of docs/fields.md.
#[must_use]
pub fn describe_fields() -> String {
    let mut text = String::from(HEAD);
    fields(&mut text, |field| field.set_by != SetBy::Ingest);
    text.push_str(INGEST);
    fields(&mut text, |field| field.set_by == SetBy::Ingest);
    text.push_str(FLAGS_HEAD);
    for flag in Flag::ALL {
        row(&mut text, &[&format!("`{}`", flag.as_str()), &format!("`{}`", flag.field()), flag.message()]);
    }
    text.push_str(DIMENSIONS_HEAD);
    text.push_str("| Dimension | From | Meaning |\n|---|---|---|\n");
    for dimension in &DIMENSIONS {
        let from = match dimension.value_of {
            ValueOf::Key => "every event",
            ValueOf::EntryPage | ValueOf::FirstEvent(_) => "the first active event",
            ValueOf::ExitPage => "the last active event",
        };
        row(&mut text, &[&format!("`{}`", dimension.name), from, dimension.meaning]);
    }
    text.push_str(FILTERS);

    text
}

fn fields(text: &mut String, is_shown: impl Fn(&Field) -> bool) {
    text.push_str("\n| Field | Type | Meaning |\n|---|---|---|\n");
    for field in FIELDS.iter().filter(|field| is_shown(field)) {
        let required = if field.required { "Required. " } else { "" };
        row(text, &[&format!("`{}`", field.name), &type_of(field), &format!("{required}{}", field.meaning)]);
    }
}

fn type_of(field: &Field) -> String {
    match &field.kind {
        Kind::Text(it) if !it.configurable => format!("text, at most {} characters", it.chars_max),
        Kind::Text(it) => {
            let longer = match it.too_long {
                TooLong::Refuse => "the event is refused".to_owned(),
                other => format!("it {}", other.consequence()),
            };
            format!("text, at most {} characters (`limits.{}`); beyond, {longer}", it.chars_max, field.limit_name())
        }
        Kind::Uuid => "UUID".into(),
        Kind::Time => {
            "RFC 3339 time, or a number since 1970: milliseconds, or by its size seconds, microseconds or nanoseconds"
                .into()
        }
        Kind::Metadata => "object, or `[]` for an empty one; see `limits.metadata_*`".into(),
        Kind::Language => "language tag (RFC 5646); anything else is left out".into(),
        Kind::ScreenWidth => "number from 1 to 65535; anything else is left out".into(),
        Kind::SchemaVersion => "integer from 1 to 65535".into(),
        Kind::Flags => "array of text".into(),
        Kind::Events => "array of events".into(),
    }
}

fn row(text: &mut String, cells: &[&str]) {
    for cell in cells {
        // Writing to a String cannot fail.
        let _ = write!(text, "| {cell} ");
    }
    text.push_str("|\n");
}
