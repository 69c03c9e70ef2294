//! Twelve months: copies of the month's visits and sums, each a month earlier, without their events.

use footfall_store::Closer;
use footfall_testkit::postgres;

use crate::functions::FILTERS;
use crate::measure::{ask, count, execute, ms};
use crate::{Bench, DATABASE, page};

const MONTHS: i32 = 12;

pub(crate) async fn measure(bench: &Bench) {
    let days = bench.settings.days;
    for month in 1..MONTHS {
        eprintln!("month {month} of {}", MONTHS - 1);
        copy(bench, &format!("make_interval(days => {days} * {month})"), &format!("{days} * {month}")).await;
    }
    // The copies of the day that goes on are over.
    execute(&bench.owner, "UPDATE analytics_days SET summed_until = ends_at WHERE ends_at <= now()").await;
    let writer = postgres().await.url("footfall_writer", DATABASE).parse().unwrap();
    Closer::connect(&writer).await.unwrap().sum_periods(true).await.unwrap();
    execute(&bench.owner, "VACUUM ANALYZE").await;
    let events = count(&bench.owner, "SELECT sum(events)::bigint FROM analytics_visits").await;
    println!(
        "## {events} events over twelve months\n\nVisits and sums of {MONTHS} times {days} days, copied from the last {days}; there are no \
         earlier rows in analytics_events and in the sums by minute.\n"
    );
    let (_, until) = bench.month.0.split_once(", ").unwrap();
    println!("| Milliseconds | without a filter | {} |", FILTERS[0].0);
    println!("|---|---:|---:|");
    for question in ["visits_by_all", "events_by_all", "totals", "web_vitals", "scroll_depth"] {
        let mut line = format!("| `{question}` |");
        for filters in ["{}", FILTERS[0].1] {
            let since = format!("{until} - INTERVAL '{} days'", i64::from(MONTHS) * days - 1);
            let question = format!("* FROM footfall.{question}({since}, {until}, '{filters}')");
            line += &format!(" {} |", ms(ask(&bench.reader, &question, bench.settings.runs.min(3)).await.median_ms()));
        }
        println!("{line}");
        eprintln!("{line}");
    }
    println!();
    if bench.settings.has("page") {
        let since = format!("SELECT to_char({until} - INTERVAL '{} days', 'YYYY-MM-DD')", i64::from(MONTHS) * days - 1);
        let since: String = bench.owner.query_one(&since, &[]).await.unwrap().get(0);
        let today: String = bench.owner.query_one("SELECT to_char(now(), 'YYYY-MM-DD')", &[]).await.unwrap().get(0);
        println!(
            "| Live page | first, ms: median / p95 | whole, ms: median / p95 (fastest to slowest) |\n|---|---:|---:|"
        );
        let query = format!("since={since}&until={today}");
        println!("{}\n", page::line("twelve months", &query, 2 * bench.settings.runs).await);
    }
    remove(bench).await;
}

async fn copy(bench: &Bench, earlier: &str, days: &str) {
    let shifted = async |table: &str| -> (String, String) {
        let columns = format!(
            "SELECT string_agg(column_name, ', ' ORDER BY ordinal_position), string_agg(CASE
                WHEN data_type = 'timestamp with time zone' AND column_name <> 'summed_at' THEN column_name || ' - {earlier}'
                WHEN data_type = 'date' THEN column_name || ' - {days}' ELSE column_name END, ', ' ORDER BY ordinal_position)
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
        );
        let row = bench.owner.query_one(&columns, &[]).await.unwrap();
        (row.get(0), row.get(1))
    };
    let (since, _) = bench.month.0.split_once(", ").unwrap();
    for (table, which) in [
        ("analytics_visits", format!("first_at >= {since}")),
        ("analytics_rollup", format!("day >= ({since})::date AND days = 1")),
        ("analytics_days", format!("starts_at >= {since}")),
    ] {
        let (columns, values) = shifted(table).await;
        execute(&bench.owner, &format!("INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE {which}"))
            .await;
    }
}

/// Leaves the month alone again.
async fn remove(bench: &Bench) {
    let (since, _) = bench.month.0.split_once(", ").unwrap();
    let statements = format!(
        "SELECT drop_chunks('analytics_visits', {since});
         DELETE FROM analytics_rollup WHERE day < ({since})::date;
         DELETE FROM analytics_periods WHERE day < ({since})::date;
         DELETE FROM analytics_days WHERE starts_at < {since}"
    );
    execute(&bench.owner, &statements).await;
    execute(&bench.owner, "VACUUM FULL ANALYZE analytics_rollup").await;
}
