//! A session as `footfall_writer`: time limits of its statements, and durability of its commits.

use tokio_postgres::{Client, Config};

use crate::WriterError;
use crate::connect::connect;

/// No writer holds a lock for this long: a statement that waits longer is blocked by something else. Short enough that
/// readiness says so within five seconds.
const BOUNDS: &str = "SET lock_timeout = '4s'; SET statement_timeout = '60s'";

/// What an acknowledged commit guarantees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// It is on disk: for records that exist nowhere else.
    Durable,
    /// A server crash may lose it, along with its offsets: for records that Kafka still has.
    Asynchronous,
}

impl Commit {
    fn setting(self) -> &'static str {
        match self {
            // Even if an administrator has turned it off for the whole server.
            Self::Durable => "SET synchronous_commit = on",
            Self::Asynchronous => "SET synchronous_commit = off",
        }
    }
}

pub(crate) async fn begin(config: &Config, commit: Commit) -> Result<Client, WriterError> {
    let client = connect(config).await.map_err(WriterError::Unavailable)?;
    for settings in [BOUNDS, commit.setting()] {
        client.batch_execute(settings).await.map_err(WriterError::Unavailable)?;
    }
    Ok(client)
}
