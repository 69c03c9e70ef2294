//! The visits equal a recount of the events, in any order and with any repeats.

use footfall_testkit::{Pipeline, PipelineOptions, SOON, shared};
use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::recount;

const EVENTS: usize = 4_000;
const EVENTS_IN_A_REQUEST: usize = 40;

/// Events of three days, some at the same microsecond, of visits that overlap.
fn events() -> Vec<Value> {
    const TYPES: [&str; 6] = ["page_view", "page_unload", "button_click", "engagement", "web_vitals", "signup"];
    const PAGES: [&str; 5] = [
        "https://a.b/",
        "https://a.b/x?utm_source=s&utm_medium=email",
        "https://a.b/#/y",
        "HTTPS://a.b/X",
        "http://c.d",
    ];
    const REFERRERS: [Option<&str>; 3] = [None, Some("https://a.b/z"), Some("https://www.google.com/")];
    const AGENTS: [&str; 3] = [
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ];
    const LANGUAGES: [&str; 2] = ["de-CH", "en"];
    const WIDTHS: [u16; 2] = [390, 1920];
    const SITES: [&str; 3] = ["a", "b", ""];
    let mut rng = rand::rng();
    let now = Timestamp::now();
    (0..EVENTS)
        .map(|_| {
            // Few moments for many events, so that ids decide their order.
            let ago = SignedDuration::from_secs(rng.random_range(0..300) * 864);
            let session = rng.random_range(0..60);
            json!({
                "event_id": Uuid::new_v4(),
                "event_type": TYPES.choose(&mut rng),
                "page_url": PAGES.choose(&mut rng),
                "referrer": REFERRERS.choose(&mut rng),
                "user_agent": AGENTS.choose(&mut rng),
                "language": LANGUAGES.choose(&mut rng),
                "screen_width": WIDTHS.choose(&mut rng),
                "site": SITES.choose(&mut rng),
                // Every tenth has none: its visit is identified by the visitor.
                "session_id": (session % 10 > 0).then(|| format!("session-{session}")),
                "timestamp": now - ago,
            })
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn visits_equal_a_recount_in_any_order_of_batches_sinks_and_repeats() {
    let options = PipelineOptions { sink: "batch.rows_max = 37".into(), ..PipelineOptions::default() };
    let mut pipeline = Pipeline::start_with(shared().await, options).await;
    pipeline.add_sink().await;

    let events = events();
    let mut sent = [events.clone(), events[..EVENTS / 4].to_vec()].concat();
    sent.shuffle(&mut rand::rng());
    let posts = sent.chunks(EVENTS_IN_A_REQUEST).map(|chunk| pipeline.post(Value::from(chunk.to_vec()).to_string()));
    for answer in futures_util::future::join_all(posts).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let stored = i64::try_from(EVENTS).unwrap();
    pipeline.wait_for("SELECT count(*) FROM analytics_events", stored, SOON).await;
    pipeline.wait_until_all_is_read(SOON).await;
    assert_eq!(recount::differing(&mut pipeline).await, [0, 0]);
    assert_eq!(pipeline.number("SELECT sum(events)::bigint FROM analytics_visits").await, stored);
    assert!(pipeline.number("SELECT count(DISTINCT kafka_partition) FROM analytics_summary_hours").await > 1);
    // Visits were really split: they update rows that other batches wrote.
    let parts = pipeline.number("SELECT count(*) FROM analytics_visits WHERE events > 1").await;
    assert!(parts > 100, "{parts}");
    let differing =
        "SELECT count(*) FROM analytics_events WHERE page_path IS DISTINCT FROM footfall.page_path(page_url)";
    assert_eq!(pipeline.number(differing).await, 0);
}
