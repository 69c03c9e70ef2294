//! The outcomes of deliveries.

use footfall_event::Deferral;
use thiserror::Error;

/// The outcome for one request's events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    /// How many are known to be durable.
    pub(crate) acknowledged: u64,
    /// Why not all of them are. The client sends the whole request again.
    pub(crate) deferred: Option<Deferral>,
}

impl Sent {
    /// All are durable.
    pub(crate) fn all(events: u64) -> Self {
        Self { acknowledged: events, deferred: None }
    }

    /// None is durable.
    pub(crate) fn none(deferral: Deferral) -> Self {
        Self { acknowledged: 0, deferred: Some(deferral) }
    }
}

/// Counts or a sample that are not known to be durable.
#[derive(Debug, Error)]
#[error("not acknowledged")]
pub(crate) struct NotDurable;
