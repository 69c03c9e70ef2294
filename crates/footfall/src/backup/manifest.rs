//! The manifest of a backup, a file beside it: for `footfall restore`, and for people who choose a backup.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, Error};

use super::folder::manifest_of;
use crate::files;

const ROW_COUNTS: &str = include_str!("../../../../sql/backup/row_counts.sql");
const VERSIONS: &str = include_str!("../../../../sql/backup/versions.sql");
const OFFSETS: &str = include_str!("../../../../sql/backup/offsets.sql");

/// What a backup contains.
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
    /// TimescaleDB's version; a server needs the same one to restore the backup.
    pub timescaledb: String,
    /// The size of the dump.
    pub bytes: u64,
    /// Rows by table; a hypertable's include those of its chunks.
    pub rows: BTreeMap<String, u64>,
    /// Where the sinks resume reading from Kafka after a restore.
    pub offsets: Vec<StoredOffset>,
}

/// How far a partition has been stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredOffset {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset of the next message to store.
    pub next_offset: i64,
}

impl Manifest {
    /// Reads a dump's manifest; `None` if the dump was moved without it.
    pub(crate) fn beside(dump: &Path) -> io::Result<Option<Self>> {
        let path = manifest_of(dump);
        match fs_err::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| files::invalid(&path, error)),
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

/// The versions of PostgreSQL and TimescaleDB; the latter is empty without the extension.
pub(crate) async fn versions(client: &Client) -> Result<(String, String), Error> {
    let row = client.query_one(VERSIONS, &[]).await?;
    Ok((row.get(0), row.get::<_, Option<String>>(1).unwrap_or_default()))
}

/// How far each partition has been stored.
pub(crate) async fn offsets(client: &Client) -> Result<Vec<StoredOffset>, Error> {
    let offset =
        |row: &tokio_postgres::Row| StoredOffset { topic: row.get(0), partition: row.get(1), next_offset: row.get(2) };
    Ok(client.query(OFFSETS, &[]).await?.iter().map(offset).collect())
}
