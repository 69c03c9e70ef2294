//! `footfall enter`

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use footfall::enter::ExecOptions;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The directory that becomes the root, /
    #[arg(long)]
    root: Option<PathBuf>,
    /// The user to run as, from /etc/passwd of that root
    #[arg(long)]
    user: Option<String>,
    /// An absolute path to mount at the same path inside
    #[arg(long)]
    bind: Vec<PathBuf>,
    /// End the program when the process with this id ends
    #[arg(long, requires = "parent_death")]
    parent: Option<i32>,
    /// The signal to end it with, such as SIGTERM
    #[arg(long, requires = "parent")]
    parent_death: Option<Signal>,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    program: Vec<OsString>,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Infallible> {
    let options = ExecOptions {
        root: arguments.root,
        user: arguments.user,
        binds: arguments.bind,
        parent: arguments.parent.map(Pid::from_raw).zip(arguments.parent_death),
    };
    Ok(options.exec(&arguments.program)?)
}
