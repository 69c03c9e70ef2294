//! Impossible measures: the event is stored without them, and breaks no question.

use footfall_testkit::{Pipeline, PipelineOptions, shared};
use serde_json::{Value, json};

fn event(event_type: &str, session: &str, metadata: &Value) -> Value {
    json!({ "event_type": event_type, "page_url": "http://a.b/", "session_id": session, "metadata": metadata })
}

#[tokio::test]
async fn an_impossible_measure_is_left_out_and_the_warning_names_it() {
    let mut pipeline = Pipeline::start_light(&shared().await.postgres, PipelineOptions::default()).await;
    // Twice, because the sum of two is what overflows.
    let absurd = json!({ "scroll_percent": 1.7e308, "engaged_ms": 1.7e308, "note": 1.7e308 });
    let vitals = json!({ "lcp_ms": -1, "inp_ms": "fast", "fcp_ms": 1e300, "ttfb_ms": [1], "cls": -0.1 });
    let events = [
        event("page_view", "s", &json!({ "engaged_ms": -1 })),
        event("engagement", "s", &absurd),
        event("engagement", "s", &absurd),
        event("engagement", "s", &json!({ "scroll_percent": 60, "engaged_ms": 2000 })),
        event("web_vitals", "s", &vitals),
        event("web_vitals", "s", &json!({ "lcp_ms": 1000, "cls": 0 })),
    ];
    let answer = pipeline.post(serde_json::to_vec(&events).unwrap()).await.json();
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(6), &json!([])), "{answer}");
    let told = answer["warnings"].as_array().unwrap().iter().map(|it| {
        (it["index"].as_u64().unwrap(), it["field"].as_str().unwrap(), it["flag"].as_str().unwrap().to_owned())
    });
    let expected = [
        (1, "scroll_percent"),
        (1, "engaged_ms"),
        (2, "scroll_percent"),
        (2, "engaged_ms"),
        (4, "lcp_ms"),
        (4, "inp_ms"),
        (4, "fcp_ms"),
        (4, "ttfb_ms"),
        (4, "cls"),
    ];
    let expected = expected.map(|(index, name)| (index, format!("metadata.{name}"), format!("{name}_left_out")));
    assert_eq!(told.map(|(index, field, flag)| (index, field.to_owned(), flag)).collect::<Vec<_>>(), expected);

    let kept = "SELECT count(*) FROM analytics_events WHERE
        (event_type = 'engagement' AND flags = '{scroll_percent_left_out,engaged_ms_left_out}' AND metadata = '{\"note\":1.7e308}')
        OR (event_type = 'web_vitals' AND cardinality(flags) = 5 AND metadata = '{}')
        OR (event_type = 'page_view' AND flags IS NULL AND metadata = '{\"engaged_ms\":-1}')";
    assert_eq!(pipeline.number(kept).await, 4);
    let range = "now() - interval '1 hour', now() + interval '1 hour', '{\"bot\":\"any\"}'";
    let read = format!(
        "SELECT count(*) FROM footfall.scroll_depth({range}) WHERE page = '/' AND scroll_percent_mean = 60 \
         AND reached_50 = 1 AND reached_100 = 0 AND engaged_seconds_median BETWEEN 1.98 AND 2.02"
    );
    assert_eq!(pipeline.number(&read).await, 1);
    let measured = format!("SELECT count(*) FROM footfall.web_vitals({range}) WHERE samples = 1 AND rating = 'good'");
    assert_eq!(pipeline.number(&measured).await, 4, "lcp_ms and cls, of the page and of all");
}
