//! footfall-view: the live page and its read API.

use std::process::ExitCode;

use footfall_daemon::Program;

fn main() -> ExitCode {
    let program = Program {
        name: "footfall-view",
        version: env!("CARGO_PKG_VERSION"),
        secrets: &["access.password", "access.tokens", "database.password"],
        metrics: footfall_view::describe_metrics,
    };
    footfall_daemon::main::<footfall_view::Config, _, _>(program, footfall_view::run)
}
