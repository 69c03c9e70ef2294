//! What `up` starts, and with what.

use std::path::Path;

use ipnet::IpNet;

use super::addresses::Addresses;
use super::password::PasswordSource;
use super::profile::Profile;
use crate::processes::{Grafana, Programs, SecondName};
use crate::progress::Steps;

/// What `up` starts, and with what.
pub(crate) struct Plan<'a> {
    pub(crate) profile: Profile,
    pub(crate) programs: &'a Programs,
    pub(crate) dir: &'a Path,
    pub(crate) share: &'a Path,
    pub(crate) at: Addresses,
    /// Grafana if it is installed, otherwise why it is not started.
    pub(crate) grafana: &'a Result<Grafana, String>,
    pub(crate) second_names: &'a [SecondName],
    pub(crate) password: Option<&'a PasswordSource>,
    pub(crate) trusted_proxies: &'a [IpNet],
    pub(crate) steps: &'a Steps,
}
