//! Generated events of the last days, and their read model.

use std::time::Instant;

use footfall_store::Closer;
use footfall_testkit::{add_to_visits, postgres};
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Client;

use crate::DATABASE;
use crate::measure::{Range, count, execute};
use crate::settings::Settings;

const EVENTS_OF_A_DAY: &str = include_str!("events_of_a_day.sql");
const ROLL_UP: &str = include_str!("roll_up.sql");
const DAY_S: i64 = 86_400;
/// The page is asked when the sums of the day that goes on are so old: as old as they become before they are worked out again.
const UNSUMMED: SignedDuration = SignedDuration::from_secs(60);

/// Fills the database, closes its days, and prints how much and how fast. Returns the whole range, and one closed day.
pub(crate) async fn fill(owner: &Client, settings: &Settings) -> (Range, Range) {
    let now = Timestamp::now();
    let today = Timestamp::from_second(now.as_second() - now.as_second().rem_euclid(DAY_S)).unwrap();
    let first = days_before(today, settings.days - 1);
    execute(owner, "SELECT setseed(0.5)").await;
    let insert = owner.prepare(EVENTS_OF_A_DAY).await.unwrap();
    for day in (0..settings.days).rev() {
        eprintln!("events of the day {day} before today");
        owner.execute(&insert, &[&days_before(today, day), &settings.visits]).await.unwrap();
    }
    execute(owner, "DELETE FROM analytics_events WHERE timestamp > now()").await;
    execute(owner, &footfall_store::fill_in(ROLL_UP)).await;
    execute(owner, "VACUUM ANALYZE").await;
    let events = count(owner, "SELECT count(*) FROM analytics_events").await;

    eprintln!("adding {events} events to the visits");
    let writer = postgres().await.url("footfall_writer", DATABASE).parse().unwrap();
    let began = Instant::now();
    add_to_visits(owner, &writer).await;
    let adding = began.elapsed().as_secs_f64();
    execute(owner, "VACUUM ANALYZE").await;

    let mut closer = Closer::connect(&writer).await.unwrap();
    let began = Instant::now();
    let mut closed = 0;
    for day in closer.days_due().await.unwrap() {
        eprintln!("summing {day}");
        closer.sum(day, Some(now - UNSUMMED)).await.unwrap();
        closed += 1;
    }
    let closing = began.elapsed().as_secs_f64();
    let began = Instant::now();
    closer.sum_periods(true).await.unwrap();
    let periods = began.elapsed().as_secs_f64();
    execute(owner, "VACUUM ANALYZE").await;
    sizes(owner, events).await;
    println!(
        "Adding these events to the visits, as the back-fill of an instance of an earlier version does: {:.0} events/s. Closing \
         {closed} days: {:.2} s each, the day that goes on among them. What began in its last {} s is not in its sums. Adding \
         days up to {} periods: {periods:.1} s.\n",
        events as f64 / adding,
        closing / f64::from(closed.max(1)),
        UNSUMMED.as_secs(),
        count(owner, "SELECT count(*) FROM analytics_periods").await,
    );
    // In the middle, and closed.
    let middle = settings.days / 2;
    (Range::new(first, now), Range::new(days_before(today, middle), days_before(today, middle - 1)))
}

async fn sizes(owner: &Client, events: i64) {
    let rows = async |table: &str| count(owner, &format!("SELECT count(*) FROM {table}")).await;
    println!(
        "{events} generated events over the last days, {} visits and rows of events without one, {} rows of sums.\n",
        rows("analytics_visits").await,
        rows("analytics_rollup").await
    );
    println!("| Table with its indexes | bytes an event |\n|---|---:|");
    let mut whole = 0.0;
    for table in [
        "analytics_events",
        "analytics_visits",
        "analytics_rollup",
        "analytics_kinds",
        "analytics_entries",
        "analytics_values",
        "analytics_summary_hours",
    ] {
        let hypertable = "EXISTS (SELECT FROM timescaledb_information.hypertables WHERE hypertable_name = $1)";
        let size = format!(
            "SELECT CASE WHEN {hypertable} THEN hypertable_size($1::text::regclass) ELSE pg_total_relation_size($1::text::regclass) END"
        );
        let bytes: i64 = owner.query_one(&size, &[&table]).await.unwrap().get(0);
        whole += bytes as f64;
        println!("| `{table}` | {:.1} |", bytes as f64 / events as f64);
    }
    println!("| all of these | {:.1} |\n", whole / events as f64);
}

fn days_before(day: Timestamp, days: i64) -> Timestamp {
    day - SignedDuration::from_secs(days * DAY_S)
}
