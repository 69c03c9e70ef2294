//! The time zone whose midnights divide the instance's days.

use thiserror::Error;
use tokio_postgres::Config;

use crate::WriterError;
use crate::closing::{SETTINGS, VISITS_LOCK};
use crate::connect::connect;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/time_zone/", $name, ".sql"))
    };
}

/// The closing of a day may have to be waited for.
const LOCK_TIMEOUT: &str = "SET lock_timeout = '2min'; SET statement_timeout = 0";

/// Why the time zone has not changed.
#[derive(Debug, Error)]
pub enum TimeZoneError {
    /// PostgreSQL does not know the name.
    #[error("{0} is not a time zone that PostgreSQL knows: names are those of the IANA, such as Europe/Berlin")]
    Unknown(String),
    /// PostgreSQL is unreachable, or refused a statement.
    #[error(transparent)]
    Writer(#[from] WriterError),
}

impl From<tokio_postgres::Error> for TimeZoneError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Writer(error.into())
    }
}

/// Changes the instance's time zone, in one transaction. Events are stored only after it; all days have to be closed again. `config`
/// connects as `footfall_owner`. Returns the former time zone.
///
/// # Errors
/// [`TimeZoneError`]; nothing has changed then.
pub async fn set_time_zone(config: &Config, time_zone: &str) -> Result<String, TimeZoneError> {
    let mut client = connect(config).await.map_err(WriterError::Unavailable)?;
    client.batch_execute(SETTINGS).await?;
    client.batch_execute(LOCK_TIMEOUT).await?;
    let known = "SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = $1)";
    if !client.query_one(known, &[&time_zone]).await?.get::<_, bool>(0) {
        return Err(TimeZoneError::Unknown(time_zone.to_owned()));
    }
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&VISITS_LOCK]).await?;
    transaction.batch_execute(sql!("tables")).await?;
    let former: String =
        transaction.query_one("SELECT time_zone FROM analytics_instance FOR UPDATE", &[]).await?.get(0);
    if former != time_zone {
        transaction.execute("UPDATE analytics_instance SET time_zone = $1", &[&time_zone]).await?;
        transaction.execute(sql!("bind_visitors"), &[&former, &time_zone]).await?;
        transaction.execute(sql!("remove_days"), &[]).await?;
        transaction.execute(sql!("note_days"), &[]).await?;
    }
    transaction.commit().await?;
    Ok(former)
}
