//! HTTP requests on keep-alive connections, each with a time limit.

use std::error::Error;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use footfall_daemon::with_causes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, InvalidHeaderValue, ORIGIN, RETRY_AFTER};
use hyper::{Request, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// The expected answers have a few kilobytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Shorter than the idle timeouts of ingest and nginx, so that no request uses a connection that is being closed.
const IDLE_S_MAX: u64 = 4;

/// A client. Clones share its connections.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    request_max: Duration,
    /// Sent with each POST.
    key: Option<HeaderValue>,
}

/// A secret key of a site, as a header's value.
#[derive(Debug, Clone)]
pub struct WriteKey(HeaderValue);

impl FromStr for WriteKey {
    type Err = InvalidHeaderValue;

    fn from_str(key: &str) -> Result<Self, InvalidHeaderValue> {
        let mut value = HeaderValue::try_from(format!("Bearer {key}"))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

/// A complete answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// No process listens there.
    #[error("the connection was refused")]
    Refused,
    /// The connection failed for another reason.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// The connection ended before the answer was complete.
    #[error("the connection broke: {0}")]
    Reset(String),
    /// The request took too long.
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
}

impl Failure {
    /// One word, for counting.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unreachable(_) => "unreachable",
            Self::Reset(_) => "reset",
            Self::Timeout(_) => "timeout",
        }
    }
}

impl Http {
    /// Each request, from connecting to the last byte of its answer, takes at most `request_max`.
    pub(crate) fn new(request_max: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(IDLE_S_MAX))
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { client, request_max, key: None }
    }

    /// Sends this key of a site with each POST; without one, the request says that it comes from a page of the same host.
    pub(crate) fn with_key(mut self, key: Option<&WriteKey>) -> Self {
        self.key = key.map(|key| key.0.clone());
        self
    }

    pub(crate) async fn get(&self, uri: &Uri) -> Result<Answer, Failure> {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = uri.clone();
        self.send(request).await
    }

    pub(crate) async fn post_json(&self, uri: &Uri, body: Vec<u8>) -> Result<Answer, Failure> {
        let mut request = Request::new(Full::from(body));
        *request.method_mut() = hyper::Method::POST;
        *request.uri_mut() = uri.clone();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // Pages of the same host need no key.
        let page = || HeaderValue::try_from(format!("{}://{}", uri.scheme_str()?, uri.authority()?)).ok();
        let who = self.key.clone().map(|key| (AUTHORIZATION, key)).or_else(|| Some((ORIGIN, page()?)));
        request.headers_mut().extend(who);
        self.send(request).await
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let answered = async {
            let (head, body) = self.client.request(request).await.map_err(|error| failure(&error))?.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| Failure::Reset(with_causes(&*error)))?.to_bytes();
            let retry_after = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let retry_after = retry_after.and_then(|text| text.parse().ok()).map(Duration::from_secs);
            Ok(Answer { status: head.status, retry_after, body })
        };
        let timeout = tokio::time::timeout(self.request_max, answered);
        timeout.await.unwrap_or(Err(Failure::Timeout(self.request_max)))
    }
}

fn failure(error: &hyper_util::client::legacy::Error) -> Failure {
    let words = error.source().map_or_else(|| error.to_string(), with_causes);
    if !error.is_connect() {
        return Failure::Reset(words);
    }
    let refused = causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::ConnectionRefused);
    if refused { Failure::Refused } else { Failure::Unreachable(words) }
}

/// An error and its causes.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::Uri;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::{Failure, Http};

    /// A server that answers the first bytes of each connection with `answer` and closes it.
    async fn answering(answer: &'static str) -> Uri {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await;
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        uri.parse().unwrap()
    }

    #[tokio::test]
    async fn an_incomplete_answer_is_a_failure() {
        let http = Http::new(Duration::from_secs(5));
        let whole = answering("HTTP/1.1 503 x\r\nretry-after: 2\r\ncontent-length: 2\r\n\r\nhi").await;
        let answer = http.post_json(&whole, b"{}".to_vec()).await.unwrap();
        assert_eq!((answer.status.as_u16(), &*answer.body), (503, b"hi".as_slice()));
        assert_eq!(answer.retry_after, Some(Duration::from_secs(2)));

        let cut = answering("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhi").await;
        let failure = http.get(&cut).await.unwrap_err();
        assert_eq!(failure.as_str(), "reset", "{failure}");
    }

    #[tokio::test]
    async fn refused_reset_and_timed_out_requests_differ() {
        let http = Http::new(Duration::from_millis(200));
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let refused: Uri = format!("http://{free}/").parse().unwrap();
        assert_eq!(http.get(&refused).await.unwrap_err(), Failure::Refused);

        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri: Uri = format!("http://{}/", silent.local_addr().unwrap()).parse().unwrap();
        assert_eq!(http.get(&uri).await.unwrap_err().as_str(), "timeout");

        let closing = answering("").await;
        assert_eq!(http.get(&closing).await.unwrap_err().as_str(), "reset");
    }
}
