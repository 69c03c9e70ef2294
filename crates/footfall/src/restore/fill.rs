//! Fills the new database from the dump, and checks its contents.

use std::io::Seek as _;
use std::process::Stdio;

use footfall_store::prepare;
use fs_err::File;
use tokio_postgres::Client;

use super::arguments::{Arguments, connect};
use super::error::{RestoreError, while_doing};
use crate::backup::{Manifest, StoredOffset, manifest};
use crate::postgres_tools::{LibpqAccess, PostgresTools, stderr_excerpt};

const VERSIONS: &str = include_str!("../../../../sql/backup/timescaledb_versions.sql");

/// Fills the new database from the dump. Returns its offsets and the connection.
pub(crate) async fn fill(
    arguments: &Arguments,
    tools: &PostgresTools,
    dump: &File,
    described: Option<&Manifest>,
    restoring: &str,
    say: &mut impl FnMut(&str),
) -> Result<(Vec<StoredOffset>, Client), RestoreError> {
    let client = connect(&arguments.database, restoring).await.map_err(while_doing("connecting"))?;
    let extension = extension(&client, described.map(|manifest| manifest.timescaledb.as_str())).await?;
    client.batch_execute(&extension).await.map_err(while_doing("making the extension timescaledb"))?;
    let switch = async |statement: &str| {
        client.batch_execute(statement).await.map_err(while_doing("telling TimescaleDB that it is being restored"))
    };
    switch("SELECT timescaledb_pre_restore()").await?;
    pg_restore(arguments, tools, dump, restoring).await?;
    switch("SELECT timescaledb_post_restore()").await?;
    if let Some(manifest) = described {
        let there = manifest::row_counts(&client).await.map_err(while_doing("counting rows"))?;
        for (table, wanted) in &manifest.rows {
            let there = there.get(table).copied().unwrap_or_default();
            if there != *wanted {
                return Err(RestoreError::OtherRows { table: table.clone(), there, wanted: *wanted });
            }
        }
        say(&format!(
            "{} rows in {} tables, the same as in the backup",
            manifest.rows.values().sum::<u64>(),
            there.len()
        ));
    }
    // A dump has no planner statistics, and without them the first queries would be slow.
    client.batch_execute("ANALYZE").await.map_err(while_doing("gathering statistics"))?;
    let mut database = arguments.database.clone();
    database.dbname(restoring);
    let applied = prepare(&database).await?.applied;
    if !applied.is_empty() {
        say(&format!("brought up to date: {}", applied.join(", ")));
    }
    let held = manifest::offsets(&client).await.map_err(while_doing("reading the offsets"))?;
    Ok((held, client))
}

/// The statement that creates TimescaleDB in the dump's version, because the dump contains its internal tables.
async fn extension(client: &Client, wanted: Option<&str>) -> Result<String, RestoreError> {
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else {
        return Ok("CREATE EXTENSION timescaledb".into());
    };
    let rows = client.query(VERSIONS, &[]).await.map_err(while_doing("asking for TimescaleDB's version"))?;
    let there: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    // The version comes from the server's answer, so no text from the file gets into the statement.
    match there.iter().find(|there| *there == wanted) {
        Some(version) => Ok(format!("CREATE EXTENSION timescaledb VERSION '{version}'")),
        None => Err(RestoreError::Timescaledb { wanted: wanted.to_owned(), there: there.join(", ") }),
    }
}

async fn pg_restore(
    arguments: &Arguments,
    tools: &PostgresTools,
    dump: &File,
    restoring: &str,
) -> Result<(), RestoreError> {
    let access = LibpqAccess::new(&arguments.database, restoring)?;
    let mut command = tools.command("pg_restore", Some(&access), None)?;
    // A single job, because parallel jobs do not restore TimescaleDB's catalogue correctly.
    command.args(["--exit-on-error", "--no-password", "--dbname", restoring]);
    let mut stdin = dump.try_clone()?;
    stdin.rewind()?;
    command.stdin(stdin.into_file()).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = tokio::process::Command::from(command).kill_on_drop(true).output().await;
    let output = output.map_err(RestoreError::Run)?;
    if output.status.success() { Ok(()) } else { Err(RestoreError::Restore(stderr_excerpt(&output.stderr))) }
}
