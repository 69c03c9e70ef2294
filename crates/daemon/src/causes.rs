//! Errors as one line, for logs and messages.

use std::error::Error;

/// An error with its causes, separated by colons. Many errors name their cause in their own text too; it is not said
/// twice.
#[must_use]
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |cause| (*cause).source()) {
        let cause = cause.to_string();
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use thiserror::Error;

    use super::with_causes;

    #[derive(Debug, Error)]
    #[error("{0}")]
    struct SaysItself(#[source] io::Error);

    #[derive(Debug, Error)]
    #[error("connecting")]
    struct Connecting(#[source] SaysItself);

    #[test]
    fn each_cause_is_named_once() {
        let error = Connecting(SaysItself(io::Error::other("refused")));
        assert_eq!(with_causes(&error), "connecting: refused");
    }
}
