//! Functions that parse Grafana's variables and names of series.

use crate::one_day::one_day;

#[tokio::test]
async fn a_label_is_read_out_of_a_series_name() {
    let day = one_day().await;
    let series = r#"lag{topic="events",partition="12"}"#;
    let asked = |label: &str| format!("(SELECT footfall.pipeline_label('{series}', {label}))");
    day.answers(&asked("'topic'"), &["(events)"]).await;
    day.answers(&asked("'topic, partition'"), &[r#"("events 12")"#]).await;
    // Neither the end of another label's name, nor a missing label.
    day.answers(&asked("'opic'"), &["()"]).await;
    day.answers(&asked("NULL"), &["()"]).await;
}

#[tokio::test]
async fn a_selection_in_grafana_becomes_filters() {
    let day = one_day().await;
    let asked = |arguments: &str| format!("(SELECT footfall.grafana_filters({arguments})::text)");
    // All, no selection, an empty text box.
    day.answers(&asked("ARRAY[NULL]::text[], ARRAY[]::text[], NULL, ''"), &["({})"]).await;
    day.answers(
        &asked(r#"ARRAY['it''s', 'a \"b\"'], page_prefix => '/blog'"#),
        &[r#"("{""site"": [""it's"", ""a \\""b\\""""], ""page_prefix"": [""/blog""]}")"#],
    )
    .await;
}
