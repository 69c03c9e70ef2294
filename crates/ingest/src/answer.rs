//! Responses: their status, their JSON, and the headers that let pages from other origins read them.

use bytes::Bytes;
use footfall_event::{Deferral, Reason, Rejection};
use http_body_util::Full;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue,
    RETRY_AFTER,
};
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use serde::Serialize;

pub(crate) type Answer = Response<Full<Bytes>>;

/// Seconds until a client may retry: long enough for a leader election, short enough for a visit.
const RETRY_AFTER_S: u16 = 2;
const PREFLIGHT_S: HeaderValue = HeaderValue::from_static("86400");
const ANYONE: HeaderValue = HeaderValue::from_static("*");

/// The first generation's response, byte for byte, because its clients rely on it.
#[derive(Serialize)]
struct Received<'a> {
    success: bool,
    message: &'static str,
    #[serde(rename = "eventId")]
    event_id: &'a str,
}

pub(crate) fn received(event_id: &str) -> Answer {
    json_answer(StatusCode::OK, &Received { success: true, message: "Event received and sent to Kafka", event_id })
}

#[derive(Serialize)]
struct Refused<'a> {
    success: bool,
    #[serde(flatten)]
    rejection: &'a Rejection,
}

pub(crate) fn refused(rejection: &Rejection) -> Answer {
    let number = rejection.reason.http_status().unwrap_or_default();
    let status = status(number, StatusCode::BAD_REQUEST);
    let mut answer = json_answer(status, &Refused { success: false, rejection });
    if rejection.reason == Reason::BodyTooLarge {
        // The rest of the body is left unread, so the connection cannot be reused.
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// A rejected element of a batch.
#[derive(Serialize)]
pub(crate) struct RefusedElement {
    pub(crate) index: usize,
    #[serde(flatten)]
    pub(crate) rejection: Rejection,
}

#[derive(Serialize)]
struct Batch<'a> {
    success: bool,
    accepted: usize,
    rejected: &'a [RefusedElement],
}

pub(crate) fn batch(accepted: usize, rejected: &[RefusedElement]) -> Answer {
    let success = accepted > 0;
    let status = if success { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    json_answer(status, &Batch { success, accepted, rejected })
}

/// An error that is no single event's fault.
#[derive(Serialize)]
struct Failed<'a> {
    success: bool,
    reason: &'static str,
    message: &'a str,
}

fn failed(status: StatusCode, reason: &'static str, message: &str) -> Answer {
    json_answer(status, &Failed { success: false, reason, message })
}

/// The client keeps what it sent and retries with the same ids.
pub(crate) fn deferred(deferral: Deferral) -> Answer {
    let status = status(deferral.http_status(), StatusCode::SERVICE_UNAVAILABLE);
    let mut answer = failed(status, deferral.as_str(), deferral.message());
    match deferral {
        // The rest of the body is left unread, so the connection cannot be reused.
        Deferral::BodyIncomplete => answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close")),
        Deferral::BodiesFull
        | Deferral::QueueFull
        | Deferral::BrokerAway
        | Deferral::ProducerFailed
        | Deferral::NotAcknowledged
        | Deferral::DatabaseAway
        | Deferral::NotCommitted
        | Deferral::Unavailable => answer.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S.into()),
    };
    answer
}

/// The first generation's fields, in the same order.
#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(rename = "kafkaReady")]
    kafka_ready: bool,
    timestamp: Timestamp,
}

pub(crate) fn health(kafka_ready: bool) -> Answer {
    let (code, status) =
        if kafka_ready { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "unavailable") };
    let mut answer = json_answer(code, &Health { status, kafka_ready, timestamp: Timestamp::now() });
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !kafka_ready {
        answer.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S.into());
    }
    answer
}

/// Not cached, since each display is an event.
pub(crate) fn picture(gif: &'static [u8]) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from_static(gif)));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("image/gif"));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    readable_by_anyone(answer)
}

pub(crate) fn preflight(allow: &'static str) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let headers = answer.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(allow));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(allow));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type, content-encoding"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, PREFLIGHT_S);
    readable_by_anyone(answer)
}

pub(crate) fn not_found() -> Answer {
    let text = "There is nothing here. Events are posted to /analytics.";
    failed(StatusCode::NOT_FOUND, "not_found", text)
}

pub(crate) fn method_not_allowed(allow: &'static str) -> Answer {
    let text = format!("This path takes {allow}.");
    let mut answer = failed(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", &text);
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    answer
}

/// Converts the catalogue's number to a status; `otherwise` if it is not valid.
fn status(number: u16, otherwise: StatusCode) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(otherwise)
}

fn json_answer<T: Serialize>(status: StatusCode, value: &T) -> Answer {
    // The values above are maps with string keys, which always serialise.
    let body = serde_json::to_vec(value).unwrap_or_default();
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    readable_by_anyone(answer)
}

/// Applied to every status, so that a page can tell a refusal from an outage. Credentials are neither requested nor
/// used.
fn readable_by_anyone(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANYONE);
    answer.headers_mut().insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    answer
}
