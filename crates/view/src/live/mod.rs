//! Keeps open pages up to date: one view for each selection, however many pages show it.

mod arguments;
mod changes;
mod round;
mod stream;
mod view;
mod views;

pub(crate) use stream::{Watcher, WatcherPermit, stream};
pub(crate) use views::{RESERVED_FOR_OWNER, Views};
