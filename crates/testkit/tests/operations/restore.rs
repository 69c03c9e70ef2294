//! A restore replaces nothing without being told to, and changes nothing if it fails.

use std::path::{Path, PathBuf};

use footfall_testkit::{Backends, Pipeline, SOON, assert_counted, connect, run_dir, shared, topic};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::command::{backup, backup_file, database, dumps, restore};
use crate::everything::{assert_rolled_up, everything, one_of_each, settle};

/// A pipeline with some events, and a backup of it.
async fn backed_up(backends: &Backends) -> (Pipeline, PathBuf, PathBuf) {
    let mut pipeline = Pipeline::start(backends).await;
    one_of_each(&pipeline).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2, SOON).await;
    settle(&mut pipeline).await;
    let dir = run_dir("backups");
    let config = backup_file(backends, &pipeline, &dir, "");
    backup(&config).await.assert(0, "a backup is written and checked");
    let dump = dumps(&dir).remove(0);
    (pipeline, dir, dump)
}

/// The number of databases whose name begins with the pipeline's.
async fn databases(pipeline: &mut Pipeline) -> i64 {
    let query = format!("SELECT count(*) FROM pg_database WHERE datname LIKE '{}%'", database(pipeline));
    pipeline.number(&query).await
}

#[tokio::test]
async fn a_database_with_events_is_replaced_only_on_request() {
    let backends = shared().await;
    let (mut pipeline, _, dump) = backed_up(backends).await;
    one_of_each(&pipeline).await;
    settle(&mut pipeline).await;
    let before = everything(&mut pipeline).await;
    let name = database(&pipeline).to_owned();
    restore(backends, &name, &dump, &[]).await.assert(1, "rows of events and their counts: --replace discards them");
    assert_eq!(everything(&mut pipeline).await, before);
    assert_eq!(databases(&mut pipeline).await, 1);

    // The sink stays running, and reads again what the backup does not contain.
    restore(backends, &name, &dump, &["--replace"]).await.assert(0, "is restored");
    settle(&mut pipeline).await;
    assert_eq!(everything(&mut pipeline).await, before);
    assert_rolled_up(&mut pipeline).await;
    assert_eq!(databases(&mut pipeline).await, 1);

    // In the new database, too, the reader cannot fill the disk or hold a lock.
    let allowed = "SELECT has_database_privilege('footfall_reader', current_database(), 'TEMPORARY')::int::bigint
        + has_function_privilege('footfall_reader', 'lo_create(oid)', 'EXECUTE')::int
        + has_function_privilege('footfall_reader', 'pg_advisory_lock(bigint)', 'EXECUTE')::int";
    assert_eq!(pipeline.number(allowed).await, 0);
}

#[tokio::test]
async fn a_database_with_foreign_tables_is_never_replaced() {
    let backends = shared().await;
    let (pipeline, _, dump) = backed_up(backends).await;
    let other = format!("{}_other", database(&pipeline));
    pipeline.database.batch_execute(&format!("CREATE DATABASE {other}")).await.unwrap();
    // An empty one is replaced without asking.
    restore(backends, &other, &dump, &[]).await.assert(0, "is restored");
    let empty = format!("{other}_2");
    pipeline.database.batch_execute(&format!("CREATE DATABASE {empty}")).await.unwrap();
    let client = connect(&backends.postgres.admin(&empty)).await;
    client.batch_execute("CREATE TABLE letters (letter text)").await.unwrap();
    restore(backends, &empty, &dump, &["--replace"])
        .await
        .assert(1, "holds other tables (letters) and is not Footfall's");
    client.batch_execute("TABLE letters").await.unwrap();
}

