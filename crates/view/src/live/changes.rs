//! Counts the changes that make views ask again.

/// All questions are asked again after this many ticks, because the bounds of a period move with the clock.
const TICKS_PER_FULL_ROUND: u64 = 12;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// How often events were, or may have been, stored.
    pub(super) events: u64,
    /// How often `live.tick_ms` has passed.
    pub(super) ticks: u64,
}

impl Changes {
    /// Whether all questions must be asked again; `earlier` holds the counters at the last round.
    pub(super) fn affect_all(self, earlier: Self) -> bool {
        self.events != earlier.events || self.ticks / TICKS_PER_FULL_ROUND != earlier.ticks / TICKS_PER_FULL_ROUND
    }
}
