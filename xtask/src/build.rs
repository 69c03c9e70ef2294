//! Builds the workspace, and finds its programs.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::command;
use crate::progress::Steps;
use crate::setup::For;

/// Builds the programs, and for tests everything that `cargo test --workspace` runs, with the same features and
/// profile, so that nothing is compiled twice. Tests start the programs, which cargo would not build for them.
pub(crate) fn workspace(checkout: &Path, steps: &Steps, purpose: For) -> Result<()> {
    let tests: &[&str] = match purpose {
        For::Up | For::Lab | For::Image => &[],
        For::Tests => &["--tests"],
    };
    command::step(steps, "build", |step| {
        command::run(command::cargo(checkout).arg("build").args(command::PROGRAMS).args(tests), step)
    })
}

/// The `footfall` program in the same folder as this one.
pub(crate) fn footfall() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let footfall = own.parent().context("this program is in no folder")?.join("footfall");
    if !footfall.is_file() {
        bail!("{} is not built: run `cargo xtask up` first", footfall.display());
    }
    Ok(footfall)
}
