//! Connections of the tests' own, opened as the product opens its connections.

use tokio_postgres::{Client, Config};

/// Connects; panics where the server is away or refuses.
pub async fn connect(config: &Config) -> Client {
    footfall_store::connect(config).await.unwrap_or_else(|error| panic!("{error:?}"))
}
