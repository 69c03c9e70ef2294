//! Whether the counts add up, who is silent and why: the functions about the pipeline's own trouble, on an hour as each kind
//! of trouble leaves it in the tables.

use std::fmt::Write as _;

use crate::functions::Database;

/// A part of the pipeline, and until when it worked: minutes after 10:00.
struct Hour {
    database: Database,
}

/// Five events a second from 10:00 on. The counts of the last second of a minute are reported in the next one.
const A_MINUTE: i64 = 300;
const AT_THE_EDGE: i64 = 4;

impl Hour {
    /// Ingest accepts from 10:00 until `accepted` minutes later, the sink stores until `stored` minutes later.
    async fn of(accepted: i64, stored: i64) -> Self {
        let database = Database::new().await;
        let mut rows = String::new();
        for minute in 0..accepted.max(stored) {
            let at = format!("'2026-01-01 10:00'::timestamptz + {minute} * interval '1 minute'");
            if minute < accepted {
                let first = if minute == 0 { AT_THE_EDGE } else { 0 };
                write!(rows, "({at}, 'ingest', 'accepted', '', 0, {}),", A_MINUTE - first).unwrap();
            }
            if minute < stored {
                write!(rows, "({at}, 'sink', 'stored', '', 1, {A_MINUTE}),").unwrap();
            }
        }
        database.insert("analytics_outcomes_parts", rows.trim_end_matches(',')).await;
        Self { database }
    }

