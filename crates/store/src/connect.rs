//! The one place that opens connections to PostgreSQL: encryption, time limits, and detecting a dead server.

use std::time::Duration;

#[expect(clippy::disallowed_types, reason = "here, and only here")]
use tokio_postgres::NoTls;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{CancelToken, Client, Config, Error, Socket};

/// For opening the socket, unless the configuration sets `connect_timeout`.
const CONNECT_MS_MAX: u64 = 5_000;
/// A dead machine closes no connection; after this much silence the kernel probes whether it is still there.
const KEEPALIVE_IDLE_S: u64 = 15;
/// How long sent data may stay unacknowledged before the connection counts as lost.
const UNACKNOWLEDGED_S_MAX: u64 = 30;

/// Does a client's I/O, and must be polled: [`connect`] spawns a task for it, [`open`] leaves it to the caller.
pub type Connection = tokio_postgres::Connection<Socket, NoTlsStream>;

/// Connects. A task does the I/O until the client is dropped; if the connection is lost, the next statement fails.
///
/// # Errors
/// Fails if PostgreSQL is unreachable or refuses the connection.
pub async fn connect(config: &Config) -> Result<Client, Error> {
    let (client, connection) = open(config).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Connects, for a caller that polls the connection itself, for example to receive notifications.
///
/// # Errors
/// Fails if PostgreSQL is unreachable or refuses the connection.
pub async fn open(config: &Config) -> Result<(Client, Connection), Error> {
    bounded(config).connect(NoTls).await
}

/// Asks PostgreSQL to cancel the statement that a connection is executing. It ends a little later, and not at all if it
/// ended before.
///
/// # Errors
/// Fails if PostgreSQL is unreachable.
pub async fn cancel(statement: &CancelToken) -> Result<(), Error> {
    statement.cancel_query(NoTls).await
}

/// Sets what the operator's connection string does not.
fn bounded(config: &Config) -> Config {
    let mut config = config.clone();
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_millis(CONNECT_MS_MAX));
    }
    if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
        config.keepalives_idle(Duration::from_secs(KEEPALIVE_IDLE_S));
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(UNACKNOWLEDGED_S_MAX));
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_bounded_unless_its_string_says_otherwise() {
        let of = |url| {
            let config = bounded(&str::parse(url).unwrap());
            let seconds = |time: Option<&Duration>| time.map(Duration::as_secs);
            let idle = config.get_keepalives_idle().as_secs();
            (seconds(config.get_connect_timeout()), idle, seconds(config.get_tcp_user_timeout()))
        };
        assert_eq!(of("host=a"), (Some(5), 15, Some(30)));
        assert_eq!(of("host=a connect_timeout=7 keepalives_idle=8 tcp_user_timeout=9"), (Some(7), 8, Some(9)));
    }
}
