//! footfall-ingest: takes events over HTTP, and answers once they are durable.

use std::process::ExitCode;

use footfall_daemon::Program;

fn main() -> ExitCode {
    let program = Program {
        name: "footfall-ingest",
        version: env!("CARGO_PKG_VERSION"),
        secrets: &["database.password", "import.key", "privacy.visitor_secret"],
        metrics: footfall_ingest::describe_metrics,
    };
    footfall_daemon::main::<footfall_ingest::Config, _, _>(program, footfall_ingest::run)
}
