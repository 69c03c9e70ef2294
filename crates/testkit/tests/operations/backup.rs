//! A backup is complete even while sinks write, and does not endanger existing ones.

use std::time::Duration;

use footfall::load::{LoadOptions, run};
use footfall_testkit::{Pipeline, SOON, SmallDisk, connect, run_dir, shared};
use jiff::Timestamp;

use crate::command::{backup, backup_file, database, dumps, restore};
use crate::everything::{assert_rolled_up, everything, one_of_each, settle};

const EVENTS: u64 = 6_000;
const RATE_PER_S: f64 = 800.0;

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_is_restored_from_a_backup_and_kafka_with_nothing_missing_or_doubled() {
    let backends = shared().await;
    let mut pipeline = Pipeline::start(backends).await;
    let dir = run_dir("backups");
    let config = backup_file(backends, &pipeline, &dir, "");
    one_of_each(&pipeline).await;

    // The backup is made while the sink writes, and many events come after it.
    let mut options = LoadOptions::new(&pipeline.url(3001, "/analytics"), RATE_PER_S, EVENTS);
    options.retry = true;
    let load = tokio::spawn(async move { run(&options).await.unwrap() });
    pipeline.wait_for("SELECT least(count(*), 1000) FROM analytics_events", 1_000, SOON).await;
    backup(&config).await.assert(0, "a backup is written and checked");
    assert!(!load.is_finished(), "the load ended before the backup did");
    let report = load.await.unwrap();
    assert!(report.is_all_acknowledged(), "{:?}", report.by_status);
    one_of_each(&pipeline).await;
    settle(&mut pipeline).await;
    let before = everything(&mut pipeline).await;
    let stored = pipeline.number("SELECT count(*) FROM analytics_events").await;
    assert_eq!(stored, i64::try_from(EVENTS).unwrap() + 4);

    // The sink keeps running, without a database.
    let name = database(&pipeline).to_owned();
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    let admin = connect(&backends.postgres.admin("postgres")).await;
    admin.batch_execute(&drop).await.unwrap();

    let dump = &dumps(&dir)[0];
    let restored = restore(backends, &name, dump, &["--bootstrap-servers", &pipeline.kafka.clone()]).await;
    restored.assert(0, "messages that follow");
    assert!(!restored.text.contains("GAP"), "{restored:?}");
    let of_backup = std::fs::read_to_string(dump.with_extension("json")).unwrap();
    let of_backup: serde_json::Value = serde_json::from_str(&of_backup).unwrap();
    let in_backup = of_backup["rows"]["analytics_events"].as_i64().unwrap();
    assert!((1_000..stored).contains(&in_backup), "{in_backup} of {stored} are in the backup");

    settle(&mut pipeline).await;
    assert_eq!(everything(&mut pipeline).await, before);
    assert_rolled_up(&mut pipeline).await;
    // New events are stored as usual, and events from before the backup are still recognized.
    one_of_each(&pipeline).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", stored + 2, SOON).await;
    assert_eq!(pipeline.number("SELECT count(*) - count(DISTINCT event_id) FROM analytics_events").await, 0);
}

#[tokio::test]
async fn the_newest_backups_are_kept_and_each_is_described() {
    let backends = shared().await;
    let pipeline = Pipeline::start(backends).await;
    let dir = run_dir("backups");
    let config = backup_file(backends, &pipeline, &dir, "keep = 2");
    let mut made = Vec::new();
    for _ in 0..3 {
        backup(&config).await.assert(0, "a backup is written and checked");
        made.push(dumps(&dir).pop().unwrap());
        // A name contains the second, so the next backup must begin in another one.
        let made_in = Timestamp::now().as_second();
        while Timestamp::now().as_second() == made_in {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    assert_eq!(dumps(&dir), made[1..]);
    assert!(!made[0].with_extension("json").exists() && made[2].with_extension("json").exists());
}

#[tokio::test]
async fn on_a_full_disk_a_backup_is_refused_or_aborted_and_existing_ones_stay() {
    let backends = shared().await;
    let pipeline = Pipeline::start(backends).await;
    let disk = SmallDisk::mount(&run_dir("small-disk"), 6);
    let config = backup_file(backends, &pipeline, disk.path(), "free_mib_min = 1\nkeep = 1\ncompression = \"none\"");
    backup(&config).await.assert(0, "a backup is written and checked");
    let good = dumps(disk.path());

    // Larger than the last one suggests: begun, and aborted before the disk is full.
    let text = "INSERT INTO analytics_quarantine (topic, partition, kafka_offset, reason, field, message, payload)
        SELECT 'x', 0, number, 'r', 'f', repeat(md5(number::text), 1000), 'p' FROM generate_series(1, 2000) AS number";
    pipeline.database.batch_execute(text).await.unwrap();
    backup(&config).await.assert(1, "has less than 1 MiB free: the backup is aborted and removed");
    assert_eq!(dumps(disk.path()), good);

    // A backup that is known to need more space than there is, is not begun.
    let config = backup_file(backends, &pipeline, disk.path(), "free_mib_min = 100");
    backup(&config).await.assert(1, "and must leave 100 MiB: nothing is written");
    let left: Vec<_> = std::fs::read_dir(disk.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    restore(backends, &format!("{}_again", database(&pipeline)), &good[0], &[]).await.assert(0, "is restored");
}

#[tokio::test]
async fn the_remains_of_an_interrupted_backup_are_removed_by_the_next_one() {
    let backends = shared().await;
    let pipeline = Pipeline::start(backends).await;
    let dir = run_dir("backups");
    let left = dir.join(format!("footfall-{}-20261124T000000Z.dump.partial", database(&pipeline)));
    std::fs::write(&left, "half").unwrap();
    let config = backup_file(backends, &pipeline, &dir, "");
    backup(&config).await.assert(0, "a backup is written and checked");
    assert!(!left.exists());
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(&dumps(&dir)[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "a backup contains what visitors did");
}
