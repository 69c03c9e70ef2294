//! `footfall restore`: the database anew from a backup.
//!
//! It is made beside the one that is there, under the name `NAME_restoring`, filled, counted and migrated; only then do
//! the two change places, in one transaction. So a restore that fails leaves everything as it was, and sinks that run
//! meanwhile see either the old database or the whole new one. They then read from Kafka where the backup's offsets say.

mod kafka;
mod target;

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use footfall_store::{PrepareError, error_text, is_plain_name, make_database, make_roles, prepare};
use rdkafka::error::KafkaError;
use tokio_postgres::{Client, Config};

use crate::backup::{BackupError, Held, Manifest, manifest, recount};
use crate::postgres_tools::{Access, PostgresTools, said};
use crate::processes;
use kafka::Follows;
use target::Target;

const VERSIONS: &str = include_str!("../../../../sql/backup/timescaledb_versions.sql");
const MAINTENANCE_DATABASE: &str = "postgres";
const DEFAULT_DATABASE: &str = "analytics";
/// The exit code where the database is restored, and what followed is not all in Kafka.
const EXIT_GAP: u8 = 3;

/// What is restored, and where to.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 restored; 1 not restored, and the database is as it was; 3 restored, but Kafka has \
                        not all messages that follow (with --bootstrap-servers)."
)]
pub struct Arguments {
    /// The backup: footfall-DATABASE-TIME.dump
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The database and a superuser, as libpq takes it: "host=/run/postgresql user=postgres dbname=analytics"
    #[arg(long, value_name = "URL", env = "FOOTFALL_DATABASE_URL")]
    pub database: Config,
    /// Replace the database even where it holds events
    #[arg(long)]
    pub replace: bool,
    /// HOST:PORT of one or more Kafka brokers: says what the sinks will read again, and what Kafka has no longer
    #[arg(long, value_name = "LIST")]
    pub bootstrap_servers: Option<String>,
    /// The file that says where PostgreSQL's programs are (default: Debian's of PostgreSQL 17, else those on PATH)
    #[arg(long, value_name = "FILE")]
    pub parts: Option<PathBuf>,
}

/// Why the database was not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The backup is not one, or is damaged.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The backup is not whole.
    #[error("{} has {there} bytes, and was written with {wanted}", path.display())]
    OtherSize {
        /// Which file.
        path: PathBuf,
        /// What it has.
        there: u64,
        /// What its description says.
        wanted: u64,
    },
    /// A program is missing.
    #[error(transparent)]
    Program(#[from] processes::Error),
    /// PostgreSQL is away or refused.
    #[error("{doing}: {}", error_text(source))]
    Postgres {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        source: tokio_postgres::Error,
    },
    /// The name cannot be used in a statement.
    #[error("database name {0:?}: only lower-case letters, digits and underscores, not beginning with a digit")]
    Name(String),
    /// There is something to lose.
    #[error("database {name} holds {rows} rows of events and what is counted of them: --replace gives them up")]
    HoldsEvents {
        /// The database.
        name: String,
        /// What it holds.
        rows: u64,
    },
    /// The database is not ours.
    #[error("database {name} holds other tables ({table}) and is not Footfall's: choose another name")]
    NotOurs {
        /// The database.
        name: String,
        /// One of them.
        table: String,
    },
    /// A restore was interrupted between two steps that should be one.
    #[error("database {0} is left from an earlier restore: look whether it is needed, and drop it")]
    LeftOver(String),
    /// The dump's TimescaleDB is not to be had.
    #[error("the backup needs TimescaleDB {wanted}; this server has {there}")]
    Timescaledb {
        /// The dump's.
        wanted: String,
        /// The server's.
        there: String,
    },
    /// pg_restore failed.
    #[error("pg_restore failed: {0}")]
    Restore(String),
    /// Something is missing in the restored database.
    #[error("table {table}: {there} rows are restored, the backup has {wanted}")]
    OtherRows {
        /// Which table.
        table: String,
        /// Restored.
        there: u64,
        /// Backed up.
        wanted: u64,
    },
    /// The restored database cannot be brought up to date.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// Somebody holds on to the database.
    #[error("the connections to database {0} cannot be ended")]
    InUse(String),
    /// Kafka is away.
    #[error("Kafka: {0}")]
    Kafka(#[from] KafkaError),
}

fn while_doing(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> RestoreError {
    move |source| RestoreError::Postgres { doing, source }
}

/// The whole of the command.
#[must_use]
pub fn main(arguments: &Arguments) -> ExitCode {
    // One thread, because pg_restore ends with the thread that started it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let restored = runtime.map_err(|source| RestoreError::File { path: "/proc".into(), source }).and_then(|runtime| {
        // Where standard output is closed there is nobody to tell, and the work is to be done all the same.
        runtime.block_on(run(arguments, |line| drop(writeln!(std::io::stdout(), "{line}"))))
    });
    match restored {
        Ok(follows) if follows.iter().any(Follows::is_gap) => ExitCode::from(EXIT_GAP),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "footfall restore: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Restores, and answers for each partition what Kafka has of what follows, where it was asked.
///
/// # Errors
/// See [`RestoreError`]: the database is then as it was.
pub async fn run(arguments: &Arguments, mut say: impl FnMut(&str)) -> Result<Vec<Follows>, RestoreError> {
    let name = arguments.database.get_dbname().unwrap_or(DEFAULT_DATABASE).to_owned();
    if !is_plain_name(&name) {
        return Err(RestoreError::Name(name));
    }
    let at = |source| RestoreError::File { path: arguments.file.clone(), source };
    let dump = File::open(&arguments.file).map_err(at)?;
    let tools = PostgresTools::find(arguments.parts.as_deref())?;
    recount::list(&tools, &dump)?;
    let described = Manifest::beside(&arguments.file).map_err(at)?;
    let bytes = dump.metadata().map_err(at)?.len();
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
        None => say("the backup's .json is not beside it: what is restored cannot be counted against it"),
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
            // The error says what is wrong; a half database that stays is dropped by the next restore.
            let _ = target.drop_restoring().await;
            return Err(error);
        }
    };
    // Whoever works on the machine may have filled it meanwhile.
    target.refuse(arguments.replace).await?;
    target.change_places().await?;
    say(&format!("database {name} is restored; sinks that run read on by themselves"));
    Ok(follows)
}

