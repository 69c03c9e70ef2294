//! `footfall health`: whether every service of an instance reports that it can do its job.
//!
//! A probe may run it every few seconds for years, so it sends no event and leaves nothing behind. `footfall check`
//! does more.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use hyper::{StatusCode, Uri};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::http::Http;

/// Each service answers from its own state, without asking others.
const ANSWER_MS_MAX: u64 = 3_000;

/// A service, and the URL that answers 200 while it can do its job; `tcp://` only has to accept a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HealthCheck {
    /// The service.
    pub service: String,
    /// The URL.
    pub url: String,
}

/// A service that does not report that it can do its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unhealthy {
    /// The check that failed.
    pub check: HealthCheck,
    /// What came back instead of 200.
    pub came_back: String,
}

impl fmt::Display for Unhealthy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.check.service, self.check.url, self.came_back)
    }
}

/// Checks all services in parallel, and returns the unhealthy ones.
pub async fn unhealthy(health_checks: &[HealthCheck]) -> Vec<Unhealthy> {
    let http = Http::new(Duration::from_millis(ANSWER_MS_MAX));
    let mut asked: JoinSet<_> = health_checks.iter().map(|check| failure_of(http.clone(), check.clone())).collect();
    let mut unhealthy = Vec::new();
    while let Some(answer) = asked.join_next().await {
        // The tasks do not panic and are not cancelled.
        unhealthy.extend(answer.ok().flatten());
    }
    unhealthy.sort_by(|one, other| one.check.cmp(&other.check));
    unhealthy
}

async fn failure_of(http: Http, check: HealthCheck) -> Option<Unhealthy> {
    if let Some(address) = check.url.strip_prefix("tcp://") {
        let connected = tokio::time::timeout(Duration::from_millis(ANSWER_MS_MAX), TcpStream::connect(address)).await;
        let came_back = match connected {
            Ok(Ok(_)) => return None,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no connection within {ANSWER_MS_MAX} ms"),
        };
        return Some(Unhealthy { check, came_back });
    }
    let came_back = match check.url.parse::<Uri>() {
        Ok(uri) => match http.get(&uri).await {
            Ok(answer) if answer.status == StatusCode::OK => return None,
            Ok(answer) => format!("answers {}{}", answer.status, why_not_ready(&answer.body)),
            Err(failure) => failure.to_string(),
        },
        Err(error) => error.to_string(),
    };
    Some(Unhealthy { check, came_back })
}

/// The conditions in a daemon's answer that do not hold, as `: kafka (no broker answers)`.
pub(crate) fn why_not_ready(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Answer {
        conditions: BTreeMap<String, Condition>,
    }
    #[derive(Deserialize)]
    struct Condition {
        ok: bool,
        detail: String,
    }
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else { return String::new() };
    let failing = answer.conditions.iter().filter(|(_, condition)| !condition.ok);
    let failing: Vec<_> = failing.map(|(name, condition)| format!("{name} ({})", condition.detail)).collect();
    if failing.is_empty() { String::new() } else { format!(": {}", failing.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::{HealthCheck, unhealthy};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    async fn answering(status: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/ready", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        url
    }

    #[tokio::test]
    async fn a_service_that_does_not_answer_200_is_unhealthy() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let check = |service: &str, url| HealthCheck { service: service.into(), url };
        let health_checks = [
            check("sink", answering("503 Service Unavailable").await),
            check("view", answering("200 OK").await),
            check("ingest", format!("http://{free}/ready")),
        ];
        let unhealthy = unhealthy(&health_checks).await;
        let words: Vec<_> = unhealthy
            .iter()
            .map(|unhealthy| (unhealthy.check.service.as_str(), unhealthy.came_back.as_str()))
            .collect();
        assert_eq!(words, [("ingest", "the connection was refused"), ("sink", "answers 503 Service Unavailable")]);
    }
}
