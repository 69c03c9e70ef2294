//! The command line, the same for every daemon.

use std::path::PathBuf;

use clap::{Arg, Command, value_parser};

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Run,
    CheckConfig,
    PrintConfig,
    Describe,
}

/// Parses this process's command line. `--help` and `--version` are returned as errors too.
pub(crate) fn parse(name: &'static str, version: &'static str) -> Result<(Action, Option<PathBuf>), clap::Error> {
    let matches = command(name, version).try_get_matches()?;
    let action = match matches.subcommand_name() {
        Some("check-config") => Action::CheckConfig,
        Some("print-config") => Action::PrintConfig,
        Some("describe") => Action::Describe,
        _ => Action::Run,
    };
    // A global argument is found here even if it follows the subcommand.
    Ok((action, matches.get_one::<PathBuf>("config").cloned()))
}

fn command(name: &'static str, version: &'static str) -> Command {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help("TOML configuration file; by default the one named by FOOTFALL_CONFIG, if any")
        .value_parser(value_parser!(PathBuf))
        .global(true);
    Command::new(name)
        .version(version)
        .about("Runs until SIGTERM. Every key can also be set by an environment variable, such as FOOTFALL_ADMIN__ADDRESS.")
        .arg(config)
        .subcommand(Command::new("check-config").about("Check the configuration without starting; exit code 64 if bad"))
        .subcommand(Command::new("print-config").about("Print the configuration in effect as TOML, secrets masked"))
        .subcommand(Command::new("describe").about("Print tables of all configuration keys and metrics as Markdown"))
}
