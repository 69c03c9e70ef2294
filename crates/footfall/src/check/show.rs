//! The findings for a person: ticks and colours on a terminal, plain words elsewhere.

use std::fmt;

use super::stage::{Finding, StageReport};

/// What the output is read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// It shows ticks and colours.
    Terminal,
    /// A file, a pipe or a log.
    Plain,
}

impl Screen {
    /// One stage, on one line where it was passed.
    pub fn stage(self, report: &StageReport) -> impl fmt::Display {
        let (number, words) = (report.stage.number(), report.stage.in_words());
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
    use super::Screen;

    #[test]
    fn nothing_but_words_goes_into_a_file() {
        let failed = Failed { tried: "GET x".into(), came_back: "404".into(), do_first: "Start it.".into() };
        for finding in [Finding::Ok { detail: "3 ms".into() }, Finding::NotTried, Finding::Failed(failed)] {
            let report = StageReport { stage: Stage::Sink, finding };
            let text = Screen::Plain.stage(&report).to_string();
            assert!(text.is_ascii() && !text.contains('\x1b'), "{text}");
            assert!(Screen::Terminal.stage(&report).to_string().contains('\x1b'));
        }
    }
}
