//! The handlers that `routes` calls.

mod cors;
mod form;
mod live_page;
mod refusals;

pub(crate) use cors::Cors;
pub(crate) use form::{read_form, share_request};
pub(crate) use live_page::LivePage;
pub(crate) use refusals::Refusals;
