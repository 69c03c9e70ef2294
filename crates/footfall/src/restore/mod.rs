//! `footfall restore`: creates the database from a backup.
//!
//! The new database is created beside the existing one as `NAME_restoring`, filled, counted and migrated. Then the two
//! are renamed in one transaction. A restore that fails leaves the existing database as it was, and running sinks see
//! either the old one or the complete new one. They resume reading from Kafka at the backup's offsets.

mod arguments;
mod error;
mod fill;
mod kafka;
mod target;

use std::io::Write as _;
use std::process::ExitCode;

use footfall_store::{is_plain_name, make_database, make_roles};
use fs_err::File;

use crate::backup::{Manifest, StoredOffset, recount};
use crate::postgres_tools::PostgresTools;
pub use arguments::Arguments;
use arguments::connect;
pub use error::RestoreError;
use error::while_doing;
use fill::fill;
pub use kafka::{Coverage, PartitionCoverage};
use target::Target;

const MAINTENANCE_DATABASE: &str = "postgres";
const DEFAULT_DATABASE: &str = "analytics";
/// The exit code if the database is restored, but Kafka no longer has all messages that follow.
const EXIT_GAP: u8 = 3;

/// Runs the command.
#[must_use]
pub fn main(arguments: &Arguments) -> ExitCode {
    // A single thread, because pg_restore is killed when the thread that started it ends.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let restored = runtime.map_err(RestoreError::File).and_then(|runtime| {
        // A closed standard output must not stop the restore.
        runtime.block_on(run(arguments, |line| drop(writeln!(std::io::stdout(), "{line}"))))
    });
    match restored {
        Ok(follows) if follows.iter().any(PartitionCoverage::is_gap) => ExitCode::from(EXIT_GAP),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "footfall restore: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Restores the database. If Kafka brokers are given, returns for each partition whether Kafka has the messages that
/// follow.
///
/// # Errors
/// See [`RestoreError`]. The existing database is then unchanged.
pub async fn run(arguments: &Arguments, mut say: impl FnMut(&str)) -> Result<Vec<PartitionCoverage>, RestoreError> {
    let name = arguments.database.get_dbname().unwrap_or(DEFAULT_DATABASE).to_owned();
    if !is_plain_name(&name) {
        return Err(RestoreError::Name(name));
    }
    let dump = File::open(&arguments.file)?;
    let tools = PostgresTools::find(arguments.parts.as_deref())?;
    recount::list(&tools, &dump)?;
    let described = Manifest::beside(&arguments.file)?;
    let bytes = dump.metadata()?.len();
    if let Some(manifest) = described.as_ref().filter(|manifest| manifest.bytes != bytes) {
        return Err(RestoreError::OtherSize { path: arguments.file.clone(), there: bytes, wanted: manifest.bytes });
    }
    match &described {
        Some(manifest) => say(&format!(
            "{}: {} events as of {}",
            arguments.file.display(),
            manifest.rows.get("analytics_events").copied().unwrap_or_default(),
            manifest.made_at
        )),
        None => say("the backup has no .json beside it: restored rows cannot be compared with it"),
    }

    let cluster = connect(&arguments.database, MAINTENANCE_DATABASE).await.map_err(while_doing("connecting"))?;
    let target = Target::new(&cluster, &arguments.database, &name);
    target.refuse(arguments.replace).await?;
    make_roles(&cluster).await.map_err(while_doing("making the roles"))?;
    target.drop_restoring().await?;
    make_database(&cluster, &target.restoring).await.map_err(while_doing("making the new database"))?;
    let filled = fill(arguments, &tools, &dump, described.as_ref(), &target.restoring, &mut say).await;
    let follows = match filled {
        Ok((held, client)) => {
            drop(client);
            follows(arguments, held, &mut say).await
        }
        Err(error) => Err(error),
    };
    let follows = match follows {
        Ok(follows) => follows,
        Err(error) => {
            // If this fails too, the next restore drops the incomplete database.
            let _ = target.drop_restoring().await;
            return Err(error);
        }
    };
    // Checked again, because events may have arrived in the existing database meanwhile.
    target.refuse(arguments.replace).await?;
    target.swap().await?;
    say(&format!("database {name} is restored; running sinks continue by themselves"));
    Ok(follows)
}

async fn follows(
    arguments: &Arguments,
    held: Vec<StoredOffset>,
    say: &mut impl FnMut(&str),
) -> Result<Vec<PartitionCoverage>, RestoreError> {
    let Some(servers) = arguments.bootstrap_servers.clone() else {
        return Ok(Vec::new());
    };
    let asking = tokio::task::spawn_blocking(move || kafka::coverages(&servers, &held));
    // The closure does not panic and is not cancelled.
    let follows = asking.await.unwrap_or(Ok(Vec::new()))?;
    for partition in &follows {
        say(&partition.to_string());
    }
    Ok(follows)
}
