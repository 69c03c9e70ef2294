//! `footfall check`: one marked event walks the whole path, and each stage says what it saw of it. The troubleshooting
//! guide as a program.

mod database;
mod show;
mod stage;
mod target;
mod topic;
mod verdict;
mod web;

use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, spawn_blocking};
use uuid::Uuid;

use database::Database;
use topic::Watch;
use verdict::Verdict;
use web::{Found, Web};

pub use show::Screen;
pub use stage::{CheckReport, Failed, Finding, Stage, StageReport};
pub use target::{Given, Target, TargetError};

/// Walks the path. `visible_max` is how long the event may take to become a row, and then to be counted. `seen` gets
/// each stage as soon as its finding stands.
pub async fn run(target: &Target, visible_max: Duration, seen: impl FnMut(&StageReport)) -> CheckReport {
    let report = CheckReport { event_id: Uuid::now_v7(), stages: Vec::new() };
    let mut walk = Walk { target, visible_max, web: Web::new(target), seen, report };
    let base = walk.front().await;
    match base {
        Some(base) => walk.back(&base).await,
        None => walk.sink_alone(&[Stage::Accepted, Stage::Topic]).await,
    }
    walk.report
}

struct Walk<'a, F> {
    target: &'a Target,
    visible_max: Duration,
    web: Web<'a>,
    seen: F,
    report: CheckReport,
}

/// What is looked at after the event was posted, and had to be looked at before.
struct Before {
    /// None where there is no topic.
    watch: Option<Result<Watch, String>>,
    database: Result<Database, String>,
}

impl<F: FnMut(&StageReport)> Walk<'_, F> {
    /// The stages before the event is posted; answers where the event is to be posted.
    async fn front(&mut self) -> Option<String> {
        let site = self.web.site().await;
        self.note(Stage::Site, site);
        let through_site = self.web.ingest_through_site().await;
        let base = if through_site.is_ok() { &self.target.site } else { &self.target.ingest };
        self.note(Stage::IngestThroughSite, through_site);
        let ingest = self.web.ingest().await;
        self.note(Stage::Ingest, ingest).then(|| base.clone())
    }

    /// The stages that the event meets.
    async fn back(&mut self, base: &str) {
        let event_id = self.report.event_id;
        let verdict = Verdict { target: self.target, event_id };
        let before = self.before().await;
        let posted = Instant::now();
        let accepted = self.web.post(base, event_id).await;
        if !self.note(Stage::Accepted, accepted) {
            return self.sink_alone(&[Stage::Topic]).await;
        }
        // The row is waited for from now on: what the other stages take would count as its delay.
        let (visible_max, database) = (self.visible_max, before.database);
        let row: JoinHandle<_> = tokio::spawn(async move {
            let database = database?;
            let row = database.wait_for_row(event_id, posted, visible_max).await;
            Ok::<_, String>((database, row))
        });

        let (mut position, mut topic) = (None, Ok("light profile: there is none, ingest commits by itself".to_owned()));
        if let Some(watch) = before.watch {
            let found = match watch {
                Ok(watch) => flat(spawn_blocking(move || watch.find(event_id)).await),
                Err(error) => Err(error),
            };
            position = found.as_ref().ok().copied();
            topic = verdict.in_topic(found);
        }
        self.note(Stage::Topic, topic);

        let sink = self.web.sink().await;
        self.note(Stage::Sink, sink);

        let (database, row) = match flat(row.await) {
            Ok((database, row)) => (Some(database), row),
            Err(error) => (None, Err(error)),
        };
        let row = verdict.row(database.as_ref(), row, position, visible_max).await;
        let (true, Some(database)) = (self.note(Stage::Row, row), database) else {
            return self.skip(&[Stage::RollUp, Stage::Outcomes]);
        };
        let roll_up = verdict.roll_up(database.roll_up(event_id).await);
        self.note(Stage::RollUp, roll_up);
        let outcomes = verdict.outcomes(database.wait_for_outcomes(visible_max).await);
        self.note(Stage::Outcomes, outcomes);
    }

    /// No event is on its way; the sink can be asked how it is.
    async fn sink_alone(&mut self, before: &[Stage]) {
        self.skip(before);
        let sink = self.web.sink().await;
        self.note(Stage::Sink, sink);
        self.skip(&[Stage::Row, Stage::RollUp, Stage::Outcomes]);
    }

    async fn before(&self) -> Before {
        let (brokers, topic) = (self.target.kafka.clone(), self.target.events_topic.clone());
        let is_light = self.target.is_light();
        let watch = async {
            if is_light { None } else { Some(flat(spawn_blocking(move || Watch::begin(&brokers, &topic)).await)) }
        };
        let (watch, database) = tokio::join!(watch, Database::connect(&self.target.database));
        Before { watch, database }
    }

    /// Answers whether the stage was passed.
    fn note(&mut self, stage: Stage, found: Found) -> bool {
        let passed = found.is_ok();
        self.push(stage, found.map_or_else(Finding::Failed, |detail| Finding::Ok { detail }));
        passed
    }

    fn skip(&mut self, stages: &[Stage]) {
        for stage in stages {
            self.push(*stage, Finding::NotTried);
        }
    }

    fn push(&mut self, stage: Stage, finding: Finding) {
        let report = StageReport { stage, finding };
        (self.seen)(&report);
        self.report.stages.push(report);
    }
}

/// A task of ours does not panic, and nothing cancels it; if it did, that is told like any other failure.
fn flat<T>(joined: Result<Result<T, String>, tokio::task::JoinError>) -> Result<T, String> {
    joined.unwrap_or_else(|error| Err(error.to_string()))
}
