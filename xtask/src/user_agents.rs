//! Refreshes the rules for parsing user agents: crates/event/data/user_agents.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::command;
use crate::progress::{Step, Steps};

/// PyPI's package of uap-core's rules, which is released monthly. npm's is years old.
const RULES: &str = "ua-parser-builtins";
/// The list of crawlers, monitors and previewers, of which a release appears with each addition.
const CRAWLERS: &str = "crawler-user-agents";
const CONVERT: &str = include_str!("user_agents.py");

/// Replaces the rules and the list with the newest ones.
pub(crate) fn refresh(checkout: &Path, steps: &Steps) -> Result<()> {
    let step = steps.begin("rules for user agents");
    match fetch(checkout, &step) {
        Ok(versions) => step.done(&versions),
        Err(error) => {
            step.failed("see below");
            return Err(error);
        }
    }
    Ok(())
}

/// Returns the names of the wheels, which contain the versions.
fn fetch(checkout: &Path, step: &Step) -> Result<String> {
    let folder = checkout.join("target/user-agents");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let rules = wheel(&folder, RULES, step)?;
    let crawlers = wheel(&folder, CRAWLERS, step)?;
    let mut convert = command::new("python3");
    convert.args(["-c", CONVERT]).args([&rules, &crawlers]);
    convert.arg(checkout.join("crates/event/testdata/user_agents/browsers.tsv"));
    convert.arg(checkout.join("crates/event/data/user_agents"));
    command::run(&mut convert, step)?;
    let version = |wheel: &Path| wheel.file_stem().unwrap_or_default().display().to_string();
    Ok(format!("{}, {}", version(&rules), version(&crawlers)))
}

fn wheel(folder: &Path, package: &str, step: &Step) -> Result<PathBuf> {
    let folder = folder.join(package);
    let mut pip = command::new("python3");
    pip.args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", package, "--dest"]).arg(&folder);
    command::run(&mut pip, step)?;
    Ok(std::fs::read_dir(&folder)?.next().context("pip downloaded nothing")??.path())
}
