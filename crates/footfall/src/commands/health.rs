//! `footfall health`

use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;
use footfall::health::{self, HealthCheck, Unhealthy};

use super::shared::Instance;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Instance,
    /// Check these URLs instead of an instance's: http://127.0.0.1:3002/ready
    #[arg(long, value_name = "URL", conflicts_with = "instance")]
    ready: Vec<String>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let health_checks = if arguments.ready.is_empty() {
        arguments.instance.state()?.health_checks
    } else {
        arguments.ready.into_iter().map(|url| HealthCheck { service: "asked".into(), url }).collect()
    };
    let unhealthy = health::unhealthy(&health_checks).await;
    let lines: Vec<_> = unhealthy.iter().map(Unhealthy::to_string).collect();
    let text = if unhealthy.is_empty() { "all services are ready".to_owned() } else { lines.join("\n") };
    writeln!(std::io::stdout(), "{text}")?;
    Ok(if unhealthy.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
