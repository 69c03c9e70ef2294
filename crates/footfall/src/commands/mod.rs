//! The subcommands. Each file has the arguments and the `run` function of one.

pub(crate) mod check;
pub(crate) mod enter;
pub(crate) mod health;
pub(crate) mod kafka;
pub(crate) mod kafka_classes;
pub(crate) mod key;
pub(crate) mod load;
pub(crate) mod migrate;
pub(crate) mod migrate_profile;
pub(crate) mod password;
pub(crate) mod postgres;
pub(crate) mod psql;
pub(crate) mod rollup;
pub(crate) mod secrets;
mod shared;
pub(crate) mod site;
pub(crate) mod topics;
pub(crate) mod up;
