//! Whether the disk has room for a backup.

use tokio_postgres::Client;

use super::config::Config;
use super::error::{BackupError, while_doing};
use super::folder::Folder;

const TABLE_BYTES: &str = include_str!("../../../../sql/backup/table_bytes.sql");
const MIB: u64 = 1024 * 1024;
/// A compressed dump of JSON and text is at most this fraction of the size of its tables.
const COMPRESSED_PER_TABLE_BYTE: f64 = 0.5;
/// The factor by which a backup may be larger than the last one.
const GROWTH: f64 = 1.25;

/// Whether less space is free than a backup must leave free.
pub(crate) fn is_full(config: &Config, folder: &Folder) -> Result<bool, BackupError> {
    Ok(folder.free_bytes()? < config.free_mib_min * MIB)
}

/// Fails if a backup would not leave enough free space.
pub(crate) async fn refuse_a_full_disk(config: &Config, folder: &Folder, client: &Client) -> Result<(), BackupError> {
    let last = folder.dumps()?.pop();
    let needed = match last.map(|dump| fs_err::metadata(&dump)).transpose()? {
        Some(last) => scaled(last.len(), GROWTH),
        None => {
            let bytes: i64 = client.query_one(TABLE_BYTES, &[]).await.map_err(while_doing("asking for sizes"))?.get(0);
            scaled(bytes.unsigned_abs(), COMPRESSED_PER_TABLE_BYTE)
        }
    };
    let free = folder.free_bytes()?;
    if free >= needed.saturating_add(config.free_mib_min * MIB) {
        return Ok(());
    }
    Err(BackupError::DiskTooFull {
        dir: config.dir.clone(),
        free_mib: free / MIB,
        needed_mib: needed.div_ceil(MIB),
        left_mib: config.free_mib_min,
    })
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an estimate, far below the limits of both types"
)]
fn scaled(bytes: u64, by: f64) -> u64 {
    (bytes as f64 * by) as u64
}
