//! What was seen of the event behind ingest, put into words.

use std::time::Duration;

use uuid::Uuid;

use super::database::{Counted, Database};
use super::stage::Failed;
use super::target::{LogOf, Target};
use super::topic::Position;
use super::web::Found;

pub(crate) struct Verdict<'a> {
    pub(crate) target: &'a Target,
    pub(crate) event_id: Uuid,
}

impl Verdict<'_> {
    pub(crate) fn in_topic(&self, found: Result<Position, String>) -> Found {
        let Target { kafka, events_topic, .. } = self.target;
        match found {
            Ok(Position { partition, offset }) => Ok(format!("{events_topic}, partition {partition}, offset {offset}")),
            Err(came_back) => Err(Failed {
                tried: format!("reading topic {events_topic} at {kafka} from where it ended before the POST"),
                came_back,
                do_first: format!(
                    "Look whether {kafka} and {events_topic} are those of ingest (`footfall-ingest print-config`), \
                     and into {}.",
                    self.target.log_of(LogOf::Kafka)
                ),
            }),
        }
    }

    /// `position` is where the event stands in Kafka, if that is known.
    pub(crate) async fn row(
        &self,
        database: Option<&Database>,
        row: Result<Option<(i64, Duration)>, String>,
        position: Option<Position>,
        visible_max: Duration,
    ) -> Found {
        let failed = |came_back, do_first| Failed { tried: self.question("analytics_events"), came_back, do_first };
        let (sink, postgres) = (self.target.log_of(LogOf::Sink), self.target.log_of(LogOf::Postgres));
        match row {
            Err(error) => Err(failed(error, format!("Look whether PostgreSQL runs, and into {postgres}."))),
            Ok(Some((1, visible))) => Ok(format!("visible {} ms after the POST began", visible.as_millis())),
            Ok(Some((rows, _))) => Err(failed(
                format!("{rows} rows with this event_id"),
                "This must never be: keep the rows, their xmin, the sink's log and kafka_offsets, and report it."
                    .into(),
            )),
            Ok(None) => {
                let none = format!("no row within {} ms", visible_max.as_millis());
                let (Some(database), Some(at)) = (database, position) else {
                    return Err(failed(none, format!("Look into {sink}.")));
                };
                let (why, do_first) = match database.whereabouts(&self.target.events_topic, at).await {
                    Err(error) => (error, format!("Look into {postgres}.")),
                    Ok(found) => whereabouts(found, at, &sink),
                };
                Err(failed(format!("{none}; {why}"), do_first))
            }
        }
    }

    pub(crate) fn roll_up(&self, counts: Result<(i64, i64), String>) -> Found {
        let failed = |came_back, do_first| Failed { tried: self.question("analytics_summary"), came_back, do_first };
        let postgres = self.target.log_of(LogOf::Postgres);
        match counts {
            Err(error) => Err(failed(error, format!("Look into {postgres}."))),
            Ok((count, recount)) if count == recount && count > 0 => {
                Ok(format!("{count} in its minute, as a recount of the rows"))
            }
            Ok((count, recount)) => Err(failed(
                format!("{count} in the roll-up, {recount} rows in its minute"),
                "Rows and roll-up are written in one transaction: look who else writes to, or deletes from, either."
                    .into(),
            )),
        }
    }

    pub(crate) fn outcomes(&self, more: Result<Counted, String>) -> Found {
        let failed = |came_back, do_first| Failed { tried: self.question("analytics_outcomes"), came_back, do_first };
        match more {
            Err(error) => Err(failed(error, format!("Look into {}.", self.target.log_of(LogOf::Postgres)))),
            Ok(Counted { stored, accepted }) => {
                let counted = format!("{accepted} more accepted by ingest, {stored} more stored by the sink");
                if stored < 1 {
                    let do_first =
                        "The sink counts in the transaction of the row: look whether another program wrote it.";
                    Err(failed(counted, do_first.into()))
                } else if accepted < 1 {
                    let do_first = format!(
                        "Ingest reports each second through a topic of its own: look whether both daemons name the \
                         same outcomes_topic, and into {}.",
                        self.target.log_of(LogOf::Ingest)
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

/// Why a message that stands in Kafka is no row, and what to do.
fn whereabouts(found: (Option<i64>, Option<String>), at: Position, sink_log: &str) -> (String, String) {
    let Position { partition, offset } = at;
    match found {
        (_, Some(reason)) => (
            format!("the sink put it aside: {reason}"),
            "Compare the versions of ingest and sink; the message is kept in analytics_quarantine.".into(),
        ),
        (None, None) => (
            format!("no sink has ever stored from partition {partition}"),
            format!("Look whether the sink reads this topic of this Kafka, and into {sink_log}."),
        ),
        (Some(next), None) if next <= offset => (
            format!(
                "the sink has yet to store {} messages of partition {partition}, this one the last",
                offset - next + 1
            ),
            format!(
                "Ask again in a minute. If there are not fewer then, the sink stands still: look into {sink_log}, and for locks \
                 with SELECT * FROM pg_stat_activity WHERE wait_event_type = 'Lock'."
            ),
        ),
        (Some(next), None) => (
            format!("partition {partition} is stored up to offset {next}, beyond it"),
            "The sink has met it and stored no row: look whether analytics_outcomes counts a duplicate, and whether \
             this database is the sink's."
                .into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::topic::Position;
    use super::whereabouts;

    #[test]
    fn a_missing_row_is_told_from_a_late_one_and_from_one_put_aside() {
        let at = Position { partition: 2, offset: 10 };
        let why = |found| whereabouts(found, at, "the log").0;
        assert!(why((Some(10), None)).contains("store 1 messages"));
        assert!(why((Some(4), None)).contains("store 7 messages"));
        assert!(why((Some(11), None)).contains("beyond"));
        assert!(why((None, None)).contains("ever"));
        assert!(why((Some(11), Some("field_too_long in site: x".into()))).contains("field_too_long"));
    }
}
