//! A database with the rows of a test, and queries as the reader.

use footfall_store::Closer;
use footfall_testkit::{copy_database, new_database, postgres};
use serde_json::{Map, Value};
use tokio_postgres::{Client, Config};
use uuid::Uuid;

/// Fills the roll-ups from the rows, as the sink would; the bench uses the same file.
pub(crate) const ROLL_UP: &str = include_str!("../../benches/functions/roll_up.sql");

/// A test's own database.
pub(crate) struct Database {
    /// Its name.
    pub(crate) name: String,
    /// Connected as the owner.
    pub(crate) owner: Client,
    /// Connected as the role of Grafana and the live page.
    pub(crate) reader: Client,
    /// The same, of a database with the same events whose days are closed.
    pub(crate) closed: Option<Client>,
}

impl Database {
    /// Without rows.
    pub(crate) async fn empty() -> Self {
        Self::open(&new_database(postgres().await).await).await
    }

    /// Opens an existing one. A connection ends with the test that opened it, so each test opens its own.
    pub(crate) async fn open(name: &str) -> Self {
        let postgres = postgres().await;
        let reader = postgres.url("footfall_reader", name).parse::<Config>().unwrap();
        let owner = connect(&postgres.admin(name)).await;
        Self { name: name.into(), owner, reader: connect(&reader).await, closed: None }
    }

    /// Opens a database and the one that [`Self::closed_copy`] made of it.
    pub(crate) async fn open_with_copy(name: &str) -> Self {
        let copy = Self::open(&copy_of(name)).await;
        Self { closed: Some(copy.reader), ..Self::open(name).await }
    }

    /// Copies the database, which nothing else may use meanwhile, and closes the days of the copy.
    pub(crate) async fn closed_copy(self) -> String {
        let name = self.name;
        drop((self.owner, self.reader));
        let copy = copy_of(&name);
        copy_database(postgres().await, &name, &copy).await;
        Self::open(&copy).await.close().await;
        name
    }

    /// With the events of a table: see [`events`].
    pub(crate) async fn with(table: &str) -> Self {
        let database = Self::empty().await;
        database.add(table).await;
        database
    }

    /// The read model of the events, as the writer makes it. No day is closed.
    pub(crate) async fn build(&self) {
        self.owner.batch_execute(ROLL_UP).await.unwrap();
        let writer = postgres().await.url("footfall_writer", &self.name).parse().unwrap();
        footfall_testkit::add_to_visits(&self.owner, &writer).await;
    }

    /// Closes all days, so that they are answered from their sums.
    pub(crate) async fn close(&self) {
        let writer = postgres().await.url("footfall_writer", &self.name).parse().unwrap();
        footfall_testkit::close_days(&writer).await;
    }

    /// How many days the writer would sum now.
    pub(crate) async fn days_due(&self) -> usize {
        let writer = postgres().await.url("footfall_writer", &self.name).parse().unwrap();
        Closer::connect(&writer).await.unwrap().days_due().await.unwrap().len()
    }

    /// Adds the events of a table, and rebuilds the roll-ups.
    pub(crate) async fn add(&self, table: &str) {
        let insert = r#"
            INSERT INTO analytics_events
            SELECT event.*
            FROM jsonb_array_elements($1) AS row,
                jsonb_populate_record(NULL::analytics_events,
                    '{"bot": false, "schema_version": 1, "created_at": "2026-01-01Z", "received_at": "2026-01-01Z"}' || row) AS event"#;
        self.owner.execute(insert, &[&events(table)]).await.unwrap();
        let empty = "TRUNCATE analytics_visits, analytics_summary_parts, analytics_summary_hours";
        self.owner.batch_execute(empty).await.unwrap();
        self.build().await;
    }

    /// The rows that the reader gets, each in PostgreSQL's notation: (a,b,).
    pub(crate) async fn rows(&self, from: &str) -> Vec<String> {
        rows(&self.reader, from).await
    }

    /// Asserts that the reader gets exactly these rows, in this order.
    pub(crate) async fn answers(&self, from: &str, wanted: &[&str]) {
        assert_eq!(self.rows(from).await, wanted, "{from}");
        if let Some(closed) = &self.closed {
            assert_eq!(rows(closed, from).await, wanted, "{from}, from the sums of closed days");
        }
    }

    /// The error that the reader gets.
    pub(crate) async fn refusal(&self, from: &str) -> String {
        let query = format!("SELECT * FROM {from}");
        let error = self.reader.query(&query, &[]).await.expect_err(&query);
        error.as_db_error().unwrap().message().to_owned()
    }
}

fn copy_of(name: &str) -> String {
    format!("{name}_closed")
}

/// See [`Database::rows`].
pub(crate) async fn rows(reader: &Client, from: &str) -> Vec<String> {
    let query = format!("SELECT answer::text FROM {from} AS answer");
    let rows = reader.query(&query, &[]).await;
    rows.unwrap_or_else(|error| panic!("{query}: {error:?}")).iter().map(|row| row.get(0)).collect()
}

async fn connect(config: &Config) -> Client {
    let client = footfall_testkit::connect(config).await;
    client.batch_execute("SET client_min_messages = warning").await.unwrap();
    client
}

/// Events from a table with the columns time, session, visitor, type, page, and other fields as JSON; `-` is null.
/// A visitor is a number. A line `session NAME {..}` has the common fields of that session's events, which are below it.
/// Ids ascend, so that of two events at the same time the lower line is the later one.
fn events(table: &str) -> Value {
    let mut sessions = Map::new();
    let mut events = Vec::new();
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(session) = line.strip_prefix("session ") {
            let (name, common) = session.split_once(' ').unwrap();
            sessions.insert(name.to_owned(), serde_json::from_str(common).unwrap());
            continue;
        }
        let columns: Vec<&str> = line.splitn(6, '|').map(str::trim).collect();
        let [time, session, visitor, kind, page, more] = columns[..] else { panic!("not six columns: {line}") };
        let mut event = sessions.get(session).and_then(Value::as_object).cloned().unwrap_or_default();
        let some = |text: &str| (text != "-").then(|| Value::from(text));
        event.insert("timestamp".into(), time.into());
        event.insert("session_id".into(), some(session).unwrap_or_default());
        event.insert("visitor_id".into(), some(visitor).map(|_| id(visitor.parse().unwrap())).unwrap_or_default());
        event.insert("event_type".into(), kind.into());
        event.insert("page_path".into(), page.into());
        event.insert("page_url".into(), format!("https://shop.example{page}").into());
        event.insert("event_id".into(), id(events.len() as u128 + 1));
        event
            .extend(serde_json::from_str::<Map<String, Value>>(more).unwrap_or_else(|error| panic!("{line}: {error}")));
        events.push(event);
    }
    serde_json::to_value(events).unwrap()
}

fn id(number: u128) -> Value {
    Uuid::from_u128(number).to_string().into()
}
