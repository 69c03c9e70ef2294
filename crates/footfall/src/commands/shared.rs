//! Arguments that several subcommands share.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use footfall::sites;
use footfall::up::state::{State, StateError};

/// Exists if Footfall runs as system services.
const HOST_CONFIGURATION: &str = "/etc/footfall";

#[derive(Args)]
pub(crate) struct Instance {
    /// The directory of the instance (default: the one started last)
    #[arg(long = "instance", value_name = "DIR")]
    instance: Option<PathBuf>,
}

impl Instance {
    pub(crate) fn dir(&self) -> Option<&Path> {
        self.instance.as_deref()
    }

    pub(crate) fn state(&self) -> Result<State, StateError> {
        State::find(self.dir())
    }
}

#[derive(Args)]
pub(crate) struct SitesFile {
    /// The file with the sites (default: that of the instance started last, or else /etc/footfall/sites.toml)
    #[arg(long = "file", value_name = "FILE", env = "FOOTFALL_SITES_FILE")]
    file: Option<PathBuf>,
}

impl SitesFile {
    pub(crate) fn path(self) -> Result<PathBuf, StateError> {
        if let Some(file) = self.file {
            return Ok(file);
        }
        let host = Path::new(HOST_CONFIGURATION);
        match State::find(None) {
            Ok(state) => Ok(sites::file(&state.dir)),
            Err(_) if host.exists() => Ok(sites::file(host)),
            Err(error) => Err(error),
        }
    }
}

#[derive(Args)]
pub(crate) struct ProgramsFile {
    /// The file with the programs' paths (default: look on PATH)
    #[arg(long = "parts", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// Where the package installs its data files: PREFIX/share/footfall if this program is PREFIX/bin/footfall.
pub(crate) fn installed_share() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let prefix = program.parent().and_then(|bin| bin.parent());
    let prefix = prefix.context("this program lies in no folder")?;
    Ok(prefix.join("share/footfall"))
}
