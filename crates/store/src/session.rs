//! A session as `footfall_writer`: how long its statements may take, and what its commits mean.

use tokio_postgres::{Client, Config};

use crate::WriterError;
use crate::connect::connect;

/// A statement that waits longer than this for another's lock has met something that is not the writer's doing.
const BOUNDS: &str = "SET lock_timeout = '10s'; SET statement_timeout = '60s'";

/// What a commit means once it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// It is on the disk: for records that exist nowhere else.
    Durable,
    /// A crash of the server may lose it, and its offsets with it: for records that Kafka still has.
    Asynchronous,
}

impl Commit {
    fn setting(self) -> &'static str {
        match self {
            // Also where an administrator has switched it off for the whole server.
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
