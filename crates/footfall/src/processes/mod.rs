//! The programs that Footfall is made of, each started, watched and stopped as a part.
//!
//! `footfall up` and the test kit use these same parts. Everything that belongs to one instance lies under one
//! folder, DIR: `DIR/{postgres,kafka,nginx,run,logs,credentials}`. Addresses are given, never guessed: several
//! instances run beside one another on loopback addresses of their own, with the standard ports.
//!
//! A part that is dropped is killed, so that no test leaves a process behind; [`ManagedProcess::stop`] is the orderly way.

mod daemon;
mod error;
mod folders;
mod grafana;
pub mod kafka;
mod launch;
mod locations;
mod lock_file;
mod managed;
mod memory;
mod nginx;
mod once;
mod postgres;
mod process;
mod ready;
mod second_name;
mod spawner;

pub use daemon::DaemonOptions;
pub use error::{Error, Result};
pub use grafana::Grafana;
pub use kafka::Kafka;
pub use locations::{Program, Programs, java};
pub(crate) use locations::{find, ours};
pub use managed::{Ending, ManagedProcess};
pub(crate) use nginx::from_here;
pub use nginx::{Nginx, NginxOptions};
pub(crate) use once::run_once;
pub use postgres::{Alone, Postgres, Size};
pub use second_name::{NoSecondName, SecondName};
