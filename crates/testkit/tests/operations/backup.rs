//! A backup is whole, whatever the sinks do meanwhile, and costs no other.

use std::time::Duration;

use footfall::load::{LoadOptions, run};
use footfall_testkit::{Pipeline, run_dir, shared};
use jiff::Timestamp;
use tokio_postgres::NoTls;

use crate::command::{backup, backup_file, database, dumps, restore};
use crate::everything::{assert_rolled_up, everything, one_of_each, settle};
use crate::small_disk::SmallDisk;

const EVENTS: u64 = 6_000;
const RATE_PER_S: f64 = 800.0;
const SOON: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_lost_comes_back_from_a_backup_and_kafka_with_nothing_missing_and_nothing_doubled() {
    let backends = shared().await;
    let mut pipeline = Pipeline::start(backends).await;
    let dir = run_dir("backups");
    let config = backup_file(backends, &pipeline, &dir, "");
    one_of_each(&pipeline).await;

    // The backup is made while the sink writes, and much comes after it.
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

    // The sink runs on, without a database.
    let name = database(&pipeline).to_owned();
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    let (admin, connection) = backends.postgres.admin("postgres").connect(NoTls).await.unwrap();
    tokio::spawn(connection);
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
    // What comes now is stored as ever, and what came before the backup is still known.
    one_of_each(&pipeline).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", stored + 2, SOON).await;
    assert_eq!(pipeline.number("SELECT count(*) - count(DISTINCT event_id) FROM analytics_events").await, 0);
}

#[tokio::test]
async fn the_newest_are_kept_and_each_is_described() {
    let backends = shared().await;
    let pipeline = Pipeline::start(backends).await;
    let dir = run_dir("backups");
    let config = backup_file(backends, &pipeline, &dir, "keep = 2");
    let mut made = Vec::new();
    for _ in 0..3 {
        backup(&config).await.assert(0, "a backup is written and checked");
        made.push(dumps(&dir).pop().unwrap());
        // A name holds the second, so the next backup begins in another one.
        let made_in = Timestamp::now().as_second();
        while Timestamp::now().as_second() == made_in {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    assert_eq!(dumps(&dir), made[1..]);
    assert!(!made[0].with_extension("json").exists() && made[2].with_extension("json").exists());
}

#[tokio::test]
async fn a_disk_without_room_is_refused_or_given_up_and_what_was_there_stays() {
    let backends = shared().await;
    let pipeline = Pipeline::start(backends).await;
    let disk = SmallDisk::mount(&run_dir("small-disk"), 6);
    let config = backup_file(backends, &pipeline, disk.path(), "free_mib_min = 1\nkeep = 1\ncompression = \"none\"");
    backup(&config).await.assert(0, "a backup is written and checked");
    let good = dumps(disk.path());

    // More than the last one lets expect: begun, and given up before the disk is full.
    let text = "INSERT INTO analytics_quarantine (topic, partition, kafka_offset, reason, field, message, payload)
        SELECT 'x', 0, number, 'r', 'f', repeat(md5(number::text), 1000), 'p' FROM generate_series(1, 2000) AS number";
    pipeline.database.batch_execute(text).await.unwrap();
    backup(&config).await.assert(1, "has less than 1 MiB free: the backup is aborted and removed");
    assert_eq!(dumps(disk.path()), good);

    // One that is known to need more than there is, is not begun.
    let config = backup_file(backends, &pipeline, disk.path(), "free_mib_min = 100");
    backup(&config).await.assert(1, "and must leave 100 MiB: nothing is written");
    let left: Vec<_> = std::fs::read_dir(disk.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    restore(backends, &format!("{}_again", database(&pipeline)), &good[0], &[]).await.assert(0, "is restored");
}

#[tokio::test]
async fn what_an_interrupted_backup_left_goes_with_the_next_one() {
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
    assert_eq!(mode & 0o777, 0o600, "a backup holds what visitors did");
}
