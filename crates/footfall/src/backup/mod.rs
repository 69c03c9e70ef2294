//! `footfall backup`: a dump of the database, checked before it has its name, and the oldest removed.
//!
//! Kafka's offsets lie in the database, so one snapshot holds rows and offsets that belong together, whatever the sinks
//! do meanwhile. A dump is written as `NAME.partial`, read through again and counted against the snapshot, and renamed:
//! under its name it is whole.

mod config;
mod folder;
pub(crate) mod manifest;
pub(crate) mod recount;

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use footfall_daemon::{Command, CommandArguments, FieldError, run_command};
use footfall_store::{connect, error_text, is_locked, take_turn};
use jiff::Timestamp;
use tokio::io::AsyncReadExt as _;
use tokio_postgres::Client;
use tracing::{debug, error, info, warn};

use crate::postgres_tools::{Access, PostgresTools, said};
use crate::processes;
pub use config::{Config, DatabaseConfig};
use folder::{Folder, manifest_of, partial_of};
pub use manifest::{Held, Manifest};

const CHUNKS: &str = include_str!("../../../../sql/backup/chunks.sql");
const TABLE_BYTES: &str = include_str!("../../../../sql/backup/table_bytes.sql");
/// What reads the snapshot sees one state of the database, and pg_dump the same.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const MIB: u64 = 1024 * 1024;
/// How often the disk is looked at while the dump grows.
const LOOK_EVERY_MS: u64 = 200;
/// What a compressed dump of JSON and text takes of its tables, at most.
const COMPRESSED_PER_TABLE_BYTE: f64 = 0.5;
/// How much more than the last one a backup may take.
const GROWTH: f64 = 1.25;

/// EX_TEMPFAIL of sysexits.h.
const EXIT_LATER: u8 = 75;

/// `footfall backup` as a command with a configuration.
pub const COMMAND: Command = Command {
    name: "footfall backup",
    identifier: "footfall-backup",
    secrets: &["database.password"],
    exit_codes: &[
        (0, "there is a new backup, and it was checked"),
        (1, "there is none; those that there were are all still there"),
        (64, "the command line or the configuration is wrong"),
        (EXIT_LATER, "there is none, for `footfall retain` or another backup did not end"),
    ],
};

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A value of the configuration is of no use.
    #[error("{}: {}", .0.field, .0.message)]
    Field(FieldError),
    /// PostgreSQL is away or refused.
    #[error("{doing}: {}", error_text(source))]
    Postgres {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        source: tokio_postgres::Error,
    },
    /// Somebody else's turn did not end.
    #[error("another backup, or `footfall retain`, is under way for more than {0} s")]
    TurnDidNotCome(u32),
    /// A program is missing.
    #[error(transparent)]
    Program(#[from] processes::Error),
    /// A program cannot be run.
    #[error("{program}: {source}")]
    Run {
        /// Which.
        program: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// pg_dump failed.
    #[error("pg_dump failed ({status}): {said}")]
    Dump {
        /// How it ended.
        status: ExitStatus,
        /// The end of what it said.
        said: String,
    },
    /// The disk has too little room to begin.
    #[error(
        "the disk of {} has {free_mib} MiB free; a backup takes about {needed_mib} MiB, and {left_mib} MiB are to be left: \
         nothing is written", dir.display()
    )]
    DiskTooFull {
        /// The folder.
        dir: PathBuf,
        /// What there is.
        free_mib: u64,
        /// What a backup takes.
        needed_mib: u64,
        /// What is to be left.
        left_mib: u64,
    },
    /// The disk filled up meanwhile.
    #[error("the disk of {} has less than {left_mib} MiB free: the backup is given up and removed", dir.display())]
    DiskRanFull {
        /// The folder.
        dir: PathBuf,
        /// What is to be left.
        left_mib: u64,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// pg_restore does not understand what pg_dump wrote.
    #[error("the dump cannot be read again: {0}")]
    Unreadable(String),
    /// The dump holds other rows than its snapshot.
    #[error("table {table}: the dump holds {dumped} rows, the database had {there}")]
    OtherRows {
        /// Which table.
        table: String,
        /// What the dump holds.
        dumped: u64,
        /// What the snapshot holds.
        there: u64,
    },
}

trait At<T> {
    fn at(self, path: &Path) -> Result<T, BackupError>;
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, path: &Path) -> Result<T, BackupError> {
        self.map_err(|source| BackupError::File { path: path.to_owned(), source })
    }
}

fn while_doing(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> BackupError {
    move |source| BackupError::Postgres { doing, source }
}

/// The whole of the command.
#[must_use]
pub fn main(arguments: CommandArguments) -> ExitCode {
    run_command(&COMMAND, arguments, |config: Config| {
        // One thread, because pg_dump ends with the thread that started it.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(match runtime.block_on(run(&config)) {
            Ok(_) => 0,
            Err(why @ BackupError::TurnDidNotCome(_)) => {
                warn!(%why, "no backup this time");
                EXIT_LATER
            }
            Err(why) => {
                error!(%why, "no backup");
                1
            }
        })
    })
}

