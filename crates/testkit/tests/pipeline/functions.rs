//! The functions about the pipeline itself, called as the reader, on rows made by hand.

use footfall_testkit::{connect, new_database, shared};
use tokio_postgres::{Client, SimpleQueryMessage};

/// A database with empty tables and the functions.
pub(crate) struct Database {
    pub(crate) admin: Client,
    reader: Client,
    writer: Client,
}

impl Database {
    pub(crate) async fn new() -> Self {
        let postgres = &shared().await.postgres;
        let name = new_database(postgres).await;
        Self {
            admin: connect(&postgres.admin(&name)).await,
            reader: connect(&postgres.url("footfall_reader", &name).parse().unwrap()).await,
            writer: connect(&postgres.url("footfall_writer", &name).parse().unwrap()).await,
        }
    }

    pub(crate) async fn insert(&self, table: &str, rows: &str) {
        let statement = format!("INSERT INTO {table} VALUES {rows}");
        self.admin.batch_execute(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }

    /// What the reader gets: a line for each row, with columns separated by spaces, and a dash for null.
    pub(crate) async fn ask(&self, query: &str) -> Vec<String> {
        answer(&self.reader, query).await.unwrap_or_else(|error| panic!("{query}: {error:?}"))
    }

    pub(crate) async fn says(&self, query: &str, wanted: &[&str]) {
        assert_eq!(self.ask(query).await, wanted, "{query}");
    }
}

async fn answer(client: &Client, query: &str) -> Result<Vec<String>, tokio_postgres::Error> {
    let messages = client.simple_query(query).await?;
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            let columns = (0..row.len()).map(|column| row.get(column).unwrap_or("-").replace("+00", ""));
            Some(columns.collect::<Vec<_>>().join(" "))
        }
        _ => None,
    });
    Ok(rows.collect())
}

#[tokio::test]
async fn restarts_and_sources_show_which_process_is_running() {
    let database = Database::new().await;
    let sample = |at: &str, source: &str, started: &str, ready: u8| {
        format!(
            r#"('2026-01-01 {at}', '{source}', '2026-01-01 {started}', '{{"footfall_ready": {ready}, "footfall_build_info{{name=\"footfall-{source}\",version=\"1.2\"}}": 1}}')"#
        )
    };
    let rows = [
        sample("10:00", "ingest", "09:00", 1),
        sample("10:10", "ingest", "10:05", 0),
        sample("10:20", "ingest", "10:15", 1),
        sample("10:30", "ingest", "10:15", 0),
        sample("10:29", "sink", "10:01", 1),
    ];
    database.insert("pipeline_samples", &rows.join(",")).await;
    let restarts = |since: &str| {
        format!(
            "SELECT source, restarts, started_at::time FROM footfall.pipeline_restarts('2026-01-01 {since}', '2026-01-01 11:00')"
        )
    };
    database.says(&restarts("08:00"), &["ingest 2 10:15:00", "sink 0 10:01:00"]).await;
    database.says(&restarts("10:05"), &["ingest 2 10:15:00", "sink 0 10:01:00"]).await;
    database.says(&restarts("10:12"), &["ingest 1 10:15:00", "sink 0 10:01:00"]).await;
    database.says(&restarts("10:25"), &["ingest 0 10:15:00", "sink 0 10:01:00"]).await;
    let sources = "SELECT source, program, version, started_at::time, sampled_at::time, silent_seconds, ready
        FROM footfall.pipeline_sources('2026-01-01 10:30:30')";
    let wanted = ["ingest footfall-ingest 1.2 10:15:00 10:30:00 30 f", "sink footfall-sink 1.2 10:01:00 10:29:00 90 t"];
    database.says(sources, &wanted).await;
}

