//! `footfall migrate`

use std::process::ExitCode;

use clap::Args;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A libpq string with a user that may set up the database: "host=/run/postgresql user=postgres dbname=analytics"
    #[arg(long, value_name = "URL", env = "FOOTFALL_DATABASE_URL")]
    database: tokio_postgres::Config,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    footfall_store::prepare(&arguments.database).await?;
    Ok(ExitCode::SUCCESS)
}
