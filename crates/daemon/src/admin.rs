//! The admin server: `/live`, `/ready` and `/metrics`.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use prometheus_client::metrics::gauge::Gauge;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::connections::{self, CutOff, Limits};
use crate::{AdminConfig, Shell};

/// <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md#overall-structure>
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const JSON: &str = "application/json";
/// Enough for any scraper, while keeping the memory of all connections small.
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// How long in-flight responses may take once the daemon's `run` has returned.
const CLOSE_MAX: Duration = Duration::from_secs(1);

/// Bound, but not yet serving.
pub(crate) struct Admin {
    listener: TcpListener,
    limits: Limits,
}

impl Admin {
    pub(crate) async fn bind(config: &AdminConfig) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(config.address)
            .await
            .with_context(|| format!("admin.address {} cannot be bound", config.address))?;
        let limits = Limits {
            connections_max: config.connections_max,
            head_bytes_max: HEADER_BYTES_MAX,
            cut_off: CutOff::Deadline { ms_max: config.request_ms_max },
        };
        Ok(Self { listener, limits })
    }

    /// The bound address, with the port that was picked if the configuration says 0.
    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Serves until `stop`, then lets in-flight responses finish.
    pub(crate) async fn serve(self, shell: Shell, stop: CancellationToken) {
        let answer = move |request: Request<Incoming>, _| {
            let answer = answer(&request, &shell);
            async { answer }
        };
        let closed = async {
            stop.cancelled().await;
            tokio::time::sleep(CLOSE_MAX).await;
        };
        tokio::select! {
            () = connections::serve(self.listener, self.limits, Gauge::default(), None, &stop, answer) => {}
            () = closed => {}
        }
    }
}

fn answer(request: &Request<Incoming>, shell: &Shell) -> Response<Full<Bytes>> {
    let page = request.uri().path();
    if !["/live", "/ready", "/metrics"].contains(&page) {
        return respond(StatusCode::NOT_FOUND, JSON, error("not found; there are /live, /ready and /metrics"));
    }
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return respond(StatusCode::METHOD_NOT_ALLOWED, JSON, error("only GET and HEAD are answered"));
    }
    match page {
        "/metrics" => respond(StatusCode::OK, OPEN_METRICS, shell.metrics_text()),
        "/ready" => {
            let snapshot = shell.readiness.snapshot();
            let status = if snapshot.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            respond(status, JSON, json!(snapshot).to_string())
        }
        // /live: answering at all is enough.
        _ => respond(StatusCode::OK, JSON, json!({ "live": true }).to_string()),
    }
}

fn error(message: &str) -> String {
    json!({ "error": message }).to_string()
}

fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::task::JoinHandle;
    use tokio::time::timeout;

    struct Served {
        address: SocketAddr,
        shell: Shell,
        stop: CancellationToken,
        task: JoinHandle<()>,
    }

    async fn serve(connections_max: usize, request_ms_max: u64) -> Served {
        let config = AdminConfig { connections_max, request_ms_max, ..AdminConfig::on_port(0) };
        let admin = Admin::bind(&config).await.unwrap();
        let (shell, stop) = (Shell::detached("probe", "1"), CancellationToken::new());
        let address = admin.address().unwrap();
        let task = tokio::spawn(admin.serve(shell.clone(), stop.clone()));
        Served { address, shell, stop, task }
    }

    impl Served {
        async fn send(&self, text: &str) -> TcpStream {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
            stream
        }

        /// The response's head and body.
        async fn ask(&self, method: &str, page: &str) -> (String, String) {
            let mut stream = self.send(&format!("{method} {page} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
            let mut text = String::new();
            stream.read_to_string(&mut text).await.unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            (head.to_owned(), body.to_owned())
        }
    }

    #[tokio::test]
    async fn ready_answers_503_until_every_condition_holds() {
        let served = serve(4, 5000).await;
        let kafka = served.shell.readiness.condition("kafka");
        kafka.set_because(false, "broker away");
        let (head, body) = served.ask("GET", "/ready").await;
        assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let conditions = json!({ "kafka": { "ok": false, "detail": "broker away" } });
        assert_eq!(body, json!({ "ready": false, "stopping": false, "conditions": conditions }));

        kafka.set(true);
        let (head, _) = served.ask("GET", "/ready").await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");

        served.shell.begin_shutdown(None);
        let (head, body) = served.ask("GET", "/ready").await;
        assert!(head.starts_with("HTTP/1.1 503 ") && body.contains("\"stopping\":true"), "{head} {body}");
        let (head, body) = served.ask("GET", "/live").await;
        assert!(head.starts_with("HTTP/1.1 200 ") && body == "{\"live\":true}", "{head} {body}");
    }

    #[tokio::test]
    async fn metrics_are_in_the_openmetrics_format() {
        let (head, body) = serve(4, 5000).await.ask("GET", "/metrics").await;
        assert!(head.contains(&format!("content-type: {OPEN_METRICS}")), "{head}");
        assert!(body.contains("footfall_build_info") && body.ends_with("# EOF\n"), "{body}");
    }

    #[tokio::test]
    async fn what_is_not_there_is_refused_in_json() {
        let served = serve(4, 5000).await;
        for (method, page, status) in [("GET", "/", "404"), ("GET", "/live/", "404"), ("POST", "/ready", "405")] {
            let (head, body) = served.ask(method, page).await;
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
            assert_eq!(head.contains("allow: GET, HEAD"), status == "405", "{head}");
            assert!(serde_json::from_str::<serde_json::Value>(&body).unwrap()["error"].is_string());
        }
        let (head, body) = served.ask("HEAD", "/live").await;
        assert!(head.starts_with("HTTP/1.1 200 ") && body.is_empty());
    }

    #[tokio::test]
    async fn a_client_that_sends_slowly_is_cut_off_and_then_others_are_served() {
        let served = serve(1, 200).await;
        let mut slow = served.send("GET /live HTTP/1.1\r\nx: ").await;
        let start = Instant::now();
        let (head, _) = served.ask("GET", "/live").await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!((150..2000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
        let mut rest = Vec::new();
        let _ = timeout(Duration::from_secs(1), slow.read_to_end(&mut rest)).await.unwrap();
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn stopping_frees_the_port_and_waits_for_no_idle_client() {
        let served = serve(4, 60_000).await;
        let _idle = served.send("GET").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        served.stop.cancel();
        timeout(CLOSE_MAX * 2, served.task).await.unwrap().unwrap();
        assert!(TcpStream::connect(served.address).await.is_err());
    }

    #[tokio::test]
    async fn a_taken_address_is_named() {
        let served = serve(4, 5000).await;
        let config = AdminConfig { address: served.address, ..AdminConfig::on_port(0) };
        let error = Admin::bind(&config).await.err().unwrap();
        assert!(format!("{error:#}").starts_with(&format!("admin.address {} cannot be bound: ", served.address)));
    }
}
