//! Compresses old events with the columnstore of TimescaleDB's community edition.

use jiff::Timestamp;

use super::Remover;

/// The licence under which the server has a columnstore.
const COMMUNITY: &str = "timescale";

/// What a run compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compressed {
    /// This edition of TimescaleDB, by its `timescaledb.license`, has no columnstore.
    NotWith(String),
    /// Chunks that are held by column now.
    Chunks {
        /// How many.
        chunks: u64,
        /// Their size before.
        bytes: i64,
        /// Chunks left to the next run, because each attempt met a lock.
        left: u64,
    },
}

impl Remover {
    /// Compresses the days of events that are older than `days` days. They can be asked as before, and still take late events.
    ///
    /// # Errors
    /// Fails if PostgreSQL is unreachable or refuses a statement for a reason other than a lock. What was already
    /// compressed stays compressed.
    pub async fn compress_events(&self, days: u16) -> Result<Compressed, tokio_postgres::Error> {
        let row = self.client.query_one(sql!("columnstore_edition"), &[]).await?;
        let (edition, is_enabled): (String, bool) = (row.get(0), row.get(1));
        if edition != COMMUNITY {
            return Ok(Compressed::NotWith(edition));
        }
        let (mut chunks, mut total, mut left) = (0, 0, 0);
        let enabled = is_enabled || {
            let enable = async || self.client.batch_execute(sql!("enable_columnstore")).await;
            self.attempt(enable).await?.is_some()
        };
        let horizon: Timestamp = self.client.query_one(sql!("horizon"), &[&i32::from(days)]).await?.get(0);
        for chunk in self.client.query(sql!("uncompressed_chunks"), &[&horizon]).await? {
            let (name, bytes): (String, i64) = (chunk.get(0), chunk.get(1));
            let compress = async || self.client.execute(sql!("compress_chunk"), &[&name]).await;
            if enabled && self.attempt(compress).await?.is_some() {
                chunks += 1;
                total += bytes;
            } else {
                left += 1;
            }
            self.pause().await;
        }
        Ok(Compressed::Chunks { chunks, bytes: total, left })
    }
}
