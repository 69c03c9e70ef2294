//! Sums of closed days compared with what the visits say, and visits with the events, on a month of random rows. The definition
//! itself is compared in tests/readmodel.

use jiff::Timestamp;

use crate::calls::call;
use crate::database::{Database, rows};
use crate::month::month;

/// What is answered from the sums of closed days, if filters allow it.
const CALLS: [&str; 9] = [
    "footfall.totals(RANGE, FILTERS)",
    "footfall.visits_by_all(RANGE, FILTERS)",
    "footfall.events_by_all(RANGE, FILTERS)",
    "footfall.visits_by_hour(RANGE, FILTERS)",
    "footfall.visits_over_time(RANGE, '1 day', 'UTC', FILTERS)",
    "footfall.visits_over_time(RANGE, '1 day', 'Asia/Kathmandu', FILTERS)",
    "footfall.web_vitals(RANGE, FILTERS, 20)",
    "footfall.scroll_depth(RANGE, FILTERS, 20)",
    "footfall.sites(RANGE)",
];

const RANGES: [&str; 3] = [
    "timestamptz '2026-10-01 00:00Z', timestamptz '2026-10-31 00:00Z'",
    "timestamptz '2026-10-05 07:11:13Z', timestamptz '2026-10-17 21:49:01Z'",
    "timestamptz '2026-10-10 10:30Z', timestamptz '2026-10-10 17:59:59Z'",
];

const FILTERS: [&str; 5] = [
    "{}",
    r#"{"site":"shop","bot":"any"}"#,
    r#"{"site":["blog",""]}"#,
    r#"{"country":["DE","AT"],"page_prefix":"/p/1"}"#,
    r#"{"channel":"direct","event_type":["signup","page_view"]}"#,
];

/// Sums of seconds depend on their order in the last digits.
fn is_same(one: &str, other: &str) -> bool {
    let parts = |row: &str| row.split([',', '(', ')']).map(str::to_owned).collect::<Vec<_>>();
    let (one, other) = (parts(one), parts(other));
    one.len() == other.len()
        && one.iter().zip(&other).all(|(one, other)| match (one.parse::<f64>(), other.parse::<f64>()) {
            (Ok(one), Ok(other)) => (one - other).abs() <= 1e-9 * one.abs(),
            _ => one == other,
        })
}

#[tokio::test]
async fn closing_a_day_changes_no_answer() {
    let month = month().await;
    let closed = month.closed.as_ref().unwrap();
    let days =
        rows(closed, "(SELECT count(*) FROM footfall.summed_days('2026-10-01Z', '2026-10-31Z') WHERE NOT has_changed)")
            .await;
    assert_eq!(days, ["(30)"]);
    let open = "(SELECT since, until FROM footfall.open_spans('2026-10-05 07:00Z', '2026-10-07 08:00Z'))";
    let ends = [
        r#"("2026-10-05 07:00:00+00","2026-10-06 00:00:00+00")"#,
        r#"("2026-10-07 00:00:00+00","2026-10-07 08:00:00+00")"#,
    ];
    assert_eq!(rows(closed, open).await, ends);
    let days =
        "(SELECT since, until FROM footfall.days_with_visits('2026-10-05 07:00Z', '2026-10-07 08:00Z') ORDER BY 1)";
    let whole = r#"("2026-10-06 00:00:00+00","2026-10-07 00:00:00+00")"#;
    let all = [ends[0], whole, ends[1]];
    assert_eq!(
        (month.rows(days).await, rows(closed, days).await),
        (all.map(str::to_owned).to_vec(), all.map(str::to_owned).to_vec())
    );
    for asked in CALLS {
        for range in RANGES {
            for filters in FILTERS {
                // Ids are the same, because the one database is a copy of the other.
                let query = call(asked, range, &format!("'{filters}'"));
                let (from_visits, from_sums) = (month.rows(&query).await, rows(closed, &query).await);
                assert_eq!(from_visits.len(), from_sums.len(), "{query}");
                for (visits, sums) in from_visits.iter().zip(&from_sums) {
                    assert!(is_same(visits, sums), "{query}\n{visits}\n{sums}");
                }
            }
        }
    }
}

