//! The findings as text: with ticks and colours on a terminal, plain elsewhere.

use std::fmt;

use super::stage::{Finding, StageReport};

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputStyle {
    /// With ticks and colours.
    Terminal,
    /// For a file, a pipe or a log.
    Plain,
}

impl OutputStyle {
    /// Formats one stage, on one line if it passed.
    pub fn stage(self, report: &StageReport) -> impl fmt::Display {
        let (number, words) = (report.stage.number(), report.stage.description());
        let mark = self.mark(&report.finding);
        match &report.finding {
            Finding::Ok { detail } => format!("{number} {mark} {words} ({detail})"),
            Finding::NotTried => format!("{number} {mark} {words}"),
            Finding::Failed(failed) => format!(
                "{number} {mark} {words}\n    tried      {}\n    came back  {}\n    do first   {}",
                failed.tried, failed.came_back, failed.do_first
            ),
        }
    }

    fn mark(self, finding: &Finding) -> &'static str {
        match (self, finding) {
            (Self::Terminal, Finding::Ok { .. }) => "\x1b[32m✔\x1b[0m",
            (Self::Terminal, Finding::Failed(_)) => "\x1b[31m✘\x1b[0m",
            (Self::Terminal, Finding::NotTried) => "\x1b[2m- not tried:\x1b[0m",
            (Self::Plain, Finding::Ok { .. }) => "ok        ",
            (Self::Plain, Finding::Failed(_)) => "FAILED    ",
            (Self::Plain, Finding::NotTried) => "not tried ",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::stage::{Failed, Finding, Stage, StageReport};
    use super::OutputStyle;

    #[test]
    fn plain_output_has_neither_colours_nor_symbols() {
        let failed = Failed { tried: "GET x".into(), came_back: "404".into(), do_first: "Start it.".into() };
        for finding in [Finding::Ok { detail: "3 ms".into() }, Finding::NotTried, Finding::Failed(failed)] {
            let report = StageReport { stage: Stage::Sink, finding };
            let text = OutputStyle::Plain.stage(&report).to_string();
            assert!(text.is_ascii() && !text.contains('\x1b'), "{text}");
            assert!(OutputStyle::Terminal.stage(&report).to_string().contains('\x1b'));
        }
    }
}