    /// The last sample of a source, with its lag if it is a sink.
    async fn reports(&self, source: &str, at: &str, lag: Option<u32>, kafka: bool) {
        let program = if source.starts_with("sink") { "footfall-sink" } else { "footfall-ingest" };
        let lag = lag.map_or(String::new(), |lag| {
            format!(r#", "footfall_sink_lag_messages{{topic=\"e\",partition=\"0\"}}": {lag}, "footfall_sink_lag_messages{{topic=\"e\",partition=\"1\"}}": 0"#)
        });
        let row = format!(
            r#"('2026-01-01 {at}', '{source}', '2026-01-01', '{{"footfall_build_info{{name=\"{program}\",version=\"1\"}}": 1, "footfall_ready": 1, "footfall_condition{{condition=\"kafka\"}}": {}{lag}}}')"#,
            u8::from(kafka)
        );
        self.database.insert("pipeline_samples", &row).await;
    }

    /// Of the range from 10:00 to this time: the answer, events in flight and unexplained, and until when it was counted.
    async fn balance(&self, until: &str, wanted: &str) {
        let query = format!(
            "SELECT answer, in_flight, unexplained, counted_until::time FROM footfall.pipeline_balance('2026-01-01 10:00', '2026-01-01 {until}', 'Europe/Berlin')"
        );
        self.database.says(&query, &[wanted]).await;
    }

    /// Each source and what explains its silence.
    async fn sources(&self, at: &str, wanted: &[&str]) {
        let query =
            format!("SELECT source, silent_seconds, explained_by FROM footfall.pipeline_sources('2026-01-01 {at}')");
        self.database.says(&query, wanted).await;
    }
}

#[tokio::test]
async fn a_healthy_pipeline_adds_up_at_any_second() {
    let hour = Hour::of(21, 21).await;
    // The minute that has begun: stored are 100, and only 60 have been reported as accepted.
    let begun =
        "('2026-01-01 10:21', 'sink', 'stored', '', 1, 100), ('2026-01-01 10:21', 'ingest', 'accepted', '', 0, 60)";
    hour.database.insert("analytics_outcomes_parts", begun).await;
    hour.reports("ingest", "10:21:10", None, true).await;
    hour.reports("sink", "10:21:18", Some(3), true).await;
    hour.balance("10:21:20", "yes 3 0 10:21:00").await;
    // Whole minutes only: ingest's counts of the last seconds of a minute may come after its sample.
    hour.balance("10:20:59", "yes - 0 10:20:00").await;
    // What was accepted in the last counted minute and stored in the next is not missing.
    let burst =
        "('2026-01-01 10:19', 'ingest', 'accepted', '', 3, 5000), ('2026-01-01 10:20', 'sink', 'stored', '', 3, 5000)";
    hour.database.insert("analytics_outcomes_parts", burst).await;
    for until in ["10:19", "10:20", "10:21", "10:21:20"] {
        let query =
            format!("SELECT unexplained FROM footfall.pipeline_balance('2026-01-01 10:00', '2026-01-01 {until}')");
        hour.database.says(&query, &["0"]).await;
    }
    // From the middle of the burst on, too.
    let query = "SELECT unexplained FROM footfall.pipeline_balance('2026-01-01 10:20', '2026-01-01 10:21:20')";
    hour.database.says(query, &["0"]).await;
    hour.sources("10:21:20", &["ingest 10 -", "sink 2 -"]).await;
    hour.database.says("SELECT answers FROM footfall.pipeline_answers()", &["1"]).await;
}

#[tokio::test]
async fn a_difference_has_a_sign_and_is_not_hidden_by_what_waits() {
    let hour = Hour::of(21, 21).await;
    hour.reports("ingest", "10:21:10", None, true).await;
    hour.reports("sink", "10:21:10", Some(40), true).await;
    hour.database.insert("analytics_outcomes_parts", "('2026-01-01 10:07', 'ingest', 'accepted', '', 2, 1000)").await;
    // 1,000 without the 40 that wait, the 10 of two seconds, and the 4 that were accepted before 10:00.
    hour.balance("10:21:20", "no: 946 missing 40 946 10:21:00").await;
    // An outcome that is none of the known ones explains it.
    hour.database.insert("analytics_outcomes_parts", "('2026-01-01 10:08', 'sink', 'expired', '', 2, 1000)").await;
    hour.balance("10:21:20", "yes 40 0 10:21:00").await;
    hour.database.insert("analytics_outcomes_parts", "('2026-01-01 10:09', 'sink', 'duplicate', '', 2, 700)").await;
    hour.balance("10:21:20", "no: 690 too many 40 -690 10:21:00").await;
}

#[tokio::test]
async fn a_frozen_sink_is_named_and_says_nothing_about_ingest() {
    // Ingest goes on, but its counts and samples wait in Kafka too.
    let hour = Hour::of(21, 21).await;
    hour.reports("ingest", "10:20:58", None, true).await;
    hour.reports("sink", "10:21:05", Some(0), true).await;
    hour.balance("10:30", "not known since 11:20 - 0 10:20:00").await;
    hour.sources("10:30", &["ingest 542 the sink is silent", "sink 535 -"]).await;
    hour.database.says("SELECT * FROM footfall.pipeline_waiting('2026-01-01 10:30')", &["0 2026-01-01 10:21:05"]).await;
    let silence = "SELECT * FROM footfall.pipeline_silence(5, '2026-01-01 10:30')";
    hour.database.says(silence, &["- 0"]).await;
    // A graph of outcomes shows what is known, and not that there was nothing.
    let outcomes = "SELECT bucket::time, events FROM footfall.pipeline_outcomes_over_time('2026-01-01 10:19', '2026-01-01 10:30', '2 minutes') WHERE outcome = 'stored'";
    let wanted = ["10:18:00 300", "10:20:00 300", "10:22:00 -", "10:24:00 -", "10:26:00 -", "10:28:00 -"];
    hour.database.says(outcomes, &wanted).await;
    // The next day.
    hour.balance("23:00", "not known since 1 Jan 11:20 - 0 10:20:00").await;
}

#[tokio::test]
async fn a_dead_ingest_is_blamed_only_if_nothing_else_explains_its_silence() {
    let hour = Hour::of(21, 21).await;
    hour.reports("ingest", "10:20:58", None, true).await;
    hour.reports("sink", "10:29:50", Some(0), true).await;
    hour.balance("10:30", "not known since 11:20 0 0 10:20:00").await;
    hour.sources("10:30", &["ingest 542 -", "sink 10 -"]).await;
    hour.database.says("SELECT * FROM footfall.pipeline_silence(5, '2026-01-01 10:30')", &["- 0"]).await;
    // Another instance is well: the counts are known, and the dead one is to blame even if messages wait.
    hour.reports("ingest-2", "10:29:40", None, true).await;
    hour.reports("sink", "10:29:55", Some(500), true).await;
    hour.sources("10:30", &["ingest 542 -", "ingest-2 20 -", "sink 5 -"]).await;
    hour.balance("10:30", "yes 500 0 10:29:00").await;
}

#[tokio::test]
async fn without_kafka_the_sink_says_so() {
    let hour = Hour::of(21, 21).await;
    hour.reports("ingest", "10:20:58", None, true).await;
    hour.reports("sink", "10:29:50", Some(0), false).await;
    hour.sources("10:30", &["ingest 542 Kafka does not answer", "sink 10 -"]).await;
    hour.database.says("SELECT * FROM footfall.pipeline_conditions('2026-01-01 10:30')", &["sink kafka 0 -"]).await;
    // Without Kafka the sink has no partitions either, and that is not one more cause.
    let row = r#"('2026-01-01 10:29:55', 'sink', '2026-01-01', '{"footfall_build_info{name=\"footfall-sink\",version=\"1\"}": 1, "footfall_condition{condition=\"kafka\"}": 0, "footfall_condition{condition=\"partitions\"}": 0, "footfall_condition{condition=\"database\"}": 1}')"#;
    hour.database.insert("pipeline_samples", row).await;
    let conditions = "SELECT * FROM footfall.pipeline_conditions('2026-01-01 10:30')";
    hour.database.says(conditions, &["sink database 1 -", "sink kafka 0 -", "sink partitions 0 kafka"]).await;
    hour.balance("10:30", "not known since 11:20 - 0 10:20:00").await;
    hour.database.says("SELECT * FROM footfall.pipeline_conditions('2026-01-01 10:31')", &[]).await;
}

#[tokio::test]
async fn after_an_outage_the_backlog_is_in_flight_and_then_nothing_is_missing() {
    // The database was away from 10:10 to 10:20. Ingest accepted all the time; its reports are read before the events.
    let hour = Hour::of(21, 10).await;
    hour.reports("ingest", "10:20:58", None, true).await;
    hour.reports("sink", "10:21:08", Some(3000), true).await;
    hour.database.insert("analytics_outcomes_parts", "('2026-01-01 10:20', 'sink', 'stored', '', 1, 296)").await;
    hour.balance("10:21:10", "yes 3000 0 10:20:00").await;
    hour.sources("10:21:10", &["ingest 12 -", "sink 2 -"]).await;
    // If ingest's reports are read after the events, it is silent only because the sink is behind.
    hour.sources("10:22:05", &["ingest 67 the sink is behind", "sink 57 -"]).await;
    // Half a minute later all is stored, most of it in a minute that is not counted yet.
    hour.reports("ingest", "10:21:30", None, true).await;
    hour.reports("sink", "10:21:38", Some(0), true).await;
    let stored =
        "('2026-01-01 10:21', 'sink', 'stored', '', 1, 3150), ('2026-01-01 10:21', 'ingest', 'accepted', '', 0, 150)";
    hour.database.insert("analytics_outcomes_parts", stored).await;
    hour.balance("10:21:40", "yes 0 0 10:21:00").await;
    // A range that ended during the outage: the rest was stored later.
    hour.balance("10:15", "yes - 0 10:15:00").await;
}

#[tokio::test]
async fn without_a_sink_nothing_is_in_flight() {
    let hour = Hour::of(21, 21).await;
    hour.balance("10:21:20", "not known: no daemon has reported for a day - 0 10:21:00").await;
    hour.reports("ingest", "10:21:10", None, true).await;
    hour.balance("10:21:20", "yes 0 0 10:21:00").await;
    hour.sources("10:30", &["ingest 530 -"]).await;
    let latest = "SELECT source, program, version, started_at::date, sampled_at::time FROM footfall.pipeline_latest('2026-01-01', '2026-01-02')";
    hour.database.says(latest, &["ingest footfall-ingest 1 2026-01-01 10:21:10"]).await;
    let reported =
        "SELECT footfall.pipeline_reported_at('2026-01-01')::time, footfall.pipeline_reported_at('2026-01-02')";
    hour.database.says(reported, &["10:21:10 -"]).await;
}

#[tokio::test]
async fn counts_before_any_sample_add_up() {
    let database = Database::new().await;
    let rows = "
        ('2026-10-24 22:00', 'ingest', 'accepted', '', 0, 60),
        ('2026-10-25 01:30', 'ingest', 'rejected', 'url_invalid', 0, 5),
        ('2026-10-25 01:30', 'sink', 'stored', '', 0, 52),
        ('2026-10-25 22:59', 'sink', 'duplicate', '', 1, 3),
        ('2026-10-25 22:59', 'sink', 'quarantined', 'json_syntax', 1, 2)";
    database.insert("analytics_outcomes_parts", rows).await;
    let query = "SELECT accepted, stored, duplicate, quarantined, rejected FROM footfall.pipeline_balance('2026-10-24 22:00', '2026-10-25 23:00')";
    database.says(query, &["60 52 3 2 5"]).await;
    let all = "SELECT accepted, stored FROM footfall.pipeline_balance('-infinity', 'infinity')";
    database.says(all, &["60 52"]).await;
}
