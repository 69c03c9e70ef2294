//! The tracker in a real Chromium, feature by feature, and the resulting rows.

use std::process::Command;

use footfall_testkit::{Pipeline, PipelineOptions, SOON, checkout, shared};
use serde_json::{Value, json};

use crate::MACHINE;
use crate::browser::pipeline_with_a_site;
use crate::driver::Driver;

/// The second names that `renamed` needs.
const SECOND_NAMES: [&str; 2] = ["/s.js=/analytics.js", "/e=/analytics"];

/// Runs scenarios on one pipeline, and checks that each acknowledged event is in the table once, as it was sent.
async fn rows_are_what_was_sent(pipeline: &mut Pipeline, scenarios: &[&str]) {
    for scenario in scenarios {
        let steps = Driver::start(scenario, pipeline).done().await;
        let expected: Vec<_> = steps.iter().filter_map(|step| step["expected"].as_array()).flatten().collect();
        assert!(!expected.is_empty(), "{scenario} says what to look for");
        for event in expected {
            row_is(pipeline, scenario, event).await;
        }
    }
}

async fn row_is(pipeline: &mut Pipeline, scenario: &str, event: &Value) {
    let id = event["event_id"].as_str().unwrap();
    pipeline.wait_for(&format!("SELECT count(*) FROM analytics_events WHERE event_id = '{id}'"), 1, SOON).await;
    let query = format!(
        "SELECT to_jsonb(row) FROM (SELECT event_type, page_url, page_title, button_id, session_id, user_id, \
         nullif(referrer, '') AS referrer, site, metadata FROM analytics_events WHERE event_id = '{id}') AS row"
    );
    let row: Value = pipeline.database.query_one(&query, &[]).await.unwrap().get(0);
    for (field, stored) in row.as_object().unwrap() {
        let sent = event.get(field).filter(|sent| *sent != &json!("")).unwrap_or(&Value::Null);
        // One scenario has tokens in its URLs.
        let sent = sent.as_str().map_or(sent.clone(), |text| text.replace("token=1", "token=***").into());
        assert_eq!(*stored, sent, "{scenario}: {field} of {event}");
    }
}

async fn with_a_site(scenarios: &[&str]) {
    let _turn = MACHINE.read().await;
    let mut pipeline = pipeline_with_a_site().await;
    rows_are_what_was_sent(&mut pipeline, scenarios).await;
}

#[tokio::test]
async fn everything_to_try_on_the_site_is_recorded_as_the_right_event() {
    with_a_site(&["everything"]).await;
}

#[tokio::test]
async fn the_view_of_a_changed_url_carries_the_title_that_follows_it() {
    with_a_site(&["titles"]).await;
}

#[tokio::test]
async fn a_router_that_normalizes_its_url_begins_no_second_view() {
    with_a_site(&["replaced"]).await;
}

#[tokio::test]
async fn a_page_in_a_background_tab_is_viewed_when_it_is_seen() {
    with_a_site(&["background"]).await;
}

#[tokio::test]
async fn how_far_a_page_was_scrolled_belongs_to_that_page() {
    with_a_site(&["scrolled"]).await;
}

#[tokio::test]
async fn what_is_clicked_and_submitted_in_open_shadow_roots_counts() {
    with_a_site(&["components"]).await;
}

#[tokio::test]
async fn an_event_with_values_that_json_cannot_hold_is_kept_and_names_them() {
    with_a_site(&["values"]).await;
}

#[tokio::test]
async fn frames_targets_and_fields_that_are_no_pages_addresses_or_members_change_nothing() {
    with_a_site(&["frames", "targets", "clobbered"]).await;
}

#[tokio::test]
async fn a_tag_manager_names_site_and_endpoint_also_of_an_isolated_page() {
    with_a_site(&["configured", "isolated"]).await;
}

#[tokio::test]
async fn each_url_of_an_application_is_a_view_also_under_a_strict_policy() {
    with_a_site(&["history"]).await;
}

#[tokio::test]
async fn a_page_from_the_back_forward_cache_is_a_view_with_its_own_vitals() {
    with_a_site(&["restored"]).await;
}

#[tokio::test]
async fn reading_time_excludes_the_time_in_the_background() {
    with_a_site(&["reading"]).await;
}

mod alone {
    use super::{MACHINE, pipeline_with_a_site, rows_are_what_was_sent};

    #[tokio::test]
    async fn vitals_match_the_delays_built_into_the_page() {
        // Delays of a busy machine are measured too.
        let _alone = MACHINE.write().await;
        let mut pipeline = pipeline_with_a_site().await;
        rows_are_what_was_sent(&mut pipeline, &["vitals"]).await;
    }
}

#[tokio::test]
async fn events_left_by_a_crashed_tab_or_a_lost_network_arrive() {
    with_a_site(&["killed"]).await;
}

#[tokio::test]
async fn a_visitor_who_opts_out_is_forgotten_and_calls_before_the_script_are_made() {
    with_a_site(&["consent", "stub"]).await;
}

#[tokio::test]
async fn a_visit_spans_tabs_until_half_an_hour_of_inactivity() {
    let _turn = MACHINE.read().await;
    let pipeline = pipeline_with_a_site().await;
    assert_eq!(Driver::start("sessions", &pipeline).done().await.len(), 3);
}

#[tokio::test]
async fn the_script_works_the_same_under_other_names() {
    let _turn = MACHINE.read().await;
    let second_names = SECOND_NAMES.map(|name| name.parse().unwrap()).to_vec();
    let options = PipelineOptions { site: true, second_names, ..PipelineOptions::default() };
    let mut pipeline = Pipeline::start_with(shared().await, options).await;
    rows_are_what_was_sent(&mut pipeline, &["renamed"]).await;
}

#[tokio::test]
async fn a_visitor_without_javascript_is_counted_by_the_pixel() {
    let _turn = MACHINE.read().await;
    let mut pipeline = pipeline_with_a_site().await;
    let steps = Driver::start("noscript", &pipeline).done().await;
    let site = steps[0]["page_url"].as_str().unwrap();
    let seen = format!(
        "SELECT count(*) FROM analytics_events WHERE event_type = 'page_view' AND page_url = '{site}' \
         AND metadata = '{{\"noscript\": true}}' AND visitor_id IS NOT NULL AND user_agent LIKE '%Chrome/%'"
    );
    pipeline.wait_for(&seen, 1, SOON).await;
}

#[tokio::test]
async fn axe_finds_nothing_on_any_page_of_the_site() {
    let _turn = MACHINE.read().await;
    let pipeline = pipeline_with_a_site().await;
    let steps = Driver::start("accessibility", &pipeline).done().await;
    assert_eq!(steps[0]["step"], "clean");
}

#[test]
fn the_built_tracker_is_up_to_date_and_small_enough() {
    let mut build = Command::new("node");
    build.arg(checkout().join("web/tests/build.mjs")).arg("--check");
    let output = build.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
