//! `footfall secrets`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use clap::builder::PossibleValuesParser;
use footfall::secrets;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The directory with one file for each secret
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Create only this one; by default, all that the daemons need
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(secrets::OF_DAEMONS))]
    only: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let dir = &arguments.dir;
    let only = arguments.only.as_deref().map(|only| [only]);
    let names = only.as_ref().map_or(&secrets::OF_DAEMONS[..], |only| only);
    secrets::make(dir, names).with_context(|| format!("secrets in {}", dir.display()))?;
    Ok(ExitCode::SUCCESS)
}