#[tokio::test]
async fn delays_name_the_part_that_keeps_events_from_the_numbers() {
    let database = Database::new().await;
    let says = async |at: &str, wanted: &[&str]| {
        let query = format!(
            "SELECT part, trouble, reported_at::time, waiting, events_until::time
             FROM footfall.pipeline_delays('2026-01-01 {at}')"
        );
        database.says(&query, wanted).await;
    };
    let sample = async |at: &str, source: &str, program: &str, samples: &str| {
        let row = format!(
            r#"('2026-01-01 {at}', '{source}', '2026-01-01 09:00', '{{"footfall_build_info{{name=\"{program}\",version=\"1\"}}": 1, {samples}}}')"#
        );
        database.insert("pipeline_samples", &row).await;
    };
    let sink = |kafka: u8, database: u8, lag: u32| {
        let ready = kafka.min(database);
        format!(
            r#""footfall_ready": {ready}, "footfall_condition{{condition=\"kafka\"}}": {kafka}, "footfall_condition{{condition=\"database\"}}": {database}, "footfall_sink_lag_messages{{topic=\"e\",partition=\"0\"}}": {lag}"#
        )
    };
    let ingest = r#""footfall_ready": 1, "footfall_condition{condition=\"kafka\"}": 1"#;
    // Nothing is known, as with samples disabled.
    says("10:00:20", &[]).await;
    for at in ["09:59:30", "09:59:45", "10:00:00"] {
        sample(at, "sink", "footfall-sink", &sink(1, 1, 0)).await;
        sample(at, "ingest", "footfall-ingest", ingest).await;
    }
    // A quiet site.
    says("10:00:15", &[]).await;
    // The program has no session in this database, which is noticed sooner than its silence.
    says("10:00:30", &["footfall-sink silent 10:00:00 0 -"]).await;
    // A second sink is enough.
    sample("10:00:25", "sink-2", "footfall-sink", &sink(1, 1, 0)).await;
    says("10:00:30", &[]).await;
    sample("10:00:40", "sink-2", "footfall-sink", &sink(0, 1, 0)).await;
    says("10:00:50", &["kafka away 10:00:40 0 -"]).await;
    sample("10:00:55", "sink-2", "footfall-sink", &sink(1, 0, 0)).await;
    says("10:01:00", &["footfall-sink cannot_store 10:00:55 0 -"]).await;
    sample("10:01:10", "sink-2", "footfall-sink", &sink(1, 1, 5000)).await;
    says("10:01:12", &["footfall-sink behind 10:01:10 5000 -"]).await;
    sample("10:01:25", "sink-2", "footfall-sink", &sink(1, 1, 0)).await;
    says("10:01:30", &["footfall-ingest silent 10:00:00 0 -"]).await;
    sample("10:01:28", "ingest-2", "footfall-ingest", ingest).await;
    says("10:01:30", &[]).await;
    says("11:30:00", &["footfall silent - 0 -"]).await;

    // After a change to the light profile, ingest is what stores.
    let light = r#""footfall_ready": 1, "footfall_condition{condition=\"database\"}": 1"#;
    sample("10:02:25", "ingest", "footfall-ingest", light).await;
    says("10:02:30", &[]).await;
    says("10:04:30", &["footfall-ingest silent 10:02:25 0 -"]).await;
}

