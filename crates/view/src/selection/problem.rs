//! What is wrong with a field of an address.

use serde::Serialize;
use thiserror::Error;

pub(crate) const VALUE_CHARACTERS_MAX: usize = 500;

/// Why a field of the address is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize)]
#[error("{field}: {message}")]
pub(crate) struct FieldProblem {
    pub(crate) field: String,
    pub(crate) message: String,
}

impl FieldProblem {
    pub(crate) fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

pub(super) fn one_of<const N: usize>(
    field: &str,
    value: &str,
    known: [&'static str; N],
) -> Result<&'static str, FieldProblem> {
    let found = known.into_iter().find(|name| *name == value);
    found.ok_or_else(|| FieldProblem::new(field, format!("is none of {}", known.join(", "))))
}
