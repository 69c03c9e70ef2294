//! The functions that read counters, gauges and histograms from samples.

use crate::functions::Database;

/// A process that started at 09:00 and one that replaced it at 10:02:05. The first sample is before the requested range.
/// There are no samples for 10:03 and 10:04.
const REQUESTS: &str = r#"
    ('2026-01-01 10:00:45', 'i', '2026-01-01 09:00', '{"c_total{s=\"200\",m=\"a\"}": 100, "c_total{s=\"200\",m=\"b\"}": 7}'),
    ('2026-01-01 10:01:00', 'i', '2026-01-01 09:00', '{"c_total{s=\"200\",m=\"a\"}": 110, "c_total{s=\"200\",m=\"b\"}": 7}'),
    ('2026-01-01 10:01:45', 'i', '2026-01-01 09:00', '{"c_total{s=\"200\",m=\"a\"}": 160, "c_total{s=\"200\",m=\"b\"}": 7, "c_total{s=\"503\",m=\"a\"}": 6, "c_total_of_others": 9}'),
    ('2026-01-01 10:02:00', 'i', '2026-01-01 09:00', '{"c_total{s=\"200\",m=\"a\"}": 175, "c_total{s=\"200\",m=\"b\"}": 7, "c_total{s=\"503\",m=\"a\"}": 6}'),
    ('2026-01-01 10:02:30', 'i', '2026-01-01 10:02:05', '{"c_total{s=\"200\",m=\"a\"}": 50}'),
    ('2026-01-01 10:05:30', 'i', '2026-01-01 10:02:05', '{"c_total{s=\"200\",m=\"a\"}": 410}')"#;

#[tokio::test]
async fn a_counter_grows_across_restarts_and_missing_samples() {
    let database = Database::new().await;
    database.insert("pipeline_samples", REQUESTS).await;
    let increases = |label: &str| {
        format!(
            "SELECT bucket::time, label_value, increase, seconds FROM footfall.pipeline_increases(
                '2026-01-01 10:01', '2026-01-01 10:06', '1 minute', 'c_total', {label}) ORDER BY 1, 2"
        )
    };
    let wanted = [
        // From 100 at 10:00:45 to 160 at 10:01:45. The sample before has no 503.
        "10:01:00 200 60 60",
        "10:01:00 503 6 60",
        // 15 more of the old process, 50 of the new one: from 10:01:45 to 10:02:30.
        "10:02:00 200 65 45",
        "10:02:00 503 0 45",
        // Three minutes in one, and this process has had no 503.
        "10:05:00 200 360 180",
    ];
    database.says(&increases("'s'"), &wanted).await;
    let wanted = ["10:01:00 - 66 60", "10:02:00 - 65 45", "10:05:00 - 360 180"];
    database.says(&increases("NULL"), &wanted).await;
    let wanted = ["10:01:00 200 a 60 60", "10:01:00 200 b 0 60", "10:01:00 503 a 6 60"];
    let first = database.ask(&increases("'s,m'")).await;
    assert_eq!(first[..3], wanted);
    let rate = "SELECT * FROM footfall.pipeline_counter_rate('2026-01-01 10:01', '2026-01-01 10:03', '1 minute', 'c_total', 's')";
    let wanted = [
        "2026-01-01 10:01:00 i 200 1",
        "2026-01-01 10:01:00 i 503 0.1",
        "2026-01-01 10:02:00 i 200 1.4444444444444444",
        "2026-01-01 10:02:00 i 503 0",
    ];
    database.says(rate, &wanted).await;
    // From 10:03 to 10:04 there is no sample: a row with null, for each series, so that no line is drawn across.
    let rate = "SELECT bucket::time, label_value, per_second FROM footfall.pipeline_counter_rate('2026-01-01 10:02', '2026-01-01 10:06', '1 minute', 'c_total', 'm')";
    let wanted = [
        "10:02:00 a 1.4444444444444444",
        "10:02:00 b 0",
        "10:03:00 a -",
        "10:03:00 b -",
        "10:04:00 a -",
        "10:04:00 b -",
        "10:05:00 a 2",
    ];
    database.says(rate, &wanted).await;
    // One bucket for everything, so an hour before it is read too: the old process's start at 09:00 is within reach, so all
    // of its 175 + 7 + 6 count, and the new one's 410, until 10:05:30.
    let rate = "SELECT increase, seconds FROM footfall.pipeline_increases('2026-01-01 10:00', '2026-01-01 10:06', '1 hour', 'c_total')";
    database.says(rate, &["598 3930"]).await;
}

#[tokio::test]
async fn a_counter_that_drops_was_reset_and_the_very_first_sample_is_ignored() {
    let database = Database::new().await;
    let rows = r#"
        ('2026-01-01 10:00:10', 'i', '2025-12-01', '{"c_total": 1000}'),
        ('2026-01-01 10:01:10', 'i', '2025-12-01', '{"c_total": 1010}'),
        ('2026-01-01 10:02:10', 'i', '2025-12-01', '{"c_total": 4}'),
        ('2026-01-01 10:02:10', 'j', '2025-12-01', '{"c_total": 70}')"#;
    database.insert("pipeline_samples", rows).await;
    let increases = "SELECT bucket::time, source, increase FROM footfall.pipeline_increases(
        '2026-01-01 09:59', '2026-01-01 10:06', '1 minute', 'c_total') ORDER BY 1";
    database.says(increases, &["10:01:00 i 10", "10:02:00 i 4"]).await;
}

