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

#[tokio::test]
async fn a_percentile_of_a_histogram_is_within_one_percent() {
    let day = one_day().await;
    for (values, share, wanted) in
        [("100", 0.5, 100.0), ("100, 200", 0.5, 150.0), ("0, 5, 5000, 123456", 0.75, 34_614.0), ("0, 0, 0.2", 0.9, 0.0)]
    {
        let histogram = format!(
            "(SELECT footfall.histogram_percentile(array_agg(bucket ORDER BY bucket), array_agg(samples ORDER BY bucket), {share})::text
              FROM (SELECT footfall.histogram_bucket(value) AS bucket, count(*) AS samples
                    FROM unnest(ARRAY[{values}]::double precision[]) AS value GROUP BY 1) AS cells)"
        );
        let found = day.rows(&histogram).await;
        let found: f64 = found[0].trim_matches(['(', ')']).parse().unwrap();
        assert!((found - wanted).abs() <= wanted * 0.01, "{values}: {found}, not {wanted}");
    }
    let middle = "(SELECT footfall.bucket_middle(0), footfall.bucket_middle(footfall.histogram_bucket(1)))";
    day.answers(middle, &["(0,1)"]).await;
    let metrics = "(SELECT string_agg(name, ',' ORDER BY number) FROM footfall.metrics())";
    day.answers(metrics, &[r#"("scroll_percent,engaged_ms,lcp_ms,inp_ms,cls,fcp_ms,ttfb_ms")"#]).await;
}

#[tokio::test]
async fn texts_are_found_by_their_numbers() {
    let day = one_day().await;
    let ids = "(SELECT cardinality(footfall.value_ids(ARRAY['Chrome', 'never', '', 'shop'])))";
    day.answers(ids, &["(3)"]).await;
    let values = r#"(SELECT footfall.property_values_of('{"property":{"plan":["a","b"],"size":"c"}}', 'plan'))"#;
    day.answers(values, &[r#"("{a,b}")"#]).await;
    let matches = |filters: &str| {
        format!(r#"(SELECT footfall.has_properties('{{"plan":"large","seats":3}}', '{{"property":{filters}}}'))"#)
    };
    day.answers(&matches(r#"{"plan":"large","seats":["2","3"]}"#), &["(t)"]).await;
    day.answers(&matches(r#"{"plan":"large","seats":"2"}"#), &["(f)"]).await;
    day.answers(&matches(r#"{"other":""}"#), &["(f)"]).await;
}
