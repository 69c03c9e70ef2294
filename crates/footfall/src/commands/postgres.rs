//! `footfall postgres`

use std::convert::Infallible;
use std::path::PathBuf;

use clap::Args;
use footfall::database_server;
use footfall::processes::Programs;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The server's directory
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The directory of its socket; anyone who can reach it may log in as any user
    #[arg(long, value_name = "DIR", default_value = "/run/postgresql")]
    socket_dir: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Infallible> {
    let bin = Programs::on_path()?.postgres_bin.path;
    Ok(database_server::exec(&bin, &arguments.dir, &arguments.socket_dir)?)
}
