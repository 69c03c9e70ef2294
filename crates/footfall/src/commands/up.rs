//! `footfall up`

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use footfall::processes::SecondName;
use footfall::up::password::PasswordSource;
use footfall::up::{self, Profile};
use ipnet::IpNet;

use super::shared::{ProgramsFile, installed_share};

#[derive(Args)]
pub(crate) struct Arguments {
    /// What to start: light is PostgreSQL, ingest and view only (default: the profile of DIR, otherwise appliance)
    #[arg(long, value_enum, env = "FOOTFALL_UP_PROFILE")]
    profile: Option<Profile>,
    // A container image sets this and `publish` in its entry point; later arguments override them.
    /// Keep the data in this directory for the next run (default: a temporary directory)
    #[arg(long, value_name = "DIR", overrides_with = "keep")]
    keep: Option<PathBuf>,
    /// The address that every service listens on, with the standard ports
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// Also serve the site, and nothing else, on this address for other machines; 0.0.0.0 for all addresses
    #[arg(long, value_name = "ADDRESS", overrides_with = "publish")]
    publish: Option<IpAddr>,
    /// A file with the live page's password (or set FOOTFALL_UP_PASSWORD; default: one is generated)
    #[arg(long, value_name = "FILE", env = "FOOTFALL_UP_PASSWORD_FILE")]
    password_file: Option<PathBuf>,
    /// A proxy in front of the site whose X-Forwarded-For is trusted: 172.16.0.0/12
    #[arg(
        long = "trusted-proxy",
        value_name = "NETWORK",
        env = "FOOTFALL_UP_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_parser = network
    )]
    trusted_proxies: Vec<IpNet>,
    #[command(flatten)]
    programs: ProgramsFile,
    /// Another path for a file of the site, because ad blockers block the usual one: /s.js=/analytics.js
    #[arg(long = "second-name", value_name = "SECOND=FIRST")]
    second_names: Vec<SecondName>,
    /// The directory with web/, nixos/ and grafana/ (default: share/footfall next to this program's directory)
    #[arg(long, value_name = "DIR")]
    share: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let options = up::Options {
        profile: arguments.profile,
        keep: arguments.keep,
        listen: arguments.listen,
        publish: arguments.publish,
        password: arguments
            .password_file
            .map(PasswordSource::File)
            .or_else(|| std::env::var("FOOTFALL_UP_PASSWORD").ok().map(PasswordSource::Value)),
        trusted_proxies: arguments.trusted_proxies,
        programs_file: arguments.programs.file,
        second_names: arguments.second_names,
        share: arguments.share.map_or_else(installed_share, Ok)?,
    };
    up::up(&options).await?;
    Ok(ExitCode::SUCCESS)
}

/// Parses a network or a single address.
fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| "neither an address nor a network such as 172.16.0.0/12".into())
}
