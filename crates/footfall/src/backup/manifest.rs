//! What a backup holds, as a file beside it says: for whoever restores it, and for a person who looks for one.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, Error};

use super::folder::manifest_of;

const ROW_COUNTS: &str = include_str!("../../../../sql/backup/row_counts.sql");
const VERSIONS: &str = include_str!("../../../../sql/backup/versions.sql");
const OFFSETS: &str = include_str!("../../../../sql/backup/offsets.sql");

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// When its snapshot was taken.
    pub made_at: Timestamp,
    /// The version of Footfall that made it.
    pub footfall: String,
    /// The database.
    pub database: String,
    /// The server's version.
    pub postgresql: String,
    /// TimescaleDB's, which whoever restores it must have too.
    pub timescaledb: String,
    /// Size of the dump.
    pub bytes: u64,
    /// Rows by table; those of a hypertable's chunks are its own.
    pub rows: BTreeMap<String, u64>,
    /// What Kafka is read from after this was restored.
    pub offsets: Vec<Held>,
}

/// Up to where a partition is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The first offset that is not stored.
    pub next_offset: i64,
}

impl Manifest {
    /// The one of a dump; none where the dump was moved without it.
    pub(crate) fn beside(dump: &Path) -> io::Result<Option<Self>> {
        match std::fs::read(manifest_of(dump)) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Rows by table.
pub(crate) async fn row_counts(client: &Client) -> Result<BTreeMap<String, u64>, Error> {
    let rows = client.query(ROW_COUNTS, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get::<_, i64>(1).unsigned_abs())).collect())
}

/// The versions of PostgreSQL and of TimescaleDB, which is empty where there is none.
pub(crate) async fn versions(client: &Client) -> Result<(String, String), Error> {
    let row = client.query_one(VERSIONS, &[]).await?;
    Ok((row.get(0), row.get::<_, Option<String>>(1).unwrap_or_default()))
}

/// Up to where each partition is stored.
pub(crate) async fn offsets(client: &Client) -> Result<Vec<Held>, Error> {
    let held = |row: &tokio_postgres::Row| Held { topic: row.get(0), partition: row.get(1), next_offset: row.get(2) };
    Ok(client.query(OFFSETS, &[]).await?.iter().map(held).collect())
}
