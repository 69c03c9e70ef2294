//! The shell of every Footfall daemon: everything they share, so that a daemon contains only its own job.
//!
//! [`main`] reads the command line and the configuration, sets up logging, starts the admin server, the watchdog and
//! the signal thread, and calls the daemon's `run(config, shell)`. [`Shell`] gives `run` the metrics registry, the
//! shutdown token, readiness and progress. The only global state is the log subscriber and the panic hook, which Rust
//! itself makes global.
//!
//! For daemons that serve HTTP, [`connections`] has the accept loop, [`BodyBudget`] reads bodies within limits, and
//! [`client_address`] determines who sent a request, [`known_path`] for which path, and [`cors`] which pages may.
//!
//! [`run_command`] does the same for a command that does one thing and exits.
//!
//! A daemon is ready while it can do its job ([`Readiness`]), feeds the watchdog only while its loops make progress
//! ([`Progress`]), and exits within `drain_ms_max` of the first SIGTERM, even if `run` hangs.

mod admin;
mod body;
mod causes;
mod cli;
mod client_address;
mod command;
mod config;
pub mod connections;
pub mod cors;
mod describe;
mod log_filter;
mod log_fold;
mod logging;
mod notify;
mod paths;
mod process_metrics;
mod program;
mod progress;
mod readiness;
mod sampler;
mod secret;
mod shell;
mod shutdown;

pub use body::{Body, BodyBudget, BodyError, BodyLimits, read_body};
pub use causes::with_causes;
pub use client_address::{REQUEST_ID, client_address, client_network, is_https, request_id};
pub use command::{Command, CommandArguments, CommandConfiguration, run_command};
pub use config::{
    AdminConfig, Common, ConfigError, ConfigErrors, Configuration, FieldError, KafkaKeys, LogConfig, LogFormat,
    Sources, load, networks,
};
pub use paths::{known_path, merged_slashes};
pub use program::{Program, main};
pub use progress::{Progress, Ticker};
pub use prometheus_client::registry::Registry;
pub use readiness::{Condition, Readiness};
pub use sampler::{Sample, Sampler};
pub use secret::Secret;
pub use shell::Shell;
