//! `footfall migrate-profile`

use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use footfall::up::{Profile, migrate_profile};

use super::shared::ProgramsFile;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The directory of `up --keep`
    #[arg(long, value_name = "DIR")]
    keep: PathBuf,
    /// The profile to change to
    #[arg(value_enum)]
    to: Profile,
    /// The address that services listen on during the change, with the standard ports
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
    #[command(flatten)]
    programs: ProgramsFile,
    /// How long it may take to store the messages in Kafka, in seconds
    #[arg(long, default_value_t = 600)]
    wait_s: u64,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { keep, to, listen, programs, wait_s } = arguments;
    let wait_max = Duration::from_secs(wait_s);
    let options = migrate_profile::Options { keep, to, listen, programs_file: programs.file, wait_max };
    let from = migrate_profile::run(&options).await?;
    let (keep, mut out) = (options.keep.display(), std::io::stdout());
    if from == to {
        writeln!(out, "{keep} has the profile {to} already.")?;
    } else {
        writeln!(out, "{keep} is changed from the profile {from} to {to}: start it with `footfall up --keep {keep}`")?;
    }
    Ok(ExitCode::SUCCESS)
}