#[tokio::test]
async fn outcomes_add_up_and_buckets_are_right_where_clocks_change() {
    let database = Database::new().await;
    // In Berlin, 25 October 2026 has 25 hours: from 24 October 22:00 UTC to 25 October 23:00 UTC.
    let rows = "
        ('2026-10-24 21:59', 'ingest', 'accepted', '', 0, 1000),
        ('2026-10-24 22:00', 'ingest', 'accepted', '', 0, 10),
        ('2026-10-25 00:30', 'ingest', 'accepted', '', 0, 20),
        ('2026-10-25 01:30', 'ingest', 'accepted', '', 0, 30),
        ('2026-10-25 01:30', 'ingest', 'rejected', 'url_invalid', 0, 4),
        ('2026-10-25 01:30', 'other', 'rejected', 'url_invalid', 0, 1),
        ('2026-10-25 01:30', 'sink', 'stored', '', 0, 40),
        ('2026-10-25 01:30', 'sink', 'stored', '', 1, 12),
        ('2026-10-25 22:59', 'sink', 'duplicate', '', 1, 3),
        ('2026-10-25 22:59', 'sink', 'quarantined', 'json_syntax', 1, 2),
        ('2026-10-25 23:00', 'sink', 'stored', '', 1, 1000)";
    database.insert("analytics_outcomes_parts", rows).await;
    let day = "'2026-10-24 22:00', '2026-10-25 23:00'";
    database
        .says(
            &format!("SELECT * FROM footfall.pipeline_outcomes({day})"),
            &["accepted  60", "stored  52", "rejected url_invalid 5", "duplicate  3", "quarantined json_syntax 2"],
        )
        .await;
    let of = |width: &str, outcome: &str| {
        format!(
            "SELECT bucket, events FROM footfall.pipeline_outcomes_over_time({day}, '{width}', 'Europe/Berlin')
             WHERE outcome = '{outcome}' AND (events > 0 OR '{width}' > '12 hours'::interval)"
        )
    };
    // The hour from 2 to 3 occurs twice: there are as many buckets as elapsed hours.
    let hours = ["2026-10-24 22:00:00 10", "2026-10-25 00:00:00 20", "2026-10-25 01:00:00 30"];
    database.says(&of("1 hour", "accepted"), &hours).await;
    let count = format!(
        "SELECT count(DISTINCT bucket), count(*) FROM footfall.pipeline_outcomes_over_time({day}, '1 hour', 'Europe/Berlin')"
    );
    database.says(&count, &["25 125"]).await;
    database.says(&of("1 day", "accepted"), &["2026-10-24 22:00:00 60"]).await;
    database.says(&of("1 day", "stored"), &["2026-10-24 22:00:00 52"]).await;
    let week = "SELECT bucket, sum(events) FROM footfall.pipeline_outcomes_over_time(
        '2026-10-20', '2026-10-27', '7 days', 'Europe/Berlin') GROUP BY 1 ORDER BY 1";
    // Weeks begin on a local Monday.
    database.says(week, &["2026-10-18 22:00:00 1122", "2026-10-25 23:00:00 1000"]).await;
    // In the Azores, this day has two midnights, at 00:00 and 01:00 UTC: it begins with the first.
    let azores = |width: &str| {
        format!(
            "SELECT bucket, sum(events) FROM footfall.pipeline_outcomes_over_time('2026-10-25 00:00', '2026-10-26 01:00',
                '{width}', 'Atlantic/Azores') WHERE events > 0 GROUP BY 1 ORDER BY 1"
        )
    };
    database.says(&azores("1 day"), &["2026-10-25 00:00:00 1112"]).await;
    let hours =
        ["2026-10-25 00:00:00 20", "2026-10-25 01:00:00 87", "2026-10-25 22:00:00 5", "2026-10-25 23:00:00 1000"];
    database.says(&azores("1 hour"), &hours).await;
    // Counts are kept by minute: a narrower bucket would show false gaps.
    let narrow = "SELECT bucket::time, events FROM footfall.pipeline_outcomes_over_time(
        '2026-10-25 01:29:30', '2026-10-25 01:31', '15 seconds') WHERE outcome = 'stored'";
    database.says(narrow, &["01:29:00 0", "01:30:00 52"]).await;
}

