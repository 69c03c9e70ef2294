//! The frame around the fragments, which changes only when another page is loaded.

use footfall_event::dimension::DIMENSIONS;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::cards::{CARDS, Card, LINKS};
use super::tables::nothing;
use super::{format, period};
use crate::assets;
use crate::config::PageConfig;
use crate::selection::{Bound, CURVES, Filters, PERIODS, Period, Selection, filter_label};
use crate::snapshot::Snapshot;

/// How soon a browser without scripts loads a page again whose numbers are not all there, in seconds.
pub(crate) const RELOAD_S: u64 = 2;

pub(crate) struct Frame<'a> {
    pub(crate) page: &'a PageConfig,
    pub(crate) base_path: &'a str,
    pub(crate) selection: &'a Selection,
    pub(crate) snapshot: &'a Snapshot,
    /// Filters of a shared link, which cannot be removed.
    pub(crate) fixed: Option<&'a Filters>,
    /// Whether to offer sharing and logging out.
    pub(crate) is_owner: bool,
    /// Whether to offer logging in.
    pub(crate) may_log_in: bool,
}

/// The HTML document of every page.
pub(super) fn document(title: &str, base_path: &str, head: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) }
                link rel="icon" type="image/svg+xml" href=(assets::ICON.address(base_path));
                link rel="stylesheet" href=(assets::STYLE.address(base_path));
                (head)
            }
            (body)
        }
    }
}

/// The title with its icon, at the top of every page.
pub(super) fn brand(title: &str, base_path: &str) -> Markup {
    html! {
        img src=(assets::ICON.address(base_path)) alt="" width="28" height="28";
        (title)
    }
}

