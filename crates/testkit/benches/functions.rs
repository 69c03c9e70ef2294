//! How long each read function takes for 30 days with 5,000,000 generated events, and for one of these days, compared with
//! a plain count of the same rows in the same run: `cargo bench -p footfall-testkit --bench functions`.
//!
//! The index on timestamp alone answers the count, so there is a second reference: the same count with a condition on
//! another column, which reads the rows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that fails has no result"
)]

use std::time::Instant;

use footfall_testkit::{connect, postgres};
use tokio_postgres::Client;

const EVENTS_OF_A_DAY: &str = include_str!("functions/events_of_a_day.sql");
const ROLL_UP: &str = include_str!("functions/roll_up.sql");
const DATABASE: &str = "bench";
const DAYS: i64 = 30;
/// About 8 events each.
const VISITS_PER_DAY: i32 = 22_350;
const RUNS: usize = 3;

const MONTH: &str = "timestamptz '2026-10-01 00:00Z', timestamptz '2026-10-31 00:00Z'";
const DAY: &str = "timestamptz '2026-10-10 00:00Z', timestamptz '2026-10-11 00:00Z'";
const COUNT: &str = "count(*) FROM analytics_events WHERE timestamp >= SINCE AND timestamp < UNTIL";
const COUNT_ROWS: &str = "count(*) FROM analytics_events WHERE timestamp >= SINCE AND timestamp < UNTIL AND NOT bot";

const QUESTIONS: &[&str] = &[
    "events_over_time(RANGE, '1 day', 'Europe/Berlin')",
    "visits_over_time(RANGE, '1 day', 'Europe/Berlin')",
    "totals(RANGE)",
    "totals_compared(RANGE)",
    "top_pages(RANGE)",
    "visits_by('entry_page', RANGE)",
    "visits_by('channel', RANGE)",
    "visits_by('country', RANGE)",
    "event_types(RANGE)",
    "custom_events(RANGE)",
    "event_properties(RANGE, 'signup')",
    "property_values(RANGE, 'signup', 'plan')",
    "live_now(UNTIL)",
    "live_visitors(UNTIL)",
    "recent_events('{}', 50, UNTIL)",
    "web_vitals(RANGE)",
    "scroll_depth(RANGE)",
    "outbound_links(RANGE)",
    "downloads(RANGE)",
    "form_submissions(RANGE)",
    "pages_not_found(RANGE)",
    r#"funnel(RANGE, '[{"event_type":"page_view"},{"event_type":"button_click"},{"event_type":"signup"}]')"#,
    "sites(RANGE)",
    "period('30d', 'Europe/Berlin')",
    "buckets(RANGE, '1 day')",
];

#[tokio::main]
async fn main() {
    let postgres = postgres().await;
    let admin = postgres.admin(DATABASE);
    footfall_store::prepare(&admin).await.unwrap();
    fill(&connect(&admin).await).await;
    let reader = connect(&postgres.url("footfall_reader", DATABASE).parse().unwrap()).await;

    let events: i64 = reader.query_one(&format!("SELECT {}", placed(COUNT, MONTH)), &[]).await.unwrap().get(0);
    println!("{events} events over {DAYS} days; medians of {RUNS} warm runs\n");
    let mut limits = Vec::new();
    for range in [MONTH, DAY] {
        let count = median_ms(&reader, &placed(COUNT, range)).await;
        let rows = median_ms(&reader, &placed(COUNT_ROWS, range)).await;
        limits.push((range, count, rows));
    }
    println!(
        "| function | 30 days, ms | by count(\\*) | by reading rows | one day, ms | by count(\\*) | by reading rows |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let limit = |column: fn(&(&str, f64, f64)) -> f64| limits.iter().map(column).collect::<Vec<_>>();
    for (name, ms) in [("count(\\*)", limit(|limit| limit.1)), ("count(\\*) that reads rows", limit(|limit| limit.2))] {
        println!("| {name} | {:.1} | | | {:.1} | | |", ms[0], ms[1]);
    }
    for question in QUESTIONS {
        let mut line = format!("| {} |", question.split_once(", '[").map_or(*question, |(start, _)| start));
        for (range, count, rows) in &limits {
            let ms = median_ms(&reader, &placed(&format!("* FROM footfall.{question}"), range)).await;
            line += &format!(" {ms:.1} | {:.2} | {:.2} |", ms / count, ms / rows);
        }
        println!("{line}");
    }
}

async fn fill(owner: &Client) {
    owner.batch_execute("SELECT setseed(0.5)").await.unwrap();
    let insert = owner.prepare(EVENTS_OF_A_DAY).await.unwrap();
    let first: jiff::Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
    for day in 0..DAYS {
        let day = first + jiff::SignedDuration::from_hours(24 * day);
        owner.execute(&insert, &[&day, &VISITS_PER_DAY]).await.unwrap();
    }
    owner.batch_execute(&footfall_store::fill_in(ROLL_UP)).await.unwrap();
    owner.batch_execute("VACUUM ANALYZE").await.unwrap();
}

/// The query with its range, `SINCE, UNTIL`.
fn placed(question: &str, range: &str) -> String {
    let (since, until) = range.split_once(", ").unwrap();
    question.replace("RANGE", range).replace("SINCE", since).replace("UNTIL", until)
}

async fn median_ms(client: &Client, question: &str) -> f64 {
    let question = format!("SELECT {question}");
    let mut times = Vec::new();
    // The first run warms the caches.
    for _ in 0..=RUNS {
        let began = Instant::now();
        client.query(&question, &[]).await.unwrap_or_else(|error| panic!("{question}: {error:?}"));
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.remove(0);
    times.sort_unstable_by(f64::total_cmp);
    times[RUNS / 2]
}
