//! A query reads only the chunks of its range.

use std::collections::BTreeSet;

use crate::calls::{CALLS, CALLS_WITHOUT_FILTERS, CALLS_WITHOUT_RANGE, call};
use crate::database::Database;
use crate::month::month;

const DAY: &str = "timestamptz '2026-10-10 00:00Z', timestamptz '2026-10-11 00:00Z'";

/// The chunks that a query reads: those that its session has locked when it has ended.
async fn chunks(month: &Database, query: &str) -> BTreeSet<String> {
    month.reader.batch_execute("BEGIN").await.unwrap();
    month.reader.query(query, &[]).await.unwrap_or_else(|error| panic!("{query}: {error:?}"));
    let locked = "SELECT relname::text FROM pg_locks JOIN pg_class ON pg_class.oid = relation
        WHERE pid = pg_backend_pid() AND relkind = 'r' AND relname LIKE '\\_hyper%chunk'";
    let rows = month.reader.query(locked, &[]).await.unwrap();
    month.reader.batch_execute("COMMIT").await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The chunks of these days, one of the events and one of the visits each.
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
    // Also events of visits that began up to a day before, or go on for up to a day after.
    let with_neighbours = chunks_of(&month, &[9, 10, 11]).await;
    for asked in [CALLS, CALLS_WITHOUT_FILTERS].concat() {
        let reads_neighbours = ["totals_compared", "before", "event", "funnel"].iter().any(|name| asked.contains(name));
        let allowed = if reads_neighbours { &with_neighbours } else { &allowed };
        let range = call(asked, DAY, "'{}'");
        let read = chunks(&month, &format!("SELECT * FROM {range}")).await;
        assert!(read.is_subset(allowed), "{range} reads {read:?}, not only {allowed:?}");
        // Event counts come from the roll-up by minute, and closed days from theirs, which have no chunks.
        let has_roll_up = ["event", "sums_of_days", "spans_to_count"].iter().any(|name| asked.contains(name));
        assert!(!read.is_empty() || has_roll_up, "{range} reads no chunk");
        // With all kinds of filters, and a range that begins and ends within half hours.
        let filters = r#"'{"page_prefix":"/","channel":["direct","search"],"browser":"Chrome","site":"shop"}'"#;
        let edges = "timestamptz '2026-10-10 05:11:13Z', timestamptz '2026-10-10 21:17:19Z'";
        let range = call(asked, edges, filters);
        let read = chunks(&month, &format!("SELECT * FROM {range}")).await;
        assert!(read.is_subset(allowed), "{range} reads {read:?}, not only {allowed:?}");
    }
    for asked in CALLS_WITHOUT_RANGE.iter().filter(|asked| asked.contains("live")) {
        let read = chunks(&month, &format!("SELECT * FROM {}", call(asked, "", "'{}'"))).await;
        assert!(!read.is_empty() && read.is_subset(&with_neighbours), "{asked} reads {read:?}");
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
        let read = chunks(&month, &format!("EXECUTE totals ({DAY}, '{{}}')")).await;
        assert!(!read.is_empty() && read.is_subset(&allowed), "{read:?}");
    }
}
