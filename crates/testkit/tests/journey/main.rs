//! What a person does: the first generation's guide against a running `footfall up`, and a real browser's visits.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod browser;
mod compose;
mod driver;
mod guide;
mod life;
mod light;
mod processes;
mod tracker;
mod up;

use tokio::sync::RwLock;

/// Held for reading by tests that only need their turn to come, and for writing by one that measures: a second means
/// nothing while four browsers start beside it.
static MACHINE: RwLock<()> = RwLock::const_new(());
