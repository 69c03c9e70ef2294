//! `cargo xtask bench`: measures a release build.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use crate::command;
use crate::progress::Steps;
use crate::setup::{self, For};

const DOCUMENT: &str = "docs/performance.md";
/// Of a run that measured less than all.
const EXCERPT: &str = "target/performance.md";

/// What can be measured.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum What {
    /// How long questions about 5,000,000 events take, and what closing days costs
    Questions,
}

/// Less than all.
#[derive(Debug, Args)]
pub(crate) struct Size {
    /// Only these parts: functions, explain, page, closing, year, growth
    #[arg(long, value_delimiter = ',')]
    parts: Vec<String>,
    /// Days of events
    #[arg(long)]
    days: Option<u32>,
    /// Visits each day, of about 8 events
    #[arg(long)]
    visits: Option<u32>,
    /// Runs of each question
    #[arg(long)]
    runs: Option<u32>,
}

impl Size {
    /// The variables that crates/testkit/benches/functions reads.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let parts = (!self.parts.is_empty()).then(|| self.parts.join(","));
        let number = |number: Option<u32>| number.map(|number| number.to_string());
        let given = [
            ("FOOTFALL_BENCH_PARTS", parts),
            ("FOOTFALL_BENCH_DAYS", number(self.days)),
            ("FOOTFALL_BENCH_VISITS", number(self.visits)),
            ("FOOTFALL_BENCH_RUNS", number(self.runs)),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Runs the bench of the read functions; what it prints becomes the document, if all of it was measured.
pub(crate) fn questions(checkout: &Path, steps: &Steps, size: &Size) -> Result<()> {
    setup::set_up(checkout, steps, For::Up, false)?;
    let build = ["build", "--release", "--workspace", "--bins", "--bench", "functions"];
    command::step(steps, "build (release)", |step| command::run(command::cargo(checkout).args(build), step))?;
    let variables = size.variables();
    let document = checkout.join(if variables.is_empty() { DOCUMENT } else { EXCERPT });
    let mut bench = command::cargo(checkout);
    bench.args(["bench", "--quiet", "--workspace", "--bench", "functions"]).envs(variables);
    let output = bench.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cargo cannot be run")?;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        steps.say(&text);
        bail!("the bench ended with {}; above is what it measured before", output.status);
    }
    std::fs::write(&document, text.trim_end().to_owned() + "\n")?;
    steps.say(&format!("Written: {}", document.display()));
    Ok(())
}
