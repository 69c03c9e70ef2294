//! Runs other programs quietly; their output is shown only if they fail.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::progress::{Step, Steps};

/// How many lines of a failed command's output are shown.
const LINES_SHOWN_MAX: usize = 60;

/// Arguments of `cargo build` for the programs as the tests use them. The examples make cargo enable the features that
/// only tests need, such as tokio's clock: without them it would compile tokio, and all that uses it, a second time.
pub(crate) const PROGRAMS: [&str; 3] = ["--workspace", "--bins", "--examples"];

/// Creates a command. Used instead of `Command::new`.
pub(crate) fn new(program: impl AsRef<OsStr>) -> Command {
    Command::new(program)
}

/// cargo in the checkout, without the variables that the outer `cargo run` set for xtask: they would make build scripts
/// run again.
pub(crate) fn cargo(checkout: &Path) -> Command {
    let mut cargo = new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(checkout);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// Runs something as a step, and shows how it ended.
pub(crate) fn step<T>(steps: &Steps, name: &str, run: impl FnOnce(&Step) -> Result<T>) -> Result<T> {
    let step = steps.begin(name);
    let result = run(&step);
    match &result {
        Ok(_) => step.done(""),
        Err(_) => step.failed("see below"),
    }
    result
}

/// Runs a command to completion. Each line of output becomes the step's note; the last lines go into the error.
pub(crate) fn run(command: &mut Command, step: &Step) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let (reader, writer) = std::io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("{name} cannot be run"))?;
    // Closes the command's copies of the write end: while they are open, the reader never reaches EOF.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut last = std::collections::VecDeque::new();
    for line in BufReader::new(reader).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).trim_end().to_owned();
        step.note(line.trim_start());
        if last.len() == LINES_SHOWN_MAX {
            last.pop_front();
        }
        last.push_back(line);
    }
    let status = child.wait()?;
    if !status.success() {
        let output = Vec::from(last).join("\n");
        bail!("{name} ended with {status}:\n{output}");
    }
    Ok(())
}

/// Replaces this process, so that the other program gets the signals and sets the exit code.
pub(crate) fn become_it(mut command: Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    Err(command.exec()).with_context(|| format!("{name} cannot be run"))
}
