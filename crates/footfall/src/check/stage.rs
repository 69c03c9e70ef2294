//! The stages of an event's path, and what was found at each.

use std::fmt;

use serde::Serialize;
use uuid::Uuid;

/// A stage of an event's path, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// nginx serves the page and the tracker.
    Site,
    /// nginx passes requests on to ingest.
    IngestThroughSite,
    /// Ingest answers and reaches its broker.
    Ingest,
    /// Ingest accepts the event.
    Accepted,
    /// The event is in Kafka.
    Topic,
    /// The sink is ready.
    Sink,
    /// The event is stored as exactly one row.
    Row,
    /// The event is in the roll-up by minute and in a visit.
    RollUp,
    /// The event is counted, by ingest and by the sink.
    Outcomes,
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 9] = [
        Self::Site,
        Self::IngestThroughSite,
        Self::Ingest,
        Self::Accepted,
        Self::Topic,
        Self::Sink,
        Self::Row,
        Self::RollUp,
        Self::Outcomes,
    ];

    /// The stage's number, from 1.
    #[must_use]
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// What is true if the stage passes.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Site => "the site answers and serves analytics.js",
            Self::IngestThroughSite => "ingest is reached through the site",
            Self::Ingest => "ingest is reached directly and can deliver events",
            Self::Accepted => "ingest accepts the event",
            Self::Topic => "the event is in Kafka",
            Self::Sink => "what stores the events is ready",
            Self::Row => "the event is a row in analytics_events, once",
            Self::RollUp => "analytics_summary and analytics_visits hold it",
            Self::Outcomes => "analytics_outcomes counts it",
        }
    }
}

/// What was found at one stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Finding {
    /// The stage passed.
    Ok {
        /// What was seen.
        detail: String,
    },
    /// The stage failed.
    Failed(Failed),
    /// An earlier stage failed, so this one was not checked.
    NotTried,
}

/// What is wrong, and what to do first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// What was tried.
    pub tried: String,
    /// What came back.
    pub came_back: String,
    /// The first thing to do.
    pub do_first: String,
}

/// What a stage saw, or why it failed.
pub(crate) type StageResult = Result<String, Failed>;

/// One stage and what was found there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageReport {
    /// The stage.
    pub stage: Stage,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

/// What was found at all stages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// The marked event.
    pub event_id: Uuid,
    /// One for each stage, in order.
    pub stages: Vec<StageReport>,
    /// What is not as it will be, such as days that are not closed yet.
    pub notes: Vec<String>,
}

impl CheckReport {
    /// Whether every stage passed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.stages.len() == Stage::ALL.len() && self.first_failure().is_none()
    }

    fn first_failure(&self) -> Option<Stage> {
        self.stages.iter().find(|report| !matches!(report.finding, Finding::Ok { .. })).map(|report| report.stage)
    }
}

/// The notes, a line each, and how far the event got, in one sentence.
impl fmt::Display for CheckReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(out, "note: {note}")?;
        }
        match self.first_failure() {
            None => write!(out, "All is well: the event went all the way."),
            Some(first) => {
                let passed = self.stages.iter().rev().find(|report| matches!(report.finding, Finding::Ok { .. }));
                let failed = self.stages.iter().filter(|report| matches!(report.finding, Finding::Failed(_)));
                let failed: Vec<_> = failed.map(|report| report.stage.number().to_string()).collect();
                let stages = if failed.len() == 1 { "stage" } else { "stages" };
                write!(out, "Not well: {stages} {} failed", failed.join(", "))?;
                match passed.filter(|passed| passed.stage > first) {
                    Some(passed) => write!(out, "; later ones up to {} passed.", passed.stage.number()),
                    None if first == Stage::Site => write!(out, "; no stage passed."),
                    None => write!(out, "; the path is whole up to stage {}.", first.number() - 1),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{CheckReport, Failed, Finding, Stage, StageReport};

    fn report(findings: [char; 9]) -> CheckReport {
        let finding = |letter| match letter {
            '+' => Finding::Ok { detail: "seen".into() },
            '-' => Finding::Failed(Failed { tried: "t".into(), came_back: "c".into(), do_first: "d".into() }),
            _ => Finding::NotTried,
        };
        let stages = Stage::ALL.iter().zip(findings);
        let stages = stages.map(|(stage, letter)| StageReport { stage: *stage, finding: finding(letter) }).collect();
        CheckReport { event_id: Uuid::nil(), stages, notes: Vec::new() }
    }

    #[test]
    fn the_sentence_says_how_far_the_path_is_whole() {
        for (findings, says) in [
            (['+', '+', '+', '+', '+', '+', '+', '+', '+'], "All is well"),
            (['+', '+', '+', '-', '.', '+', '.', '.', '.'], "stage 4 failed; later ones up to 6 passed"),
            (['+', '+', '+', '+', '+', '-', '-', '.', '.'], "stages 6, 7 failed; the path is whole up to stage 5"),
            (['-', '-', '-', '.', '.', '-', '.', '.', '.'], "stages 1, 2, 3, 6 failed; no stage passed"),
        ] {
            let sentence = report(findings).to_string();
            assert!(sentence.contains(says), "{sentence}");
        }
    }

    #[test]
    fn all_is_well_only_with_every_stage_passed() {
        assert!(report(['+'; 9]).is_ok());
        assert!(!report(['+', '+', '+', '+', '+', '+', '+', '+', '-']).is_ok());
        let mut short = report(['+'; 9]);
        short.stages.pop();
        assert!(!short.is_ok());
    }

    #[test]
    fn stages_are_numbered_in_their_order() {
        let numbers: Vec<_> = Stage::ALL.iter().map(|stage| stage.number()).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn machines_get_one_flat_object_for_each_stage() {
        let json = serde_json::to_value(report(['+', '-', '.', '.', '.', '.', '.', '.', '.'])).unwrap();
        assert_eq!(json["stages"][0], serde_json::json!({ "stage": "site", "result": "ok", "detail": "seen" }));
        assert_eq!(json["stages"][1]["came_back"], "c");
        assert_eq!(json["stages"][2], serde_json::json!({ "stage": "ingest", "result": "not_tried" }));
    }
}