#[tokio::test]
async fn alerts_see_silence_lag_503s_and_quarantine() {
    let database = Database::new().await;
    let rows = "
        ('2026-01-01 09:59', 'sink', 'stored', '', 0, 500),
        ('2026-01-01 10:00', 'sink', 'stored', '', 0, 5),
        ('2026-01-01 10:14', 'sink', 'stored', '', 0, 6),
        ('2026-01-02 09:50', 'sink', 'stored', '', 0, 100),
        ('2026-01-02 10:05', 'ingest', 'accepted', '', 0, 100),
        ('2026-01-02 10:05', 'sink', 'duplicate', '', 0, 15),
        ('2026-01-02 10:05', 'sink', 'quarantined', 'json_syntax', 0, 5),
        ('2026-01-01 20:05', 'ingest', 'accepted', '', 0, 9),
        ('2026-01-01 20:05', 'sink', 'stored', '', 0, 5),
        ('2026-01-01 20:05', 'sink', 'lost', '', 0, 4)";
    database.insert("analytics_outcomes_parts", rows).await;
    database.says("SELECT * FROM footfall.pipeline_silence(15, '2026-01-02 10:15')", &["0 11"]).await;
    database.says("SELECT * FROM footfall.pipeline_silence(30, '2026-01-02 10:15')", &["100 511"]).await;
    database.says("SELECT * FROM footfall.pipeline_quarantine_rate(15, '2026-01-02 10:15')", &["20 5 0.25"]).await;
    database.says("SELECT * FROM footfall.pipeline_quarantine_rate(15, '2026-01-03')", &["0 0 -"]).await;

    let lost = "SELECT accepted, stored, lost, unexplained FROM footfall.pipeline_balance('2026-01-01 20:00', '2026-01-01 20:10')";
    database.says(lost, &["9 5 4 0"]).await;
    database.says("SELECT * FROM footfall.pipeline_lost(15, '2026-01-01 20:15')", &["4 4 0"]).await;
    database.says("SELECT * FROM footfall.pipeline_lost(15, '2026-01-01 21:15')", &["0 0 0"]).await;

    let sample = |at: &str, lags: [u32; 2], answers: [u32; 2]| {
        format!(
            r#"('2026-01-02 {at}', 'x', '2026-01-01', '{{"footfall_sink_lag_messages{{topic=\"e\",partition=\"0\"}}": {}, "footfall_sink_lag_messages{{topic=\"e\",partition=\"1\"}}": {}, "footfall_ingest_requests_total{{status=\"200\"}}": {}, "footfall_ingest_requests_total{{status=\"503\"}}": {}}}')"#,
            lags[0], lags[1], answers[0], answers[1]
        )
    };
    let rows = [
        sample("10:00:30", [7, 0], [1_000, 10]),
        sample("10:09:30", [1, 50], [1_100, 10]),
        sample("10:10:30", [2, 40], [1_130, 10]),
        sample("10:14:45", [3, 5], [1_160, 30]),
    ];
    database.insert("pipeline_samples", &rows.join(",")).await;
    let lag = "SELECT topic, partition, messages, messages_before, sampled_at::time FROM footfall.pipeline_lag(10, '2026-01-02 10:15')";
    database.says(lag, &["e 0 3 1 10:14:45", "e 1 5 50 10:14:45"]).await;
    let later = lag.replace("10:15", "10:15:46");
    database.says(&later, &["e 0 - 1 10:14:45", "e 1 - 50 10:14:45"]).await;
    // From 10:09:30 on: 60 and 20.
    let unavailable = "SELECT * FROM footfall.pipeline_unavailable(5, '2026-01-02 10:15')";
    database.says(unavailable, &["80 20 0.25"]).await;
    database.says("SELECT * FROM footfall.pipeline_unavailable(5, '2026-01-03')", &["0 0 -"]).await;

    let rows = r"
        ('e', 0, 1, '2026-01-02 10:00', 'json_syntax', 'body', 'm', '\x00'),
        ('e', 0, 2, '2026-01-02 10:01', 'json_syntax', 'body', 'm', '\x00'),
        ('e', 1, 1, '2026-01-02 10:02', 'field_type', 'event_id', 'm', '\x00'),
        ('e', 1, 2, '2026-01-02 11:00', 'field_type', 'event_id', 'm', '\x00')";
    database.insert("analytics_quarantine", rows).await;
    let quarantine = "SELECT reason, field, events, last_at::time FROM footfall.pipeline_quarantine('2026-01-02 10:00', '2026-01-02 11:00')";
    database.says(quarantine, &["json_syntax body 2 10:01:00", "field_type event_id 1 10:02:00"]).await;

    database.admin.batch_execute("ALTER ROLE footfall_owner VALID UNTIL '2126-01-01'").await.unwrap();
    let credentials =
        "SELECT role, expires_at::date, seconds_left FROM footfall.pipeline_credentials('2125-12-31 23:59')";
    database.says(credentials, &["footfall_owner 2126-01-01 60", "footfall_reader - -", "footfall_writer - -"]).await;
    database.admin.batch_execute("ALTER ROLE footfall_owner VALID UNTIL 'infinity'").await.unwrap();
}

