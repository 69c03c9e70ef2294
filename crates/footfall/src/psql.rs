//! `footfall psql`: psql on the running instance, without a password.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::enter::{ExecError, ExecOptions};
use crate::processes;
use crate::up::state::State;

/// The role to connect as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Reads, as dashboards do.
    Reader,
    /// Writes events, as the sink does.
    Writer,
    /// Owns the tables, as migrations do.
    Owner,
}

impl Role {
    fn user(self) -> &'static str {
        match self {
            Self::Reader => "footfall_reader",
            Self::Writer => "footfall_writer",
            Self::Owner => "footfall_owner",
        }
    }
}

/// Why psql could not be started.
#[derive(Debug, thiserror::Error)]
pub enum PsqlError {
    /// The instance's own psql cannot be run.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// psql cannot be run.
    #[error("psql cannot be run: {0}")]
    Run(std::io::Error),
}

/// Becomes psql on a running instance.
///
/// # Errors
/// Returns only on failure.
pub fn exec(state: State, role: Role, arguments: Vec<OsString>) -> Result<Infallible, PsqlError> {
    let mut all: Vec<OsString> = vec![
        "--host".into(),
        state.socket_dir.clone().into(),
        format!("--port={}", state.port).into(),
        format!("--username={}", role.user()).into(),
        format!("--dbname={}", state.database).into(),
    ];
    all.extend(arguments);
    // The host's own psql is preferred, because it can read the user's files (-f, \i).
    if let Ok(psql) = processes::find_on_path("psql", &[]) {
        return Err(PsqlError::Run(Command::new(psql).args(all).exec()));
    }
    let mut program = vec![state.postgres_bin.path.join("psql").into()];
    program.extend(all);
    let options =
        ExecOptions { root: state.postgres_bin.root, binds: vec![state.socket_dir], ..ExecOptions::default() };
    Ok(options.exec(&program)?)
}
