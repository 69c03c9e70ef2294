//! The page: a frame that stays, and parts that are replaced as they change.

mod cards;
mod curve;
mod format;
mod frame;
mod now;
mod recent;
mod tables;
mod words;

pub(crate) use curve::curve_before;
pub(crate) use frame::{Frame, frame};
pub(crate) use words::{login, message, shares};

use maud::{Markup, html};

use crate::config::PageConfig;
use crate::database::QueryError;
use crate::plan::{Answers, Key};
use crate::selection::{Range, Selection};
use cards::{CARDS, LINKS, READING};
use tables::listing;

/// What is the same on every page.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) title: String,
    pub(crate) time_zone: String,
    pub(crate) rows_max: u16,
    pub(crate) recent_rows_max: u16,
}

impl Look {
    pub(crate) fn new(config: &PageConfig) -> Self {
        Self {
            title: config.title.clone(),
            time_zone: config.time_zone.clone(),
            rows_max: config.rows_max,
            recent_rows_max: config.recent_rows_max,
        }
    }
}

/// A part, by the id of its element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) id: Key,
    pub(crate) html: String,
}

/// Every part, as the answers have it. Each is on the page from the beginning, if only as an empty element.
pub(crate) fn parts(
    look: &Look,
    selection: &Selection,
    range: Option<&Range>,
    answers: &Answers,
    trouble: Option<&QueryError>,
) -> Vec<Part> {
    let zone = look.time_zone.as_str();
    let mut parts = Vec::new();
    let mut part = |id: Key, markup: Markup| parts.push(Part { id, html: markup.into_string() });
    part("sites", now::sites(selection, zone, answers));
    part("hint", now::hint(selection, zone, answers, trouble));
    part("now", now::now(selection, zone, answers));
    part("totals", now::totals(selection, zone, range, answers));
    part("curve", now::curve(selection, range, answers));
    for tab in CARDS.iter().chain([&*LINKS]).flat_map(|card| &card.tabs) {
        part(tab.id, listing(&tab.listing, selection, zone, answers.get(tab.id)));
    }
    part("properties", now::properties(selection, zone, answers));
    part("funnel", now::funnel(answers));
    part("web_vitals", now::web_vitals(selection, zone, answers));
    part("scroll_depth", listing(&READING, selection, zone, answers.get("scroll_depth")));
    part("recent_events", recent::recent(selection, zone, answers));
    parts
}

/// The content of an element that a part may stand in.
fn nothing() -> Markup {
    html! {}
}
