//! `footfall topics`

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use footfall::topics::{self, Topic};

#[derive(Args)]
pub(crate) struct Arguments {
    /// HOST:PORT of one or more brokers, separated by commas
    #[arg(long, env = "FOOTFALL_BOOTSTRAP_SERVERS")]
    bootstrap_servers: String,
    /// The events topic
    #[arg(long, default_value = topics::EVENTS)]
    events_topic: String,
    /// Its number of partitions, which is how many sinks can share the load
    #[arg(long, default_value_t = 3)]
    events_partitions: u16,
    /// The topic for ingest's counts
    #[arg(long, default_value = topics::OUTCOMES)]
    outcomes_topic: String,
    /// How many brokers hold each message
    #[arg(long, default_value_t = 1)]
    replication: u16,
    /// How long messages are kept
    #[arg(long, default_value_t = 7 * 24)]
    retention_hours: u32,
    /// How long to keep trying while no broker answers, in seconds
    #[arg(long, default_value_t = 0)]
    wait_s: u32,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let topic = |name, partitions| Topic {
        name,
        partitions,
        replication: arguments.replication,
        retention: Duration::from_secs(u64::from(arguments.retention_hours) * 3600),
    };
    let topics = [topic(arguments.events_topic, arguments.events_partitions), topic(arguments.outcomes_topic, 1)];
    let wait_max = Duration::from_secs(arguments.wait_s.into());
    topics::create_within(&arguments.bootstrap_servers, &topics, wait_max).await?;
    Ok(ExitCode::SUCCESS)
}
