//! Grafana's files, without Grafana, which no registry has: each query is taken out of them, expanded as Grafana
//! documents it, asked as the role that Grafana has, and its answer held against what the panel, the variable or the
//! alert rule needs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod alerts;
mod database;
mod expand;
mod expected;
mod files;
mod habits;
mod panels;
mod provisioning;
mod types;
