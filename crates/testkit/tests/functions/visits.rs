//! Functions about visits.

use crate::database::Database;
use crate::one_day::{DAY, one_day};

#[tokio::test]
async fn totals_equal_those_counted_by_hand() {
    let day = one_day().await;
    // Visitors 1, 2, 3, 5; visits a, b, c, d and the blog's; views 2 + 1 + 2 + 1 + 1; all 20 events of people and servers.
    // Two of five bounced. Seconds: 5, 40, 50, 120, 240; their mean is 455 / 5.
    // The median is within 1 %.
    let columns = "visitors, visits, views, events, views_per_visit, bounce_rate, round(visit_seconds_median::numeric, 1), visit_seconds_mean";
    let totals = |more: &str| format!("(SELECT {columns} FROM footfall.totals({DAY}{more}))");
    day.answers(&totals(""), &["(4,5,7,20,1.4,0.4,49.6,91)"]).await;
    day.answers(&totals(", '{\"bot\":\"true\"}'"), &["(1,1,1,1,1,1,0.0,0)"]).await;
    day.answers(&totals(", '{\"bot\":\"any\"}'"), &["(5,6,8,21,1.3333333333333333,0.5,44.8,75.83333333333333)"]).await;
    let nothing = "footfall.totals('2026-10-19 00:00Z', '2026-10-20 00:00Z')";
    day.answers(nothing, &["(0,0,0,0,,,,)"]).await;
}

