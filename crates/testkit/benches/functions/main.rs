//! How long questions take, beside a plain count of the same rows in the same run; the Markdown of docs/performance.md goes to
//! standard output, progress to standard error. `cargo xtask bench questions` runs it on a release build.
//!
//! `FOOTFALL_BENCH_DAYS`, `FOOTFALL_BENCH_VISITS` (each day) and `FOOTFALL_BENCH_RUNS` make it smaller;
//! `FOOTFALL_BENCH_PARTS` names the parts to run: functions, explain, page, year, closing, growth.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a measurement that fails has no result, and its figures are for a person to read"
)]

mod closing;
mod explain;
mod fill;
mod functions;
mod growth;
mod machine;
mod measure;
mod page;
mod settings;
mod year;

use footfall_testkit::{connect, postgres};
use tokio_postgres::Client;

use crate::measure::Range;
use crate::settings::Settings;

const DATABASE: &str = "bench";

/// A filled database.
struct Bench {
    settings: Settings,
    owner: Client,
    reader: Client,
    /// From the first day until now.
    month: Range,
    /// One closed day.
    day: Range,
}

impl Bench {
    async fn start() -> Self {
        let settings = Settings::from_environment();
        let postgres = postgres().await;
        footfall_store::prepare(&postgres.admin(DATABASE)).await.unwrap();
        let owner = connect(&postgres.admin(DATABASE)).await;
        let reader = connect(&postgres.url("footfall_reader", DATABASE).parse().unwrap()).await;
        machine::describe(&owner).await;
        let (month, day) = fill::fill(&owner, &settings).await;
        Self { settings, owner, reader, month, day }
    }
}

#[tokio::main]
async fn main() {
    let bench = Bench::start().await;
    if bench.settings.has("functions") {
        let heaviest = functions::measure(&bench).await;
        if bench.settings.has("explain") {
            explain::show(&bench, &heaviest).await;
        }
    }
    if bench.settings.has("page") {
        page::measure(&bench).await;
    }
    if bench.settings.has("closing") {
        closing::one_day(&bench, "as filled").await;
    }
    if bench.settings.has("year") {
        year::measure(&bench).await;
    }
    // Last, as it multiplies what is there.
    if bench.settings.has("growth") {
        growth::measure(&bench).await;
        if bench.settings.has("closing") {
            closing::one_day(&bench, "of the multiplied month").await;
        }
    }
}
