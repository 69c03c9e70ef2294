//! Dumps one snapshot, and compares the dump with it.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::AsyncReadExt as _;
use tokio_postgres::Client;
use tracing::debug;

use super::config::Config;
use super::error::{BackupError, while_doing};
use super::folder::{self, Folder};
use super::manifest::{self, Manifest};
use super::{disk, recount};
use crate::files;
use crate::postgres_tools::{LibpqAccess, PostgresTools, stderr_excerpt};

const CHUNKS: &str = include_str!("../../../../sql/backup/chunks.sql");
/// pg_dump and all queries below read the same snapshot.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// How often the free space is checked while the dump grows.
const DISK_POLL_MS: u64 = 200;

/// Writes the dump and its manifest under their partial names, syncs them, and compares the dump with the snapshot.
pub(crate) async fn write(
    config: &Config,
    tools: &PostgresTools,
    database: &tokio_postgres::Config,
    client: &Client,
    folder: &Folder,
    [dump, manifest]: &[PathBuf; 2],
) -> Result<Manifest, BackupError> {
    client.batch_execute(BEGIN).await.map_err(while_doing("taking a snapshot"))?;
    let row = client.query_one("SELECT pg_export_snapshot(), now()", &[]).await;
    let row = row.map_err(while_doing("taking a snapshot"))?;
    let (snapshot, made_at): (String, Timestamp) = (row.get(0), row.get(1));

    let name = database.get_dbname().unwrap_or_default();
    let file = folder::create(dump)?;
    let dumping = pg_dump(config, tools, LibpqAccess::new(database, name)?, &snapshot, dump, folder);
    let counting = async {
        let rows = manifest::row_counts(client).await?;
        let offsets = manifest::offsets(client).await?;
        let chunks = client.query(CHUNKS, &[]).await?;
        let chunks: HashMap<String, String> = chunks.iter().map(|row| (row.get(0), row.get(1))).collect();
        Ok((rows, offsets, chunks, manifest::versions(client).await?))
    };
    let counting = async { counting.await.map_err(while_doing("counting rows")) };
    let ((), (rows, offsets, chunks, (postgresql, timescaledb))) = tokio::try_join!(dumping, counting)?;
    client.batch_execute("COMMIT").await.map_err(while_doing("releasing the snapshot"))?;
    file.sync_all()?;

    recount::list(tools, &file)?;
    compare(&rows, &recount::rows(tools, &file)?, &chunks)?;
    let written = Manifest {
        made_at,
        footfall: env!("CARGO_PKG_VERSION").to_owned(),
        database: name.to_owned(),
        postgresql,
        timescaledb,
        bytes: file.metadata()?.len(),
        rows,
        offsets,
    };
    let text = serde_json::to_vec_pretty(&written).map_err(|error| files::invalid(manifest, error))?;
    let mut file = folder::create(manifest)?;
    file.write_all(&text)?;
    file.sync_all()?;
    Ok(written)
}

/// Fails unless every table has as many rows in the dump as in the snapshot.
fn compare(
    there: &BTreeMap<String, u64>,
    dumped: &BTreeMap<String, u64>,
    chunks: &HashMap<String, String>,
) -> Result<(), BackupError> {
    let mut by_table: BTreeMap<&str, u64> = BTreeMap::new();
    for (table, rows) in dumped {
        // pg_dump dumps each chunk of a hypertable as a separate table.
        let table = chunks.get(table).map(String::as_str).or_else(|| table.strip_prefix("public."));
        *by_table.entry(table.unwrap_or_default()).or_default() += rows;
    }
    for (table, there) in there {
        let dumped = by_table.get(table.as_str()).copied().unwrap_or_default();
        if dumped != *there {
            return Err(BackupError::OtherRows { table: table.clone(), dumped, there: *there });
        }
    }
    Ok(())
}

async fn pg_dump(
    config: &Config,
    tools: &PostgresTools,
    access: LibpqAccess,
    snapshot: &str,
    dump: &Path,
    folder: &Folder,
) -> Result<(), BackupError> {
    let run = |source| BackupError::Run { program: "pg_dump", source };
    let mut command = tools.command("pg_dump", Some(&access), Some(folder.path()))?;
    command
        .args(["--format=custom", "--no-password", "--lock-wait-timeout=60000"])
        .arg(format!("--compress={}", config.compression))
        .arg(format!("--snapshot={snapshot}"))
        // A named file, because pg_dump cannot seek in standard output to complete the table of contents.
        .arg("--file")
        .arg(dump)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().map_err(run)?;
    let mut text = Vec::new();
    let stderr = child.stderr.take();
    let reading = async {
        if let Some(mut stderr) = stderr {
            stderr.read_to_end(&mut text).await?;
        }
        child.wait().await
    };
    let full = || BackupError::DiskRanFull { dir: config.dir.clone(), left_mib: config.free_mib_min };
    let filling = async {
        loop {
            tokio::time::sleep(Duration::from_millis(DISK_POLL_MS)).await;
            if disk::is_full(config, folder)? {
                return Err::<(), BackupError>(full());
            }
        }
    };
    let status = tokio::select! {
        status = reading => status.map_err(run)?,
        full = filling => return full,
    };
    if !status.success() {
        // pg_dump may have failed on a full disk before the next check.
        if disk::is_full(config, folder)? {
            return Err(full());
        }
        return Err(BackupError::Dump { status, stderr: stderr_excerpt(&text) });
    }
    // pg_dump always warns about circular references in TimescaleDB's catalogue; timescaledb_pre_restore handles them.
    debug!(stderr = stderr_excerpt(&text), "pg_dump has ended");
    Ok(())
}
