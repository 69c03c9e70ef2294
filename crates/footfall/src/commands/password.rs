//! `footfall password`

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use footfall::secrets;
use footfall::up::password;

use super::shared::Instance;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Instance,
    /// The directory with view's secrets, if view does not belong to an instance
    #[arg(long, value_name = "DIR", env = "CREDENTIALS_DIRECTORY", conflicts_with = "instance")]
    credentials: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let file = match arguments.credentials {
        Some(folder) => folder.join(secrets::VIEW_PASSWORD),
        None => password::file(&arguments.instance.state()?.dir),
    };
    let word = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    writeln!(std::io::stdout(), "{word}")?;
    Ok(ExitCode::SUCCESS)
}
