//! Reads the answers of /health, /analytics and /ready.

use footfall_event::Deferral;
use serde_json::Value;

use crate::http::Answer;

/// The maximum number of characters quoted from an answer.
const QUOTED_CHARS_MAX: usize = 300;

/// The `kafkaReady` in an answer of /health; `None` if another program answered.
pub(crate) fn kafka_ready(answer: &Answer) -> Option<bool> {
    let health: Value = serde_json::from_slice(&answer.body).ok()?;
    health.get("kafkaReady")?.as_bool()
}

pub(crate) fn answered_id(answer: &Answer) -> Option<String> {
    let received: Value = serde_json::from_slice(&answer.body).ok()?;
    Some(received.get("eventId")?.as_str()?.to_owned())
}

/// Why the event was deferred, if the answer names a known reason.
pub(crate) fn deferral(answer: &Answer) -> Option<Deferral> {
    let deferred: Value = serde_json::from_slice(&answer.body).ok()?;
    let reason = deferred.get("reason")?.as_str()?;
    Deferral::ALL.iter().copied().find(|deferral| deferral.as_str() == reason)
}

/// The conditions in an answer of /ready, as a sentence.
pub(crate) fn conditions(answer: &Answer) -> Option<String> {
    let ready: Value = serde_json::from_slice(&answer.body).ok()?;
    let conditions = ready.get("conditions")?.as_object()?.iter().map(|(name, condition)| {
        let is_ok = condition.get("ok").and_then(Value::as_bool).unwrap_or_default();
        let detail = condition.get("detail").and_then(Value::as_str).unwrap_or_default();
        let word = if is_ok { "ok" } else { "not ok" };
        if detail.is_empty() { format!("{name} {word}") } else { format!("{name} {word} ({detail})") }
    });
    let stopping = ready.get("stopping").and_then(Value::as_bool).unwrap_or_default();
    Some(conditions.chain(stopping.then(|| "it is stopping".to_owned())).collect::<Vec<_>>().join(", "))
}

/// The status and the start of the body, on one line.
pub(crate) fn quoted(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut quote: String = words.chars().take(QUOTED_CHARS_MAX).collect();
    if quote.len() < words.len() {
        quote.push_str(" ...");
    }
    format!("{} {quote}", answer.status).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use footfall_event::Deferral;
    use hyper::StatusCode;

    use super::{conditions, deferral, kafka_ready, quoted};
    use crate::http::Answer;

    fn answer(status: u16, body: &'static str) -> Answer {
        Answer { status: StatusCode::from_u16(status).unwrap(), retry_after: None, body: Bytes::from(body) }
    }

    #[test]
    fn a_503_names_its_deferral() {
        assert_eq!(deferral(&answer(503, r#"{"success":false,"reason":"queue_full"}"#)), Some(Deferral::QueueFull));
        assert_eq!(deferral(&answer(503, r#"{"success":false,"reason":"tired"}"#)), None);
        assert_eq!(deferral(&answer(503, "<html>")), None);
    }

    #[test]
    fn nginx_without_ingest_differs_from_ingest_without_kafka() {
        let nginx = answer(503, r#"{"success":false,"reason":"unavailable"}"#);
        let ingest = answer(503, r#"{"status":"unavailable","kafkaReady":false}"#);
        assert_eq!((kafka_ready(&nginx), kafka_ready(&ingest)), (None, Some(false)));
    }

    #[test]
    fn the_conditions_of_the_sink_are_quoted() {
        let body = r#"{"ready":false,"stopping":true,"conditions":{"database":{"ok":false,"detail":"refused"},"kafka":{"ok":true,"detail":""}}}"#;
        assert_eq!(conditions(&answer(503, body)).unwrap(), "database not ok (refused), kafka ok, it is stopping");
        assert_eq!(conditions(&answer(200, "hello")), None);
    }

    #[test]
    fn a_quote_is_one_short_line() {
        assert_eq!(quoted(&answer(404, "<html>\n <b>no</b>\n")), "404 Not Found <html> <b>no</b>");
        let long: &'static str = Box::leak("é".repeat(400).into_boxed_str());
        assert!(quoted(&answer(200, long)).ends_with("é ..."));
    }
}
