//! Buckets in time zones.

use crate::database::Database;
use crate::one_day::one_day;

/// The number of buckets, the first and the last.
fn summary(arguments: &str) -> String {
    format!("(SELECT count(*), min(bucket), max(bucket) FROM footfall.buckets({arguments}))")
}

#[tokio::test]
async fn buckets_follow_the_local_clock() {
    let day = one_day().await;
    for (arguments, answer) in [
        // Berlin's day of 25 hours and its day of 23.
        (
            "'2026-10-24 22:00Z', '2026-10-25 23:00Z', '1 hour', 'Europe/Berlin'",
            r#"(25,"2026-10-24 22:00:00+00","2026-10-25 22:00:00+00")"#,
        ),
        (
            "'2026-03-28 23:00Z', '2026-03-29 22:00Z', '1 hour', 'Europe/Berlin'",
            r#"(23,"2026-03-28 23:00:00+00","2026-03-29 21:00:00+00")"#,
        ),
        // Two hours each, counted from midnight: the thirteenth is one hour long, and the next day starts again at midnight.
        (
            "'2026-10-24 22:00Z', '2026-10-26 01:00Z', '2 hours', 'Europe/Berlin'",
            r#"(14,"2026-10-24 22:00:00+00","2026-10-25 23:00:00+00")"#,
        ),
        (
            "'2026-10-25 21:00Z', '2026-10-25 23:00:00.000001Z', '2 hours', 'Europe/Berlin'",
            r#"(3,"2026-10-25 20:00:00+00","2026-10-25 23:00:00+00")"#,
        ),
        // Three days each way, 73 and 71 hours long.
        (
            "'2026-10-23 22:00Z', '2026-10-26 23:00Z', '1 day', 'Europe/Berlin'",
            r#"(3,"2026-10-23 22:00:00+00","2026-10-25 23:00:00+00")"#,
        ),
        (
            "'2026-03-27 23:00Z', '2026-03-30 22:00Z', '24 hours', 'Europe/Berlin'",
            r#"(3,"2026-03-27 23:00:00+00","2026-03-29 22:00:00+00")"#,
        ),
        // Kathmandu is 5:45 ahead.
        (
            "'2026-10-19 18:15Z', '2026-10-20 18:15Z', '1 hour', 'Asia/Kathmandu'",
            r#"(24,"2026-10-19 18:15:00+00","2026-10-20 17:15:00+00")"#,
        ),
        (
            "'2026-10-20 12:00Z', '2026-10-20 12:30Z', '1 hour', 'Asia/Kathmandu'",
            r#"(2,"2026-10-20 11:15:00+00","2026-10-20 12:15:00+00")"#,
        ),
        (
            "'2026-10-20 12:00Z', '2026-10-20 20:00Z', '1 day', 'Asia/Kathmandu'",
            r#"(2,"2026-10-19 18:15:00+00","2026-10-20 18:15:00+00")"#,
        ),
        // A week begins on Monday, also before the year 2001.
        (
            "'2026-10-21 12:00Z', '2026-10-27 00:00Z', '7 days', 'UTC'",
            r#"(2,"2026-10-19 00:00:00+00","2026-10-26 00:00:00+00")"#,
        ),
        (
            "'2000-10-18 12:00Z', '2000-10-19 00:00Z', '1 week', 'UTC'",
            r#"(1,"2000-10-16 00:00:00+00","2000-10-16 00:00:00+00")"#,
        ),
        (
            "'2026-01-31 12:00Z', '2026-03-01 12:00Z', '1 month', 'Europe/Berlin'",
            r#"(3,"2025-12-31 23:00:00+00","2026-02-28 23:00:00+00")"#,
        ),
        ("'2026-05-10Z', '2026-05-11Z', '3 months', 'UTC'", r#"(1,"2026-04-01 00:00:00+00","2026-04-01 00:00:00+00")"#),
        ("'2026-05-10Z', '2027-05-11Z', '1 year', 'UTC'", r#"(2,"2026-01-01 00:00:00+00","2027-01-01 00:00:00+00")"#),
        // `until` is exclusive.
        (
            "'2026-10-20 10:00Z', '2026-10-20 10:02Z', '1 minute'",
            r#"(2,"2026-10-20 10:00:00+00","2026-10-20 10:01:00+00")"#,
        ),
        ("'2026-10-20 10:00Z', '2026-10-20 10:00Z', '1 minute'", "(0,,)"),
    ] {
        day.answers(&summary(arguments), &[answer]).await;
    }
    let starts = "(SELECT footfall.bucket_starts('2026-10-20 10:30Z', '2026-10-20 12:00Z', '1 hour'))";
    day.answers(starts, &[r#"("{""2026-10-20 10:00:00+00"",""2026-10-20 11:00:00+00""}")"#]).await;
    for (arguments, refusal) in [
        (
            "'2026-10-20Z', '2026-10-21Z', '0 seconds'",
            "bucket_width: 00:00:00 must be a positive number of hours or shorter units, days, or months",
        ),
        (
            "'2026-10-20Z', '2026-10-21Z', '1 day 1 hour'",
            "bucket_width: 1 day 01:00:00 must be a positive number of hours or shorter units, days, or months",
        ),
        (
            "'2026-10-20Z', '2026-10-21Z', '-1 hour'",
            "bucket_width: -01:00:00 must be a positive number of hours or shorter units, days, or months",
        ),
        ("'2026-10-20Z', '2026-10-21Z', '1 second'", "bucket_width: 00:00:01 gives more than 10000 buckets"),
        ("'-infinity', '2026-10-21Z', '1 day'", "since and until must be times, not infinity"),
        ("'2026-10-20Z', '2026-10-21Z', '1 day', 'Mars/Olympus'", "time zone \"Mars/Olympus\" not recognized"),
    ] {
        assert_eq!(day.refusal(&format!("footfall.buckets({arguments})")).await, refusal);
    }
}

#[tokio::test]
async fn events_fall_into_local_buckets_when_clocks_change() {
    // Berlin, 25 October 2026: 02:30 occurs twice. Also the last moment of the day, and the first of the next.
    let database = Database::with(
        "2026-10-25 00:30:00Z        | a | 1 | page_view | / | {}
         2026-10-25 01:30:00Z        | a | 1 | page_view | / | {}
         2026-10-25 22:59:59.999999Z | a | 1 | page_view | / | {}
         2026-10-25 23:00:00Z        | a | 1 | page_view | / | {}",
    )
    .await;
    let range = "'2026-10-24 22:00Z', '2026-10-26 23:00Z'";
    let hours = format!(
        "(SELECT bucket, events FROM footfall.events_over_time({range}, '1 hour', 'Europe/Berlin') WHERE events > 0)"
    );
    let one = |at: &str| format!(r#"("2026-10-25 {at}:00:00+00",1)"#);
    database.answers(&hours, &["00", "01", "22", "23"].map(one).each_ref().map(String::as_str)).await;
    let days = format!("(SELECT bucket, events FROM footfall.events_over_time({range}, '1 day', 'Europe/Berlin'))");
    database.answers(&days, &[r#"("2026-10-24 22:00:00+00",3)"#, r#"("2026-10-25 23:00:00+00",1)"#]).await;
    // The visit of 22:59:59.999999 continues past midnight and counts once, on the day on which it began.
    let visits = format!("footfall.visits_over_time({range}, '1 day', 'Europe/Berlin')");
    database.answers(&visits, &[r#"("2026-10-24 22:00:00+00",1,3,4)"#, r#"("2026-10-25 23:00:00+00",0,0,0)"#]).await;
    let half = "(SELECT footfall.rounded_up('2026-10-25 00:30Z', '30 minutes'), footfall.rounded_up('2026-10-25 00:30:00.1Z', '30 minutes'))";
    database.answers(half, &[r#"("2026-10-25 00:30:00+00","2026-10-25 01:00:00+00")"#]).await;
}
