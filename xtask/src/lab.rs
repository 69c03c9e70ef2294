//! `cargo xtask lab`: boots machines and runs the questions of vm-tests on them.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::install::Install;
use crate::progress::Steps;
use crate::{apt, command, host, web_tests};

/// Whether the programs that boot and connect machines are installed.
pub(crate) fn host_is_ready() -> bool {
    ["systemd-nspawn", "ip", "python3", "mkfs.ext4", "losetup", "unshare", "setpriv", "nsenter"]
        .iter()
        .all(|program| host::program(program).is_some())
}

/// Type-checks the scripts and the lab, and runs its own tests.
fn check(checkout: &Path, folder: &Path, steps: &Steps) -> Result<()> {
    let scripts = checkout.join("vm-tests");
    let step = steps.begin("check the scripts and the lab");
    if web_tests::npm_is_stale(&scripts) {
        web_tests::install_npm(&scripts, &step)?;
    }
    let mut check = command::new("python3");
    check.arg("-B").arg(scripts.join("lab/check.py")).arg(folder.join("types"));
    command::run(&mut check, &step)?;
    step.done("");
    Ok(())
}

/// Installs Footfall as on Debian, then replaces this process with the lab.
pub(crate) fn ask(checkout: &Path, steps: &Steps, questions: &[OsString]) -> Result<()> {
    if !apt::is_root() {
        bail!("only root can boot machines");
    }
    let folder = checkout.join("target/lab");
    std::fs::create_dir_all(&folder)?;
    let lock = File::create(folder.join("lock"))?;
    lock.try_lock().context("another `cargo xtask lab` is running in this checkout")?;

    if questions.is_empty() {
        check(checkout, &folder, steps)?;
    }
    let installed = folder.join("installed");
    if installed.exists() {
        std::fs::remove_dir_all(&installed)?;
    }
    Install { prefix: &installed.join("usr"), dev_profile: true, with_kafka: true }.run(checkout, steps)?;

    let mut lab = command::new(host::program("python3").context("python3 is not installed")?);
    lab.arg("-B").arg(checkout.join("vm-tests/lab"));
    lab.arg("--root").arg(checkout.join(".parts/root"));
    lab.arg("--installed").arg(&installed).arg("--folder").arg(&folder).args(questions);
    // The lab does not read stdin, but keeps it open, and with it the lock, until it exits.
    lab.stdin(lock);
    command::become_it(lab)
}
