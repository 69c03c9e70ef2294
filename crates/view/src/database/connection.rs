//! The connections, and how a question that has begun is cancelled.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Connect, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use tokio::task::JoinHandle;

use crate::config::DatabaseConfig;
use crate::metrics::Metrics;
use crate::turns::Turn;

/// How long a question waits for a lock, in milliseconds: long enough for retention, which holds one for a moment.
const LOCK_MS_MAX: u32 = 5_000;

/// How long PostgreSQL may take to cancel a statement, in milliseconds, before the connection is closed instead.
const CANCEL_MS_MAX: u64 = 5_000;

/// Opens the pool's connections with `footfall_store::open`, like all others.
struct Connector;

impl Connect for Connector {
    fn connect(
        &self,
        parameters: &tokio_postgres::Config,
    ) -> Pin<
        Box<dyn Future<Output = Result<(tokio_postgres::Client, JoinHandle<()>), tokio_postgres::Error>> + Send + '_>,
    > {
        let parameters = parameters.clone();
        Box::pin(async move {
            let (client, connection) = footfall_store::open(&parameters).await?;
            // If the connection fails, the next statement reports why.
            Ok((client, tokio::spawn(async { drop(connection.await) })))
        })
    }
}

pub(super) fn pool(parameters: &tokio_postgres::Config, config: &DatabaseConfig) -> anyhow::Result<Pool> {
    let query_max = Duration::from_millis(config.query_ms_max);
    let mut parameters = parameters.clone();
    // A custom plan skips the chunks outside the question's range.
    parameters.options(format!(
        "-c plan_cache_mode=force_custom_plan -c statement_timeout={} -c lock_timeout={LOCK_MS_MAX} -c TimeZone=UTC \
         -c jit=off -c default_transaction_read_only=on",
        config.query_ms_max
    ));
    parameters.connect_timeout(query_max);
    let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let pool = Pool::builder(Manager::from_connect(parameters, Connector, fast))
        .max_size(config.connections)
        .runtime(Runtime::Tokio1)
        // There are as many turns as connections.
        .wait_timeout(Some(query_max))
        .create_timeout(Some(query_max))
        .build()?;
    Ok(pool)
}

/// A connection that works out a question. Dropped before it is `done`, it cancels the question in PostgreSQL, and keeps
/// its turn until that has happened.
pub(super) struct Asking {
    held: Option<(Object, Turn)>,
    metrics: Arc<Metrics>,
}

impl Asking {
    pub(super) fn new(connection: Object, turn: Turn, metrics: Arc<Metrics>) -> Self {
        Self { held: Some((connection, turn)), metrics }
    }

    /// The connection; there is one until `done`.
    pub(super) fn connection(&mut self) -> Option<&mut Object> {
        self.held.as_mut().map(|(connection, _)| connection)
    }

    pub(super) fn done(mut self) {
        self.held = None;
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let Some((connection, turn)) = self.held.take() else { return };
        // There is no runtime once the process ends, and with it the connection.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            self.metrics.queries_cancelled.inc();
            runtime.spawn(cancel(connection, turn));
        }
    }
}

async fn cancel(connection: Object, turn: Turn) {
    let cancelling = async {
        footfall_store::cancel(&connection.cancel_token()).await?;
        // Answered after the cancelled statement.
        connection.batch_execute("").await
    };
    let cancelled = tokio::time::timeout(Duration::from_millis(CANCEL_MS_MAX), cancelling).await;
    if !matches!(cancelled, Ok(Ok(()))) {
        drop(Object::take(connection));
    }
    drop(turn);
}
