//! The same month with more visits: each is multiplied, and the sums with them, without their events.

use crate::functions::FILTERS;
use crate::measure::{ask, count, execute, ms};
use crate::{Bench, page};

/// 20 times 5,000,000 events are 100,000,000.
const FACTORS: &[i32] = &[1, 2, 4, 20];
/// With more, only without a filter and with the first one.
const FILTERED_MAX: i32 = 4;
const QUESTIONS: &[&str] =
    &["visits_by_all(RANGE, FILTERS, 10)", "events_by_all(RANGE, FILTERS, 10)", "totals(RANGE, FILTERS)"];

pub(crate) async fn measure(bench: &Bench) {
    println!(
        "## Growth\n\nThe visits were copied, with other keys and visitors, as were the sums by minute, and the sums of closed days were multiplied; \
         there are no more rows in analytics_events. Milliseconds: medians; PostgreSQL gives a question up after 30,000 (statement_timeout).\n"
    );
    let names: Vec<&str> = FILTERS.iter().map(|(name, _)| *name).collect();
    println!("| | without a filter | {} |", names.join(" | "));
    println!("|---|---:|{}", "---:|".repeat(names.len()));
    let mut pages = Vec::new();
    let mut is = 1;
    for &factor in FACTORS {
        multiply(bench, is, factor).await;
        is = factor;
        let events = count(&bench.owner, "SELECT sum(events)::bigint FROM analytics_visits").await;
        // With each filter would take an hour.
        let asked = if factor > FILTERED_MAX { 2 } else { 1 + FILTERS.len() };
        for question in QUESTIONS {
            let mut line = format!("| {events} events: `{}` |", question.split_once('(').unwrap().0);
            for filters in ["{}"].into_iter().chain(FILTERS.iter().map(|(_, filters)| *filters)).take(asked) {
                let question = bench
                    .month
                    .put_into(&format!("* FROM footfall.{question}"))
                    .replace("FILTERS", &format!("'{filters}'"));
                line +=
                    &format!(" {} |", ms(ask(&bench.reader, &question, bench.settings.runs.min(3)).await.median_ms()));
            }
            println!("{line}{}", " |".repeat(1 + FILTERS.len() - asked));
            eprintln!("{line}");
        }
        if bench.settings.has("page") {
            pages.push(page::line(&format!("{events} events, 30 days"), "period=30d", 2 * bench.settings.runs).await);
            pages.push(page::line(&format!("{events} events, 30 days, a country"), "period=30d&country=DE", 2).await);
        }
    }
    println!(
        "\n| Live page | first, ms: median / p95 | whole, ms: median / p95 (fastest to slowest) |\n|---|---:|---:|"
    );
    println!("{}\n", pages.join("\n"));
}

/// From `is` times as many visits to `wanted` times.
async fn multiply(bench: &Bench, is: i32, wanted: i32) {
    if is == wanted {
        return;
    }
    let columns = "SELECT string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = 'analytics_visits' AND column_name NOT IN ('visit_key', 'visitor')";
    let columns: String = bench.owner.query_one(columns, &[]).await.unwrap().get(0);
    // The first copy is the original: the others are as many as there were, `is` at a time.
    for copies in is..wanted {
        if copies % is == 0 {
            eprintln!("visits: {} of {wanted}", copies + is);
            let copy = format!(
                "INSERT INTO analytics_visits (visit_key, visitor, {columns})
                 SELECT visit_key # hashint4extended({copies}, 1), visitor # hashint4extended({copies}, 2), {columns} FROM visits_{is};
                 INSERT INTO analytics_summary_hours (hour, event_type, site, bot, kafka_partition, event_count, minutes)
                 SELECT hour, event_type, site, bot, kafka_partition + {copies}, event_count, minutes FROM hours_{is}"
            );
            if copies == is {
                let keep = format!(
                    "CREATE TEMPORARY TABLE visits_{is} AS SELECT * FROM analytics_visits;
                     CREATE TEMPORARY TABLE hours_{is} AS SELECT * FROM analytics_summary_hours"
                );
                execute(&bench.owner, &keep).await;
            }
            execute(&bench.owner, &copy).await;
        }
    }
    execute(&bench.owner, &format!("DROP TABLE visits_{is}, hours_{is}")).await;
    let factor = wanted / is;
    let sums = format!(
        "UPDATE analytics_rollup SET visitors = {factor} * visitors, visits = {factor} * visits, events = {factor} * events,
            views = {factor} * views, bounces = {factor} * bounces, micros = {factor} * micros,
            counts = ARRAY(SELECT {factor} * samples FROM unnest(counts) AS samples)"
    );
    execute(&bench.owner, &sums).await;
    execute(&bench.owner, "VACUUM FULL ANALYZE analytics_rollup").await;
    execute(&bench.owner, "VACUUM ANALYZE").await;
}
