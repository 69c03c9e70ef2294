//! `footfall retain`: removes data that is older than its table's retention period.

mod config;

use std::process::ExitCode;

use footfall_daemon::{Command, CommandArguments, run_command};
use footfall_store::{Compressed, Remover, Table, error_text, is_locked};
use tracing::{error, info, warn};

pub use config::{BatchConfig, ColumnstoreConfig, Config, DatabaseConfig, KeepDays};

/// EX_TEMPFAIL of sysexits.h: the next run removes what this one could not.
const EXIT_LATER: u8 = 75;
const EXIT_FAILED: u8 = 1;

/// The command `footfall retain`.
pub const COMMAND: Command = Command {
    name: "footfall retain",
    identifier: "footfall-retention",
    secrets: &["database.password"],
    exit_codes: &[
        (0, "all old data is removed"),
        (EXIT_FAILED, "PostgreSQL cannot be reached, or refused; data that was removed before stays removed"),
        (64, "the command line or the configuration is wrong"),
        (EXIT_LATER, "a table stayed locked, or a backup did not end: the next run removes the rest"),
    ],
};

/// Runs the command.
#[must_use]
pub fn main(arguments: CommandArguments) -> ExitCode {
    run_command(&COMMAND, arguments, |config: Config| {
        Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(&config)))
    })
}

/// Removes old data from every table, and logs how much. A table that fails does not stop the others. Returns the exit
/// code.
pub async fn run(config: &Config) -> u8 {
    let database = match config.database.parameters() {
        Ok(database) => database,
        Err(refused) => {
            error!(field = refused.field, error = refused.message, "not a connection string");
            return EXIT_FAILED;
        }
    };
    let remover = match Remover::connect(&database, config.batch.pace(), config.database.turn_s_max).await {
        Ok(remover) => remover,
        Err(error) if is_locked(&error) => {
            warn!(waited_s = config.database.turn_s_max, "a backup is running: nothing is removed this time");
            return EXIT_LATER;
        }
        Err(error) => {
            error!(error = error_text(&error), "nothing is removed: the database cannot be reached");
            return EXIT_FAILED;
        }
    };
    let mut code = 0;
    for table in Table::ALL {
        let days = config.keep_days.of(table);
        if days > 0 {
            code = worse(code, remove(&remover, table, days, config.keep_days.summary_outlives_events()).await);
        }
    }
    code = worse(code, narrow_summary(&remover).await);
    let days = config.columnstore.after_days;
    if days > 0 {
        code = worse(code, compress_events(&remover, days).await);
    }
    code
}

async fn remove(remover: &Remover, table: Table, days: u16, keeps_summary: bool) -> u8 {
    let name = table.name();
    match remover.remove(table, days, keeps_summary).await {
        Ok(removed) => {
            let horizon = removed.horizon.map(tracing::field::display);
            info!(
                table = name,
                keep_days = days,
                kept_since = horizon,
                rows = removed.rows,
                chunks = removed.chunks,
                bytes = removed.bytes,
                "old data is removed"
            );
            if removed.batches_left == 0 {
                return 0;
            }
            warn!(table = name, batches_left = removed.batches_left, "locked by others: left to the next run");
            EXIT_LATER
        }
        Err(error) => {
            error!(table = name, error = error_text(&error), "old data is not removed");
            EXIT_FAILED
        }
    }
}

async fn narrow_summary(remover: &Remover) -> u8 {
    match remover.narrow_summary().await {
        Ok(0) => 0,
        Ok(hours) => {
            info!(hours, "the summary of an earlier version now takes less space");
            0
        }
        Err(error) => {
            error!(error = error_text(&error), "the summary of an earlier version stays as large as it is");
            EXIT_FAILED
        }
    }
}

async fn compress_events(remover: &Remover, days: u16) -> u8 {
    match remover.compress_events(days).await {
        Ok(Compressed::NotWith(edition)) => {
            warn!(edition, "columnstore.after_days is ignored: only TimescaleDB's community edition has a columnstore");
            0
        }
        Ok(Compressed::Chunks { chunks, bytes, left }) => {
            info!(after_days = days, chunks, bytes, "old events are compressed");
            if left == 0 {
                return 0;
            }
            warn!(chunks_left = left, "locked by others: left to the next run");
            EXIT_LATER
        }
        Err(error) => {
            error!(error = error_text(&error), "old events are not compressed");
            EXIT_FAILED
        }
    }
}

/// A failure is worse than a postponement.
fn worse(one: u8, other: u8) -> u8 {
    if one == EXIT_FAILED || other == EXIT_FAILED { EXIT_FAILED } else { one.max(other) }
}
