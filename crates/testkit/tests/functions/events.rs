//! Functions about single events.

use crate::one_day::{DAY, one_day};

#[tokio::test]
async fn events_count_by_type_and_bucket_with_zeros_between() {
    let day = one_day().await;
    // 8 hours each: all events, including the server's job, are in the second; the first and last are empty.
    let asked =
        format!("footfall.events_over_time({DAY}, '8 hours', 'UTC', '{{\"event_type\":[\"page_view\",\"signup\"]}}')");
    day.answers(
        &asked,
        &[
            r#"("2026-10-20 00:00:00+00",page_view,0)"#,
            r#"("2026-10-20 00:00:00+00",signup,0)"#,
            r#"("2026-10-20 08:00:00+00",page_view,7)"#,
            r#"("2026-10-20 08:00:00+00",signup,1)"#,
            r#"("2026-10-20 16:00:00+00",page_view,0)"#,
            r#"("2026-10-20 16:00:00+00",signup,0)"#,
        ],
    )
    .await;
    // With many types, the rest is one: an attacker can send any number of them.
    let most = format!(
        "(SELECT event_type, sum(events)::bigint FROM footfall.events_over_time({DAY}, '8 hours', 'UTC', '{{}}', 2) GROUP BY 1 ORDER BY 2 DESC)"
    );
    let rest = day
        .rows(&format!(
            "(SELECT sum(events) FROM footfall.event_types({DAY}) WHERE event_type NOT IN ('page_view', 'engagement'))"
        ))
        .await;
    let shown = day.rows(&most).await;
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert!(shown.contains(&format!(r#"("(other)",{})"#, rest[0].trim_matches(['(', ')']))), "{shown:?} {rest:?}");
    // If buckets are not whole minutes, or filters need it, the events themselves are counted.
    let seconds = "footfall.events_over_time('2026-10-20 10:00Z', '2026-10-20 10:02Z', '30 seconds', 'UTC', '{\"page\":\"/pricing\"}')";
    day.answers(
        seconds,
        &[
            r#"("2026-10-20 10:00:00+00",button_click,0)"#,
            r#"("2026-10-20 10:00:00+00",engagement,0)"#,
            r#"("2026-10-20 10:00:00+00",page_view,0)"#,
            r#"("2026-10-20 10:00:30+00",button_click,0)"#,
            r#"("2026-10-20 10:00:30+00",engagement,0)"#,
            r#"("2026-10-20 10:00:30+00",page_view,0)"#,
            r#"("2026-10-20 10:01:00+00",button_click,0)"#,
            r#"("2026-10-20 10:01:00+00",engagement,2)"#,
            r#"("2026-10-20 10:01:00+00",page_view,1)"#,
            r#"("2026-10-20 10:01:30+00",button_click,1)"#,
            r#"("2026-10-20 10:01:30+00",engagement,0)"#,
            r#"("2026-10-20 10:01:30+00",page_view,0)"#,
        ],
    )
    .await;
}

#[tokio::test]
async fn a_range_that_begins_and_ends_within_a_minute_is_cut_there() {
    let day = one_day().await;
    // From after 10:01:10's engagement to before 10:02:00's signup: engagement, button_click.
    let between = "'2026-10-20 10:01:10.000001Z', '2026-10-20 10:02:00Z'";
    day.answers(
        &format!("(SELECT * FROM footfall.event_counts({between}) ORDER BY at)"),
        &[r#"("2026-10-20 10:01:20+00",shop,engagement,1)"#, r#"("2026-10-20 10:01:30+00",shop,button_click,1)"#],
    )
    .await;
    // A whole minute, 10:01, from the roll-up: a view, two engagements, a click. Plus part of a minute on each side.
    let around = "'2026-10-20 10:00:30Z', '2026-10-20 10:02:00.000001Z'";
    day.answers(
        &format!(
            "(SELECT at, event_type, sum(events) FROM footfall.event_counts({around}) GROUP BY 1, 2 ORDER BY 1, 2)"
        ),
        &[
            r#"("2026-10-20 10:00:30+00",engagement,1)"#,
            r#"("2026-10-20 10:01:00+00",button_click,1)"#,
            r#"("2026-10-20 10:01:00+00",engagement,2)"#,
            r#"("2026-10-20 10:01:00+00",page_view,1)"#,
            r#"("2026-10-20 10:02:00+00",signup,1)"#,
        ],
    )
    .await;
    day.answers(&format!("(SELECT count(*) FROM footfall.event_counts({around}, '{{}}', false))"), &["(6)"]).await;
}

#[tokio::test]
async fn types_are_counted_with_their_visitors() {
    let day = one_day().await;
    // page_view: visitors 1 (three views), 2, 3 (two), 5. The job has no visitor. The bot is left out.
    day.answers(
        &format!("footfall.event_types({DAY})"),
        &[
            "(page_view,7,4)",
            "(engagement,4,1)",
            "(web_vitals,2,2)",
            "(button_click,1,1)",
            "(file_download,1,1)",
            "(form_submit,1,1)",
            "(outbound_click,1,1)",
            "(page_not_found,1,1)",
            "(signup,1,1)",
            "(job_done,1,0)",
        ],
    )
    .await;
    let custom = ["(signup,1,1)", "(job_done,1,0)"];
    day.answers(&format!("footfall.custom_events({DAY})"), &custom).await;
    day.answers(&format!("footfall.custom_events({DAY}, row_limit => 1)"), &custom[..1]).await;
}

#[tokio::test]
async fn pages_are_ranked_by_views() {
    let day = one_day().await;
    let rows = ["(/blog/one,3,3)", "(/,2,2)", "(/pricing,2,2)"];
    day.answers(&format!("footfall.top_pages({DAY})"), &rows).await;
    day.answers(&format!("footfall.top_pages({DAY}, '{{}}', 2)"), &rows[..2]).await;
    day.answers(&format!("footfall.top_pages({DAY}, '{{\"bot\":\"any\"}}', 1)"), &["(/,3,3)"]).await;
}

#[tokio::test]
async fn properties_and_their_values_are_counted() {
    let day = one_day().await;
    day.answers(&format!("footfall.event_properties({DAY}, 'signup')"), &["(plan,1)", "(seats,1)"]).await;
    day.answers(&format!("footfall.event_properties({DAY}, 'page_view')"), &[]).await;
    day.answers(&format!("footfall.property_values({DAY}, 'signup', 'plan')"), &["(large,1,1)"]).await;
    day.answers(&format!("footfall.property_values({DAY}, 'signup', 'seats')"), &["(3,1,1)"]).await;
    // A null is a value; a missing property is not.
    day.answers(&format!("footfall.property_values({DAY}, 'job_done', 'plan')"), &["(,1,0)"]).await;
    day.answers(&format!("footfall.property_values({DAY}, 'job_done', 'seats')"), &[]).await;
}

#[tokio::test]
async fn a_visitor_who_is_there_now_counts_on_the_last_page() {
    let day = one_day().await;
    // The 5 minutes before 11:04:01: only visitor 3, whose last page is the missing one.
    day.answers("footfall.live_now('2026-10-20 11:04:01Z')", &["(/gone,1)"]).await;
    // The visit of 11:00 began less than 2 seconds ahead of now, but not of a moment before.
    day.answers("footfall.live_now('2026-10-20 10:59:58.000001Z')", &["(/gone,1)"]).await;
    day.answers("footfall.live_now('2026-10-20 10:59:58Z')", &[]).await;
    // The 5 minutes are over at 11:09, to the microsecond.
    day.answers("footfall.live_now('2026-10-20 11:09:00Z')", &["(/gone,1)"]).await;
    day.answers("footfall.live_now('2026-10-20 11:09:00.000001Z')", &[]).await;
    day.answers("footfall.live_visitors('2026-10-20 11:09:00Z')", &["1"]).await;
    day.answers("footfall.live_visitors('2026-10-20 11:09:00.000001Z')", &["0"]).await;
    // The job of 14:00 has no visitor.
    day.answers("footfall.live_now('2026-10-20 14:01:00Z')", &[]).await;
    day.answers("footfall.live_visitors('2026-10-20 14:01:00Z')", &["0"]).await;
    // The bot of 12:10, if it is requested.
    day.answers("footfall.live_visitors('2026-10-20 12:11:00Z')", &["0"]).await;
    day.answers("footfall.live_now('2026-10-20 12:11:00Z', '{\"bot\":\"true\"}')", &["(/,1)"]).await;
}

#[tokio::test]
async fn the_newest_events_come_first_and_page_by_page() {
    let day = one_day().await;
    let newest = |filters: &str, more: &str| {
        format!("(SELECT happened_at, event_type, site, page FROM footfall.recent_events('{filters}', {more}))")
    };
    day.answers(
        &newest("{}", "2, '2026-10-21Z'"),
        &[r#"("2026-10-20 14:00:00+00",job_done,,/)"#, r#"("2026-10-20 13:00:50+00",form_submit,blog,/blog/one)"#],
    )
    .await;
    day.answers(
        &newest("{}", "1, '2026-10-20 13:00:50Z'"),
        &[r#"("2026-10-20 13:00:30+00",file_download,blog,/blog/one)"#],
    )
    .await;
    // A filter by visit: the newest events of the visit from search.
    day.answers(
        &newest(r#"{"channel":"search"}"#, "2, '2026-10-21Z'"),
        &[
            r#"("2026-10-20 10:02:00+00",signup,shop,/pricing)"#,
            r#"("2026-10-20 10:01:30+00",button_click,shop,/pricing)"#,
        ],
    )
    .await;
    let whole = "footfall.recent_events('{}', 1, '2026-10-20 10:00:00.000001Z')";
    day.answers(whole, &[
        r#"("2026-10-20 10:00:00+00",page_view,shop,/,Shop,,google.com,search,Chrome,Windows,desktop,DE,f,00000000-0000-0000-0000-000000000001,)"#,
    ])
    .await;
}

#[tokio::test]
async fn web_vitals_are_rated_by_their_75th_percentile() {
    let day = one_day().await;
    // LCP of 2000 and 3000: the 75th percentile is 2750, above the 2500 that are good. A value that is not a number is not a sample.
    // All are within 1 %. Pages are ordered by their views.
    let rows = [
        "(,cls,1,0.050,good)",
        "(,inp_ms,1,599.592,poor)",
        r#"(,lcp_ms,2,2737.959,"needs improvement")"#,
        "(/blog/one,inp_ms,1,599.592,poor)",
        r#"(/blog/one,lcp_ms,1,2981.737,"needs improvement")"#,
        "(/,cls,1,0.050,good)",
        "(/,lcp_ms,1,2006.624,good)",
    ];
    let asked = |more: &str| {
        format!("(SELECT page, metric, samples, round(p75::numeric, 3), rating FROM footfall.web_vitals({DAY}{more}))")
    };
    day.answers(&asked(""), &rows).await;
    day.answers(&asked(", row_limit => 1"), &rows[..5]).await;
    day.answers(&asked(", '{\"country\":\"DE\"}'"), &[]).await;
}

#[tokio::test]
async fn a_view_is_as_deep_as_its_deepest_report() {
    let day = one_day().await;
    // /blog/one: three views, one report (25 %, 30 s). /: two views, one report (50 %, 20 s). /pricing: two views; one visit
    // reported 40 % and then 100 %, 4 s and then 6 s. Times are within 1 %.
    let rows = ["(/blog/one,3,1,25,1,0,0,0,30.2)", "(/,2,1,50,1,1,0,0,20.0)", "(/pricing,2,1,100,1,1,1,1,10.0)"];
    let columns = "page, views, readings, scroll_percent_mean, reached_25, reached_50, reached_75, reached_100";
    let asked =
        format!("(SELECT {columns}, round(engaged_seconds_median::numeric, 1) FROM footfall.scroll_depth({DAY}))");
    day.answers(&asked, &rows).await;
}

#[tokio::test]
async fn clicks_downloads_forms_and_missing_pages_are_listed() {
    let day = one_day().await;
    day.answers(&format!("footfall.outbound_links({DAY})"), &["(https://other.example/,1,1)"]).await;
    day.answers(&format!("footfall.downloads({DAY})"), &["(https://shop.example/a.pdf,1,1)"]).await;
    day.answers(&format!("footfall.form_submissions({DAY})"), &["(/blog/one,newsletter,1,1)"]).await;
    day.answers(&format!("footfall.pages_not_found({DAY})"), &["(/gone,https://shop.example/blog/one,1,1)"]).await;
    day.answers(&format!("footfall.outbound_links({DAY}, '{{\"country\":\"DE\"}}')"), &[]).await;
}

#[tokio::test]
async fn sites_are_those_with_events() {
    let day = one_day().await;
    // 7 of a, 2 of b, 5 of c, 2 of d, the bot's one.
    day.answers(&format!("footfall.sites({DAY})"), &["(shop,17)", "(blog,3)", "(,1)"]).await;
    day.answers(&format!("footfall.sites({DAY}, 1)"), &["(shop,17)"]).await;
}

#[tokio::test]
async fn the_path_of_a_url_equals_the_sinks() {
    let day = one_day().await;
    for (url, path) in [
        ("https://a.b/c/d?e#f", "/c/d"),
        ("https://a.b", "/"),
        ("https://a.b/?x", "/"),
        ("https://a.b/c#/route", "/c#/route"),
    ] {
        day.answers(&format!("(SELECT footfall.page_path('{url}'))"), &[&format!("({path})")]).await;
    }
}
