//! What only the tests need: Chromium and npm packages.

use std::path::Path;

use anyhow::{Result, bail};

use crate::progress::Step;
use crate::{command, host, size};

/// Whether the browser that web/tests/browser.mjs starts is installed.
pub(crate) fn has_chromium() -> bool {
    std::env::var_os("CHROMIUM").is_some() || Path::new("/usr/bin/chromium").exists()
}

/// Whether node_modules is missing, or older than package-lock.json.
pub(crate) fn npm_is_stale(folder: &Path) -> bool {
    let changed = |path: &str| std::fs::metadata(folder.join(path)).and_then(|file| file.modified());
    // npm writes this file last, so it is missing after an interrupted run.
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
