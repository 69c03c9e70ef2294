//! Responses: their status, and their JSON.

use bytes::Bytes;
use footfall_daemon::cors;
use footfall_event::{Deferral, Flag, Reason, Rejection};
use http_body_util::Full;
use hyper::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Response, StatusCode};
use jiff::Timestamp;
use serde::Serialize;

use crate::rates::Limited;
use crate::sites::QuotaReached;

pub(crate) type Answer = Response<Full<Bytes>>;

/// Seconds until a client may retry: long enough for a leader election, short enough for a visit.
const RETRY_AFTER_S: u16 = 2;
/// A disk does not empty itself as quickly.
const ROOM_AFTER_S: u16 = 60;
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Warnings in one answer; the others are counted.
const WARNINGS_MAX: usize = 100;

/// The accepted events that are stored differently from how they were sent.
#[derive(Default, Serialize)]
pub(crate) struct Warnings {
    #[serde(rename = "warnings", skip_serializing_if = "Vec::is_empty")]
    told: Vec<Warning>,
    #[serde(rename = "warnings_left_out", skip_serializing_if = "is_zero")]
    left_out: usize,
}

#[derive(Serialize)]
struct Warning {
    index: usize,
    field: &'static str,
    flag: &'static str,
    message: &'static str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Warnings {
    pub(crate) fn add(&mut self, index: usize, flag: Flag) {
        if self.told.len() < WARNINGS_MAX {
            self.told.push(Warning { index, field: flag.field(), flag: flag.as_str(), message: flag.message() });
        } else {
            self.left_out += 1;
        }
    }
}

/// The first generation's response, byte for byte if there is no warning, because its clients rely on it.
#[derive(Serialize)]
struct Received<'a> {
    success: bool,
    message: &'static str,
    #[serde(rename = "eventId")]
    event_id: &'a str,
    #[serde(flatten)]
    warnings: &'a Warnings,
}

pub(crate) fn received(event_id: &str, warnings: &Warnings) -> Answer {
    let message = "Event received and sent to Kafka";
    json_answer(StatusCode::OK, &Received { success: true, message, event_id, warnings })
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
    #[serde(flatten)]
    warnings: &'a Warnings,
}

pub(crate) fn batch(accepted: usize, rejected: &[RefusedElement], warnings: &Warnings) -> Answer {
    let success = accepted > 0;
    let status = if success { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    json_answer(status, &Batch { success, accepted, rejected, warnings })
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
        | Deferral::Unavailable
        | Deferral::TooManyAtOnce
        | Deferral::RateLimited
        | Deferral::QuotaReached => answer.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S.into()),
        Deferral::DiskFull => answer.headers_mut().insert(RETRY_AFTER, ROOM_AFTER_S.into()),
    };
    answer
}

/// Says when there will be tokens again, in the words of the IETF's draft on RateLimit headers too.
pub(crate) fn limited(Limited { of, wait, burst, fills_in_s }: Limited) -> Answer {
    let mut answer = deferred(Deferral::RateLimited);
    // Rounded up, so that who waits as long as that is not refused again.
    let seconds = wait.as_secs() + 1;
    let headers = answer.headers_mut();
    headers.insert(RETRY_AFTER, seconds.into());
    for (name, value) in [
        (RATE_LIMIT, format!("\"{of}\";r=0;t={seconds}")),
        (RATE_LIMIT_POLICY, format!("\"{of}\";q={burst};w={fills_in_s}")),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    answer
}

/// Says when the site may have events again.
pub(crate) fn quota_reached(QuotaReached { seconds }: &QuotaReached) -> Answer {
    let mut answer = deferred(Deferral::QuotaReached);
    answer.headers_mut().insert(RETRY_AFTER, (*seconds).into());
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
    // Also on pages with a Cross-Origin-Embedder-Policy.
    answer.headers_mut().insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

pub(crate) fn preflight(request: &HeaderMap, allow: &'static str) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let headers = answer.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(allow));
    cors::allow_request(headers, request, allow);
    answer
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
    answer
}
