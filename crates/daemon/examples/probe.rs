//! A minimal daemon, driven by `tests/process.rs`. Its configuration says how it misbehaves.

use std::process::ExitCode;
use std::time::Duration;

use footfall_daemon::{
    AdminConfig, Common, Configuration, FieldError, LogConfig, Program, Registry, Secret, Shell, main as daemon,
};
use prometheus_client::metrics::counter::Counter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    admin: AdminConfig,
    log: LogConfig,
    /// Maximum time from SIGTERM to exit, in milliseconds.
    drain_ms_max: u64,
    probe: Probe,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Probe {
    /// How it behaves: well, hang_in_drain, block_in_drain, stand_still, panic or fail.
    behaviour: String,
    /// Milliseconds until its second condition holds.
    ready_after_ms: u64,
    /// How long its drain takes, in milliseconds.
    drain_ms: u64,
    /// Not shown anywhere.
    secret: Secret,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            admin: AdminConfig::on_port(0),
            log: LogConfig::default(),
            drain_ms_max: 10_000,
            probe: Probe { behaviour: "well".into(), ready_after_ms: 0, drain_ms: 0, secret: Secret::default() },
        }
    }
}

impl Configuration for Config {
    fn common(&self) -> Common<'_> {
        Common { admin: &self.admin, log: &self.log, drain_ms_max: self.drain_ms_max }
    }

    fn validate(&self) -> Result<(), Vec<FieldError>> {
        let known = ["well", "hang_in_drain", "block_in_drain", "stand_still", "panic", "fail"];
        if known.contains(&self.probe.behaviour.as_str()) {
            return Ok(());
        }
        Err(vec![FieldError::new("probe.behaviour", "is not a behaviour")])
    }
}

fn metrics(registry: &mut Registry) -> Counter {
    let loops = Counter::default();
    registry.register("probe_loops", "Rounds of the loop", loops.clone());
    loops
}

async fn run(config: Config, shell: Shell) -> anyhow::Result<()> {
    let loops = shell.register(metrics);
    let (first, second) = (shell.readiness.condition("first"), shell.readiness.condition("second"));
    let ticker = shell.progress.watch("loop");
    first.set(true);
    tokio::time::sleep(Duration::from_millis(config.probe.ready_after_ms)).await;
    second.set(true);
    match config.probe.behaviour.as_str() {
        "panic" => tokio::task::spawn(async { panic!("on purpose") }).await?,
        "fail" => anyhow::bail!("on purpose"),
        _ => {}
    }
    while !shell.shutdown.is_cancelled() {
        loops.inc();
        if config.probe.behaviour != "stand_still" {
            ticker.tick();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tracing::info!(secret = ?config.probe.secret, has_deadline = shell.drain_deadline().is_some(), "asked to drain");
    match config.probe.behaviour.as_str() {
        "hang_in_drain" => std::future::pending().await,
        "block_in_drain" => {
            // Blocks every worker and the main thread, so that no task on this runtime makes progress.
            for _ in 0..64 {
                tokio::spawn(async { std::thread::sleep(Duration::from_secs(60)) });
            }
            std::thread::sleep(Duration::from_secs(60));
        }
        _ => tokio::time::sleep(Duration::from_millis(config.probe.drain_ms)).await,
    }
    Ok(())
}

fn main() -> ExitCode {
    let program = Program {
        name: "probe",
        version: env!("CARGO_PKG_VERSION"),
        secrets: &["probe.secret"],
        metrics: |registry| {
            metrics(registry);
        },
    };
    daemon::<Config, _, _>(program, run)
}
