//! `footfall kafka-classes`

use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use clap::Args;
use footfall::processes::{Kafka, Programs};

use super::shared::ProgramsFile;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    programs: ProgramsFile,
    /// The address that the broker listens on meanwhile
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,
    /// The port; the controller uses the next one
    #[arg(long, default_value_t = 9092)]
    port: u16,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let programs = Programs::find(arguments.programs.file.as_deref())?;
    let dir = tempfile::tempdir()?;
    Kafka::learn_classes(&programs, dir.path(), arguments.listen, arguments.port).await?;
    Ok(ExitCode::SUCCESS)
}
