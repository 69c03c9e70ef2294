//! What was seen of the event after ingest accepted it, and what to do if it was not seen.

use std::time::Duration;

use uuid::Uuid;

use super::database::{Counted, Database};
use super::logs::Log;
use super::stage::{Failed, StageResult};
use super::target::Target;
use super::topic::Position;

pub(crate) struct Verdict<'a> {
    pub(crate) target: &'a Target,
    pub(crate) event_id: Uuid,
}

impl Verdict<'_> {
    pub(crate) fn in_topic(&self, found: Result<Position, String>) -> StageResult {
        let Target { kafka, events_topic, .. } = self.target;
        match found {
            Ok(Position { partition, offset }) => Ok(format!("{events_topic}, partition {partition}, offset {offset}")),
            Err(came_back) => Err(Failed {
                tried: format!("reading topic {events_topic} at {kafka} from where it ended before the POST"),
                came_back,
                do_first: format!(
                    "Check that ingest uses {kafka} and {events_topic} (`footfall-ingest print-config`), and read {}.",
                    self.target.log_of(Log::Kafka)
                ),
            }),
        }
    }

    /// `position` is where the event is in Kafka, if known.
    pub(crate) async fn row(
        &self,
        database: Option<&Database>,
        row: Result<Option<(i64, Duration)>, String>,
        position: Option<Position>,
        visible_max: Duration,
    ) -> StageResult {
        let failed = |came_back, do_first| Failed { tried: self.question("analytics_events"), came_back, do_first };
        let (sink, postgres) = (self.target.log_of(Log::Sink), self.target.log_of(Log::Postgres));
        match row {
            Err(error) => Err(failed(error, format!("Check that PostgreSQL runs, and read {postgres}."))),
            Ok(Some((1, visible))) => Ok(format!("visible {} ms after the POST began", visible.as_millis())),
            Ok(Some((rows, _))) => Err(failed(
                format!("{rows} rows with this event_id"),
                "This must never happen: keep the rows, their xmin, the sink's log and kafka_offsets, and report it."
                    .into(),
            )),
            Ok(None) => {
                let none = format!("no row within {} ms", visible_max.as_millis());
                let (Some(database), Some(at)) = (database, position) else {
                    return Err(failed(none, format!("Read {sink}.")));
                };
                let (why, do_first) = match database.message_status(&self.target.events_topic, at).await {
                    Err(error) => (error, format!("Read {postgres}.")),
                    Ok(status) => explain_missing_row(status, at, &sink),
                };
                Err(failed(format!("{none}; {why}"), do_first))
            }
        }
    }

    pub(crate) fn roll_up(&self, counts: Result<(i64, i64, bool), String>) -> StageResult {
        let failed = |came_back, do_first| Failed { tried: self.question("analytics_summary"), came_back, do_first };
        let postgres = self.target.log_of(Log::Postgres);
        match counts {
            Err(error) => Err(failed(error, format!("Read {postgres}."))),
            Ok((count, recount, true)) if count == recount && count > 0 => {
                Ok(format!("{count} in its minute, as a recount of the rows; it is in a visit"))
            }
            Ok((count, recount, false)) if count == recount => Err(failed(
                "no row of analytics_visits holds it".into(),
                "Rows and visits are written in one transaction: `footfall rollup --verify` says which visits differ from their events."
                    .into(),
            )),
            Ok((count, recount, _)) => Err(failed(
                format!("{count} in the roll-up, {recount} rows in its minute"),
                "Rows and roll-up are written in one transaction: find out what else writes to either table, or deletes from it."
                    .into(),
            )),
        }
    }

    pub(crate) fn outcomes(&self, more: Result<Counted, String>) -> StageResult {
        let failed = |came_back, do_first| Failed { tried: self.question("analytics_outcomes"), came_back, do_first };
        match more {
            Err(error) => Err(failed(error, format!("Read {}.", self.target.log_of(Log::Postgres)))),
            Ok(Counted { stored, accepted }) => {
                let counted = format!("{accepted} more accepted by ingest, {stored} more stored by the sink");
                if stored < 1 {
                    let do_first =
                        "The sink counts in the transaction of the row: check whether another program wrote the row.";
                    Err(failed(counted, do_first.into()))
                } else if accepted < 1 {
                    let do_first = format!(
                        "Ingest reports every second through a topic of its own: check that both daemons have the same \
                         outcomes_topic, and read {}.",
                        self.target.log_of(Log::Ingest)
                    );
                    Err(failed(counted, do_first))
                } else {
                    Ok(counted)
                }
            }
        }
    }

    fn question(&self, table: &str) -> String {
        format!("SELECT from {table} for event {}", self.event_id)
    }
}

/// Why a message in Kafka has no row, and what to do.
fn explain_missing_row(status: (Option<i64>, Option<String>), at: Position, sink_log: &str) -> (String, String) {
    let Position { partition, offset } = at;
    match status {
        (_, Some(reason)) => (
            format!("the sink put it into quarantine: {reason}"),
            "Compare the versions of ingest and sink; the message is kept in analytics_quarantine.".into(),
        ),
        (None, None) => (
            format!("no sink has ever stored from partition {partition}"),
            format!("Check that the sink reads this topic of this Kafka, and read {sink_log}."),
        ),
        (Some(next), None) if next <= offset => (
            format!(
                "the sink has yet to store {} messages of partition {partition}, and this is the last of them",
                offset - next + 1
            ),
            format!(
                "Check again in a minute. If there are not fewer then, the sink is stuck: read {sink_log}, and look for locks \
                 with SELECT * FROM pg_stat_activity WHERE wait_event_type = 'Lock'."
            ),
        ),
        (Some(next), None) => (
            format!("partition {partition} is stored up to offset {next}, beyond it"),
            "The sink has read it and stored no row: check whether analytics_outcomes counts a duplicate, and whether \
             the sink uses this database."
                .into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::topic::Position;
    use super::explain_missing_row;

    #[test]
    fn a_missing_a_late_and_a_quarantined_row_are_explained_differently() {
        let at = Position { partition: 2, offset: 10 };
        let why = |status| explain_missing_row(status, at, "the log").0;
        assert!(why((Some(10), None)).contains("store 1 messages"));
        assert!(why((Some(4), None)).contains("store 7 messages"));
        assert!(why((Some(11), None)).contains("beyond"));
        assert!(why((None, None)).contains("ever"));
        assert!(why((Some(11), Some("field_too_long in site: x".into()))).contains("field_too_long"));
    }
}
