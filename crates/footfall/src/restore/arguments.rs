//! The arguments of `footfall restore`.

use std::path::PathBuf;

use tokio_postgres::{Client, Config};

/// The backup to restore, and the database.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 restored; 1 not restored, and the database is as it was; 3 restored, but Kafka no longer has \
                        all messages that follow (with --bootstrap-servers)."
)]
pub struct Arguments {
    /// The backup: footfall-DATABASE-TIME.dump
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The database, with a superuser, as a libpq string: "host=/run/postgresql user=postgres dbname=analytics"
    #[arg(long, value_name = "URL", env = "FOOTFALL_DATABASE_URL")]
    pub database: Config,
    /// Replace the database even if it holds events
    #[arg(long)]
    pub replace: bool,
    /// HOST:PORT of one or more Kafka brokers: reports what the sinks will read again, and what Kafka no longer has
    #[arg(long, value_name = "LIST")]
    pub bootstrap_servers: Option<String>,
    /// The file with the paths of PostgreSQL's programs (default: Debian's PostgreSQL 17, otherwise look on PATH)
    #[arg(long, value_name = "FILE")]
    pub parts: Option<PathBuf>,
}

/// Connects to another database on the same server.
pub(super) async fn connect(config: &Config, database: &str) -> Result<Client, tokio_postgres::Error> {
    let mut config = config.clone();
    config.dbname(database).application_name("footfall-restore");
    footfall_store::connect(&config).await
}
