//! The name of an instance, in its counts and samples.

use crate::{Reason, Rejection, text};

const SOURCE_CHARS_MAX: usize = 100;

/// Refuses a name that is empty, too long, or that PostgreSQL cannot store.
pub(crate) fn check(source: &str) -> Result<(), Rejection> {
    if source.is_empty() {
        return Err(Rejection::new("source", Reason::FieldEmpty, "must not be empty"));
    }
    if !text::fits(source, SOURCE_CHARS_MAX) {
        return Err(Rejection::new("source", Reason::FieldTooLong, "has more than 100 characters"));
    }
    if source.contains('\0') {
        return Err(Rejection::new("source", Reason::NulCharacter, "contains a NUL character"));
    }
    Ok(())
}
