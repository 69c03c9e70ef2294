//! The handlers that `routes` calls.

mod cors;
mod form;
mod live_page;
mod older_events;
mod refusals;

pub(crate) use cors::Cors;
pub(crate) use form::{read_form, share_request};
pub(crate) use live_page::{LivePage, Visit};
pub(crate) use older_events::older_events;
pub(crate) use refusals::Refusals;