/// Makes a backup and removes the oldest; answers where the new one is.
///
/// # Errors
/// See [`BackupError`]. What was written of it is removed, and no other is.
pub async fn run(config: &Config) -> Result<PathBuf, BackupError> {
    let began = Instant::now();
    let database = config.database.parameters().map_err(BackupError::Field)?;
    let name = database.get_dbname().unwrap_or_default().to_owned();
    let tools = PostgresTools::find((!config.parts.is_empty()).then_some(Path::new(&config.parts)))?;
    let folder = Folder::new(&config.dir, &name);
    let client = connect(&database).await.map_err(while_doing("connecting"))?;
    take_turn(&client, config.database.turn_s_max).await.map_err(|source| {
        if is_locked(&source) {
            BackupError::TurnDidNotCome(config.database.turn_s_max)
        } else {
            BackupError::Postgres { doing: "waiting for the turn", source }
        }
    })?;
    // From here on nobody else writes a backup of this database, so whatever is unfinished is left over.
    folder.remove_partial().at(folder.path())?;
    refuse_a_full_disk(config, &folder, &client).await?;

    let dump = folder.dump_at(Timestamp::now());
    let manifest = manifest_of(&dump);
    let partials = [partial_of(&dump), partial_of(&manifest)];
    let written = write(config, &tools, &database, &client, &folder, &partials).await;
    let written = match written {
        Ok(written) => written,
        Err(error) => {
            for partial in &partials {
                // What failed is worth more to know than that nothing was there to be removed.
                let _ = std::fs::remove_file(partial);
            }
            return Err(error);
        }
    };
    // The description first: a dump that has its name has it beside it.
    for (partial, path) in partials.iter().rev().zip([&manifest, &dump]) {
        std::fs::rename(partial, path).at(path)?;
    }
    folder.sync().at(folder.path())?;
    info!(
        file = %dump.display(), bytes = written.bytes, rows = written.rows.values().sum::<u64>(),
        tables = written.rows.len(), seconds = began.elapsed().as_secs(), "a backup is written and checked"
    );
    for removed in folder.prune(config.keep).at(folder.path())? {
        info!(file = %removed.display(), "an old backup is removed");
    }
    Ok(dump)
}

async fn refuse_a_full_disk(config: &Config, folder: &Folder, client: &Client) -> Result<(), BackupError> {
    let last = folder.dumps().at(folder.path())?.pop();
    let needed = match last.map(|dump| std::fs::metadata(&dump).at(&dump)).transpose()? {
        Some(last) => scaled(last.len(), GROWTH),
        None => {
            let bytes: i64 = client.query_one(TABLE_BYTES, &[]).await.map_err(while_doing("asking for sizes"))?.get(0);
            scaled(bytes.unsigned_abs(), COMPRESSED_PER_TABLE_BYTE)
        }
    };
    let free = folder.free_bytes().at(folder.path())?;
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
    reason = "an estimate, of a size that no disk reaches the limits of"
)]
fn scaled(bytes: u64, by: f64) -> u64 {
    (bytes as f64 * by) as u64
}

/// Writes both files under their unfinished names, safe on the disk, and checks what they say.
async fn write(
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
    let file = folder::create(dump).at(dump)?;
    let dumping = pg_dump(config, tools, Access::new(database, name).at(dump)?, &snapshot, dump, folder);
    let counting = async {
        let rows = manifest::row_counts(client).await?;
        let offsets = manifest::offsets(client).await?;
        let chunks = client.query(CHUNKS, &[]).await?;
        let chunks: HashMap<String, String> = chunks.iter().map(|row| (row.get(0), row.get(1))).collect();
        Ok((rows, offsets, chunks, manifest::versions(client).await?))
    };
    let counting = async { counting.await.map_err(while_doing("counting rows")) };
    let ((), (rows, offsets, chunks, (postgresql, timescaledb))) = tokio::try_join!(dumping, counting)?;
    client.batch_execute("COMMIT").await.map_err(while_doing("letting the snapshot go"))?;
    file.sync_all().at(dump)?;

    recount::list(tools, &file)?;
    compare(&rows, &recount::rows(tools, &file)?, &chunks)?;
    let written = Manifest {
        made_at,
        footfall: env!("CARGO_PKG_VERSION").to_owned(),
        database: name.to_owned(),
        postgresql,
        timescaledb,
        bytes: file.metadata().at(dump)?.len(),
        rows,
        offsets,
    };
    let text = serde_json::to_vec_pretty(&written).map_err(std::io::Error::from).at(manifest)?;
    let mut file = folder::create(manifest).at(manifest)?;
    file.write_all(&text).and_then(|()| file.sync_all()).at(manifest)?;
    Ok(written)
}

/// Every table of ours has the rows in the dump that it had in the snapshot.
fn compare(
    there: &BTreeMap<String, u64>,
    dumped: &BTreeMap<String, u64>,
    chunks: &HashMap<String, String>,
) -> Result<(), BackupError> {
    let mut by_table: BTreeMap<&str, u64> = BTreeMap::new();
    for (table, rows) in dumped {
        // pg_dump keeps a chunk's rows apart from its hypertable.
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
    access: Access,
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
        // By its name: to standard output pg_dump only appends, and a table of contents without places stays in front.
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
    let is_full = || Ok::<_, BackupError>(folder.free_bytes().at(folder.path())? < config.free_mib_min * MIB);
    let filling = async {
        loop {
            tokio::time::sleep(Duration::from_millis(LOOK_EVERY_MS)).await;
            if is_full()? {
                return Err::<(), BackupError>(full());
            }
        }
    };
    let status = tokio::select! {
        status = reading => status.map_err(run)?,
        full = filling => return full,
    };
    if !status.success() {
        // It may have been faster than the look at the disk.
        if is_full()? {
            return Err(full());
        }
        return Err(BackupError::Dump { status, said: said(&text) });
    }
    // pg_dump says each time that TimescaleDB's catalogue refers to itself, which timescaledb_pre_restore sees to.
    debug!(said = said(&text), "pg_dump has ended");
    Ok(())
}
