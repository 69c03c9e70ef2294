//! One of our own commands, run to its end.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitStatus;

use nix::sys::signal::Signal;

use super::error::Result;
use super::folders;
use super::launch::Launch;
use super::locations::{self, Program};

/// Runs `footfall` with these arguments and variables, its output added to `dir`/logs/`name`.log. Dropping it kills the process.
///
/// # Errors
/// The program is not there or cannot be run.
pub(crate) async fn run_once(
    dir: &Path,
    name: &str,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
) -> Result<ExitStatus> {
    let launch = Launch {
        log: folders::log(dir, name)?,
        name: name.to_owned(),
        program: Program { root: None, path: locations::ours("footfall")? },
        arguments,
        environment,
        user: None,
        binds: Vec::new(),
        stop_signal: Signal::SIGTERM,
        lock_files: Vec::new(),
    };
    Ok(launch.start()?.ended().await)
}
