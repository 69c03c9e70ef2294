//! Creates what the daemons need: roles, database, extension, tables, views and functions. Idempotent.

use std::ffi::OsStr;

use include_dir::{Dir, File, include_dir};
use thiserror::Error;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};

use crate::connect::connect;
use crate::{error_text, fill_in};

mod migrations {
    #![allow(clippy::all, missing_docs, unreachable_pub)] // generated
    refinery::embed_migrations!("../../sql/migrations");
}

const ROLES: &str = include_str!("../../../sql/cluster/roles.sql");
const DATABASE: &str = include_str!("../../../sql/cluster/database.sql");
static VIEWS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sql/views");
static FUNCTIONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sql/functions");

/// Advisory lock ("footfall" as a number) that lets one process prepare at a time. Such locks are per database, so it
/// is taken in `postgres`, which exists before Footfall's database does.
const LOCK: i64 = 0x666f_6f74_6661_6c6c;
const MAINTENANCE_DATABASE: &str = "postgres";
const DEFAULT_DATABASE: &str = "analytics";

/// What [`prepare`] did.
#[derive(Debug)]
pub struct Prepared {
    /// The database's name.
    pub database: String,
    /// Whether this run created it.
    pub database_created: bool,
    /// Names of the migrations that this run applied.
    pub applied: Vec<String>,
}

/// Drops the functions of one name that this transaction has not made or replaced.
const DROP_FORMER: &str = "
    DO $$
    DECLARE
        former regprocedure;
    BEGIN
        FOR former IN
            SELECT oid FROM pg_proc
            WHERE pronamespace = 'footfall'::regnamespace AND proname = 'NAME' AND xmin::text <> pg_current_xact_id()::xid::text
        LOOP
            EXECUTE format('DROP ROUTINE %s', former);
        END LOOP;
    END
    $$;";
/// Where a function's file goes on to say who may call it.
const RIGHTS: &str = "\nREVOKE ";

/// Why the database could not be prepared.
#[derive(Debug, Error)]
pub enum PrepareError {
    /// PostgreSQL is unreachable or refused a statement.
    #[error("{doing}: {}", error_text(source))]
    Postgres {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        source: tokio_postgres::Error,
    },
    /// A migration failed, or one already applied has changed since.
    #[error("migrating: {0}")]
    Migration(#[from] refinery::Error),
    /// An object that the operator created depends on a function whose arguments or result columns have changed.
    #[error(
        "footfall.{name} has other arguments or columns now, but {detail}: drop that, migrate again, and create it anew"
    )]
    FunctionInUse {
        /// The function.
        name: String,
        /// PostgreSQL's list of what depends on it.
        detail: String,
    },
    /// The database's name would need quoting.
    #[error("database name {0:?}: only lower-case letters, digits and underscores, not beginning with a digit")]
    DatabaseName(String),
}

fn while_doing(doing: &'static str) -> impl FnOnce(tokio_postgres::Error) -> PrepareError {
    move |source| PrepareError::Postgres { doing, source }
}

/// Creates roles, database (the one that `admin` names, else `analytics`), extension, tables, views and functions.
///
/// `admin` must be a superuser the first time; later, or if an administrator has created roles, database and
/// extension, the role `footfall_owner` is enough.
///
/// # Errors
/// [`PrepareError`] names the step that failed. Migrations applied before it stay, and the next run resumes after them.
pub async fn prepare(admin: &Config) -> Result<Prepared, PrepareError> {
    let database = admin.get_dbname().unwrap_or(DEFAULT_DATABASE).to_owned();
    if !is_plain_name(&database) {
        return Err(PrepareError::DatabaseName(database));
    }
    let mut maintenance = admin.clone();
    maintenance.dbname(MAINTENANCE_DATABASE);
    let cluster = connect(&maintenance).await.map_err(while_doing("connecting to the database postgres"))?;
    cluster
        .execute("SELECT pg_advisory_lock($1)", &[&LOCK])
        .await
        .map_err(while_doing("waiting for another starter"))?;

    make_roles(&cluster).await.map_err(while_doing("making the roles"))?;
    let exists = "SELECT 1 FROM pg_database WHERE datname = $1";
    let database_created =
        cluster.query_opt(exists, &[&database]).await.map_err(while_doing("looking for the database"))?.is_none();
    if database_created {
        make_database(&cluster, &database).await.map_err(while_doing("making the database"))?;
    }

    let mut target = admin.clone();
    target.dbname(&database);
    let mut client = connect(&target).await.map_err(while_doing("connecting to the new database"))?;
    client
        .batch_execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        .await
        .map_err(while_doing("making the extension timescaledb"))?;
    // Some of it are settings of the extension.
    client.batch_execute(DATABASE).await.map_err(while_doing("limiting what every role may do"))?;
    client.batch_execute("SET ROLE footfall_owner").await.map_err(while_doing("becoming footfall_owner"))?;
    let report = migrations::migrations::runner().run_async(&mut client).await?;
    // A function may call one that comes later in the alphabet.
    client.batch_execute("SET check_function_bodies = off").await.map_err(while_doing("making the functions"))?;
    for view in VIEWS.files() {
        client.batch_execute(text_of(view)).await.map_err(while_doing("making the views"))?;
    }
    for function in FUNCTIONS.files() {
        make_function(&client, function).await?;
    }
    // Closing the connection releases the lock.
    drop(cluster);
    let applied = report.applied_migrations().iter().map(ToString::to_string).collect();
    Ok(Prepared { database, database_created, applied })
}

