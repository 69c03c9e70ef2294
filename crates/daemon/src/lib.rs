//! The shell of every Footfall daemon: everything that they share, so that a daemon contains only its own job.
//!
//! [`main`] reads the command line and the configuration, sets up the log, starts the admin server, the watchdog and
//! the signal thread, and calls the daemon's `run(config, shell)`. [`Shell`] gives `run` the metrics registry, the
//! shutdown token, readiness and progress. The only global state is the log subscriber and the panic hook, which Rust
//! itself keeps global.
//!
//! For daemons that serve HTTP, [`connections`] is the accept loop, [`BodyBudget`] reads bodies within their limits, and
//! [`client_address`] says who sent a request.
//!
//! [`run_command`] does the same for a command that does one thing and ends.
//!
//! A daemon is ready when it can do its job ([`Readiness`]), alive for the watchdog only while its loops move
//! ([`Progress`]), and has ended at the latest `drain_ms_max` after the first SIGTERM, even if `run` hangs.

mod admin;
mod body;
mod cli;
mod client_address;
mod command;
mod config;
pub mod connections;
mod describe;
mod logging;
mod notify;
mod process_metrics;
mod program;
mod progress;
mod readiness;
mod sampler;
mod secret;
mod shell;
mod shutdown;

pub use body::{Body, BodyBudget, BodyError, BodyLimits, discard_body, read_body};
pub use client_address::{client_address, is_https};
pub use command::{Command, CommandArguments, CommandConfiguration, run_command};
pub use config::{
    AdminConfig, Common, ConfigError, ConfigErrors, Configuration, FieldError, KafkaKeys, LogConfig, LogFormat,
    Sources, load, networks,
};
pub use program::{Program, main};
pub use progress::{Progress, Ticker};
pub use prometheus_client::registry::Registry;
pub use readiness::{Condition, Readiness};
pub use sampler::{Sample, Sampler};
pub use secret::Secret;
pub use shell::Shell;
