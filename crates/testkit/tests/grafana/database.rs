//! TimescaleDB with a database for each kind of rows, and one without.

use std::fmt::Write as _;

use footfall::processes::{Postgres, Programs};
use footfall_testkit::{add_to_visits, checkout, connect, own_address, run_dir};
use tokio::sync::OnceCell;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, SimpleQueryMessage};

pub(crate) const KNOWN: &str = "known";
pub(crate) const EMPTY: &str = "empty";
/// With events of the last days, for what is asked as of now.
const RECENT: &str = "recent";
const RECENT_ROWS: &str = include_str!("recent.sql");
const ROWS: &str = include_str!("rows.sql");

async fn server() -> &'static Postgres {
    static SERVER: OnceCell<Postgres> = OnceCell::const_new();
    let start = async || {
        let programs = Programs::load(&checkout().join(".parts/parts.json")).expect("run `cargo xtask setup` first");
        let postgres = Postgres::start(&programs, &run_dir("grafana"), own_address(), 5432).await.unwrap();
        for database in [KNOWN, EMPTY, RECENT] {
            footfall_store::prepare(&postgres.admin(database)).await.unwrap();
        }
        for (database, rows) in [(KNOWN, ROWS), (RECENT, RECENT_ROWS)] {
            let client = connect(&postgres.admin(database)).await;
            let filled = client.batch_execute(rows).await;
            filled.unwrap_or_else(|error| panic!("{database}: {error:?}"));
            add_to_visits(&client, &postgres.url("footfall_writer", database).parse().unwrap()).await;
        }
        postgres
    };
    SERVER.get_or_init(start).await
}

/// Queries as Grafana does: as the reader, by the simple protocol.
pub(crate) struct Reader(Client);

impl Reader {
    pub(crate) async fn of(database: &str) -> Self {
        let mut config = server().await.admin(database);
        let client = connect(config.user("footfall_reader")).await;
        client.batch_execute("SET TIME ZONE 'UTC'").await.unwrap();
        Self(client)
    }

    pub(crate) async fn recent() -> Self {
        Self::of(RECENT).await
    }

    pub(crate) async fn ask(&self, query: &str) -> Result<Answer, String> {
        let described = |error: tokio_postgres::Error| {
            let cause = error.as_db_error().map_or_else(|| error.to_string(), |error| format!("{error:?}"));
            format!("{cause}\n{query}")
        };
        let prepared = self.0.prepare(query).await.map_err(described)?;
        let columns = prepared.columns();
        let columns: Vec<_> =
            columns.iter().map(|column| (column.name().to_owned(), Kind::of(column.type_()))).collect();
        let messages = self.0.simple_query(query).await.map_err(described)?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        });
        Ok(Answer { columns, rows: rows.collect() })
    }
}

/// The type of a column in Grafana.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Time,
    Number,
    Text,
    Flag,
    /// Shown as text, if at all, and differently between versions.
    Other,
}

impl Kind {
    fn of(kind: &Type) -> Self {
        match *kind {
            Type::TIMESTAMPTZ => Self::Time,
            Type::INT2 | Type::INT4 | Type::INT8 | Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => Self::Number,
            Type::TEXT | Type::VARCHAR => Self::Text,
            Type::BOOL => Self::Flag,
            _ => Self::Other,
        }
    }
}

/// The columns and rows of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) columns: Vec<(String, Kind)>,
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

impl Answer {
    /// The indexes of the columns of this kind.
    pub(crate) fn places(&self, kind: Kind) -> Vec<usize> {
        let found = self.columns.iter().enumerate().filter(|(_, (_, found))| *found == kind);
        found.map(|(place, _)| place).collect()
    }

    /// One line for each row: values separated by " | ", "–" for null.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |row: &Vec<Option<String>>| {
            row.iter().enumerate().fold(String::new(), |mut line, (place, value)| {
                let before = if place == 0 { "" } else { " | " };
                write!(line, "{before}{}", value.as_deref().unwrap_or("–")).unwrap();
                line
            })
        };
        self.rows.iter().map(line).collect()
    }
}
