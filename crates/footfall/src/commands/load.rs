//! `footfall load`

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use footfall::WriteKey;
use footfall::load::{self, LoadOptions};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The URL to post events to
    #[arg(long, default_value = "http://127.0.0.1:3001/analytics")]
    url: String,
    /// Events per second, whether they are accepted or not
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
    /// The number of events
    #[arg(long, default_value_t = 1_000)]
    events: u64,
    /// The number of sessions to spread them over
    #[arg(long, default_value_t = 100)]
    sessions: u32,
    /// Send an event again, with the same id, after 503, a failed connection or a timeout
    #[arg(long)]
    retry: bool,
    /// Append the id of each event to this file as soon as it is acknowledged
    #[arg(long, value_name = "FILE")]
    acknowledged: Option<PathBuf>,
    /// The prefix of each event's page_url
    #[arg(long, value_name = "URL")]
    page_url_prefix: Option<String>,
    /// The secret key of a site, if only who has one may write (`footfall key add SITE --secret`)
    #[arg(long, value_name = "KEY", env = "FOOTFALL_KEY", hide_env_values = true)]
    key: Option<WriteKey>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let defaults = LoadOptions::new(&arguments.url, arguments.rate, arguments.events);
    let options = LoadOptions {
        sessions: arguments.sessions,
        retry: arguments.retry,
        acknowledged: arguments.acknowledged,
        key: arguments.key,
        page_url_prefix: arguments.page_url_prefix.unwrap_or(defaults.page_url_prefix),
        ..defaults
    };
    let report = load::run(&options).await?;
    writeln!(std::io::stdout(), "{report}")?;
    Ok(if report.is_all_acknowledged() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
