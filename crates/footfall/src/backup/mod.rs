//! `footfall backup`: dumps the database, checks the dump, and removes the oldest backups.
//!
//! Kafka's offsets are in the database, so the rows and offsets in a snapshot match, even while sinks write. A dump is
//! written as `NAME.partial`, read back, compared with the snapshot, and renamed: a dump without `.partial` is
//! complete.

mod config;
mod disk;
mod dump;
mod error;
mod folder;
pub(crate) mod manifest;
pub(crate) mod recount;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use footfall_daemon::{Command, CommandArguments, run_command};
use footfall_store::{connect, is_locked, take_turn};
use jiff::Timestamp;
use tracing::{error, info, warn};

use crate::files::partial_of;
use crate::postgres_tools::PostgresTools;
pub use config::{Config, DatabaseConfig};
pub use error::BackupError;
use error::while_doing;
use folder::{Folder, manifest_of};
pub use manifest::{Manifest, StoredOffset};

/// EX_TEMPFAIL from sysexits.h.
const EXIT_LATER: u8 = 75;

/// The command `footfall backup`.
pub const COMMAND: Command = Command {
    name: "footfall backup",
    identifier: "footfall-backup",
    secrets: &["database.password"],
    exit_codes: &[
        (0, "there is a new backup, and it was checked"),
        (1, "there is no new backup; the older ones are all kept"),
        (64, "the command line or the configuration is wrong"),
        (EXIT_LATER, "there is no new backup, because `footfall retain` or another backup did not end"),
    ],
};

/// Runs the command.
#[must_use]
pub fn main(arguments: CommandArguments) -> ExitCode {
    run_command(&COMMAND, arguments, |config: Config| {
        // A single thread, because pg_dump is killed when the thread that started it ends.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(match runtime.block_on(run(&config)) {
            Ok(_) => 0,
            Err(why @ BackupError::TimedOutWaiting(_)) => {
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

/// Makes a backup, removes the oldest ones, and returns the path of the new one.
///
/// # Errors
/// See [`BackupError`]. The partial backup is removed, and older ones are kept.
pub async fn run(config: &Config) -> Result<PathBuf, BackupError> {
    let began = Instant::now();
    let database = config.database.parameters().map_err(BackupError::Field)?;
    let name = database.get_dbname().unwrap_or_default().to_owned();
    let tools = PostgresTools::find((!config.parts.is_empty()).then_some(Path::new(&config.parts)))?;
    let folder = Folder::new(&config.dir, &name);
    let client = connect(&database).await.map_err(while_doing("connecting"))?;
    take_turn(&client, config.database.turn_s_max).await.map_err(|source| {
        if is_locked(&source) {
            BackupError::TimedOutWaiting(config.database.turn_s_max)
        } else {
            BackupError::Postgres { doing: "waiting for the turn", source }
        }
    })?;
    // No other backup of this database is running now, so any partial files are leftovers.
    folder.remove_partial()?;
    disk::refuse_a_full_disk(config, &folder, &client).await?;

    let dump = folder.dump_at(Timestamp::now());
    let manifest = manifest_of(&dump);
    let partials = [partial_of(&dump), partial_of(&manifest)];
    let written = dump::write(config, &tools, &database, &client, &folder, &partials).await;
    let written = match written {
        Ok(written) => written,
        Err(error) => {
            for partial in &partials {
                // An error here must not hide the first one, and the file may not exist.
                let _ = std::fs::remove_file(partial);
            }
            return Err(error);
        }
    };
    // The manifest first, so that a complete dump always has one beside it.
    for (partial, path) in partials.iter().rev().zip([&manifest, &dump]) {
        fs_err::rename(partial, path)?;
    }
    folder.sync()?;
    info!(
        file = %dump.display(), bytes = written.bytes, rows = written.rows.values().sum::<u64>(),
        tables = written.rows.len(), seconds = began.elapsed().as_secs(), "a backup is written and checked"
    );
    for removed in folder.prune(config.keep)? {
        info!(file = %removed.display(), "an old backup is removed");
    }
    Ok(dump)
}