#[tokio::test]
async fn every_event_counts_once() {
    let month = month().await;
    let everything = "'2026-09-01Z', '2026-12-01Z'";
    let wanted = month.rows("(SELECT count(*) FROM analytics_events)").await;
    for sum in [
        format!("(SELECT events FROM footfall.totals({everything}, '{{\"bot\":\"any\"}}'))"),
        format!("(SELECT sum(events)::bigint FROM footfall.event_types({everything}, '{{\"bot\":\"any\"}}'))"),
        format!("(SELECT sum(events)::bigint FROM footfall.sites({everything}))"),
    ] {
        month.answers(&sum, &[&wanted[0]]).await;
    }
}

#[tokio::test]
async fn visitors_add_up_over_days() {
    let month = month().await;
    let total = format!("(SELECT visitors FROM footfall.totals({}))", RANGES[0]);
    let wanted = month.rows(&total).await;
    let by_day = format!("(SELECT sum(visitors)::bigint FROM footfall.visits_over_time({}, '1 day'))", RANGES[0]);
    month.answers(&by_day, &[&wanted[0]]).await;
    let by_site = format!("(SELECT sum(visitors)::bigint FROM footfall.visits_by('site', {}))", RANGES[0]);
    month.answers(&by_site, &[&wanted[0]]).await;
}

#[tokio::test]
async fn a_day_is_closed_once_it_is_over_and_again_when_it_has_changed() {
    let event = |day: &str| format!("{day}T10:00:00Z | s | 1 | page_view | / | {{}}");
    let database = Database::with(&[event("2026-10-20"), event("2026-10-22"), event("2100-01-01")].join("\n")).await;
    let due = "(SELECT day FROM footfall.days_to_close())";
    assert_eq!(rows(&database.owner, due).await, ["(2026-10-22)", "(2026-10-20)"]);
    database.close().await;
    assert_eq!(rows(&database.owner, due).await, [""; 0]);
    let closed = "(SELECT day, has_changed FROM footfall.summed_days('2026-10-01Z', '2026-11-01Z') ORDER BY 1)";
    database.answers(closed, &["(2026-10-20,f)", "(2026-10-22,f)"]).await;
    let late = "INSERT INTO analytics_changes (first_at, visit_key, was_stored) VALUES ('2026-10-20 23:45Z', 0, false)";
    database.owner.batch_execute(late).await.unwrap();
    database.answers(closed, &["(2026-10-20,t)", "(2026-10-22,f)"]).await;
    assert_eq!(rows(&database.owner, due).await, ["(2026-10-20)"]);
    // As often as wanted.
    database.owner.batch_execute("SELECT footfall.sum_day('2026-10-20')").await.unwrap();
    let views = "(SELECT views FROM footfall.totals('2026-10-20Z', '2026-10-23Z'))";
    database.answers(views, &["(2)"]).await;
}

#[tokio::test]
async fn what_changes_after_a_day_was_summed_is_added_to_its_sums() {
    let database = Database::with("2026-10-20T10:00:00Z | s | 1 | page_view | / | {}").await;
    database.close().await;
    let totals = "(SELECT visitors, visits, views, events FROM footfall.totals('2026-10-20Z', '2026-10-21Z'))";
    database.answers(totals, &["(1,1,1,1)"]).await;
    database.answers("footfall.changed_days()", &[""; 0]).await;
    // The same visitor comes again.
    let again = "
        CREATE TEMPORARY TABLE again AS TABLE analytics_visits;
        UPDATE again SET visit_key = visit_key + 1, first_at = first_at + INTERVAL '1 hour';
        INSERT INTO analytics_changes (first_at, visit_key, was_stored) SELECT first_at, visit_key, false FROM again;
        INSERT INTO analytics_visits TABLE again";
    database.owner.batch_execute(again).await.unwrap();
    let days = "(SELECT day FROM footfall.changed_days())";
    database.answers(days, &["(2026-10-20)"]).await;
    let day = "'2026-10-20Z', '2026-10-21Z', '2026-10-21Z'";
    let rows = format!("(SELECT before, to_char(first_at, 'HH24') FROM footfall.changed_rows({day}) ORDER BY 1, 2)");
    database.answers(&rows, &["(f,10)", "(f,11)", "(t,10)"]).await;
    let changes = "(SELECT visitors, visits, views, events FROM footfall.changes_of_day('{total}', '2026-10-20', DAY))";
    database.answers(&changes.replace("DAY", day), &["(0,1,1,1)"]).await;
    database.answers(totals, &["(1,2,2,2)"]).await;
    let sum = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT footfall.sum_day('2026-10-20'); COMMIT";
    database.owner.batch_execute(sum).await.unwrap();
    database.answers(days, &[""; 0]).await;
    database.answers(totals, &["(1,2,2,2)"]).await;
}

