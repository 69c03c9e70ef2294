//! How long closing a day takes, and how much memory.

use std::time::{Duration, Instant};

use footfall_store::Closer;
use footfall_testkit::{connect, postgres};
use jiff::civil::Date;

use crate::machine::file_value;
use crate::measure::count;
use crate::{Bench, DATABASE};

const SAMPLE: Duration = Duration::from_millis(20);

/// Closes the day once more.
pub(crate) async fn one_day(bench: &Bench, which: &str) {
    let day = format!("({} AT TIME ZONE 'UTC')::date", bench.day.0.split_once(", ").unwrap().0);
    let date: Date = bench.owner.query_one(&format!("SELECT {day}"), &[]).await.unwrap().get(0);
    let sum = bench
        .day
        .put_into("SELECT sum(events)::bigint FROM analytics_visits WHERE first_at >= SINCE AND first_at < UNTIL");
    let visits =
        bench.day.put_into("SELECT count(*) FROM analytics_visits WHERE first_at >= SINCE AND first_at < UNTIL");
    let (events, visits) = (count(&bench.owner, &sum).await, count(&bench.owner, &visits).await);

    let writer = postgres().await.url("footfall_writer", DATABASE).parse().unwrap();
    let mut closer = Closer::connect(&writer).await.unwrap();
    let watcher = connect(&postgres().await.admin(DATABASE)).await;
    let watch = tokio::spawn(async move {
        let pids = "SELECT array_agg(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'footfall_writer'";
        let (mut private, mut whole) = (0, 0);
        loop {
            let pids: Option<Vec<i32>> = watcher.query_one(pids, &[]).await.unwrap().get(0);
            let pids = pids.unwrap_or_default();
            private = private.max(pids.iter().map(|pid| kib(*pid, "RssAnon")).sum());
            whole = whole.max(pids.iter().map(|pid| kib(*pid, "VmHWM")).max().unwrap_or_default());
            if pids.is_empty() && whole > 0 {
                return (private, whole);
            }
            tokio::time::sleep(SAMPLE).await;
        }
    });
    let began = Instant::now();
    closer.sum(date, None).await.unwrap();
    let took = began.elapsed();
    tokio::time::sleep(2 * SAMPLE).await;
    drop(closer);
    let (private, whole) = watch.await.unwrap();
    println!(
        "Closing a day {which}, {events} events in {visits} rows: {:.1} s; {} MiB of private memory at most, all its processes \
         together ({} MiB with what it touched of shared_buffers, the largest of them: VmHWM).\n",
        took.as_secs_f64(),
        private >> 10,
        whole >> 10
    );
    eprintln!("closing {events} events: {took:?}, {} MiB", private >> 10);
}

fn kib(pid: i32, name: &str) -> u64 {
    let value = file_value(&format!("/proc/{pid}/status"), name);
    value.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or_default()
}
