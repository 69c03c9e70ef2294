//! Whether a process is ready: it is sent a request like those of its users.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use footfall_daemon::with_causes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use tokio::net::TcpStream;

use crate::health::why_not_ready;

/// How long one request may take.
const REQUEST_MS_MAX: u64 = 2_000;
/// More than a daemon says about why it is not ready.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The request whose answer shows readiness.
#[derive(Debug, Clone)]
pub(crate) enum Ready {
    /// PostgreSQL answers a query.
    Query(Box<tokio_postgres::Config>),
    /// A Kafka broker answers with metadata that lists brokers.
    Metadata(SocketAddr),
    /// An HTTP server answers this path with this status.
    Http(SocketAddr, &'static str, u16),
}

impl Ready {
    /// Sends the request once.
    ///
    /// # Errors
    /// Says why it is not ready.
    pub(crate) async fn check(&self) -> Result<(), String> {
        let limit = Duration::from_millis(REQUEST_MS_MAX);
        let request = async {
            match self {
                Self::Query(config) => query(config).await,
                Self::Metadata(broker) => metadata(*broker, limit).await,
                Self::Http(address, path, status) => http(*address, path, *status).await,
            }
        };
        tokio::time::timeout(limit * 2, request).await.unwrap_or_else(|_| Err("no answer".into()))
    }
}

async fn query(config: &tokio_postgres::Config) -> Result<(), String> {
    let client = footfall_store::connect(config).await.map_err(in_words)?;
    client.simple_query("SELECT 1").await.map(drop).map_err(in_words)
}

async fn metadata(broker: SocketAddr, limit: Duration) -> Result<(), String> {
    // Tried first, because librdkafka backs off from a port that is still closed.
    TcpStream::connect(broker).await.map_err(in_words)?;
    let asked = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = ClientConfig::new().set("bootstrap.servers", broker.to_string()).create()?;
        consumer.fetch_metadata(None, limit)
    });
    match asked.await {
        Ok(Ok(metadata)) if !metadata.brokers().is_empty() => Ok(()),
        Ok(Ok(_)) => Err("the metadata lists no broker".into()),
        Ok(Err(error)) => Err(in_words(error)),
        Err(error) => Err(in_words(error)),
    }
}

async fn http(address: SocketAddr, path: &str, status: u16) -> Result<(), String> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let uri = format!("http://{address}{path}").parse().map_err(in_words)?;
    let answer = client.get(uri).await.map_err(in_words)?;
    if answer.status() == status {
        return Ok(());
    }
    let why = format!("{path} answers {}", answer.status());
    let body = Limited::new(answer.into_body(), BODY_BYTES_MAX).collect().await;
    Err(body.map_or(why.clone(), |body| why + &why_not_ready(&body.to_bytes())))
}

fn in_words(error: impl std::error::Error + 'static) -> String {
    with_causes(&error)
}
