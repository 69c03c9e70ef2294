//! All fragments of the page.

use maud::Markup;

use super::cards::{CARDS, LINKS, READING};
use super::hint::Outage;
use super::tables::listing;
use super::{curve, funnel, hint, live_visitors, properties, recent_events, sites, totals, web_vitals};
use crate::config::PageConfig;
use crate::plan::{Answers, Key};
use crate::selection::{Range, Selection};
use crate::snapshot::Fragment;

/// Renders every fragment, even if it is empty, because its element is always in the page. `outage` is why the answers
/// could not be updated.
pub(crate) fn fragments(
    page: &PageConfig,
    selection: &Selection,
    range: Option<&Range>,
    answers: &Answers,
    outage: Option<&Outage>,
) -> Vec<Fragment> {
    let zone = page.time_zone.as_str();
    let mut fragments = Vec::new();
    let mut add = |id: Key, markup: Markup| fragments.push(Fragment { id, html: markup.into_string() });
    add("sites", sites::sites(selection, zone, answers));
    add("hint", hint::hint(selection, zone, answers, outage));
    add("now", live_visitors::live_visitors(selection, zone, answers));
    add("totals", totals::totals(selection, zone, range, answers));
    add("curve", curve::curve(selection, range, answers));
    for tab in CARDS.iter().chain([&*LINKS]).flat_map(|card| &card.tabs) {
        add(tab.id, listing(&tab.listing, selection, zone, answers.get(tab.id)));
    }
    add("properties", properties::properties(selection, zone, answers));
    add("funnel", funnel::funnel(answers));
    add("web_vitals", web_vitals::web_vitals(selection, zone, answers));
    add("scroll_depth", listing(&READING, selection, zone, answers.get("scroll_depth")));
    add("recent_events", recent_events::recent_events(selection, zone, answers));
    fragments
}
