//! Whatever dies and whenever: what was acknowledged is stored once.

use footfall_testkit::{Stack, shared};
use std::time::Duration;

#[tokio::test]
async fn a_click_is_a_row() {
    let mut stack = Stack::start(shared().await).await;
    let body = r#"{"event_type":"button_click","page_url":"http://test.com/page","session_id":"s-1"}"#;
    let answer = stack.post(body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    stack.wait_for("SELECT count(*) FROM analytics_events", 1, Duration::from_secs(5)).await;
}
