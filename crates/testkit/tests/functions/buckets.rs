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
        // A midnight that comes twice, one that never comes, and a day that never came.
        (
            "'2026-10-24 00:00Z', '2026-10-26 01:00Z', '1 day', 'Atlantic/Azores'",
            r#"(2,"2026-10-24 00:00:00+00","2026-10-25 00:00:00+00")"#,
        ),
        (
            "'2026-10-25 00:00Z', '2026-10-26 01:00Z', '1 hour', 'Atlantic/Azores'",
            r#"(25,"2026-10-25 00:00:00+00","2026-10-26 00:00:00+00")"#,
        ),
        (
            "'2026-04-23 22:00Z', '2026-04-24 21:00Z', '1 hour', 'Africa/Cairo'",
            r#"(23,"2026-04-23 22:00:00+00","2026-04-24 20:00:00+00")"#,
        ),
        (
            "'2011-12-29 12:00Z', '2011-12-31 12:00Z', '1 day', 'Pacific/Apia'",
            r#"(3,"2011-12-29 10:00:00+00","2011-12-31 10:00:00+00")"#,
        ),
        // Between the first midnight and the second, the clock showed the day before again.
        (
            "'2010-11-07 03:30Z', '2010-11-07 04:30Z', '1 day', 'America/Goose_Bay'",
            r#"(1,"2010-11-07 03:00:00+00","2010-11-07 03:00:00+00")"#,
        ),
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

#[tokio::test]
async fn a_day_starts_with_its_first_instant() {
    let day = one_day().await;
    for (date, zone, start) in [
        ("2026-10-25", "Europe/Berlin", "2026-10-24 22:00:00+00"),
        ("2026-10-26", "Europe/Berlin", "2026-10-25 23:00:00+00"),
        // 01:00 became 00:00.
        ("2026-10-25", "Atlantic/Azores", "2026-10-25 00:00:00+00"),
        ("2026-10-26", "Atlantic/Azores", "2026-10-26 01:00:00+00"),
        ("2026-11-01", "America/Havana", "2026-11-01 04:00:00+00"),
        // 00:00 became 23:00 of the day before: only one midnight is the day's beginning.
        ("2018-02-18", "America/Sao_Paulo", "2018-02-18 03:00:00+00"),
        ("2010-11-07", "America/Goose_Bay", "2010-11-07 03:00:00+00"),
        // 00:00 became 01:00.
        ("2026-04-24", "Africa/Cairo", "2026-04-23 22:00:00+00"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04 03:00:00+00"),
        ("2026-03-29", "Asia/Beirut", "2026-03-28 22:00:00+00"),
        // 23:30 became 00:30.
        ("1919-03-31", "America/Toronto", "1919-03-31 04:30:00+00"),
        // 30 December was skipped.
        ("2011-12-29", "Pacific/Apia", "2011-12-29 10:00:00+00"),
        ("2011-12-30", "Pacific/Apia", "2011-12-30 10:00:00+00"),
        ("2011-12-31", "Pacific/Apia", "2011-12-30 10:00:00+00"),
        ("infinity", "Europe/Berlin", "infinity"),
    ] {
        let question = format!("(SELECT footfall.day_start('{date}', '{zone}'))");
        let answer = if start == "infinity" { "(infinity)".to_owned() } else { format!("(\"{start}\")") };
        day.answers(&question, &[&answer]).await;
    }
    assert_eq!(
        day.refusal("footfall.day_start('2026-10-25', 'Etc/Unknown')").await,
        r#"time zone "Etc/Unknown" not recognized"#
    );
}

/// For each zone, and each day of four years: the day of its first, its last and a random instant is not this day, or the day
/// before does not end where it starts.
const WRONG_DAYS: &str = "(
    WITH days AS MATERIALIZED (
        SELECT zone.name, date::date AS day, footfall.day_start(date::date, zone.name) AS start
        FROM pg_timezone_names AS zone, generate_series(timestamp '2024-01-01', '2028-01-01', '1 day') AS date
    ), ranges AS (
        SELECT *, lead(start) OVER (PARTITION BY name ORDER BY day) AS next FROM days
    )
    SELECT name, day, start, next FROM ranges
    WHERE next <= start
        OR (start AT TIME ZONE name)::date <> day
        OR ((start - INTERVAL '1 microsecond') AT TIME ZONE name)::date <> day - 1
        OR ((next - INTERVAL '1 microsecond') AT TIME ZONE name)::date <> day
        OR ((start + random() * (next - start)) AT TIME ZONE name)::date <> day
)";

#[tokio::test]
async fn the_days_of_every_zone_follow_each_other_without_gap_or_overlap() {
    let day = one_day().await;
    // The answer does not depend on the session's own zone.
    day.reader.batch_execute("SET TimeZone = 'America/New_York'").await.unwrap();
    day.answers(WRONG_DAYS, &[]).await;
    let zones = day.rows("(SELECT count(*) > 400 FROM pg_timezone_names)").await;
    assert_eq!(zones, ["(t)"]);
}

#[tokio::test]
async fn buckets_begin_on_whole_hours_where_the_time_zone_does() {
    let database = Database::empty().await;
    for (width, zone, wanted) in [
        ("1 day", "Europe/Berlin", "(t)"),
        ("1 day", "Asia/Kathmandu", "(f)"),
        ("90 minutes", "UTC", "(f)"),
        ("1 hour", "America/St_Johns", "(f)"),
    ] {
        let from = format!("(SELECT footfall.on_whole_hours('2026-10-01Z', '2026-10-31Z', '{width}', '{zone}'))");
        database.answers(&from, &[wanted]).await;
    }
}
