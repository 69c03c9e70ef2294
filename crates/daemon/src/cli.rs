//! The command line, the same for every daemon.

use std::path::PathBuf;

use clap::{Arg, Command, value_parser};

use crate::Program;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Run,
    CheckConfig,
    PrintConfig,
    Describe,
}

/// Reads the command line of this process. `--help` and `--version` are errors too.
pub(crate) fn parse(program: &Program) -> Result<(Action, Option<PathBuf>), clap::Error> {
    let matches = command(program).try_get_matches()?;
    let action = match matches.subcommand_name() {
        Some("check-config") => Action::CheckConfig,
        Some("print-config") => Action::PrintConfig,
        Some("describe") => Action::Describe,
        _ => Action::Run,
    };
    // A global argument is also seen after a subcommand.
    Ok((action, matches.get_one::<PathBuf>("config").cloned()))
}

fn command(program: &Program) -> Command {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help("TOML file with the configuration; else the one that FOOTFALL_CONFIG names, else none")
        .value_parser(value_parser!(PathBuf))
        .global(true);
    Command::new(program.name)
        .version(program.version)
        .about("Runs until SIGTERM. Every key can also be set by a variable, such as FOOTFALL_ADMIN__ADDRESS.")
        .arg(config)
        .subcommand(Command::new("check-config").about("Check the configuration without starting; exit code 64 if bad"))
        .subcommand(Command::new("print-config").about("Print the configuration in effect as TOML, secrets masked"))
        .subcommand(Command::new("describe").about("Print tables of all configuration keys and metrics as Markdown"))
}
