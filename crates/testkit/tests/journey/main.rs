//! What a person does: the first generation's guide with a running `footfall up`, and visits in a real browser.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod browser;
mod compose;
mod driver;
mod guide;
mod life;
mod light;
mod neighbours;
mod processes;
mod tracker;
mod up;

use tokio::sync::RwLock;

/// Locked for reading by most tests, and for writing by one that measures time, which means nothing while other browsers
/// are starting. That one is in a module `alone`, which `cargo xtask test` runs after all other test programs have ended.
static MACHINE: RwLock<()> = RwLock::const_new(());
