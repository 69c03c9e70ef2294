//! What `footfall restore` is called with.

use std::path::PathBuf;

use tokio_postgres::{Client, Config};

/// Which backup is restored, and to where.
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

/// Connects to another database of the same server.
pub(super) async fn connect(config: &Config, database: &str) -> Result<Client, tokio_postgres::Error> {
    let mut config = config.clone();
    config.dbname(database).application_name("footfall-restore");
    footfall_store::connect(&config).await
}
