//! Takes events over HTTP, makes them durable in Kafka (or, in the light profile, in PostgreSQL), then answers.
//!
//! A request goes through `routes`, its body through `body` (bounded, inflated) and `footfall_event::parse` (validated,
//! enriched), each event through `delivery` (acknowledged by every in-sync replica, or committed). Only then does
//! `answer` respond. Counts of rejected events (`counts`) and the metrics (`samples`) reach the database by the same
//! path.

mod admission;
mod answer;
mod body;
mod config;
mod country;
mod counts;
mod delivery;
mod disk;
mod header;
mod import;
mod metrics;
mod pixel;
mod privacy_signal;
mod rates;
mod routes;
mod samples;
mod server;
mod sites;
mod watched;

pub use config::Config;
pub use metrics::describe_metrics;

use std::sync::Arc;

use anyhow::{Context, anyhow};
use footfall_daemon::{FieldError, Shell, connections};

/// Serves until shutdown, then answers the requests in progress and sends the last counts.
///
/// # Errors
/// Fails if the address cannot be bound or the configuration cannot be used. Retrying would not help.
pub async fn run(config: Config, shell: Shell) -> anyhow::Result<()> {
    let listener = connections::bind(config.listen).with_context(|| format!("listen on {}", config.listen))?;
    let metrics = Arc::new(shell.register(metrics::Metrics::new));
    let disk = Arc::new(disk::Disk::new(&config.disk));
    let has_room = disk.condition(&shell.readiness);
    let (delivery, keeps_going) = delivery::Delivery::start(&config, &shell, &metrics)?;
    let delivery = Arc::new(delivery);
    disk.watch(has_room, shell.shutdown.clone());
    let counts = Arc::new(counts::Counts::new(config.instance.clone(), metrics.clone()));

    let reporter = tokio::spawn(counts::report(counts.clone(), delivery.clone(), shell.shutdown.clone()));
    let samples = tokio::spawn(samples::report(config.clone(), shell.clone(), delivery.clone(), metrics.clone()));
    let wrong = |error: FieldError| anyhow!("{}: {}", error.field, error.message);
    let countries = config.privacy.countries().transpose().map_err(wrong)?;
    let countries = countries.map(Arc::new);
    if let Some(countries) = &countries {
        tokio::spawn(countries.clone().keep_fresh(shell.shutdown.clone()));
    }
    let sites = sites::Sites::open(&config.sites)?;
    sites.watch(shell.shutdown.clone());
    let rates = rates::Rates::new(&config.rates).map_err(wrong)?;
    let rates = Arc::new(rates);
    let (forgetting, shutdown) = (rates.clone(), shell.shutdown.clone());
    tokio::spawn(async move { forgetting.keep_small(shutdown).await });
    // Otherwise, clients that waited on systemd's socket during a restart would get a 503 from a daemon that has not
    // yet reached its broker.
    delivery.probe().await;
    let ticker = shell.progress.watch("accept");
    let admission = admission::Admission {
        trusted_proxies: config.privacy.networks().map_err(wrong)?,
        importers: import::Importers::new(&config.import),
        sites,
        rates,
        disk,
    };
    let service = routes::Service::new(&config, delivery.clone(), counts.clone(), metrics, countries, admission);
    let service = Arc::new(service.hurried_by(shell.shutdown.clone()));
    server::serve(listener, service.clone(), &config.http, ticker, &shell.shutdown).await;
    service.finish().await;

    reporter.await?;
    samples.await?;
    // Every request has been answered; only the counts since the last report are left.
    counts.deliver(&delivery).await;
    delivery.close();
    keeps_going.await?;
    Ok(())
}