pub(crate) fn frame(frame: &Frame<'_>) -> Markup {
    let Frame { page, base_path, selection, snapshot, .. } = *frame;
    let zone = page.time_zone.as_str();
    let query = selection.query(zone);
    let joint = if query.len() == 1 { "" } else { "&" };
    let events = format!("events{query}{joint}seen={}", snapshot.version);
    document(
        &format!("{}: {}", page.title, period::title(selection)),
        base_path,
        &html! {
            script src=(assets::SCRIPT.address(base_path)) defer {}
            @if !snapshot.is_complete { noscript { meta http-equiv="refresh" content=(RELOAD_S); } }
        },
        &html! {
            body data-events=(events) {
                a.skip href="#numbers" { "Skip to the numbers" }
                header.top {
                    div.row {
                        a.brand href="?" { (brand(&page.title, base_path)) }
                        p #state.state {
                            noscript {
                                @if snapshot.is_complete { "Reload to update the numbers" }
                                @else {
                                    "Some numbers are still being worked out, and this page reloads until they are there. "
                                    a href=(query) { "Reload now" }
                                }
                            }
                        }
                        div.end {
                            @if frame.is_owner {
                                a href="shares" { "Share" }
                                form method="post" action="logout" { button.plain type="submit" { "Log out" } }
                            } @else if frame.may_log_in && frame.fixed.is_none() {
                                a href="login" { "Log in" }
                            }
                        }
                    }
                    div #sites { (PreEscaped(snapshot.html("sites"))) }
                    (period_choice(selection, zone))
                    (filter_chips(selection, zone, frame.fixed))
                }
                main #numbers tabindex="-1" {
                    h1.hide { (page.title) ": site analytics" }
                    div #hint { (PreEscaped(snapshot.html("hint"))) }
                    div.overview {
                        section.card.now aria-labelledby="h-now" { h2.hide #h-now { "Now" } div #now { (PreEscaped(snapshot.html("now"))) } }
                        section.card.whole aria-labelledby="h-totals" {
                            h2.hide #h-totals { "Selected period" }
                            div #bounds { (PreEscaped(snapshot.html("bounds"))) }
                            div #totals { (PreEscaped(snapshot.html("totals"))) }
                            div #curve { (PreEscaped(snapshot.html("curve"))) }
                        }
                    }
                    div.cards {
                        @for card in &*CARDS { (tabbed_card(card, snapshot)) }
                        section.card aria-labelledby="h-funnel" { h2 #h-funnel { "Funnel" } div #funnel.part { (PreEscaped(snapshot.html("funnel"))) } }
                        section.card aria-labelledby="h-vitals" { h2 #h-vitals { "Web vitals" } div #web_vitals.part { (PreEscaped(snapshot.html("web_vitals"))) } }
                        section.card aria-labelledby="h-reading" { h2 #h-reading { "Reading" } div #scroll_depth.part { (PreEscaped(snapshot.html("scroll_depth"))) } }
                        (tabbed_card(&LINKS, snapshot))
                    }
                    @if !selection.hides_events { section.card aria-labelledby="h-recent" { h2 #h-recent { "Recent events" } div #recent_events { (PreEscaped(snapshot.html("recent_events"))) } } }
                }
                footer.bottom {
                    p { "Times are in " (selection.time_zone) ". Visitors are counted by a hash that changes daily; a visit ends after 30 minutes without an event. "
                        a href="api/v1/" { "The same numbers as JSON and CSV" } "." }
                }
            }
        },
    )
}

fn period_choice(selection: &Selection, zone: &str) -> Markup {
    let custom = match &selection.period {
        Period::Custom(custom) => Some(custom),
        Period::Named(_) => None,
    };
    let day = |bound: &Bound| bound.to_string().get(..10).unwrap_or_default().to_owned();
    html! {
        div.row.choose {
            nav.periods aria-label="Period" {
                @for (name, title) in PERIODS {
                    @let other = Selection { period: Period::Named(name), ..selection.clone() };
                    @let is_chosen = selection.period == Period::Named(name);
                    a href=(other.query(zone)) aria-current=[is_chosen.then_some("true")] { (title) }
                }
            }
            details.custom {
                summary aria-current=[custom.is_some().then_some("true")] {
                    @if custom.is_some() { (period::title(selection)) } @else { "Custom period" }
                }
                form method="get" {
                    label { "From " input type="date" name="since" required value=[custom.map(|custom| day(&custom.since))]; }
                    label { "to " input type="date" name="until" required value=[custom.map(|custom| day(&custom.until))]; }
                    label { "Time zone " input type="text" name="tz" value=(selection.time_zone) autocomplete="off" spellcheck="false"; }
                    @if selection.curve != CURVES[0] { input type="hidden" name="curve" value=(selection.curve); }
                    @for (key, values) in &selection.filters { @for value in values { input type="hidden" name=(key) value=(value); } }
                    button type="submit" { "Show" }
                }
            }
        }
    }
}

/// The filters, each with a cross that removes it.
pub(super) fn filter_chips(selection: &Selection, zone: &str, fixed: Option<&Filters>) -> Markup {
    if selection.filters.is_empty() {
        return nothing();
    }
    html! {
        ul.chips.filters aria-label="Filters" {
            @for (key, values) in &selection.filters {
                @let name = filter_label(key);
                @let text = values.iter().map(|value| label(key, value)).collect::<Vec<_>>().join(" or ");
                li {
                    @if fixed.is_some_and(|fixed| fixed.contains_key(key)) {
                        span.chip { (name) ": " strong { (text) } }
                    } @else {
                        a.chip href=(format!("./{}", selection.without_filter(key).query(zone))) {
                            (name) ": " strong { (text) } span.cross aria-hidden="true" { "\u{d7}" } span.hide { ", remove this filter" }
                        }
                    }
                }
            }
        }
    }
}

fn label(key: &str, value: &str) -> String {
    let tab = DIMENSIONS.iter().find(|dimension| dimension.name == key).and_then(|dimension| dimension.tab.as_ref());
    tab.map_or(format::plain as fn(&str) -> String, |tab| format::label_of(tab.shown_as))(value)
}

/// The tabs of a card are radio buttons: they need no script, and they keep their state when a fragment is replaced.
fn tabbed_card(card: &Card, snapshot: &Snapshot) -> Markup {
    let id = card.title.to_lowercase().replace(' ', "-");
    let heading = format!("h-{id}");
    html! {
        section.card.tabbed aria-labelledby=(heading) {
            h2 id=(heading) { (card.title) }
            fieldset.tabs {
                legend.hide { (card.title) " by" }
                @for (index, tab) in card.tabs.iter().enumerate() {
                    span {
                        input.tab type="radio" name=(format!("tab-{id}")) id=(format!("tab-{}", tab.id)) checked[index == 0];
                        label for=(format!("tab-{}", tab.id)) { (tab.name) }
                    }
                }
            }
            @for tab in &card.tabs {
                div.panel { h3.panel-title { (tab.listing.caption) } div.part id=(tab.id) { (PreEscaped(snapshot.html(tab.id))) } }
            }
            @if card.title == "Events" { div #properties.part { (PreEscaped(snapshot.html("properties"))) } }
        }
    }
}
