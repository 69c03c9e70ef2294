//! A query reads only the chunks of its range.

use std::collections::BTreeSet;

use crate::calls::{CALLS, CALLS_WITHOUT_FILTERS, CALLS_WITHOUT_RANGE, call};
use crate::database::Database;
use crate::month::month;

const DAY: &str = "timestamptz '2026-10-10 00:00Z', timestamptz '2026-10-11 00:00Z'";

/// The chunks in a plan.
async fn chunks(month: &Database, explain: &str) -> BTreeSet<String> {
    let plan = month.reader.query(explain, &[]).await.unwrap_or_else(|error| panic!("{explain}: {error:?}"));
    let lines = plan.iter().map(|row| row.get::<_, String>(0));
    // "Seq Scan on _hyper_1_2_chunk event": an index of a chunk has a longer name.
    lines
        .flat_map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .filter(|word| word.starts_with("_hyper_") && word.ends_with("_chunk"))
        .collect()
}

/// The chunks of these days, one of the events and one of the visits' half hours each.
async fn chunks_of(month: &Database, days: &[u8]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for day in days {
        let query = format!(
            "SELECT chunk_name::text FROM timescaledb_information.chunks WHERE range_start = '2026-10-{day:02}Z'"
        );
        let rows = month.owner.query(&query, &[]).await.unwrap();
        assert_eq!(rows.len(), 2, "{day} October");
        names.extend(rows.iter().map(|row| row.get::<_, String>(0)));
    }
    names
}

#[tokio::test]
async fn a_query_for_a_day_reads_only_that_days_chunks() {
    let month = month().await;
    let all = "SELECT count(*) FROM timescaledb_information.chunks";
    let all: i64 = month.owner.query_one(all, &[]).await.unwrap().get(0);
    assert!(all >= 60, "30 days of both: {all}");
    let allowed = chunks_of(&month, &[10]).await;
    let with_previous = chunks_of(&month, &[9, 10]).await;
    for asked in [CALLS, CALLS_WITHOUT_FILTERS].concat() {
        let allowed =
            if asked.contains("totals_compared") || asked.contains("before") { &with_previous } else { &allowed };
        let range = call(asked, DAY, "'{}'");
        let read = chunks(&month, &format!("EXPLAIN SELECT * FROM {range}")).await;
        assert!(read.is_subset(allowed), "{range} reads {read:?}, not only {allowed:?}");
        // Sites and event counts come from the roll-up by minute, which has no chunks, unless they need the events.
        assert!(!read.is_empty() || asked.contains("sites") || asked.contains("event"), "{range} reads no chunk");
        // With all kinds of filters, and a range that begins and ends within half hours.
        let filters = r#"'{"page_prefix":"/","channel":["direct","search"],"browser":"Chrome","site":"shop"}'"#;
        let edges = "timestamptz '2026-10-10 05:11:13Z', timestamptz '2026-10-10 21:17:19Z'";
        let range = call(asked, edges, filters);
        let read = chunks(&month, &format!("EXPLAIN SELECT * FROM {range}")).await;
        assert!(read.is_subset(allowed), "{range} reads {read:?}, not only {allowed:?}");
    }
    for asked in CALLS_WITHOUT_RANGE.iter().filter(|asked| asked.contains("live")) {
        let read = chunks(&month, &format!("EXPLAIN SELECT * FROM {}", call(asked, "", "'{}'"))).await;
        assert!(!read.is_empty() && read.is_subset(&allowed), "{asked} reads {read:?}");
    }
}

#[tokio::test]
async fn a_prepared_query_is_planned_for_its_range() {
    let month = month().await;
    let allowed = chunks_of(&month, &[10]).await;
    let prepare = "PREPARE totals (timestamptz, timestamptz, jsonb) AS SELECT * FROM footfall.totals($1, $2, $3)";
    month.reader.batch_execute(prepare).await.unwrap();
    // From the sixth execution on, PostgreSQL may use one plan for all ranges.
    for _ in 0..7 {
        let read = chunks(&month, &format!("EXPLAIN EXECUTE totals ({DAY}, '{{}}')")).await;
        assert!(!read.is_empty() && read.is_subset(&allowed), "{read:?}");
    }
}
