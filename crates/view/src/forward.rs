//! What the site passes on to footfall-ingest, as nixos/nginx/footfall-locations.conf has nginx do it: three paths and no
//! other, whole bodies within their size, and the visitor's address in a header that the visitor cannot write.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, RETRY_AFTER, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::{HeaderMap, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tracing::debug;

use crate::answer::Answer;
use crate::site::secure;

/// As much as ingest takes (http.body_bytes_max).
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How much of a refused body is read and thrown away, so that its client comes to read why.
const DISCARDED_BYTES_MAX: usize = 8 * 1024 * 1024;
const BODY_MS_MAX: u64 = 10_000;
/// Ingest is on this host or next to it: one that does not take a connection in this time is away.
const CONNECT_MS_MAX: u64 = 2_000;
/// Longer than ingest waits for what makes an event durable, so that its own answer arrives; shorter than the tracker's 30 s.
const ANSWER_MS_MAX: u64 = 20_000;
/// Shorter than ingest keeps a silent connection (http.header_ms_max): otherwise an event is posted into one that ingest
/// is just closing.
const IDLE_MS_MAX: u64 = 10_000;
const IDLE_CONNECTIONS_MAX: usize = 32;
/// Ingest's answers are far smaller.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
const RETRY_AFTER_S: u16 = 2;
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// The way to ingest.
pub(crate) struct Forward {
    ingest: Authority,
    client: Client<HttpConnector, Full<Bytes>>,
    /// In KiB.
    room: Arc<Semaphore>,
}

/// Why a body is not passed on.
enum NoBody {
    TooLarge,
    Incomplete,
    NoRoom,
}

impl Forward {
    pub(crate) fn new(ingest: Authority, bodies_kib_max: usize) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_millis(CONNECT_MS_MAX)));
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_millis(IDLE_MS_MAX))
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { ingest, client, room: Arc::new(Semaphore::new(bodies_kib_max)) }
    }

    /// Whether a path is one of those that are passed on; itself then, in our own spelling.
    pub(crate) fn path(path: &str) -> Option<&'static str> {
        ["/analytics", "/pixel.gif", "/health"].into_iter().find(|known| *known == path)
    }

    /// Passes a request on. `client` is the visitor's address.
    pub(crate) async fn pass(&self, path: &'static str, request: Request<Incoming>, client: IpAddr) -> Answer {
        let (head, mut body) = request.into_parts();
        let (body, _share) = match timeout(Duration::from_millis(BODY_MS_MAX), self.read(&mut body)).await {
            Ok(Ok(read)) => read,
            Ok(Err(NoBody::TooLarge)) => {
                // A client that asks first is told before it sends.
                if !head.headers.contains_key(EXPECT) {
                    discard(&mut body).await;
                }
                return too_large();
            }
            Ok(Err(NoBody::NoRoom)) => return unreachable(),
            Ok(Err(NoBody::Incomplete)) | Err(_) => return incomplete(),
        };
        let Ok(uri) = self.uri(path, head.uri.query()) else { return unreachable() };
        let mut passed = Request::new(Full::new(body));
        *passed.method_mut() = head.method;
        *passed.uri_mut() = uri;
        *passed.headers_mut() = end_to_end(head.headers);
        // Set, not appended: what a client claims about its address would otherwise decide whose visitor it is.
        if let Ok(address) = HeaderValue::from_str(&client.to_string()) {
            passed.headers_mut().insert(FORWARDED_FOR, address);
        }
        let answered = async {
            let answer = self.client.request(passed).await.map_err(|error| debug!(%error, "ingest is away")).ok()?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.ok()?.to_bytes();
            Some((head, body))
        };
        match timeout(Duration::from_millis(ANSWER_MS_MAX), answered).await {
            Ok(Some((head, body))) if head.status != StatusCode::INTERNAL_SERVER_ERROR => {
                let mut answer = Response::new(Full::new(body).boxed_unsync());
                *answer.status_mut() = head.status;
                *answer.headers_mut() = end_to_end(head.headers);
                secure(answer.headers_mut());
                answer
            }
            _ => unreachable(),
        }
    }

    fn uri(&self, path: &'static str, query: Option<&str>) -> Result<Uri, hyper::http::Error> {
        let path: PathAndQuery = match query {
            Some(query) => format!("{path}?{query}").parse()?,
            None => PathAndQuery::from_static(path),
        };
        Uri::builder().scheme(Scheme::HTTP).authority(self.ingest.clone()).path_and_query(path).build()
    }

    /// A whole body, and its share of the room, which is taken as the body comes.
    async fn read(&self, body: &mut Incoming) -> Result<(Bytes, OwnedSemaphorePermit), NoBody> {
        let is_too_large = |bytes: usize| bytes > BODY_BYTES_MAX;
        if usize::try_from(body.size_hint().lower()).is_ok_and(is_too_large) {
            return Err(NoBody::TooLarge);
        }
        let mut share = self.room.clone().try_acquire_many_owned(0).map_err(|_| NoBody::NoRoom)?;
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| NoBody::Incomplete)?.into_data() else { continue };
            if is_too_large(bytes.len() + data.len()) {
                return Err(NoBody::TooLarge);
            }
            bytes.extend_from_slice(&data);
            let more = bytes.len().div_ceil(1024) - share.num_permits();
            let more = u32::try_from(more).map_err(|_| NoBody::NoRoom)?;
            share.merge(self.room.clone().try_acquire_many_owned(more).map_err(|_| NoBody::NoRoom)?);
        }
        Ok((bytes.freeze(), share))
    }
}

async fn discard(body: &mut Incoming) {
    let reading = async {
        let mut left = DISCARDED_BYTES_MAX;
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            let Some(still) = left.checked_sub(bytes) else { return };
            left = still;
        }
    };
    // Too slow a client does not read the answer either.
    let _ = timeout(Duration::from_millis(BODY_MS_MAX), reading).await;
}

/// Without what belongs to a single connection (RFC 9110, 7.6.1).
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    let named = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<HeaderName> =
        named.flat_map(|value| value.split(',')).filter_map(|name| name.trim().parse().ok()).collect();
    // The length is told anew by whoever sends the body on.
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

/// A browser on another origin can read an answer only with the CORS header, also that of an error.
fn failed(status: StatusCode, body: &'static str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from_static(body.as_bytes())).boxed_unsync());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

fn unreachable() -> Answer {
    const TEXT: &str = "{\"success\":false,\"reason\":\"unavailable\",\"message\":\"The collector cannot be reached. Keep the event and send it again.\"}\n";
    let mut answer = failed(StatusCode::SERVICE_UNAVAILABLE, TEXT);
    answer.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S.into());
    answer
}

fn too_large() -> Answer {
    const TEXT: &str = "{\"success\":false,\"field\":\"body\",\"reason\":\"body_too_large\",\"message\":\"The body is larger than 1 MiB.\"}\n";
    closing(failed(StatusCode::PAYLOAD_TOO_LARGE, TEXT))
}

/// In ingest's own words.
fn incomplete() -> Answer {
    const TEXT: &str =
        "{\"success\":false,\"reason\":\"body_incomplete\",\"message\":\"The body did not arrive whole in time.\"}\n";
    closing(failed(StatusCode::REQUEST_TIMEOUT, TEXT))
}

/// What is left of the body is not read, so the connection serves no other request.
fn closing(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}
