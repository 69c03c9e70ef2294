//! A topic that disappears, and comes back with another number of partitions.

use footfall::topics::{Topic, create};
use footfall_testkit::{Pipeline, PipelineOptions, SOON, eventually, shared};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;

use crate::metrics::INGEST;

const EVENT: &str = r#"{"event_type":"x","page_url":"http://a.b/"}"#;

#[tokio::test]
async fn a_missing_topic_is_named_and_ingest_goes_on_once_it_is_back() {
    let options = PipelineOptions { no_sink: true, ..PipelineOptions::default() };
    let pipeline = Pipeline::start_with(shared().await, options).await;
    assert_eq!(pipeline.post(EVENT).await.status, 200);
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", &pipeline.kafka).create().unwrap();
    let deleted = admin.delete_topics(&[&pipeline.events_topic], &AdminOptions::new()).await.unwrap();
    assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
    eventually("ingest names the topic", SOON, async || {
        let ready = pipeline.get(INGEST, "/ready").await;
        let detail = ready.json()["conditions"]["kafka"]["detail"].as_str().unwrap_or_default().to_owned();
        ready.status == 503 && detail.contains(&format!("the topic {} cannot be used", pipeline.events_topic))
    })
    .await;
    assert_eq!(pipeline.post(EVENT).await.status, 503);
    create(&pipeline.kafka, &[Topic::new(&pipeline.events_topic, 1)]).await.unwrap();
    eventually("events are taken again", SOON, async || pipeline.post(EVENT).await.status == 200).await;
    for _ in 0..20 {
        assert_eq!(pipeline.post(EVENT).await.status, 200);
    }
    assert!(pipeline.ingest.status().is_none(), "ingest was not restarted");
}