#[tokio::test]
async fn totals_are_compared_with_the_previous_period() {
    let day = one_day().await;
    // 11:00 to 12:00 contains visit c, 10:00 to 11:00 visits a and b.
    let rows = [
        "(visitors,1,2,-0.5)",
        "(visits,1,2,-0.5)",
        "(views,2,3,-0.3333333333333333)",
        "(events,5,9,-0.4444444444444444)",
        "(views_per_visit,2,1.5,0.3333333333333333)",
        "(bounce_rate,0,0.5,-1)",
        // Within 1 % of 240 and 62.5.
        "(visit_seconds_median,241.93991456971204,62.9831657128197,2.841342552911201)",
        "(visit_seconds_mean,240,62.5,2.84)",
    ];
    let hour = "'2026-10-20 11:00Z', '2026-10-20 12:00Z'";
    day.answers(&format!("footfall.totals_compared({hour})"), &rows).await;
    let named = format!("footfall.totals_compared({hour}, '{{}}', '2026-10-20 10:00Z', '2026-10-20 11:00Z')");
    day.answers(&named, &rows).await;
    let both = [
        r#"("2026-10-20 11:00:00+00",before,2,2,3,9,1.5,0.5,62.9831657128197,62.5)"#,
        r#"("2026-10-20 12:00:00+00",now,1,1,2,5,2,0,241.93991456971204,240)"#,
    ];
    day.answers(&format!("footfall.totals_before_and_now({hour})"), &both).await;
    let named = format!("footfall.totals_before_and_now({hour}, '{{}}', '2026-10-20 10:00Z', '2026-10-20 11:00Z')");
    day.answers(&named, &both).await;
    let rows = day.rows(&format!("footfall.totals_compared({DAY})")).await;
    assert_eq!(rows[..2], ["(visitors,4,0,)", "(visits,5,0,)"], "nothing to compare with");
    // A day of 25 hours is compared with 25 hours.
    let before = "(SELECT footfall.as_long_before('2026-10-24 22:00Z', '2026-10-25 23:00Z'))";
    day.answers(before, &[r#"("2026-10-23 21:00:00+00")"#]).await;
}

#[tokio::test]
async fn events_of_all_types_are_counted_in_each_bucket() {
    let day = one_day().await;
    let range = "'2026-10-20 09:30Z', '2026-10-20 15:00Z', '2 hours'";
    let hours = [("08", 0), ("10", 14), ("12", 5), ("14", 1)];
    let hours = hours.map(|(hour, events)| format!(r#"("2026-10-20 {hour}:00:00+00",{events})"#));
    day.answers(&format!("footfall.event_totals_over_time({range})"), &hours.each_ref().map(String::as_str)).await;
    let filtered = r#"(SELECT sum(events) FROM footfall.event_totals_over_time('2026-10-20Z', '2026-10-21Z', '1 hour', 'UTC', '{"page":"/pricing"}'))"#;
    day.answers(filtered, &["(7)"]).await;
}

#[tokio::test]
async fn a_visit_counts_in_the_bucket_in_which_it_began() {
    let day = one_day().await;
    let asked = "footfall.visits_over_time('2026-10-20 09:30Z', '2026-10-20 13:30Z', '1 hour')";
    day.answers(
        asked,
        &[
            r#"("2026-10-20 09:00:00+00",0,0,0)"#,
            r#"("2026-10-20 10:00:00+00",2,2,3)"#,
            r#"("2026-10-20 11:00:00+00",1,1,2)"#,
            r#"("2026-10-20 12:00:00+00",1,1,1)"#,
            r#"("2026-10-20 13:00:00+00",1,1,1)"#,
        ],
    )
    .await;
}

#[tokio::test]
async fn every_dimension_groups_the_visits() {
    let day = one_day().await;
    for (dimension, rows) in [
        ("entry_page", &["(/,2,2,3,0.5,62.5,0.4)", "(/blog/one,2,2,2,0.5,45,0.4)", "(/pricing,1,1,2,0,240,0.2)"][..]),
        (
            "exit_page",
            &[
                "(/blog/one,2,2,2,0.5,45,0.4)",
                "(/,1,1,1,1,5,0.2)",
                "(/gone,1,1,2,0,240,0.2)",
                "(/pricing,1,1,2,0,120,0.2)",
            ],
        ),
        // Visits without one are left out, but count in the share.
        ("referrer_host", &["(ads.example,1,1,2,0,240,0.2)", "(google.com,1,1,2,0,120,0.2)"]),
        (
            "channel",
            &[
                "(direct,2,2,2,1,22.5,0.4)",
                "(mail,1,1,1,0,50,0.2)",
                "(paid,1,1,2,0,240,0.2)",
                "(search,1,1,2,0,120,0.2)",
            ],
        ),
        ("utm_source", &["(ads,1,1,2,0,240,0.2)"]),
        ("utm_medium", &["(cpc,1,1,2,0,240,0.2)"]),
        ("utm_campaign", &["(autumn,1,1,2,0,240,0.2)"]),
        ("utm_term", &["(shoes,1,1,2,0,240,0.2)"]),
        ("utm_content", &["(blue,1,1,2,0,240,0.2)"]),
        (
            "hostname",
            &[
                "(shop.example,2,3,4,0.6666666666666666,55,0.6)",
                "(www.shop.example,1,1,2,0,240,0.2)",
                "(,1,1,1,0,50,0.2)",
            ],
        ),
        // Visitor 1 came twice with Chrome.
        (
            "browser",
            &[
                "(Chrome,1,2,3,0.5,80,0.4)",
                "(Edge,1,1,1,0,50,0.2)",
                "(Firefox,1,1,1,1,5,0.2)",
                "(Safari,1,1,2,0,240,0.2)",
            ],
        ),
        ("os", &["(Windows,2,3,4,0.3333333333333333,70,0.6)", "(Linux,1,1,1,1,5,0.2)", "(iOS,1,1,2,0,240,0.2)"]),
        (
            "device",
            &["(desktop,2,3,4,0.6666666666666666,55,0.6)", "(mobile,1,1,2,0,240,0.2)", "(tablet,1,1,1,0,50,0.2)"],
        ),
        ("screen", &["(lg,1,2,3,0.5,80,0.4)", "(md,1,1,1,1,5,0.2)", "(sm,1,1,1,0,50,0.2)", "(xs,1,1,2,0,240,0.2)"]),
        ("language", &["(de,2,3,4,0.6666666666666666,55,0.6)", "(en,1,1,2,0,240,0.2)", "(fr,1,1,1,0,50,0.2)"]),
        ("country", &["(DE,1,2,3,0.5,80,0.4)", "(AT,1,1,1,1,5,0.2)", "(CH,1,1,1,0,50,0.2)", "(US,1,1,2,0,240,0.2)"]),
        ("site", &["(shop,3,4,6,0.5,101.25,0.8)", "(blog,1,1,1,0,50,0.2)"]),
    ] {
        day.answers(&format!("footfall.visits_by('{dimension}', {DAY})"), rows).await;
    }
    // Unknown values have their own row: the bot has no country.
    day.answers(&format!("footfall.visits_by('country', {DAY}, '{{\"bot\":\"true\"}}')"), &["(,1,1,1,1,0,1)"]).await;
    day.answers(&format!("footfall.visits_by('country', {DAY}, row_limit => 1)"), &["(DE,1,2,3,0.5,80,0.4)"]).await;
    let refusal = day.refusal(&format!("footfall.visits_by('colour', {DAY})")).await;
    assert_eq!(refusal, "no dimension is called \"colour\"");
    day.answers("(SELECT footfall.known_dimension('os'))", &["(os)"]).await;
}

#[tokio::test]
async fn thirty_minutes_of_inactivity_end_a_visit() {
    let database = Database::with(
        "2026-10-20 10:10:00Z        | s | 1 | page_view | /a | {}
         2026-10-20 10:39:59.999999Z | s | 1 | page_view | /b | {}
         2026-10-20 11:09:59.999999Z | s | 1 | page_view | /c | {}
         2026-10-20 11:10:00Z        | s | 1 | click     | /d | {}",
    )
    .await;
    // 29:59.999999 of inactivity, then exactly 30 minutes.
    let visits = format!(
        "(SELECT entry_page, exit_page, events, views, bounced, last_at - first_at FROM footfall.visits({DAY}) ORDER BY first_at)"
    );
    database.answers(&visits, &["(/a,/b,2,2,f,00:29:59.999999)", "(/c,/d,2,1,f,00:00:00.000001)"]).await;
}

#[tokio::test]
async fn a_visit_may_last_for_hours_and_past_midnight() {
    // Every 20 minutes from 22:50 to 01:30: nine events, two or one in each of six half hours.
    let mut table = String::new();
    for minutes in (0..=160).step_by(20) {
        let at = "2026-10-20T22:50:00Z".parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minutes);
        let (kind, page) = if minutes == 160 { ("signup", "/end") } else { ("page_view", "/") };
        table += &format!("{at} | s | 1 | {kind} | {page} | {{\"browser\":\"B{minutes}\"}}\n");
    }
    let database = Database::with(&table).await;
    let visits = |range: &str| {
        format!("(SELECT first_at, last_at, events, views, bounced, exit_page, browser FROM footfall.visits({range}))")
    };
    let whole = r#"("2026-10-20 22:50:00+00","2026-10-21 01:30:00+00",9,8,f,/end,B0)"#;
    database.answers(&visits("'2026-10-20Z', '2026-10-22Z'"), &[whole]).await;
    // A range never cuts a visit: it counts where it began.
    database.answers(&visits("'2026-10-20 22:50Z', '2026-10-20 22:51Z'"), &[whole]).await;
    database.answers(&visits("'2026-10-20 22:51Z', '2026-10-22Z'"), &[]).await;
    // Two days in a time zone where midnight is at 22:00 UTC.
    let by_day = "footfall.visits_over_time('2026-10-19 22:00Z', '2026-10-21 22:00Z', '1 day', 'Europe/Berlin')";
    database.answers(by_day, &[r#"("2026-10-19 22:00:00+00",0,0,0)"#, r#"("2026-10-20 22:00:00+00",1,1,8)"#]).await;
}

#[tokio::test]
async fn the_id_orders_two_events_of_the_same_moment() {
    let database = Database::with(
        "2026-10-20 10:00:00Z | s | 1 | page_view | /first  | {\"channel\":\"mail\"}
         2026-10-20 10:00:00Z | s | 1 | page_view | /second | {\"channel\":\"paid\"}",
    )
    .await;
    for range in [DAY, "'2026-10-20 09:59Z', '2026-10-20 10:01Z'"] {
        let visits = format!("(SELECT entry_page, exit_page, channel FROM footfall.visits({range}))");
        database.answers(&visits, &["(/first,/second,mail)"]).await;
    }
}

#[tokio::test]
async fn a_funnel_counts_steps_in_order() {
    let database = Database::with(
        "2026-10-20 10:00:00Z | all   | 1 | page_view    | /         | {}
         2026-10-20 10:01:00Z | all   | 1 | page_view    | /pricing  | {}
         2026-10-20 10:02:00Z | all   | 1 | button_click | /pricing  | {\"button_id\":\"buy\"}
         2026-10-20 10:00:00Z | two   | 2 | page_view    | /         | {}
         2026-10-20 10:01:00Z | two   | 2 | page_view    | /pricing  | {}
         2026-10-20 10:02:00Z | two   | 2 | button_click | /pricing  | {\"button_id\":\"ask\"}
         2026-10-20 10:00:00Z | wrong | 3 | button_click | /pricing  | {\"button_id\":\"buy\"}
         2026-10-20 10:01:00Z | wrong | 3 | page_view    | /pricing  | {}
         2026-10-20 10:00:00Z | break | 4 | page_view    | /         | {}
         2026-10-20 10:45:00Z | break | 4 | page_view    | /pricing  | {}
         2026-10-20 10:00:00Z | none  | 5 | signup       | /elsewhere | {}",
    )
    .await;
    let funnel = |steps: &str, filters: &str| format!("footfall.funnel({DAY}, '{steps}', '{filters}')");
    // One page view does only one step, though it matches both: 'wrong' has one; 'break' has one in each of its two visits.
    let steps = r#"[{"name":"a page","event_type":"page_view","page_prefix":"/"},{"name":"prices","page_prefix":"/pri"},{"name":"buys","button_id":"buy"}]"#;
    database
        .answers(&funnel(steps, "{}"), &[r#"(1,"a page",5,1,1)"#, "(2,prices,2,0.4,0.4)", "(3,buys,1,0.2,0.5)"])
        .await;
    // Filters select visits; steps are matched against all their events.
    let rows = [r#"(1,"a page",2,1,1)"#, "(2,prices,2,1,1)", "(3,buys,1,0.5,0.5)"];
    database.answers(&funnel(steps, r#"{"page":"/pricing","entry_page":"/"}"#), &rows).await;
    database.answers(&funnel(r#"[{"event_type":"never"},{"page_prefix":"/"}]"#, "{}"), &["(1,,0,,)", "(2,,0,,)"]).await;
    for (steps, refusal) in [
        ("{}", "steps: must be an array of 1 to 32 objects"),
        ("[]", "steps: must be an array of 1 to 32 objects"),
        (r#"[{"name":"x"}]"#, r#"steps: {"name": "x"} is not an object with event_type, page_prefix or button_id"#),
        (r#"[{"event_type":"x","page":"/"}]"#, r#"steps: unknown key "page""#),
        (r#"[{"event_type":1}]"#, r#"steps: "event_type" must be a string"#),
    ] {
        assert_eq!(database.refusal(&funnel(steps, "{}")).await, refusal);
    }
    database
        .answers("(SELECT footfall.checked_steps('[{\"button_id\":\"b\"}]'))", &[r#"("[{""button_id"": ""b""}]")"#])
        .await;
    database.answers("(SELECT footfall.next_step(1, 2), footfall.next_step(1, 3))", &["(2,1)"]).await;
    database.answers("(SELECT footfall.steps_done(n) FROM unnest(ARRAY[2, 1, 3, 2]) AS n)", &["(2)"]).await;
}
