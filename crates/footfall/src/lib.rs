//! The operator's command as a library: starts and operates Footfall's programs.

pub mod backup;
pub mod broker;
pub mod check;
pub mod database_server;
pub mod enter;
mod files;
pub mod health;
mod http;
pub mod load;
pub mod port_holder;
mod postgres_tools;
pub mod processes;
mod progress;
pub mod psql;
pub mod restore;
pub mod retain;
pub mod secrets;
pub mod sites;
pub mod topics;
pub mod up;
pub mod users;

pub use http::WriteKey;