#[tokio::test]
async fn two_processes_that_share_a_name_add_up() {
    let database = Database::new().await;
    let rows = r#"
        ('2026-01-01 10:00:30', 'i', '2025-12-01', '{"c_total": 1000}'),
        ('2026-01-01 10:00:35', 'i', '2025-12-02', '{"c_total": 50}'),
        ('2026-01-01 10:01:30', 'i', '2025-12-01', '{"c_total": 1030}'),
        ('2026-01-01 10:01:30', 'i', '2025-12-02', '{"c_total": 85}')"#;
    database.insert("pipeline_samples", rows).await;
    let increases = "SELECT bucket::time, increase, seconds FROM footfall.pipeline_increases(
        '2026-01-01 10:01', '2026-01-01 10:06', '1 minute', 'c_total')";
    database.says(increases, &["10:01:00 65 60"]).await;
}

#[tokio::test]
async fn a_gauge_is_its_last_sample_and_has_no_value_without_one() {
    let database = Database::new().await;
    let rows = r#"
        ('2026-01-01 10:00:10', 'i', '2025-12-01', '{"g": 1, "l{topic=\"e\",partition=\"0\"}": 5, "l{topic=\"o\",partition=\"0\"}": 2}'),
        ('2026-01-01 10:00:50', 'i', '2025-12-01', '{"g": 3.5, "l{topic=\"e\",partition=\"0\"}": 6, "l{topic=\"o\",partition=\"0\"}": 3}'),
        ('2026-01-01 10:00:40', 'j', '2025-12-01', '{"g": 0}'),
        ('2026-01-01 10:02:10', 'i', '2025-12-01', '{"g": 7}')"#;
    database.insert("pipeline_samples", rows).await;
    let gauge = |metric: &str, label: &str| {
        format!(
            "SELECT bucket::time, source, label_value, value FROM footfall.pipeline_gauge(
            '2026-01-01 10:00', '2026-01-01 10:03', '1 minute', '{metric}', {label})"
        )
    };
    // Nothing at 10:01. That there is nothing of j at 10:02 is not said yet: it may still come.
    let wanted = ["10:00:00 i - 3.5", "10:00:00 j - 0", "10:01:00 i - -", "10:01:00 j - -", "10:02:00 i - 7"];
    database.says(&gauge("g", "NULL"), &wanted).await;
    let wanted = ["10:00:00 i e 0 6", "10:00:00 i o 0 3", "10:01:00 i e 0 -", "10:01:00 i o 0 -"];
    database.says(&gauge("l", "'topic, partition'"), &wanted).await;
    database.says(&gauge("l", "'partition'"), &["10:00:00 i 0 9", "10:01:00 i 0 -"]).await;
    let gaps = "SELECT bucket::time, source FROM footfall.pipeline_gaps('2026-01-01 10:00:10', '2026-01-01 10:05', '30 seconds') ORDER BY 2, 1";
    // Neither the bucket that began before the range nor those of the last minute.
    let wanted = ["10:01:00 i", "10:01:30 i", "10:02:30 i", "10:03:00 i", "10:03:30 i"];
    assert_eq!(database.ask(gaps).await[..5], wanted);
    database.says(&gauge("unknown_gauge", "NULL"), &[]).await;
}

#[tokio::test]
async fn a_quantile_is_interpolated_between_the_histograms_bounds() {
    let database = Database::new().await;
    // 10:01: 10 below 0.1, 20 between 0.1 and 0.3, 10 beyond. 10:02: nothing. 10:03: 4 beyond the last bound.
    let histogram = |at: &str, counts: [u32; 3]| {
        let [a, b, all] = counts;
        format!(
            r#"('2026-01-01 {at}', 'i', '2025-12-01', '{{"h_bucket{{le=\"0.1\"}}": {a}, "h_bucket{{le=\"0.3\"}}": {b}, "h_bucket{{le=\"+Inf\"}}": {all}, "h_count": {all}, "h_sum": 9.5}}')"#
        )
    };
    let rows = [
        histogram("10:00:30", [100, 100, 100]),
        histogram("10:01:30", [110, 130, 140]),
        histogram("10:02:30", [110, 130, 140]),
        histogram("10:03:30", [110, 130, 144]),
        // None at 10:04.
        histogram("10:05:30", [110, 130, 144]),
    ];
    database.insert("pipeline_samples", &rows.join(",")).await;
    for (quantile, wanted) in [
        // The 4th, the 10th, the 20th, the 30th and the 36th of 40.
        ("0.1", "0.04"),
        ("0.25", "0.1"),
        ("0.5", "0.2"),
        ("0.75", "0.3"),
        ("0.9", "0.3"),
    ] {
        let query = format!(
            "SELECT bucket::time, source, round(seconds::numeric, 6)::double precision FROM footfall.pipeline_quantile(
                '2026-01-01 10:01', '2026-01-01 10:06', '1 minute', 'h', {quantile})"
        );
        let wanted = format!("10:01:00 i {wanted}");
        database.says(&query, &[&wanted, "10:02:00 i -", "10:03:00 i 0.3", "10:04:00 i -", "10:05:00 i -"]).await;
    }
}