#[tokio::test]
async fn what_begins_after_the_sums_of_its_day_counts_although_the_writer_has_not_noted_it() {
    let event = |hour: u8, session: u8| format!("2026-10-20T{hour}:00:00Z | s | {session} | page_view | / | {{}}");
    let database = Database::with(&[event(10, 1), event(11, 2)].join("\n")).await;
    let totals = "(SELECT visitors, visits, views FROM footfall.totals('2026-10-20Z', '2026-10-21Z'))";
    for until in ["10:30", "10:45", "11:30"] {
        let sum = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT footfall.sum_day('2026-10-20', '2026-10-20 {until}Z'); COMMIT"
        );
        database.owner.batch_execute(&sum).await.unwrap();
        let changed = format!(
            "(SELECT has_changed, summed_until = '2026-10-20 {until}Z' FROM footfall.summed_days('2026-10-20Z', '2026-10-21Z'))"
        );
        database.answers(&changed, &[if until == "11:30" { "(f,t)" } else { "(t,t)" }]).await;
        database.answers(totals, &["(2,2,2)"]).await;
    }
}

#[tokio::test]
async fn the_day_that_goes_on_is_summed_again_once_much_has_changed() {
    let database = Database::with(&format!("{} | s | 1 | page_view | / | {{}}", Timestamp::now())).await;
    assert_eq!(database.days_due().await, 1);
    database.close().await;
    let summed = "(SELECT has_changed FROM footfall.summed_days('-infinity', now()))";
    database.answers(summed, &["(f)"]).await;
    database.answers("(SELECT visits FROM footfall.totals('-infinity', now()))", &["(1)"]).await;
    assert_eq!(database.days_due().await, 0);
    let notes = |number: u16| {
        format!(
            "UPDATE analytics_days SET seconds = 0;
            INSERT INTO analytics_changes (first_at, visit_key, was_stored) SELECT now(), 0, false FROM generate_series(1, {number})"
        )
    };
    database.owner.batch_execute(&notes(499)).await.unwrap();
    assert_eq!(database.days_due().await, 0, "within the minute");
    database.owner.batch_execute(&notes(1)).await.unwrap();
    assert_eq!(database.days_due().await, 1);
}

#[tokio::test]
async fn of_a_property_with_many_values_the_rest_is_one() {
    let mut table = String::new();
    for number in 0..1_100 {
        let more = if number < 100 { "2" } else { "1" };
        for _ in 0..more.parse().unwrap() {
            table += &format!(
                "2026-10-20T10:00:00Z | s{number} | 1 | order | / | {{\"metadata\":{{\"id\":\"{number}\"}}}}\n"
            );
        }
    }
    let database = Database::with(&table).await;
    let values = "(SELECT count(*), sum(events)::bigint, max(events) FROM footfall.property_values('2026-10-20Z', '2026-10-21Z', 'order', 'id', row_limit => 5000))";
    database.answers(values, &["(1100,1200,2)"]).await;
    database.close().await;
    // The 1000 with the most events, and the others.
    database.answers(values, &["(1001,1200,100)"]).await;
    let other = "(SELECT value, events FROM footfall.property_values('2026-10-20Z', '2026-10-21Z', 'order', 'id', row_limit => 1))";
    database.answers(other, &["(\"(other)\",100)"]).await;
}
