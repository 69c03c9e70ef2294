//! One line for each step of setup or startup: with a spinner on a terminal, plain elsewhere.
//!
//! xtask includes this file by its path, so that it need not wait for Footfall's other crates to compile.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Displays steps. Clones share the display.
#[derive(Clone)]
pub(crate) struct Steps {
    bars: Option<MultiProgress>,
}

/// A running step; end it with [`Step::done`] or [`Step::failed`].
pub(crate) struct Step {
    name: String,
    started: Instant,
    steps: Steps,
    bar: Option<ProgressBar>,
}

impl Default for Steps {
    fn default() -> Self {
        Self::new()
    }
}

impl Steps {
    /// Shows bars if standard output is a terminal, otherwise plain lines.
    pub(crate) fn new() -> Self {
        let bars =
            std::io::stdout().is_terminal().then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stdout()));
        Self { bars }
    }

    /// Starts a step and shows its name.
    pub(crate) fn begin(&self, name: impl Into<String>) -> Step {
        let name = name.into();
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner().with_style(running_style()));
            bar.set_prefix(name.clone());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        if bar.is_none() {
            self.say(&format!("           {name} ..."));
        }
        Step { name, started: Instant::now(), steps: self.clone(), bar }
    }

    /// Prints a line above the running steps.
    pub(crate) fn say(&self, line: &str) {
        // A closed standard output must not interrupt startup or shutdown.
        let _ = match &self.bars {
            Some(bars) => bars.println(line),
            None => writeln!(std::io::stdout(), "{line}"),
        };
    }
}

impl Step {
    /// Shows what the step is doing at the moment (on a terminal only).
    #[allow(dead_code, reason = "only xtask shows what a step is doing")]
    pub(crate) fn note(&self, what: impl Into<String>) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.into());
        }
    }

    /// Ends the step; `detail` is shown in brackets if not empty.
    pub(crate) fn done(self, detail: &str) {
        let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
        self.end(&format!("done{detail}"));
    }

    /// Ends the step with the reason why it failed.
    pub(crate) fn failed(self, why: &str) {
        self.end(&format!("FAILED: {why}"));
    }

    fn end(self, how: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        let Self { name, steps, bar, .. } = self;
        if let (Some(bars), Some(bar)) = (&steps.bars, bar) {
            bar.finish_and_clear();
            bars.remove(&bar);
        }
        steps.say(&format!("[{seconds:5.1} s] {name} ... {how}"));
    }
}

fn running_style() -> ProgressStyle {
    ProgressStyle::with_template("[{elapsed:>7}] {spinner} {prefix} ... {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}
