//! History is imported at its own time, by those who may; everyone else is told what was stored instead.

use footfall_testkit::{Answer, Pipeline, PipelineOptions, SOON, shared};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Each is a new chunk of two tables.
const DAYS: i64 = 93;
/// What one request may hold.
const DAYS_AT_ONCE: usize = 31;
const KEY: &str = "the tests' key for imports";

type Headers<'a> = &'a [(&'a str, &'a str)];

fn options() -> PipelineOptions {
    PipelineOptions {
        site: true,
        ingest: format!("import.key = \"{KEY}\"\ndatabase.commit_ms_max = 60000"),
        view: Some(String::new()),
        ..PipelineOptions::default()
    }
}

async fn both() -> [Pipeline; 2] {
    let backends = shared().await;
    let (kafka, light) =
        tokio::join!(Pipeline::start_with(backends, options()), Pipeline::start_light(&backends.postgres, options()));
    [kafka, light]
}

async fn post(pipeline: &Pipeline, port: u16, path: &str, headers: Headers<'_>, body: &str) -> Answer {
    let headers = [&[("content-type", "application/x-ndjson")][..], headers].concat();
    pipeline.http.send("POST", &pipeline.url(port, path), &headers, body.to_owned()).await.expect("an answer")
}

fn line(time: Timestamp, session: &str) -> String {
    // sent_at is from the time of the export's own collector.
    let sent_at = time + SignedDuration::from_secs(3);
    let event = json!({
        "event_type": "page_view", "page_url": "http://a.b/", "timestamp": time, "sent_at": sent_at, "session_id": session,
    });
    format!("{event}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_events_land_at_their_own_time_in_rows_roll_up_and_visits() {
    let midnight = Timestamp::from_second(Timestamp::now().as_second() / 86_400 * 86_400).unwrap();
    let times: Vec<_> = (1..=DAYS).map(|days| midnight - SignedDuration::from_hours(24 * days - 9)).collect();
    let lines: Vec<_> = times.iter().enumerate().map(|(at, time)| line(*time, &format!("s{at}"))).collect();
    for mut pipeline in both().await {
        let too_many = post(&pipeline, 3001, "/analytics?import", &[], &lines[..=DAYS_AT_ONCE].concat()).await;
        assert_eq!((too_many.status.as_u16(), &too_many.json()["reason"]), (413, &json!("too_many_events")));
        for lines in lines.chunks(DAYS_AT_ONCE) {
            let answer = post(&pipeline, 3001, "/analytics?import", &[], &lines.concat()).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["accepted"]), (200, &json!(lines.len())), "{answer:?}");
            assert_eq!(answer.json()["warnings"], json!(null), "{answer:?}");
        }
        pipeline.wait_for("SELECT count(*) FROM analytics_events WHERE flags IS NULL", DAYS, SOON).await;
        for (table, column) in
            [("analytics_events", "timestamp"), ("analytics_summary_hours", "hour"), ("analytics_visits", "first_at")]
        {
            let at_nine = format!(
                "SELECT count(DISTINCT {column}) FROM {table} WHERE {column} AT TIME ZONE 'UTC' = \
                 date_trunc('day', {column} AT TIME ZONE 'UTC') + interval '9 hours' AND {column} < now() - interval '2 hours'"
            );
            assert_eq!(pipeline.number(&at_nine).await, DAYS, "{table}");
        }
        let visitors = "SELECT count(DISTINCT visitor_id) FROM analytics_events WHERE user_agent IS NULL";
        assert_eq!(pipeline.number(visitors).await, DAYS);
        let (first, last) = (*times.last().unwrap(), times[times.len() - 2] + DAY);
        let visits = format!("SELECT sum(visits)::bigint FROM footfall.totals('{first}', '{last}')");
        assert_eq!(pipeline.number(&visits).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_key_or_a_program_on_this_machine_may_import() {
    let old = line(Timestamp::now() - DAY * 400, "s");
    let [mut kafka, mut light] = both().await;
    let (bearer, wrong) = (format!("Bearer {KEY}"), format!("Bearer {KEY}x"));
    for (pipeline, site) in [(&mut kafka, 8080), (&mut light, 3003)] {
        let cases: [(u16, Headers<'_>, u16); 7] = [
            (3001, &[], 200),
            (3001, &[("x-forwarded-for", "127.0.0.1")], 403),
            (3001, &[("origin", "http://localhost")], 403),
            (site, &[], 403),
            (site, &[("x-forwarded-for", "127.0.0.1"), ("connection", "x-forwarded-for")], 403),
            (site, &[("authorization", wrong.as_str())], 403),
            (site, &[("authorization", bearer.as_str())], 200),
        ];
        for (port, headers, status) in cases {
            let answer = post(pipeline, port, "/analytics/?import=1", headers, &old).await;
            assert_eq!(answer.status, status, "{port} {headers:?}: {answer:?}");
            if status == 403 {
                assert_eq!(answer.json()["reason"], "import_refused", "{answer:?}");
            }
        }
        let stored = "SELECT count(*) FROM analytics_events WHERE timestamp < now() - interval '399 days'";
        pipeline.wait_for(stored, 2, SOON).await;
        let counted =
            "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE reason = 'import_refused'";
        pipeline.wait_for(counted, 5, SOON).await;
        assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events").await, 2);
    }
}

#[tokio::test]
async fn what_is_stored_differently_is_told_and_flagged() {
    let mut pipeline = Pipeline::start_light(&shared().await.postgres, PipelineOptions::default()).await;
    let now = Timestamp::now();
    let (old, seconds) = (now - DAY * 400, now.as_second() - 60);
    let fresh = r#"{"event_type":"x","page_url":"http://a.b/"}"#;
    let body = format!(
        r#"[{fresh},{{"event_type":"old","page_url":"http://a.b/","timestamp":"{old}"}},NaN,
            {{"event_type":"s","page_url":"http://a.b/","timestamp":{seconds},"metadata":{{"n":0.1234567890123456789}}}}]"#
    );
    let answer = pipeline.post(body).await.json();
    assert_eq!((&answer["accepted"], answer["rejected"].as_array().unwrap().len()), (&json!(3), 1), "{answer}");
    assert_eq!(answer["rejected"][0]["index"], 2, "{answer}");
    let told: Vec<_> =
        answer["warnings"].as_array().unwrap().iter().map(|it| [&it["index"], &it["field"], &it["flag"]]).collect();
    let expected = [
        [&json!(1), &json!("timestamp"), &json!("timestamp_replaced")],
        [&json!(3), &json!("timestamp"), &json!("timestamp_unit")],
        [&json!(3), &json!("metadata"), &json!("metadata_number_changed")],
    ];
    assert_eq!(told, expected);
    let flags = "SELECT count(*) FROM analytics_events WHERE (event_type = 'old' AND flags = '{timestamp_replaced}' \
                 AND timestamp > now() - interval '1 hour') OR (event_type = 's' AND \
                 flags = '{timestamp_unit,metadata_number_changed}' AND timestamp < now() - interval '50 seconds')";
    assert_eq!(pipeline.number(flags).await, 2);
    let single =
        pipeline.post(format!(r#"{{"event_type":"x","page_url":"http://a.b/","timestamp":"{old}"}}"#)).await.json();
    assert_eq!((&single["success"], &single["warnings"][0]["flag"]), (&json!(true), &json!("timestamp_replaced")));
    let many = vec![format!(r#"{{"event_type":"x","page_url":"http://a.b/","timestamp":"{old}"}}"#); 150].join(",");
    let many = pipeline.post(format!("[{many}]")).await.json();
    assert_eq!((many["warnings"].as_array().unwrap().len(), &many["warnings_left_out"]), (100, &json!(50)));
}
