//! The ranges of named periods.

use crate::one_day::one_day;

#[tokio::test]
async fn a_name_gives_a_range_and_one_to_compare_with() {
    let day = one_day().await;
    // Tuesday, 27 October 2026, 11:30 in Berlin, where summer time ended on the 25th.
    let at = "'Europe/Berlin', '2026-10-27 10:30Z'";
    for (name, answer) in [
        (
            "realtime",
            r#"("2026-10-27 10:00:00+00","2026-10-27 10:30:00+00","2026-10-27 09:30:00+00","2026-10-27 10:00:00+00",00:01:00)"#,
        ),
        (
            "24h",
            r#"("2026-10-26 10:30:00+00","2026-10-27 10:30:00+00","2026-10-25 10:30:00+00","2026-10-26 10:30:00+00",01:00:00)"#,
        ),
        (
            "today",
            r#"("2026-10-26 23:00:00+00","2026-10-27 10:30:00+00","2026-10-25 23:00:00+00","2026-10-26 10:30:00+00",01:00:00)"#,
        ),
        (
            "yesterday",
            r#"("2026-10-25 23:00:00+00","2026-10-26 23:00:00+00","2026-10-24 22:00:00+00","2026-10-25 23:00:00+00",01:00:00)"#,
        ),
        (
            "7d",
            r#"("2026-10-20 22:00:00+00","2026-10-27 10:30:00+00","2026-10-13 22:00:00+00","2026-10-20 09:30:00+00","1 day")"#,
        ),
        (
            "30d",
            r#"("2026-09-27 22:00:00+00","2026-10-27 10:30:00+00","2026-08-28 22:00:00+00","2026-09-27 09:30:00+00","1 day")"#,
        ),
        (
            "month",
            r#"("2026-09-30 22:00:00+00","2026-10-27 10:30:00+00","2026-08-31 22:00:00+00","2026-09-27 09:30:00+00","1 day")"#,
        ),
        (
            "year",
            r#"("2025-12-31 23:00:00+00","2026-10-27 10:30:00+00","2024-12-31 23:00:00+00","2025-10-27 10:30:00+00","1 mon")"#,
        ),
    ] {
        day.answers(&format!("footfall.period('{name}', {at})"), &[answer]).await;
    }
    // The last day of a month is compared with up to the last day of a shorter month.
    let short = "(SELECT previous_until FROM footfall.period('month', at => '2026-03-31 10:30Z'))";
    day.answers(short, &[r#"("2026-02-28 10:30:00+00")"#]).await;
    assert_eq!(day.refusal("footfall.period('fortnight')").await, "unknown period: \"fortnight\"");
}
