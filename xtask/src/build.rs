//! Building the workspace, and where its programs then lie.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::command;
use crate::progress::Steps;

pub(crate) fn workspace(checkout: &Path, steps: &Steps) -> Result<()> {
    let step = steps.begin("build");
    let built = command::run(command::cargo(checkout).args(["build", "--workspace", "--bins"]), &step);
    match &built {
        Ok(()) => step.done(""),
        Err(_) => step.failed("see below"),
    }
    built
}

/// The program `footfall`, which lies beside this one.
pub(crate) fn footfall() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let footfall = own.parent().context("this program lies in no folder")?.join("footfall");
    if !footfall.is_file() {
        bail!("{} is not built: run `cargo xtask up` first", footfall.display());
    }
    Ok(footfall)
}
