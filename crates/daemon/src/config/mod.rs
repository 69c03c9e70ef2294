//! Configuration: the trait of a daemon's configuration type, and the sections that all daemons share.

mod errors;
mod kafka;
mod keys;
mod networks;
mod sections;
mod sources;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use errors::{ConfigError, ConfigErrors, FieldError};
pub use kafka::KafkaKeys;
pub(crate) use keys::Keys;
pub use networks::networks;
pub use sections::{AdminConfig, Common, LogConfig, LogFormat};
pub(crate) use sources::load_checked;
pub use sources::{Sources, load};

/// What the loader and `describe` need from a type: its keys, their meanings and their defaults.
pub(crate) trait Described: Serialize + DeserializeOwned + Default + JsonSchema {}

impl<C: Serialize + DeserializeOwned + Default + JsonSchema> Described for C {}

/// A daemon's whole configuration: one struct, with a section (a nested struct) per subject.
///
/// - Every struct has `#[serde(deny_unknown_fields)]` and derives [`JsonSchema`]; its doc comments become the output of
///   `describe`.
/// - `Default` is the lowest layer and must serialise every key; sections need no `#[serde(default)]`.
/// - Every [`Secret`](crate::Secret) is empty in the default.
pub trait Configuration: Serialize + DeserializeOwned + Default + JsonSchema + Send + 'static {
    /// The parts that the shell itself uses.
    fn common(&self) -> Common<'_>;

    /// Checks what the types cannot express, such as ranges. Returns every error, not only the first.
    ///
    /// # Errors
    /// One [`FieldError`] per invalid field.
    fn validate(&self) -> Result<(), Vec<FieldError>>;
}
