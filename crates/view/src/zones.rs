//! The time zones that PostgreSQL knows. Only its data decides which names there are, so that a name is never accepted
//! here and refused there.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// By name in lower case, because PostgreSQL accepts any case. Empty until PostgreSQL has been asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Zones(Arc<RwLock<HashMap<String, String>>>);

impl Zones {
    #[cfg(test)]
    pub(crate) fn of<const N: usize>(names: [&str; N]) -> Self {
        let zones = Self::default();
        zones.learn(names.map(str::to_owned));
        zones
    }

    /// Takes over what PostgreSQL has answered.
    pub(crate) fn learn(&self, names: impl IntoIterator<Item = String>) {
        let known = names.into_iter().map(|name| (name.to_lowercase(), name)).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// The zone's name as PostgreSQL spells it. While its names are not known, any that could be one, which PostgreSQL then
    /// accepts or refuses.
    pub(crate) fn named(&self, name: &str) -> Option<String> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if known.is_empty() {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
            return name.chars().all(is_plain).then(|| name.to_owned());
        }
        known.get(&name.to_lowercase()).cloned()
    }
}
