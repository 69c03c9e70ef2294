//! How a visitor can have come.

pub(crate) const PAID: &str = "paid";
pub(crate) const MAIL: &str = "mail";
pub(crate) const SOCIAL: &str = "social";
pub(crate) const SEARCH: &str = "search";
pub(crate) const REFERRAL: &str = "referral";
pub(crate) const DIRECT: &str = "direct";
