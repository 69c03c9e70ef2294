//! `footfall password`

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use footfall::secrets;
use footfall::up::{grafana_login, password};

use super::shared::Instance;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Instance,
    /// The directory with view's secrets, if view does not belong to an instance
    #[arg(long, value_name = "DIR", env = "CREDENTIALS_DIRECTORY", conflicts_with = "instance")]
    credentials: Option<PathBuf>,
    /// Print the password of Grafana's administrator, admin
    #[arg(long, conflicts_with = "credentials")]
    grafana: bool,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    if arguments.grafana {
        let word = grafana_login::password(&arguments.instance.state()?.dir)?;
        writeln!(std::io::stdout(), "{word}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let file = match arguments.credentials {
        Some(folder) => folder.join(secrets::VIEW_PASSWORD),
        None => password::file(&arguments.instance.state()?.dir),
    };
    let word = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    writeln!(std::io::stdout(), "{word}")?;
    Ok(ExitCode::SUCCESS)
}