/// Fills the new database, and answers the offsets that it holds.
async fn fill(
    arguments: &Arguments,
    tools: &PostgresTools,
    dump: &File,
    described: Option<&Manifest>,
    restoring: &str,
    say: &mut impl FnMut(&str),
) -> Result<(Vec<Held>, Client), RestoreError> {
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
        say(&format!("{} rows in {} tables, as the backup has them", manifest.rows.values().sum::<u64>(), there.len()));
    }
    // The planner's statistics are in no dump, and without them the first questions would be slow.
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

/// The dump holds TimescaleDB's own tables, which are made for one version.
async fn extension(client: &Client, wanted: Option<&str>) -> Result<String, RestoreError> {
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else {
        return Ok("CREATE EXTENSION timescaledb".into());
    };
    let rows = client.query(VERSIONS, &[]).await.map_err(while_doing("asking for TimescaleDB's version"))?;
    let there: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    // It is one of the server's own words now, so nothing of the file stands in the statement.
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
    let at = |path: &Path, source| RestoreError::File { path: path.to_owned(), source };
    let access = Access::new(&arguments.database, restoring).map_err(|source| at(&std::env::temp_dir(), source))?;
    let mut command = tools.command("pg_restore", Some(&access), None)?;
    // One job only: TimescaleDB's catalogue is not restored right by several.
    command.args(["--exit-on-error", "--no-password", "--dbname", restoring]);
    let mut stdin = dump.try_clone().map_err(|source| at(&arguments.file, source))?;
    std::io::Seek::rewind(&mut stdin).map_err(|source| at(&arguments.file, source))?;
    command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = tokio::process::Command::from(command).kill_on_drop(true).output().await;
    let output = output.map_err(|source| at(Path::new("pg_restore"), source))?;
    if output.status.success() { Ok(()) } else { Err(RestoreError::Restore(said(&output.stderr))) }
}

async fn follows(
    arguments: &Arguments,
    held: Vec<Held>,
    say: &mut impl FnMut(&str),
) -> Result<Vec<Follows>, RestoreError> {
    let Some(servers) = arguments.bootstrap_servers.clone() else {
        return Ok(Vec::new());
    };
    let asking = tokio::task::spawn_blocking(move || kafka::follows(&servers, &held));
    // The closure does not panic, and nothing cancels it.
    let follows = asking.await.unwrap_or(Ok(Vec::new()))?;
    for partition in &follows {
        say(&partition.to_string());
    }
    Ok(follows)
}

async fn connect(config: &Config, database: &str) -> Result<Client, tokio_postgres::Error> {
    let mut config = config.clone();
    config.dbname(database).application_name("footfall-restore");
    footfall_store::connect(&config).await
}
