//! What `up` starts, and with what.

use std::path::PathBuf;

use ipnet::IpNet;

use super::addresses::Addresses;
use super::password::PasswordSource;
use super::profile::Profile;
use crate::processes::{Grafana, PostgresPlace, Programs, SecondName};
use crate::progress::Steps;

/// What `up` starts, and with what.
pub(crate) struct Plan {
    pub(crate) profile: Profile,
    pub(crate) programs: Programs,
    pub(crate) dir: PathBuf,
    pub(crate) share: PathBuf,
    pub(crate) at: Addresses,
    pub(crate) postgres: PostgresPlace,
    /// Grafana if it is installed, otherwise why it is not started.
    pub(crate) grafana: Result<Grafana, String>,
    pub(crate) second_names: Vec<SecondName>,
    pub(crate) password: Option<PasswordSource>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) steps: Steps,
}
