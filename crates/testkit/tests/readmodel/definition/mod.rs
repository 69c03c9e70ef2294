//! docs/definitions.md once more, as plain functions over all events: slow, and as simple as it can be, so that a reader can
//! see that it says the same. It shares nothing with the read model that it is compared with.

mod answer;
mod chosen;
mod event;
mod lists;
mod measures;
mod numbers;
mod present;
mod visit;

pub(crate) use answer::{Answer, Cell, Row};
pub(crate) use chosen::{Chosen, Filters, Range};
pub(crate) use event::Event;
pub(crate) use lists::{event_types, events_by_all, top_pages};
pub(crate) use measures::{scroll_depth, web_vitals};
pub(crate) use numbers::{sites, totals, visits_by, visits_by_all, visits_by_hour, visits_over_time};
pub(crate) use present::{live_now, live_visitors};
pub(crate) use visit::{Visits, visits};
