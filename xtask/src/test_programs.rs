//! `cargo xtask test`: runs the test programs several at a time. Most tests wait for a broker, a database or a browser,
//! so one program after the other, as `cargo test` runs them, leaves the machine idle.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::command;
use crate::progress::Steps;

/// Each runs as many tests at a time as there are processors, and may have a broker and a database of its own.
const AT_ONCE_MAX: usize = 3;
/// They start first, so that none of them runs by itself at the end.
const LONGEST: [&str; 3] = ["journey", "pipeline", "http"];
/// Tests in a module of this name measure time, so nothing else may run meanwhile.
const ALONE: &str = "alone::";

/// A test program, or the documentation's tests.
struct Program {
    name: String,
    command: Command,
}

/// What a program printed.
struct Ended {
    name: String,
    output: String,
    succeeded: bool,
}

/// Runs every test. The output of a program is printed when it has ended; that of failed ones last.
pub(crate) fn run_all(checkout: &Path, steps: &Steps) -> Result<()> {
    let found = find(checkout)?;
    let logs = checkout.join("target/test-output");
    std::fs::create_dir_all(&logs)?;
    let mut programs: Vec<_> = found.iter().map(Found::beside_others).collect();
    programs.push(documentation(checkout));
    programs.sort_by_key(|program| LONGEST.iter().position(|name| *name == program.name).unwrap_or(LONGEST.len()));
    let mut failed = several_at_once(programs, &logs, steps)?;
    for program in &found {
        if program.has_tests_to_run_alone()? {
            failed.extend(run_and_print(program.alone(), &logs, steps)?);
        }
    }
    for Ended { name, output, .. } in &failed {
        steps.say(&format!("\n{name} failed:\n{output}"));
    }
    if failed.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = failed.iter().map(|ended| ended.name.as_str()).collect();
    bail!("these tests failed, see above: {}", names.join(", "))
}

/// A program that cargo has built, and the folder in which it expects to be run.
struct Found {
    name: String,
    file: PathBuf,
    package: PathBuf,
}

impl Found {
    fn command(&self) -> Command {
        let mut command = command::new(&self.file);
        command.current_dir(&self.package);
        command
    }

    fn beside_others(&self) -> Program {
        let mut command = self.command();
        command.args(["--skip", ALONE]);
        Program { name: self.name.clone(), command }
    }

    fn alone(&self) -> Program {
        let mut command = self.command();
        command.args([ALONE, "--test-threads=1"]);
        Program { name: format!("{}, alone", self.name), command }
    }

    fn has_tests_to_run_alone(&self) -> Result<bool> {
        let output = self.command().args([ALONE, "--list", "--format=terse"]).output()?;
        Ok(!output.stdout.is_empty())
    }
}

/// Every test program of the workspace, by what cargo says that it has built.
fn find(checkout: &Path) -> Result<Vec<Found>> {
    let mut cargo = command::cargo(checkout);
    cargo.args(["test", "--workspace", "--no-run", "--quiet", "--message-format=json"]).stdin(Stdio::null());
    let output = cargo.stderr(Stdio::inherit()).output().context("cargo cannot be run")?;
    if !output.status.success() {
        bail!("the tests cannot be built");
    }
    let found = String::from_utf8(output.stdout)?.lines().filter_map(read).collect::<Vec<_>>();
    if found.is_empty() {
        bail!("cargo has built no test program");
    }
    Ok(found)
}

fn read(line: &str) -> Option<Found> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["profile"]["test"] != true {
        return None;
    }
    let target = &message["target"];
    let (name, kind) = (target["name"].as_str()?, target["kind"][0].as_str()?);
    let package = Path::new(message["manifest_path"].as_str()?).parent()?;
    Some(Found {
        name: if kind == "test" { name.to_owned() } else { format!("{name} ({kind})") },
        file: message["executable"].as_str()?.into(),
        package: package.to_owned(),
    })
}

fn documentation(checkout: &Path) -> Program {
    let mut command = command::cargo(checkout);
    command.args(["test", "--workspace", "--doc", "--quiet"]);
    Program { name: "documentation".to_owned(), command }
}

