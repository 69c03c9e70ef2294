//! footfall-sink: reads Kafka's topics and stores them in batches.

use std::process::ExitCode;

use footfall_daemon::Program;

fn main() -> ExitCode {
    let program = Program {
        name: "footfall-sink",
        version: env!("CARGO_PKG_VERSION"),
        secrets: &["database.password"],
        metrics: footfall_sink::describe_metrics,
    };
    footfall_daemon::main::<footfall_sink::Config, _, _>(program, footfall_sink::run)
}
