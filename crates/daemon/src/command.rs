//! A command that a timer or a person runs and that exits when done, with a daemon's configuration, log and
//! description.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::{Keys, load_checked};
use crate::log_filter::log_filter;
use crate::{ConfigErrors, FieldError, LogConfig, Sources, describe, logging};

/// EX_USAGE from sysexits.h, as for daemons.
const EXIT_USAGE: u8 = 64;
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// A command's whole configuration; see [`Configuration`](crate::Configuration) for the requirements on its types.
pub trait CommandConfiguration: Serialize + DeserializeOwned + Default + JsonSchema + Clone {
    /// `log`
    fn log(&self) -> &LogConfig;

    /// Checks what the types cannot express. Returns every error, not only the first.
    ///
    /// # Errors
    /// One [`FieldError`] per invalid field.
    fn validate(&self) -> Result<(), Vec<FieldError>>;
}

/// What differs between commands.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// As typed: `footfall retain`.
    pub name: &'static str,
    /// Its name in the journal.
    pub identifier: &'static str,
    /// The dotted keys of all [`Secret`](crate::Secret) fields, which may come from systemd credentials.
    pub secrets: &'static [&'static str],
    /// Each exit code and its meaning.
    pub exit_codes: &'static [(u8, &'static str)],
}

/// A command's arguments.
#[derive(Args, Clone, Debug)]
pub struct CommandArguments {
    /// TOML configuration file; by default the one named by FOOTFALL_CONFIG, if any
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Run again every day, until it is stopped; for containers, which have no timers
    #[arg(long)]
    daily: bool,
    #[command(subcommand)]
    asked: Option<Asked>,
}

#[derive(Subcommand, Clone, Copy, Debug)]
enum Asked {
    /// Check the configuration and exit, with code 64 if it is invalid
    CheckConfig,
    /// Print the effective configuration as TOML, with secrets masked
    PrintConfig,
    /// Print a Markdown table of all configuration keys
    Describe,
}

/// Runs a command: reads the configuration, starts logging and calls `run`, which returns the exit code.
pub fn run_command<C: CommandConfiguration>(
    command: &Command,
    arguments: CommandArguments,
    run: impl Fn(C) -> anyhow::Result<u8>,
) -> ExitCode {
    if let Some(Asked::Describe) = arguments.asked {
        return print(command, describe::<C>(command));
    }
    let config = match load_for::<C>(command, &Sources::of_process(arguments.config)) {
        Ok(config) => config,
        Err(errors) => {
            for error in errors.0 {
                complain(command, &format!("configuration: {error}"));
            }
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match arguments.asked {
        Some(Asked::CheckConfig) => print(command, Ok("the configuration is good\n".into())),
        Some(Asked::PrintConfig) => print(command, toml::to_string(&config).context("not expressible in TOML")),
        Some(Asked::Describe) | None => start(command, &config, arguments.daily, run),
    }
}

fn start<C: CommandConfiguration>(
    command: &Command,
    config: &C,
    daily: bool,
    run: impl Fn(C) -> anyhow::Result<u8>,
) -> ExitCode {
    if let Err(error) = logging::start(config.log(), command.identifier) {
        complain(command, &format!("{error:#}"));
        return ExitCode::FAILURE;
    }
    loop {
        let code = match run(config.clone()) {
            Ok(code) => ExitCode::from(code),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "failed");
                ExitCode::FAILURE
            }
        };
        if !daily {
            return code;
        }
        // What went wrong stands in the log; the next run may mend it.
        std::thread::sleep(DAY);
    }
}

fn load_for<C: CommandConfiguration>(command: &Command, sources: &Sources) -> Result<C, ConfigErrors> {
    load_checked(sources, command.secrets, |config: &C| {
        let level = log_filter(&config.log().level).err();
        let level = level.map(|message| FieldError::new("log.level", message));
        level.into_iter().chain(config.validate().err().unwrap_or_default()).collect()
    })
}

fn describe<C: CommandConfiguration>(command: &Command) -> anyhow::Result<String> {
    let mut text = format!("# {}\n\n## Configuration\n\n{}", command.name, describe::configuration(&Keys::of::<C>()?));
    // Writing to a String cannot fail.
    let _ = write!(text, "\n## Exit codes\n\n| Code | Meaning |\n|---|---|\n");
    for (code, meaning) in command.exit_codes {
        describe::row(&mut text, &[&code.to_string(), meaning]);
    }
    Ok(text)
}

fn print(command: &Command, text: anyhow::Result<String>) -> ExitCode {
    let printed = text.and_then(|text| Ok(io::stdout().write_all(text.as_bytes())?));
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(command, &format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// For errors before logging has started. Lost if standard error is closed.
fn complain(command: &Command, message: &str) {
    let _ = writeln!(io::stderr(), "{}: {message}", command.name);
}