/// Returns those that failed.
fn several_at_once(programs: Vec<Program>, logs: &Path, steps: &Steps) -> Result<Vec<Ended>> {
    let (waiting, failed) = (Mutex::new(VecDeque::from(programs)), Mutex::new(Vec::new()));
    // Not part of the loop's condition, where the lock would be held during the run.
    let next = || waiting.lock().ok()?.pop_front();
    let work = || -> Result<()> {
        while let Some(program) = next() {
            let ended = run_and_print(program, logs, steps)?;
            if let Ok(mut failed) = failed.lock() {
                failed.extend(ended);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..AT_ONCE_MAX).map(|_| scope.spawn(work)).collect();
        running.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| bail!("a test run panicked")))
    })?;
    Ok(failed.into_inner().unwrap_or_default())
}

/// Prints what a program that succeeded has printed, and returns one that failed.
fn run_and_print(program: Program, logs: &Path, steps: &Steps) -> Result<Option<Ended>> {
    let step = steps.begin(&program.name);
    let ended = run(program, logs)?;
    if !ended.succeeded {
        step.failed("see below");
        return Ok(Some(ended));
    }
    step.done("");
    if has_run_tests(&ended.output) {
        steps.say(ended.output.trim());
    }
    Ok(None)
}

/// Output goes to a file: a pipe would stay open as long as any process that a test has left behind.
fn run(Program { name, mut command }: Program, logs: &Path) -> Result<Ended> {
    let log = logs.join(format!("{name}.log"));
    let file = File::create(&log).with_context(|| log.display().to_string())?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let status = command.status().with_context(|| format!("{name} cannot be run"))?;
    let output = String::from_utf8_lossy(&std::fs::read(&log)?).into_owned();
    Ok(Ended { name, output, succeeded: status.success() })
}

fn has_run_tests(output: &str) -> bool {
    let mut counts = output.lines().filter_map(|line| line.strip_prefix("running ")?.split(' ').next());
    counts.any(|count| count != "0")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Program, command, has_run_tests, read, several_at_once};
    use crate::progress::Steps;

    #[test]
    fn a_test_program_is_told_from_a_program_that_the_tests_start() {
        let line = |kind: &str, is_test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"/a/Cargo.toml","target":{{"kind":["{kind}"],"name":"x"}},"profile":{{"test":{is_test}}},"executable":"/a/t/x-1"}}"#
            )
        };
        assert!(read(&line("bin", false)).is_none() && read(r#"{"reason":"build-finished"}"#).is_none());
        let found = read(&line("test", true)).unwrap();
        assert_eq!((&*found.name, &*found.file, &*found.package), ("x", Path::new("/a/t/x-1"), Path::new("/a")));
        assert_eq!(read(&line("lib", true)).unwrap().name, "x (lib)");
    }

    #[test]
    fn every_program_runs_and_one_that_fails_keeps_its_output() {
        let logs = tempfile::tempdir().unwrap();
        let program = |name: &str, script: &str| {
            let mut command = command::new("sh");
            command.args(["-c", script]);
            Program { name: name.to_owned(), command }
        };
        let mut programs = vec![program("fails", "echo out; echo error >&2; exit 1")];
        programs.extend((0..9).map(|number| program(&number.to_string(), "echo running 1 test")));
        let failed = several_at_once(programs, logs.path(), &Steps::new()).unwrap();
        let failed: Vec<_> = failed.iter().map(|ended| (&*ended.name, &*ended.output)).collect();
        assert_eq!(failed, [("fails", "out\nerror\n")]);
        assert_eq!(std::fs::read_dir(logs.path()).unwrap().count(), 10);
    }

    #[test]
    fn a_program_without_tests_prints_nothing() {
        assert!(!has_run_tests("\nrunning 0 tests\n\ntest result: ok. 0 passed\n"));
        assert!(has_run_tests("\nrunning 0 tests\n\nrunning 1 test\n"));
    }
}