#[tokio::test]
async fn sizes_add_up_to_the_database_except_for_the_catalogues() {
    let database = Database::new().await;
    let events = "INSERT INTO analytics_events (timestamp, event_type, page_url, event_id, received_at, schema_version)
        SELECT day, 'x', 'http://a.b/', gen_random_uuid(), day, 1
        FROM generate_series(date_trunc('day', now()) - interval '3 days', now(), '1 minute') AS day";
    database.admin.batch_execute(events).await.unwrap();
    database.admin.batch_execute("ANALYZE").await.unwrap();
    let sizes = "SELECT
            sum(bytes) FILTER (WHERE object <> 'database') < max(bytes) FILTER (WHERE object = 'database'),
            min(bytes) FILTER (WHERE object = 'events') > 4 * 24 * 60 * 50,
            min(bytes) FILTER (WHERE object = 'indexes') > 3 * 24 * 60 * 20,
            min(rows_estimate) FILTER (WHERE object = 'events') > 3 * 24 * 60
        FROM footfall.pipeline_storage()";
    database.says(sizes, &["t t t t"]).await;
    let objects = "SELECT string_agg(object, ',' ORDER BY object) FROM footfall.pipeline_storage()";
    let wanted =
        "database,dictionary,events,indexes,ledger,offsets,outcomes,quarantine,roll-ups,samples,summary,visits";
    database.says(objects, &[wanted]).await;
    let chunks = "SELECT count(*), count(DISTINCT range_start), min(bytes) > 0, max(range_end - range_start)
        FROM footfall.pipeline_chunks(now() - interval '10 days', now())";
    database.says(chunks, &["4 4 t 1 day"]).await;
    let yesterday = "SELECT count(*) FROM footfall.pipeline_chunks(date_trunc('day', now()) - interval '20 hours', date_trunc('day', now()) - interval '1 hour')";
    database.says(yesterday, &["1"]).await;
    let growth = "SELECT database_bytes > bytes_per_day, bytes_per_day = (
            SELECT avg(bytes) FROM footfall.pipeline_chunks(now() - interval '10 days', now()) WHERE range_end <= now())
        FROM footfall.pipeline_growth()";
    database.says(growth, &["t t"]).await;
}

#[tokio::test]
async fn the_writer_writes_samples_and_neither_reads_nor_removes_them() {
    let database = Database::new().await;
    for (client, statement) in [
        (&database.writer, "DELETE FROM pipeline_samples"),
        (&database.writer, "SELECT * FROM pipeline_samples"),
        (&database.writer, "SELECT drop_chunks('pipeline_samples', older_than => now())"),
        (&database.writer, "SELECT * FROM footfall.pipeline_silence()"),
        (&database.reader, "INSERT INTO pipeline_samples VALUES (now(), 'x', now(), '{}')"),
        (&database.reader, "SELECT payload FROM analytics_quarantine"),
    ] {
        let refused = answer(client, statement).await.expect_err(statement);
        assert!(["42501", "0A000", "25006"].contains(&refused.code().unwrap().code()), "{statement}: {refused:?}");
    }
}

#[tokio::test]
async fn rates_are_right_over_a_week_of_samples() {
    let database = Database::new().await;
    let samples = r#"INSERT INTO pipeline_samples
        SELECT at, source, '2026-01-01', (
            SELECT jsonb_object_agg(format('footfall_metric_%s_total{reason="a_reason_%s"}', number / 20, number), number * 7)
            FROM generate_series(1, 70) AS number
        ) || jsonb_build_object('footfall_ingest_requests_total{status="200"}', extract(epoch FROM at)::bigint)
        FROM generate_series('2026-01-01'::timestamptz, '2026-01-08', '15 seconds') AS at, (VALUES ('ingest'), ('sink')) AS sources (source)"#;
    database.admin.batch_execute(samples).await.unwrap();
    let query = "SELECT count(*), min(per_second), max(per_second) FROM footfall.pipeline_counter_rate(
        '2026-01-01 01:00', '2026-01-08', '10 minutes', 'footfall_ingest_requests_total', 'status')";
    database.says(query, &["2004 1 1"]).await;
}
