//! `footfall psql`

use std::convert::Infallible;
use std::ffi::OsString;

use clap::Args;
use footfall::psql::{self, Role};

use super::shared::Instance;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The role to connect as
    #[arg(long, value_enum, default_value = "reader")]
    role: Role,
    #[command(flatten)]
    instance: Instance,
    /// Arguments for psql
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Infallible> {
    Ok(psql::exec(arguments.instance.state()?, arguments.role, arguments.arguments)?)
}
