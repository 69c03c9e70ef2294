//! All fragments of the page.

use maud::Markup;

use super::age::{Ages, with_age};
use super::cards::{CARDS, LINKS, READING};
use super::hint::Outage;
use super::tables::{listing, nothing};
use super::{curve, funnel, hint, live_visitors, properties, recent_events, sites, totals, web_vitals};
use crate::answers::{Answers, EVENTS_BY_ALL, Key};
use crate::config::PageConfig;
use crate::plan::{RECENT_EVENTS, question_of};
use crate::selection::{Range, Selection};
use crate::snapshot::Fragment;

/// Renders every fragment, even if it is empty, because its element is always in the page. `outage` is why the answers
/// could not be updated.
pub(crate) fn fragments(
    page: &PageConfig,
    selection: &Selection,
    range: Option<&Range>,
    answers: &Answers,
    ages: &Ages,
    outage: Option<&Outage>,
) -> Vec<Fragment> {
    let zone = page.time_zone.as_str();
    let local = selection.zone();
    let mut fragments = Vec::new();
    let mut add = |id: Key, markup: Markup| fragments.push(Fragment { id, html: markup.into_string() });
    let aged = |question: Key, markup: Markup| with_age(markup, ages.get(question), outage.is_some(), &local);
    add("sites", sites::sites(selection, zone, answers));
    add("hint", hint::hint(selection, zone, answers, outage));
    add("now", aged("live_visitors", live_visitors::live_visitors(selection, zone, answers)));
    add("bounds", totals::bounds(selection, range));
    add("totals", aged("totals_compared", totals::totals(selection, zone, answers)));
    add("curve", aged("visits_over_time", curve::curve(selection, range, answers)));
    for tab in CARDS.iter().chain([&*LINKS]).flat_map(|card| &card.tabs) {
        add(tab.id, aged(question_of(tab.id), listing(&tab.listing, selection, zone, answers.get(tab.id))));
    }
    let properties = match selection.only_event_type() {
        Some(_) => aged(EVENTS_BY_ALL, properties::properties(selection, zone, answers, ages)),
        None => nothing(),
    };
    add("properties", properties);
    if !page.funnel.is_empty() {
        add("funnel", aged("funnel", funnel::funnel(answers)));
    }
    add("web_vitals", aged("web_vitals", web_vitals::web_vitals(selection, zone, answers)));
    let reading = answers.get("scroll_depth");
    let is_measured =
        !matches!(reading, Some(Ok(table)) if !table.lines().any(|line| line.number("scroll_percent_mean").is_some()));
    let reading = if is_measured { listing(&READING, selection, zone, reading) } else { nothing() };
    add("scroll_depth", aged("scroll_depth", reading));
    if !selection.hides_events {
        add(RECENT_EVENTS, aged(RECENT_EVENTS, recent_events::recent_events(selection, zone, answers)));
    }
    fragments
}
