//! Databases for tests, and connections of the tests' own, opened as the product opens its connections.

use std::net::SocketAddr;
use std::time::Duration;

use footfall::processes::Postgres;
use footfall_store::{Closer, Recounted};
use tokio::sync::Mutex;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};
use uuid::Uuid;

const TEMPLATE: &str = "footfall_template";
const COPY_RETRY: Duration = Duration::from_millis(10);

/// Makes a database as [`footfall_store::prepare`] does, and returns its name. The first one of a server in this process is
/// prepared, and all are copies of it.
pub async fn new_database(postgres: &Postgres) -> String {
    static PREPARED: Mutex<Vec<SocketAddr>> = Mutex::const_new(Vec::new());
    let name = format!("test_{}", Uuid::now_v7().simple());
    let mut prepared = PREPARED.lock().await;
    if !prepared.contains(&postgres.address()) {
        footfall_store::prepare(&postgres.admin(TEMPLATE)).await.unwrap_or_else(|error| panic!("{error:?}"));
        // Keeps TimescaleDB's own process out of it.
        execute(postgres, "postgres", &format!("ALTER DATABASE {TEMPLATE} ALLOW_CONNECTIONS false")).await.unwrap();
        prepared.push(postgres.address());
    }
    drop(prepared);
    copy_database(postgres, TEMPLATE, &name).await;
    name
}

/// Copies a database, which nothing else may use meanwhile.
pub async fn copy_database(postgres: &Postgres, of: &str, name: &str) {
    let create = format!("CREATE DATABASE {name} TEMPLATE {of} OWNER footfall_owner");
    // Connections take a moment to end, and TimescaleDB's own process in the database, or a vacuum, is a user of it too.
    while let Err(error) = execute(postgres, "postgres", &create).await {
        assert_eq!(error.code(), Some(&SqlState::OBJECT_IN_USE), "{error:?}");
        let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{of}'");
        execute(postgres, "postgres", &end).await.unwrap();
        tokio::time::sleep(COPY_RETRY).await;
    }
    // Some of it belongs to the database and not to what is in it.
    execute(postgres, name, include_str!("../../../sql/cluster/database.sql")).await.unwrap();
}

async fn execute(postgres: &Postgres, database: &str, statements: &str) -> Result<(), tokio_postgres::Error> {
    connect(&postgres.admin(database)).await.batch_execute(statements).await
}

/// Connects; panics where the server is away or refuses.
pub async fn connect(config: &Config) -> Client {
    footfall_store::connect(config).await.unwrap_or_else(|error| panic!("{error:?}"))
}

/// Adds events that a test has put into `analytics_events` itself to the visits, as for an instance of an earlier version.
pub async fn add_to_visits(owner: &Client, writer: &Config) {
    let begin = "DELETE FROM analytics_backfill;
        INSERT INTO analytics_backfill (stored_before, reached, oldest, events)
        SELECT '2100-01-01', max(timestamp) + INTERVAL '1 microsecond', min(timestamp), 0 FROM analytics_events HAVING count(*) > 0";
    owner.batch_execute(begin).await.unwrap_or_else(|error| panic!("{error:?}"));
    let mut closer = Closer::connect(writer).await.unwrap_or_else(|error| panic!("{error:?}"));
    while closer.add_older_events().await.unwrap_or_else(|error| panic!("{error:?}")).is_some() {}
}

/// Counts everything again from the events and asserts that nothing stored differs.
pub async fn assert_counted(admin: &Config) -> Recounted {
    let recounted =
        footfall_store::recount(admin, (None, None), |_| ()).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(recounted.differing, 0, "{recounted:#?}");
    recounted
}

/// Works out the sums of all days that have begun, and of all periods.
pub async fn close_days(writer: &Config) {
    let mut closer = Closer::connect(writer).await.unwrap_or_else(|error| panic!("{error:?}"));
    for day in closer.days_due().await.unwrap_or_else(|error| panic!("{error:?}")) {
        closer.sum(day, None).await.unwrap_or_else(|error| panic!("{error:?}"));
    }
    closer.sum_periods(true).await.unwrap_or_else(|error| panic!("{error:?}"));
}
