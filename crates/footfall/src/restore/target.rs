//! The database to be replaced: what it holds, and how the new one takes its place.

use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};

use super::arguments::connect;
use super::error::{RestoreError, while_doing};
use crate::backup::manifest;

const END_CONNECTIONS: &str = include_str!("../../../../sql/backup/end_connections.sql");
const EXISTS: &str = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
const ATTEMPTS_MAX: u32 = 100;
const RETRY_MS: u64 = 100;

/// The table that identifies a database as Footfall's.
const HISTORY: &str = "refinery_schema_history";
/// Tables that have rows before the first event, or hold only the daemons' metrics.
const NOTHING_TO_LOSE: [&str; 3] = [HISTORY, "kafka_offsets", "pipeline_samples"];

/// A database, and the names of the new and the replaced one. All are plain names, safe in a statement.
pub(crate) struct Target<'a> {
    cluster: &'a Client,
    config: &'a Config,
    name: String,
    pub(crate) restoring: String,
    replaced: String,
}

impl<'a> Target<'a> {
    pub(crate) fn new(cluster: &'a Client, config: &'a Config, name: &str) -> Self {
        let (restoring, replaced) = (format!("{name}_restoring"), format!("{name}_replaced"));
        Self { cluster, config, name: name.to_owned(), restoring, replaced }
    }

    async fn exists(&self, name: &str) -> Result<bool, RestoreError> {
        let row = self.cluster.query_one(EXISTS, &[&name]).await.map_err(while_doing("looking for the database"))?;
        Ok(row.get(0))
    }

    /// Fails if the database holds data that must not be lost.
    pub(crate) async fn refuse(&self, replace: bool) -> Result<(), RestoreError> {
        if self.exists(&self.replaced).await? {
            return Err(RestoreError::LeftOver(self.replaced.clone()));
        }
        if !self.exists(&self.name).await? {
            return Ok(());
        }
        let client = connect(self.config, &self.name).await.map_err(while_doing("connecting to the database"))?;
        let rows = manifest::row_counts(&client).await.map_err(while_doing("counting what the database holds"))?;
        if let Some(table) = rows.keys().next().filter(|_| !rows.contains_key(HISTORY)) {
            return Err(RestoreError::NotOurs { name: self.name.clone(), table: table.clone() });
        }
        let of_events = rows.iter().filter(|(table, _)| !NOTHING_TO_LOSE.contains(&table.as_str()));
        let rows = of_events.map(|(_, rows)| rows).sum();
        if rows > 0 && !replace {
            return Err(RestoreError::HoldsEvents { name: self.name.clone(), rows });
        }
        Ok(())
    }

    /// Drops the database that a failed restore left behind.
    pub(crate) async fn drop_restoring(&self) -> Result<(), RestoreError> {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.restoring);
        self.cluster.batch_execute(&drop).await.map_err(while_doing("removing what an earlier restore left"))
    }

    /// Gives the new database its final name, and drops the one that had it.
    pub(crate) async fn swap(&self) -> Result<(), RestoreError> {
        let Self { name, restoring, replaced, .. } = self;
        let is_there = self.exists(name).await?;
        let mut change =
            format!("ALTER DATABASE {restoring} RENAME TO {name}; ALTER DATABASE {name} ALLOW_CONNECTIONS true");
        let mut all = vec![restoring];
        if is_there {
            change = format!("ALTER DATABASE {name} RENAME TO {replaced}; {change}");
            all.push(name);
        }
        // Statements in one message run in one transaction.
        if let Err(error) = self.without_connections(&all, &change).await {
            // The existing database stays, and must accept connections again.
            let allow = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true");
            if is_there {
                self.cluster.batch_execute(&allow).await.map_err(while_doing("opening the database again"))?;
            }
            return Err(error);
        }
        if is_there {
            let drop = format!("DROP DATABASE {replaced} WITH (FORCE)");
            self.cluster.batch_execute(&drop).await.map_err(while_doing("dropping the database that was replaced"))?;
        }
        Ok(())
    }

    /// Ends connections until `change` succeeds: PostgreSQL renames only an unused database, and sinks reconnect at
    /// once.
    async fn without_connections(&self, names: &[&String], change: &str) -> Result<(), RestoreError> {
        let doing = while_doing("swapping the databases");
        for name in names {
            let shut = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
            self.cluster.batch_execute(&shut).await.map_err(&doing)?;
        }
        for _ in 0..ATTEMPTS_MAX {
            for name in names {
                self.cluster.execute(END_CONNECTIONS, &[name]).await.map_err(&doing)?;
            }
            match self.cluster.batch_execute(change).await {
                Ok(()) => return Ok(()),
                Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => {
                    sleep(Duration::from_millis(RETRY_MS)).await;
                }
                Err(error) => return Err(doing(error)),
            }
        }
        Err(RestoreError::InUse(self.name.clone()))
    }
}
