//! Grafana's files, without Grafana, which cannot be downloaded here: each query is extracted, expanded as Grafana
//! documents, run with Grafana's role, and its result compared with what the panel, variable or alert rule needs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod alerts;
mod database;
mod expand;
mod expected;
mod files;
mod habits;
mod panels;
mod provisioning;
mod reading;
mod types;
