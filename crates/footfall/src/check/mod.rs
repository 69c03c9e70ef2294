//! `footfall check`: sends one marked event along the whole path, and reports what was seen of it at each stage. It is
//! the troubleshooting guide as a program.

mod answers;
mod database;
mod instance_files;
mod logs;
mod output;
mod stage;
mod target;
mod topic;
mod verdict;
mod web;

use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, spawn_blocking};
use uuid::Uuid;

use database::Database;
use stage::StageResult;
use topic::TopicReader;
use verdict::Verdict;
use web::Web;

pub use output::OutputStyle;
pub use stage::{CheckReport, Failed, Finding, Stage, StageReport};
pub use target::{Target, TargetError, TargetOverrides};

/// Checks all stages. The event may take `visible_max` to become a row, and as long again to be counted. Calls `seen`
/// for each stage as soon as its finding is known.
pub async fn run(target: &Target, visible_max: Duration, seen: impl FnMut(&StageReport)) -> CheckReport {
    let report = CheckReport { event_id: Uuid::now_v7(), stages: Vec::new(), notes: Vec::new() };
    let mut check = Check { target, visible_max, web: Web::new(target), seen, report };
    let base = check.front().await;
    match base {
        Some(base) => check.back(&base).await,
        None => check.sink_only(&[Stage::Accepted, Stage::Topic]).await,
    }
    check.report
}

struct Check<'a, F> {
    target: &'a Target,
    visible_max: Duration,
    web: Web<'a>,
    seen: F,
    report: CheckReport,
}

/// What must be open before the event is posted, so that the event is seen afterwards.
struct Before {
    /// `None` in the light profile, which has no topic.
    topic: Option<Result<TopicReader, String>>,
    database: Result<Database, String>,
}

impl<F: FnMut(&StageReport)> Check<'_, F> {
    /// Checks the stages before the event is posted. Returns the base URL to post it to.
    async fn front(&mut self) -> Option<String> {
        let site = self.web.site().await;
        self.record(Stage::Site, site);
        let through_site = self.web.ingest_through_site().await;
        let base = if through_site.is_ok() { &self.target.site } else { &self.target.ingest };
        self.record(Stage::IngestThroughSite, through_site);
        let ingest = self.web.ingest().await;
        self.record(Stage::Ingest, ingest).then(|| base.clone())
    }

    /// Posts the event and checks the stages that it passes through.
    async fn back(&mut self, base: &str) {
        let event_id = self.report.event_id;
        let verdict = Verdict { target: self.target, event_id };
        let before = self.before().await;
        let posted = Instant::now();
        let accepted = self.web.post(base, event_id).await;
        if !self.record(Stage::Accepted, accepted) {
            return self.sink_only(&[Stage::Topic]).await;
        }
        // Waits for the row in parallel, because the time that the other stages take must not count as its delay.
        let (visible_max, database) = (self.visible_max, before.database);
        let row: JoinHandle<_> = tokio::spawn(async move {
            let database = database?;
            let row = database.wait_for_row(event_id, posted, visible_max).await;
            Ok::<_, String>((database, row))
        });

        let (mut position, mut topic) =
            (None, Ok("light profile: there is no Kafka, ingest commits by itself".to_owned()));
        if let Some(reader) = before.topic {
            let found = match reader {
                Ok(reader) => flatten(spawn_blocking(move || reader.find(event_id)).await),
                Err(error) => Err(error),
            };
            position = found.as_ref().ok().copied();
            topic = verdict.in_topic(found);
        }
        self.record(Stage::Topic, topic);

        let sink = self.web.sink().await;
        self.record(Stage::Sink, sink);

        let (database, row) = match flatten(row.await) {
            Ok((database, row)) => (Some(database), row),
            Err(error) => (None, Err(error)),
        };
        let row = verdict.row(database.as_ref(), row, position, visible_max).await;
        let (true, Some(database)) = (self.record(Stage::Row, row), database) else {
            return self.skip(&[Stage::RollUp, Stage::Outcomes]);
        };
        let roll_up = verdict.roll_up(database.roll_up(event_id).await);
        self.record(Stage::RollUp, roll_up);
        let outcomes = verdict.outcomes(database.wait_for_outcomes(visible_max).await);
        self.record(Stage::Outcomes, outcomes);
        self.report.notes = database.notes().await.unwrap_or_else(|error| vec![format!("analytics_backfill: {error}")]);
    }

    /// Checks only the sink, because no event was accepted.
    async fn sink_only(&mut self, before: &[Stage]) {
        self.skip(before);
        let sink = self.web.sink().await;
        self.record(Stage::Sink, sink);
        self.skip(&[Stage::Row, Stage::RollUp, Stage::Outcomes]);
    }

    async fn before(&self) -> Before {
        let (brokers, topic) = (self.target.kafka.clone(), self.target.events_topic.clone());
        let is_light = self.target.is_light();
        let reader = async {
            if is_light {
                None
            } else {
                Some(flatten(spawn_blocking(move || TopicReader::at_ends(&brokers, &topic)).await))
            }
        };
        let (topic, database) = tokio::join!(reader, Database::connect(&self.target.database));
        Before { topic, database }
    }

    /// Records a finding, and returns whether the stage passed.
    fn record(&mut self, stage: Stage, found: StageResult) -> bool {
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

/// A task that panics or is cancelled is reported like any other failure.
fn flatten<T>(joined: Result<Result<T, String>, tokio::task::JoinError>) -> Result<T, String> {
    joined.unwrap_or_else(|error| Err(error.to_string()))
}