/// For tests: a new database as an earlier version's migrations left it, without views and functions.
///
/// # Errors
/// [`PrepareError`] names the step that failed.
#[doc(hidden)]
pub async fn migrate_to(admin: &Config, version: i32) -> Result<(), PrepareError> {
    let mut maintenance = admin.clone();
    maintenance.dbname(MAINTENANCE_DATABASE);
    let cluster = connect(&maintenance).await.map_err(while_doing("connecting to the database postgres"))?;
    let name = admin.get_dbname().unwrap_or(DEFAULT_DATABASE);
    cluster
        .execute("SELECT pg_advisory_lock($1)", &[&LOCK])
        .await
        .map_err(while_doing("waiting for another starter"))?;
    make_roles(&cluster).await.map_err(while_doing("making the roles"))?;
    make_database(&cluster, name).await.map_err(while_doing("making the database"))?;
    let mut client = connect(admin).await.map_err(while_doing("connecting to the new database"))?;
    client
        .batch_execute("CREATE EXTENSION IF NOT EXISTS timescaledb; SET ROLE footfall_owner")
        .await
        .map_err(while_doing("making the extension timescaledb and becoming footfall_owner"))?;
    let runner = migrations::migrations::runner().set_target(refinery::Target::Version(version));
    runner.run_async(&mut client).await?;
    Ok(())
}

/// Creates or replaces the function that the file is named after. If its result columns have changed, it cannot be replaced and is dropped
/// first; if its arguments have, the former one would stay beside it and is dropped afterwards, in the same transaction.
async fn make_function(client: &Client, file: &File<'_>) -> Result<(), PrepareError> {
    let sql = fill_in(text_of(file));
    let name = file.path().file_stem().and_then(OsStr::to_str).unwrap_or_default();
    let Err(error) = client.batch_execute(&sql).await else { return Ok(()) };
    let drop_former = DROP_FORMER.replace("NAME", name);
    let other = match (error.code(), sql.split_once(RIGHTS)) {
        (Some(&SqlState::INVALID_FUNCTION_DEFINITION), _) => format!("{drop_former} {sql}"),
        (Some(&SqlState::AMBIGUOUS_FUNCTION), Some((function, rights))) => {
            format!("{function}{drop_former}{RIGHTS}{rights}")
        }
        _ => return Err(while_doing("making the functions")(error)),
    };
    client.batch_execute(&other).await.map_err(|error| {
        let in_use = error.as_db_error().filter(|db| *db.code() == SqlState::DEPENDENT_OBJECTS_STILL_EXIST);
        match in_use.and_then(|db| db.detail()) {
            Some(detail) => PrepareError::FunctionInUse { name: name.to_owned(), detail: detail.to_owned() },
            None => while_doing("making the functions")(error),
        }
    })
}

fn text_of<'a>(file: &'a File<'_>) -> &'a str {
    file.contents_utf8().unwrap_or_default()
}

/// Creates those of the three roles that do not exist.
///
/// # Errors
/// Fails if PostgreSQL is unreachable or refuses the statement.
pub async fn make_roles(cluster: &Client) -> Result<(), tokio_postgres::Error> {
    cluster.batch_execute(ROLES).await
}

/// Creates a database owned by `footfall_owner`; the name must be plain, see [`is_plain_name`].
///
/// # Errors
/// Fails if PostgreSQL is unreachable or refuses the statement.
pub async fn make_database(cluster: &Client, name: &str) -> Result<(), tokio_postgres::Error> {
    let create = format!("CREATE DATABASE {name} OWNER footfall_owner TEMPLATE template0 ENCODING 'UTF8'");
    cluster.batch_execute(&create).await
}

/// Whether the name needs no quoting, since CREATE DATABASE takes no parameters.
#[must_use]
pub fn is_plain_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.chars().all(|other| other.is_ascii_lowercase() || other.is_ascii_digit() || other == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_need_quoting_is_refused() {
        assert!(is_plain_name("analytics") && is_plain_name("_t1"));
        for name in ["", "1a", "Analytics", "a-b", "a;drop", "a\"b", "ä"] {
            assert!(!is_plain_name(name), "{name}");
        }
    }

    #[test]
    fn every_list_in_a_function_is_filled_in() {
        let filled: Vec<_> = FUNCTIONS.files().map(|file| fill_in(text_of(file))).collect();
        assert!(filled.iter().any(|sql| sql.contains("visit.utm_term")));
        assert!(filled.iter().all(|sql| sql.contains("CREATE OR REPLACE ") && !sql.contains("{{")));
    }

    #[test]
    fn every_view_is_text() {
        assert!(VIEWS.files().count() >= 2);
        assert!(
            VIEWS.files().all(|view| view.contents_utf8().is_some_and(|text| text.contains("CREATE OR REPLACE VIEW")))
        );
    }
}
