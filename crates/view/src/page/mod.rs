//! The page: a frame that stays, and fragments that are replaced when they change.

mod age;
mod axes;
mod cards;
mod curve;
mod format;
mod fragments;
mod frame;
mod funnel;
mod hint;
mod live_visitors;
mod message;
mod minutes;
mod older_events;
mod period;
mod properties;
mod recent_events;
mod shares;
mod sites;
mod tables;
mod totals;
mod web_vitals;

pub(crate) use age::{Age, Ages};
pub(crate) use fragments::fragments;
pub(crate) use frame::{Frame, RELOAD_S, frame};
pub(crate) use hint::Outage;
pub(crate) use message::{login, message};
pub(crate) use older_events::{OlderEvents, older_events};
pub(crate) use shares::shares;
