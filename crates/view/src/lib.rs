//! The live page: the numbers of a site, updated within a second of each event.
//!
//! Every number comes from a SQL function (`questions`), called as a read-only role (`database`). A page's address
//! determines its `selection`: period, time zone and filters. `live` keeps one view for each selection, however many
//! pages show it: when PostgreSQL notifies (`listener`), the view asks the questions of the `plan`, each as soon as it
//! has its turn (`turns`), `page` renders the answers as fragments, and each open page receives those that changed since
//! the `snapshot` it shows. `api` answers the same questions as JSON and CSV. `access` decides who may see the numbers; `routes` and `handlers` answer
//! requests. In the light profile, which has no web server, `site` serves the site and the tracker, and `forward`
//! forwards requests to ingest.

mod access;
mod answer;
mod answers;
mod api;
mod assets;
mod config;
mod database;
mod forward;
mod handlers;
mod listener;
mod lists;
mod live;
mod metrics;
mod page;
mod plan;
mod questions;
mod routes;
mod selection;
mod server;
mod site;
mod snapshot;
mod table;
mod turns;
mod zones;

pub use config::Config;
pub use metrics::describe_metrics;

use std::sync::Arc;

use anyhow::Context;
use footfall_daemon::{Shell, connections};
use tokio::sync::watch;

/// Serves until shutdown.
///
/// # Errors
/// If the address cannot be bound, the state cannot be read, or the configuration is invalid. Retrying does not help.
pub async fn run(config: Config, shell: Shell) -> anyhow::Result<()> {
    let listener = connections::bind(config.listen).with_context(|| format!("listen on {}", config.listen))?;
    let metrics = Arc::new(shell.register(metrics::Metrics::new));
    let database_ready = shell.readiness.condition("database");
    let parameters = config.database.parameters().map_err(|error| config_error(&error))?;
    let (trouble, troubles) = watch::channel(None);
    let database = database::Database::new(&parameters, &config.database, metrics.clone(), troubles)?;
    let views = Arc::new(live::Views::new(&config, database.clone(), metrics.clone(), shell.shutdown.clone())?);
    let access = access::Access::new(&config).context("access")?;

    let listener_of_database = listener::Listener {
        views: views.clone(),
        metrics: metrics.clone(),
        ready: database_ready,
        trouble,
        zones: database.zones().clone(),
    };
    let listening =
        tokio::spawn(listener_of_database.listen(parameters, config.database.clone(), shell.shutdown.clone()));
    let ticking = tokio::spawn(views.clone().tick());
    let service = Arc::new(
        routes::Service::new(&config, access, database, views, metrics).map_err(|error| config_error(&error))?,
    );
    server::serve(listener, service, &config.http, shell.progress.watch("accept"), &shell.shutdown).await;
    listening.await?;
    ticking.await?;
    Ok(())
}

fn config_error(error: &footfall_daemon::FieldError) -> anyhow::Error {
    anyhow::anyhow!("{}: {}", error.field, error.message)
}
