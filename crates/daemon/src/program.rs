//! The life cycle of a daemon's process: command line, configuration, log, admin server, `run`, drain, exit code.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use prometheus_client::registry::Registry;
use tokio::runtime;
use tokio_util::sync::CancellationToken;

use crate::admin::Admin;
use crate::cli::{self, Action};
use crate::notify::Notify;
use crate::{Configuration, Shell, Sources, describe, load, logging, progress, shutdown};

/// EX_USAGE from sysexits.h: the command line or configuration is invalid, so a restart does not help.
const EXIT_USAGE: u8 = 64;
/// How long blocking tasks may keep running once `run` has returned.
const RUNTIME_CLOSE_MAX: Duration = Duration::from_secs(1);

/// What differs between daemons.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The name of the binary, for example `footfall-ingest`.
    pub name: &'static str,
    /// Its version: `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// The dotted keys of all [`Secret`](crate::Secret) fields, which may come from systemd credentials.
    pub secrets: &'static [&'static str],
    /// Registers every metric, for `describe`. A `Family` without children is not shown, so each must be given one.
    pub metrics: fn(&mut Registry),
}

/// A daemon's whole `main`. Exit codes: 0 after a drain, 1 if `run` failed or did not drain in time, 64 if the command
/// line or configuration is invalid.
pub fn main<C, F, Fut>(program: Program, run: F) -> ExitCode
where
    C: Configuration,
    F: FnOnce(C, Shell) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    let (action, file) = match cli::parse(program.name, program.version) {
        Ok(parsed) => parsed,
        Err(error) => {
            // --help goes to standard output, errors to standard error. Lost if that is closed.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    if action == Action::Describe {
        let shell = Shell::detached(program.name, program.version);
        shell.register(program.metrics);
        return print(&program, describe::describe::<C>(program.name, &shell.metrics_text()));
    }
    let config = match load::<C>(&Sources::of_process(file), program.secrets) {
        Ok(config) => config,
        Err(errors) => {
            for error in errors.0 {
                complain(&program, &format!("configuration: {error}"));
            }
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match action {
        Action::CheckConfig => print(&program, Ok("the configuration is good\n".into())),
        Action::PrintConfig => print(&program, toml::to_string(&config).context("not expressible in TOML")),
        Action::Run | Action::Describe => start(&program, config, run),
    }
}

fn start<C, F, Fut>(program: &Program, config: C, run: F) -> ExitCode
where
    C: Configuration,
    F: FnOnce(C, Shell) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    if let Err(error) = logging::start(config.common().log, program.name) {
        complain(program, &format!("{error:#}"));
        return ExitCode::FAILURE;
    }
    match run_to_end(program, config, run) {
        Ok(()) => {
            tracing::info!("ended");
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "failed");
            ExitCode::FAILURE
        }
    }
}

fn run_to_end<C, F, Fut>(program: &Program, config: C, run: F) -> anyhow::Result<()>
where
    C: Configuration,
    F: FnOnce(C, Shell) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    let notify = Notify::service_manager();
    let shell = Shell::new(program.name, program.version, notify.clone());
    shutdown::handle_signals(shell.clone(), config.common().drain_ms_max).context("signals cannot be handled")?;

    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        let admin = Admin::bind(config.common().admin).await?;
        tracing::info!(program = program.name, version = program.version, admin = %admin.address()?, "started");
        if let Some(timeout) = sd_notify::watchdog_enabled().filter(|timeout| !timeout.is_zero()) {
            tokio::spawn(progress::watchdog(shell.progress.clone(), notify, timeout));
        }
        // Not the shutdown token: the admin server keeps answering until the drain is done.
        let stop = CancellationToken::new();
        let served = tokio::spawn(admin.serve(shell.clone(), stop.clone()));
        let result = run(config, shell.clone()).await;
        shell.readiness.stop();
        stop.cancel();
        served.await?;
        result
    });
    runtime.shutdown_timeout(RUNTIME_CLOSE_MAX);
    result
}

fn print(program: &Program, text: anyhow::Result<String>) -> ExitCode {
    let printed = text.and_then(|text| Ok(io::stdout().write_all(text.as_bytes())?));
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(program, &format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// For errors before logging has started. Lost if standard error is closed.
fn complain(program: &Program, message: &str) {
    let _ = writeln!(io::stderr(), "{}: {message}", program.name);
}
