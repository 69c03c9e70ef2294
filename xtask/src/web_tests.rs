//! What only the browser tests need: Chromium and the npm packages of web/tests.

use std::path::Path;

use anyhow::{Result, bail};

use crate::progress::Step;
use crate::{apt, command, host, size};

const CHROMIUM: &str = "/usr/bin/chromium";

pub(crate) fn has_chromium() -> bool {
    Path::new(CHROMIUM).exists()
}

pub(crate) fn install_chromium(packages: &[&str], step: &Step) -> Result<String> {
    apt::install(packages, "for the browser tests", step)?;
    Ok(format!("{} MB", size::megabytes(Path::new("/usr/lib/chromium"))))
}

/// Whether node_modules is missing, or older than the list it was made from.
pub(crate) fn npm_is_stale(folder: &Path) -> bool {
    let changed = |path: &str| std::fs::metadata(folder.join(path)).and_then(|file| file.modified());
    // npm writes this file last, so a broken run leaves none.
    let Ok(installed) = changed("node_modules/.package-lock.json") else {
        return folder.join("package.json").exists();
    };
    changed("package-lock.json").is_ok_and(|wanted| wanted > installed)
}

pub(crate) fn install_npm(folder: &Path, step: &Step) -> Result<String> {
    if host::program("npm").is_none() {
        bail!("npm is not on PATH: install Node.js 20 or later");
    }
    command::run(command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder), step)?;
    Ok(format!("{} MB", size::megabytes(&folder.join("node_modules"))))
}
