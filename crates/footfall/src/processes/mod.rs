//! The programs that Footfall consists of, each started, watched and stopped as a [`ManagedProcess`].
//!
//! `footfall up` and the test kit both use them. Everything that belongs to one instance is in one folder, DIR:
//! `DIR/{postgres,kafka,nginx,run,logs,credentials}`. Addresses are parameters, so several instances can run side by
//! side, each with the standard ports on its own loopback address.
//!
//! Dropping a process kills it, so that no test leaves one behind; [`ManagedProcess::stop`] is the orderly way.

mod daemon;
mod error;
mod folders;
mod grafana;
pub mod kafka;
mod launch;
mod lock_file;
mod log_text;
mod managed;
mod memory;
mod nginx;
mod oneshot;
pub mod postgres;
mod process;
mod programs;
mod reachable;
mod ready;
mod second_name;
mod spawner;

pub use daemon::DaemonOptions;
pub use error::{Error, Result};
pub use grafana::{Grafana, GrafanaOptions};
pub use kafka::Kafka;
pub(crate) use managed::READY_S_MAX;
pub use managed::{Ending, ManagedProcess};
pub use nginx::{Nginx, NginxOptions};
pub(crate) use oneshot::run_to_end;
pub use postgres::{Postgres, PostgresPlace, Size};
pub use programs::{Program, Programs, java};
pub(crate) use programs::{find_on_path, own_program};
pub(crate) use reachable::reachable;
pub use second_name::{NoSecondName, SecondName};
