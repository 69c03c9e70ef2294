//! `footfall check`

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use footfall::check::{self, OutputStyle, Target, TargetOverrides};

use super::shared::Instance;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Instance,
    #[command(flatten)]
    overrides: TargetOverrides,
    /// How long the event may take to become a row, in milliseconds
    #[arg(long, default_value_t = 10_000)]
    visible_ms_max: u64,
    /// Print the report as one JSON object, for machines
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let target = Target::find(arguments.instance.dir(), arguments.overrides)?;
    let mut out = std::io::stdout();
    let style = if out.is_terminal() { OutputStyle::Terminal } else { OutputStyle::Plain };
    let report = check::run(&target, Duration::from_millis(arguments.visible_ms_max), |stage| {
        if !arguments.json {
            // A closed standard output must not stop the check: the exit code still reports the result.
            let _ = writeln!(std::io::stdout(), "{}", style.stage(stage));
        }
    })
    .await;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        writeln!(out, "{report}")?;
    }
    Ok(if report.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
