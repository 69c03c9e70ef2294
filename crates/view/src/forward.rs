//! Forwards requests to footfall-ingest, as nginx does with nixos/nginx/footfall-locations.conf: only three paths, only
//! complete bodies of limited size, and with the visitor's address in a header that the visitor cannot forge.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use footfall_daemon::{BodyBudget, BodyError, BodyLimits, REQUEST_ID, cors, known_path, with_causes};
use footfall_event::Deferral;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{
    ACCESS_CONTROL_EXPOSE_HEADERS, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, RETRY_AFTER, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::{HeaderMap, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Serialize;
use tokio::time::timeout;
use tracing::debug;

use crate::answer::{Answer, whole};
use crate::metrics::Metrics;
use crate::site::{CROSS_ORIGIN_RESOURCE_POLICY, secure};

/// Ingest's default limits (`http.body_bytes_max`, `http.body_ms_max`).
const BODY_LIMITS: BodyLimits = BodyLimits { bytes_max: 1024 * 1024, ms_max: 10_000 };
/// Ingest runs on this host or near it, so if it has not accepted a connection by then, it is down.
const CONNECT_MS_MAX: u64 = 2_000;
/// Longer than ingest waits for an event to become durable, so that its own answer arrives; shorter than the tracker's
/// 30 s.
const ANSWER_MS_MAX: u64 = 20_000;
/// Shorter than ingest keeps an idle connection (`http.header_ms_max`), so that no event is sent on a connection that
/// ingest is closing.
const IDLE_MS_MAX: u64 = 10_000;
const IDLE_CONNECTIONS_MAX: usize = 32;
/// Ingest's answers are far smaller.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
const RETRY_AFTER_S: u16 = 2;
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

pub(crate) struct Forward {
    ingest: Authority,
    client: Client<HttpConnector, Full<Bytes>>,
    budget: BodyBudget,
    metrics: Arc<Metrics>,
}

impl Forward {
    pub(crate) fn new(ingest: Authority, bodies_kib_max: usize, metrics: Arc<Metrics>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_millis(CONNECT_MS_MAX)));
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_millis(IDLE_MS_MAX))
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { ingest, client, budget: BodyBudget::new(bodies_kib_max), metrics }
    }

    /// The path, if requests for it are forwarded.
    pub(crate) fn path(path: &str) -> Option<&'static str> {
        known_path(path, &["/analytics", "/pixel.gif", "/health"])
    }

    /// Forwards a request, once: hyper's client repeats only a request of which it has sent nothing. `client` is the
    /// visitor's address, `request_id` what a trusted proxy calls the request.
    pub(crate) async fn pass(
        &self,
        path: &'static str,
        request: Request<Incoming>,
        client: IpAddr,
        request_id: Option<HeaderValue>,
    ) -> Answer {
        let origin = cors::origin(request.headers()).cloned();
        let mut answer = self.answer(path, request, client, request_id).await;
        // Ingest says itself who may read its answers, which all have this header.
        if !answer.headers().contains_key(ACCESS_CONTROL_EXPOSE_HEADERS) {
            cors::allow_origin(answer.headers_mut(), origin.as_ref());
        }
        answer
    }

    async fn answer(
        &self,
        path: &'static str,
        request: Request<Incoming>,
        client: IpAddr,
        request_id: Option<HeaderValue>,
    ) -> Answer {
        let (head, mut body) = request.into_parts();
        let read = self.budget.read(&mut body, BODY_LIMITS).await;
        // With `Expect: 100-continue`, the client has not sent the body yet, so there is nothing to discard.
        if matches!(read, Err(BodyError::TooLarge | BodyError::OverBudget)) && !head.headers.contains_key(EXPECT) {
            self.budget.discard(&mut body, BODY_LIMITS.ms_max).await;
        }
        let body = match read {
            Ok(body) => body,
            Err(BodyError::TooLarge) => return too_large(),
            Err(BodyError::OverBudget) => return self.deferred(Deferral::BodiesFull),
            Err(BodyError::Incomplete) => return self.deferred(Deferral::BodyIncomplete),
        };
        let Ok(uri) = self.uri(path, head.uri.query()) else { return self.deferred(Deferral::Unavailable) };
        let mut passed = Request::new(Full::new(body.bytes.clone()));
        *passed.method_mut() = head.method;
        *passed.uri_mut() = uri;
        *passed.headers_mut() = end_to_end(head.headers);
        // Replaces the client's own header: otherwise a client could choose which visitor it is counted as.
        if let Ok(address) = HeaderValue::from_str(&client.to_string()) {
            passed.headers_mut().insert(FORWARDED_FOR, address);
        }
        // Ingest trusts this host, so a client's own header must not reach it.
        passed.headers_mut().remove(REQUEST_ID);
        if let Some(request_id) = request_id {
            passed.headers_mut().insert(REQUEST_ID, request_id);
        }
        let answered = async {
            let answer = self
                .client
                .request(passed)
                .await
                .map_err(|error| debug!(error = with_causes(&error), "ingest is away"))
                .ok()?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.ok()?.to_bytes();
            Some((head, body))
        };
        match timeout(Duration::from_millis(ANSWER_MS_MAX), answered).await {
            Ok(Some((head, body))) if head.status != StatusCode::INTERNAL_SERVER_ERROR => {
                let mut answer = Response::new(whole(body));
                *answer.status_mut() = head.status;
                *answer.headers_mut() = end_to_end(head.headers);
                secure(answer.headers_mut());
                answer
            }
            _ => self.deferred(Deferral::Unavailable),
        }
    }

    fn uri(&self, path: &'static str, query: Option<&str>) -> Result<Uri, hyper::http::Error> {
        let path: PathAndQuery = match query {
            Some(query) => format!("{path}?{query}").parse()?,
            None => PathAndQuery::from_static(path),
        };
        Uri::builder().scheme(Scheme::HTTP).authority(self.ingest.clone()).path_and_query(path).build()
    }

    fn deferred(&self, deferral: Deferral) -> Answer {
        self.metrics.deferred(deferral);
        deferred(deferral)
    }
}

/// Removes the hop-by-hop headers (RFC 9110, 7.6.1).
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    let named = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<HeaderName> =
        named.flat_map(|value| value.split(',')).filter_map(|name| name.trim().parse().ok()).collect();
    // Content-Length is set again when the body is sent.
    let known = [
        CONNECTION,
        KEEP_ALIVE,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
        CONTENT_LENGTH,
        EXPECT,
    ];
    for name in named.into_iter().chain(known) {
        headers.remove(name);
    }
    headers
}

fn failed(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(whole(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// The same body that ingest and nginx send.
#[derive(Serialize)]
struct Deferred {
    success: bool,
    reason: &'static str,
    message: &'static str,
}

/// The answer to a request that is to be sent again.
pub(crate) fn deferred(deferral: Deferral) -> Answer {
    let body = Deferred { success: false, reason: deferral.as_str(), message: deferral.message() };
    // This struct always serialises.
    let mut body = serde_json::to_vec(&body).unwrap_or_default();
    body.push(b'\n');
    let status = StatusCode::from_u16(deferral.http_status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut answer = failed(status, body);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S.into());
        answer
    } else {
        closing(answer)
    }
}

fn too_large() -> Answer {
    const TEXT: &str = "{\"success\":false,\"field\":\"body\",\"reason\":\"body_too_large\",\"message\":\"The body is larger than 1 MiB.\"}\n";
    closing(failed(StatusCode::PAYLOAD_TOO_LARGE, TEXT))
}

/// The rest of the body is not read, so the connection cannot be reused.
fn closing(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}
