//! The columns of `analytics_events` that the writer copies, and where each value comes from.

use std::error::Error;
use std::sync::LazyLock;

use bytes::BytesMut;
use footfall_event::dimension::DIMENSIONS;
use footfall_event::enrich::Enriched;
use footfall_event::{Event, Field, Flag};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio_postgres::types::{IsNull, Json, ToSql, Type, to_sql_checked};
use uuid::Uuid;

pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) sql_type: Type,
    source: Source,
}

enum Source {
    Field(fn(&Event) -> Option<&str>),
    Dimension(fn(&Enriched) -> Option<&str>),
    Other(for<'a> fn(&'a Event, &'a Enriched) -> Cell<'a>),
}

/// Every column, in the order in which they are copied.
pub(crate) static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| {
    let texts =
        Field::text_columns().map(|(name, get)| Column { name, sql_type: Type::TEXT, source: Source::Field(get) });
    let dimensions = DIMENSIONS.iter().filter_map(|dimension| {
        let source = Source::Dimension(dimension.value()?);
        Some(Column { name: dimension.name, sql_type: Type::TEXT, source })
    });
    others().into_iter().chain(texts).chain(dimensions).collect()
});

fn others() -> [Column; 10] {
    let other = |name, sql_type, value| Column { name, sql_type, source: Source::Other(value) };
    [
        other("timestamp", Type::TIMESTAMPTZ, |event, _| Cell::Time(Some(event.timestamp))),
        other("received_at", Type::TIMESTAMPTZ, |event, _| Cell::Time(Some(event.received_at))),
        other("sent_at", Type::TIMESTAMPTZ, |event, _| Cell::Time(event.sent_at)),
        other("event_id", Type::UUID, |event, _| Cell::Uuid(Some(event.event_id))),
        other("visitor_id", Type::UUID, |event, _| Cell::Uuid(event.visitor_id)),
        other("metadata", Type::JSONB, |event, _| Cell::Json(event.metadata.as_ref().map(Json))),
        other("schema_version", Type::INT4, |event, _| Cell::Int(event.schema_version.into())),
        other("flags", Type::TEXT_ARRAY, |event, _| {
            Cell::Texts((!event.flags.is_empty()).then(|| event.flags.iter().map(Flag::as_str).collect()))
        }),
        other("page_path", Type::TEXT, |_, enriched| Cell::Text(Some(&enriched.page_path))),
        other("bot", Type::BOOL, |_, enriched| Cell::Bool(enriched.agent.bot)),
    ]
}

impl Column {
    pub(crate) fn cell<'a>(&self, event: &'a Event, enriched: &'a Enriched) -> Cell<'a> {
        match self.source {
            Source::Field(get) => Cell::Text(get(event)),
            Source::Dimension(value) => Cell::Text(value(enriched)),
            Source::Other(value) => value(event, enriched),
        }
    }
}

/// A value in a row, of its column's type.
#[derive(Debug)]
pub(crate) enum Cell<'a> {
    Text(Option<&'a str>),
    Texts(Option<Vec<&'a str>>),
    Time(Option<Timestamp>),
    Uuid(Option<Uuid>),
    Json(Option<Json<&'a Map<String, Value>>>),
    Int(i32),
    Bool(bool),
}

impl ToSql for Cell<'_> {
    fn to_sql(&self, sql_type: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Text(text) => text.to_sql(sql_type, out),
            Self::Texts(texts) => texts.to_sql(sql_type, out),
            Self::Time(time) => time.to_sql(sql_type, out),
            Self::Uuid(id) => id.to_sql(sql_type, out),
            Self::Json(json) => json.to_sql(sql_type, out),
            Self::Int(number) => number.to_sql(sql_type, out),
            Self::Bool(truth) => truth.to_sql(sql_type, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // COLUMNS declares each type next to its value.
        true
    }

    to_sql_checked!();
}
