//! Refreshes the rules for parsing user agents: crates/event/data/user_agents.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::command;
use crate::progress::{Step, Steps};

/// PyPI's package of uap-core's rules, which is released monthly. npm's is years old.
const PACKAGE: &str = "ua-parser-builtins";
const CONVERT: &str = include_str!("user_agents.py");

/// Replaces the rules with the newest ones.
pub(crate) fn refresh(checkout: &Path, steps: &Steps) -> Result<()> {
    let step = steps.begin("rules for user agents");
    match fetch(checkout, &step) {
        Ok(version) => step.done(&version),
        Err(error) => {
            step.failed("see below");
            return Err(error);
        }
    }
    Ok(())
}

/// Returns the name of the wheel, which contains the version.
fn fetch(checkout: &Path, step: &Step) -> Result<String> {
    let folder = checkout.join("target/user-agents");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let mut pip = command::new("python3");
    pip.args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", PACKAGE, "--dest"]).arg(&folder);
    command::run(&mut pip, step)?;
    let wheel = std::fs::read_dir(&folder)?.next().context("pip downloaded nothing")??.path();
    let rules = checkout.join("crates/event/data/user_agents/rules.json");
    command::run(command::new("python3").args(["-c", CONVERT]).arg(&wheel).arg(rules), step)?;
    Ok(wheel.file_stem().unwrap_or_default().display().to_string())
}
