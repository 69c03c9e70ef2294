//! The one place that opens a connection to PostgreSQL: what encrypts it, how long it may take, and how a server that is
//! gone is noticed.

use std::time::Duration;

#[expect(clippy::disallowed_types, reason = "here, and only here")]
use tokio_postgres::NoTls;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Config, Error, Socket};

/// For a connection's socket, where the configuration names no `connect_timeout`.
const CONNECT_MS_MAX: u64 = 5_000;
/// A server whose machine is gone says nothing. After this much silence the kernel asks whether it is still there.
const KEEPALIVE_IDLE_S: u64 = 15;
/// How long what was sent may stay unacknowledged before the connection counts as lost.
const UNACKNOWLEDGED_S_MAX: u64 = 30;

/// What carries a connection's messages. It has to be polled: [`connect`] does that, [`open`] leaves it to its caller.
pub type Connection = tokio_postgres::Connection<Socket, NoTlsStream>;

/// Connects. A task of its own carries the messages until the client is dropped; the next statement sees when the
/// connection has ended.
///
/// # Errors
/// Where PostgreSQL is away or refuses.
pub async fn connect(config: &Config) -> Result<Client, Error> {
    let (client, connection) = open(config).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Connects, for a caller that polls the connection itself, such as one that listens to notifications.
///
/// # Errors
/// Where PostgreSQL is away or refuses.
pub async fn open(config: &Config) -> Result<(Client, Connection), Error> {
    bounded(config).connect(NoTls).await
}

/// Sets what the operator's connection string leaves open.
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
