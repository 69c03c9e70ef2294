//! What became of what was delivered.

use footfall_event::Deferral;
use thiserror::Error;

/// What became of the events of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    /// How many are known to be durable.
    pub(crate) acknowledged: u64,
    /// Why that is not all of them. The client sends the whole request again.
    pub(crate) deferred: Option<Deferral>,
}

impl Sent {
    /// All are durable.
    pub(crate) fn all(events: u64) -> Self {
        Self { acknowledged: events, deferred: None }
    }

    /// None is.
    pub(crate) fn none(deferral: Deferral) -> Self {
        Self { acknowledged: 0, deferred: Some(deferral) }
    }
}

/// Counts or a sample that are not known to be durable.
#[derive(Debug, Error)]
#[error("not acknowledged")]
pub(crate) struct NotDurable;