/// Replaces a text in a backup's description.
fn describe(dump: &Path, from: &str, to: &str) {
    let path = dump.with_extension("json");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

#[tokio::test]
async fn a_damaged_or_incompatible_backup_changes_nothing() {
    let backends = shared().await;
    let (mut pipeline, dir, dump) = backed_up(backends).await;
    let before = everything(&mut pipeline).await;
    let name = database(&pipeline).to_owned();
    let replace = ["--replace"];

    let bytes = std::fs::read(&dump).unwrap();
    let cut = dir.join("cut.dump");
    std::fs::write(&cut, &bytes[..bytes.len() - 100]).unwrap();
    restore(backends, &name, &cut, &replace).await.assert(1, "pg_restore failed");
    std::fs::copy(dump.with_extension("json"), cut.with_extension("json")).unwrap();
    restore(backends, &name, &cut, &replace).await.assert(1, "bytes, and was written with ");
    std::fs::write(&cut, &bytes[..100]).unwrap();
    restore(backends, &name, &cut, &replace).await.assert(1, "the dump cannot be read again");

    describe(&dump, "\"analytics_ledger\": ", "\"analytics_ledger\": 1");
    restore(backends, &name, &dump, &replace).await.assert(1, "table analytics_ledger: ");
    describe(&dump, "\"timescaledb\": \"", "\"timescaledb\": \"9");
    restore(backends, &name, &dump, &replace).await.assert(1, "the backup needs TimescaleDB 9");
    assert_eq!(everything(&mut pipeline).await, before);
    assert_eq!(databases(&mut pipeline).await, 1, "no half-restored database stays");

    // The dump can be used without its description.
    std::fs::remove_file(dump.with_extension("json")).unwrap();
    restore(backends, &name, &dump, &replace).await.assert(0, "is restored");
    settle(&mut pipeline).await;
    assert_eq!(everything(&mut pipeline).await, before);
}

#[tokio::test]
async fn messages_that_kafka_has_lost_since_the_backup_are_reported() {
    let backends = shared().await;
    let (mut pipeline, _, dump) = backed_up(backends).await;
    let partition_1 =
        format!("SELECT next_offset FROM kafka_offsets WHERE topic = '{}' AND partition = 1", pipeline.events_topic);
    let held = pipeline.number(&partition_1).await;
    topic::write(&pipeline, 1, &["gone", "gone too", "stays"]).await;
    pipeline.wait_for(&partition_1, held + 3, SOON).await;
    topic::delete_before(&pipeline, 1, held + 2).await;

    let kafka = pipeline.kafka.clone();
    let restored = restore(backends, database(&pipeline), &dump, &["--replace", "--bootstrap-servers", &kafka]).await;
    restored.assert(3, "-events 1: GAP: the 2 messages that follow are gone from Kafka; it has the 1 after them");
    assert_eq!(restored.text.matches("Kafka has all 0 messages that follow").count(), 2 + 1, "{restored:?}");
    pipeline.wait_for(&partition_1, held + 3, SOON).await;
    let kept = "SELECT count(*) FROM analytics_quarantine WHERE payload = 'stays'";
    assert_eq!(pipeline.number(kept).await, 1);
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_quarantine").await, 2);
}

#[tokio::test]
async fn closed_days_stay_closed_and_the_sink_forgets_numbers_that_the_backup_does_not_know() {
    let backends = shared().await;
    let mut pipeline = Pipeline::start(backends).await;
    let event = |page: &str, days: i64| {
        let at = Timestamp::now() - SignedDuration::from_hours(24 * days);
        json!({"event_type": "page_view", "page_url": format!("https://a.b/{page}"), "session_id": page, "timestamp": at}).to_string()
    };
    assert_eq!(pipeline.post(event("old", 3)).await.status, 200);
    let closed = "SELECT count(*) FROM footfall.summed_days('-infinity', 'infinity') WHERE ends_at = summed_until";
    pipeline.wait_for(closed, 1, SOON).await;
    settle(&mut pipeline).await;
    let dir = run_dir("backups");
    backup(&backup_file(backends, &pipeline, &dir, "")).await.assert(0, "a backup is written and checked");

    // From here on, numbers are others than those that the same texts get after the restore.
    let ahead = "SELECT setval(pg_get_serial_sequence(name, 'id'), 5000) FROM unnest('{analytics_values,analytics_entries,analytics_kinds}'::text[]) AS name";
    pipeline.database.query(ahead, &[]).await.unwrap();
    assert_eq!(pipeline.post(event("new", 0)).await.status, 200);
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2, SOON).await;
    settle(&mut pipeline).await;
    let before = everything(&mut pipeline).await;
    let ahead = "SELECT count(*) FROM (SELECT id FROM analytics_values UNION ALL SELECT id FROM analytics_entries UNION ALL SELECT id FROM analytics_kinds) AS known WHERE id > 5000";
    assert!(pipeline.number(ahead).await >= 2);
    let name = database(&pipeline).to_owned();
    restore(backends, &name, &dumps(&dir)[0], &["--replace"]).await.assert(0, "is restored");
    settle(&mut pipeline).await;
    assert_eq!(everything(&mut pipeline).await, before);
    assert_eq!(pipeline.number(closed).await, 1);

    assert_eq!(pipeline.post(event("new", 0)).await.status, 200);
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 3, SOON).await;
    assert_eq!(pipeline.number(ahead).await, 0);
    assert_eq!(assert_counted(pipeline.admin()).await.days, 1);
}
