//! Visits compared with their definition, implemented a second time, slowly, on random rows.

use crate::month::month;

/// The visits of a range computed from its events, without half hours.
fn definition(range: &str) -> String {
    let (since, until) = range.split_once(", ").unwrap();
    format!(
        "(SELECT site, key, min(timestamp), max(timestamp), count(*), count(*) FILTER (WHERE event_type = 'page_view'),
            count(*) FILTER (WHERE event_type = 'page_view') <= 1 AND bool_and(event_type IN ('page_view', 'page_unload', 'engagement', 'web_vitals')),
            (array_agg(page_path ORDER BY timestamp DESC, event_id DESC))[1],
            (array_agg(page_path ORDER BY timestamp, event_id))[1],
            coalesce((array_agg(channel ORDER BY timestamp, event_id))[1], 'direct'),
            (array_agg(browser ORDER BY timestamp, event_id))[1]
        FROM (
            SELECT *, sum(begins) OVER (PARTITION BY site, key ORDER BY timestamp, event_id) AS number
            FROM (
                SELECT *, coalesce(session_id, visitor_id::text) AS key,
                    CASE WHEN timestamp - lag(timestamp) OVER (PARTITION BY site, coalesce(session_id, visitor_id::text) ORDER BY timestamp, event_id)
                        < INTERVAL '30 minutes' THEN 0 ELSE 1 END AS begins
                FROM analytics_events
                WHERE timestamp >= {since} AND timestamp < {until}
            ) AS event
        ) AS event
        GROUP BY site, key, number)"
    )
}

#[tokio::test]
async fn visits_match_their_definition() {
    let month = month().await;
    for range in [
        "'2026-10-01 00:00Z', '2026-10-31 00:00Z'",
        "'2026-10-05 07:11:13Z', '2026-10-17 21:49:01Z'",
        "'2026-10-10 10:30Z', '2026-10-10 17:59:59Z'",
        "'2026-10-10 10:10Z', '2026-10-10 10:50Z'",
        "'2026-10-10 10:01Z', '2026-10-10 10:29Z'",
        "'2026-10-10 10:30Z', '2026-10-10 11:00Z'",
    ] {
        let visits = format!(
            "(SELECT site, visit_key, first_at, last_at, events, views, bounced, exit_page, entry_page, channel, browser
            FROM footfall.visits({range}, '{{\"bot\":\"any\"}}'))"
        );
        let definition = definition(range);
        let different = format!("(({visits} EXCEPT {definition}) UNION ALL ({definition} EXCEPT {visits}))");
        month.answers(&different, &[]).await;
        let counts = format!("SELECT (SELECT count(*) FROM {visits} AS a), (SELECT count(*) FROM {definition} AS b)");
        let row = month.reader.query_one(&counts, &[]).await.unwrap();
        let (found, wanted): (i64, i64) = (row.get(0), row.get(1));
        assert_eq!(found, wanted, "{range}");
        assert!(wanted > 0, "{range} has a visit");
    }
}

#[tokio::test]
async fn totals_from_the_roll_ups_equal_those_of_the_events() {
    let month = month().await;
    let range = "'2026-10-05 07:11:13Z', '2026-10-17 21:49:01Z'";
    let totals = format!("(SELECT events FROM footfall.totals({range}))");
    let sum = format!("(SELECT sum(events)::bigint FROM footfall.events_over_time({range}, '1 day', 'Europe/Berlin'))");
    let events = format!("(SELECT count(*) FROM footfall.matching_events({range}))");
    let wanted = month.rows(&events).await;
    assert_eq!(month.rows(&totals).await, wanted);
    assert_eq!(month.rows(&sum).await, wanted);
}
