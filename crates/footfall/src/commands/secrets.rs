//! `footfall secrets`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use footfall::secrets;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The directory with one file for each secret
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let dir = &arguments.dir;
    secrets::make(dir, &[secrets::VISITOR_SECRET, secrets::VIEW_PASSWORD])
        .with_context(|| format!("secrets in {}", dir.display()))?;
    Ok(ExitCode::SUCCESS)
}
