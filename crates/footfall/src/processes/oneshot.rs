//! One of Footfall's commands, run until it ends.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitStatus;

use nix::sys::signal::Signal;

use super::error::Result;
use super::folders;
use super::launch::Launch;
use super::programs::Program;

/// Runs `footfall` with these arguments and variables, and appends its output to `dir`/logs/`name`.log. Dropping the
/// future kills the process.
///
/// # Errors
/// Fails if the program is missing or cannot be run.
pub(crate) async fn run_to_end(
    dir: &Path,
    name: &str,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
) -> Result<ExitStatus> {
    let launch = Launch {
        log: folders::log(dir, name)?,
        name: name.to_owned(),
        program: Program::own("footfall")?,
        arguments,
        environment,
        user: None,
        binds: Vec::new(),
        stop_signal: Signal::SIGTERM,
        lock_files: Vec::new(),
    };
    Ok(launch.start()?.ended().await)
}
