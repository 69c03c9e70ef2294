//! The page around its parts: what changes only when another page is loaded.

use std::sync::Arc;

use footfall_event::dimension::DIMENSIONS;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::cards::{CARDS, Card, LINKS};
use super::{Look, format};
use crate::assets;
use crate::live::Snapshot;
use crate::selection::{Filters, PERIODS, Period, Selection, filter_label};

/// What a page is made of.
pub(crate) struct Frame<'a> {
    pub(crate) look: &'a Look,
    pub(crate) base_path: &'a str,
    pub(crate) selection: &'a Selection,
    pub(crate) snapshot: &'a Arc<Snapshot>,
    /// What a shared link fixes: it cannot be taken away.
    pub(crate) fixed: Option<&'a Filters>,
    /// Whether whoever looks may share links and log out.
    pub(crate) is_owner: bool,
    /// Whether there is a form to log in with.
    pub(crate) may_log_in: bool,
}

/// The head of every page.
pub(super) fn document(title: &str, base_path: &str, script: bool, body: &Markup) -> Markup {
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
                @if script { script src=(assets::SCRIPT.address(base_path)) defer {} }
            }
            (body)
        }
    }
}

/// The name and the picture, at the top of every page.
pub(super) fn brand(title: &str, base_path: &str) -> Markup {
    html! {
        img src=(assets::ICON.address(base_path)) alt="" width="28" height="28";
        (title)
    }
}

/// The live page.
pub(crate) fn frame(frame: &Frame<'_>) -> Markup {
    let Frame { look, base_path, selection, snapshot, .. } = *frame;
    let zone = look.time_zone.as_str();
    let query = selection.query(zone);
    let joint = if query.len() == 1 { "" } else { "&" };
    let events = format!("events{query}{joint}seen={}", snapshot.version);
    document(
        &format!("{}: {}", look.title, period_name(selection)),
        base_path,
        true,
        &html! {
            body data-events=(events) {
                a.skip href="#numbers" { "Skip to the numbers" }
                header.top {
                    div.row {
                        a.brand href="?" { (brand(&look.title, base_path)) }
                        p #state.state { noscript { "Reload to see what is new" } }
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
                    (periods(selection, zone))
                    (chips(selection, zone, frame.fixed))
                }
                main #numbers tabindex="-1" {
                    h1.hide { (look.title) ": what happens on the site" }
                    div #hint { (PreEscaped(snapshot.html("hint"))) }
                    div.overview {
                        section.card.now aria-labelledby="h-now" { h2.hide #h-now { "Now" } div #now { (PreEscaped(snapshot.html("now"))) } }
                        section.card.whole aria-labelledby="h-totals" {
                            h2.hide #h-totals { "The period" }
                            div #totals { (PreEscaped(snapshot.html("totals"))) }
                            div #curve { (PreEscaped(snapshot.html("curve"))) }
                        }
                    }
                    div.cards {
                        @for card in &*CARDS { (tabbed(card, snapshot)) }
                        section.card aria-labelledby="h-funnel" { h2 #h-funnel { "Funnel" } div #funnel.part { (PreEscaped(snapshot.html("funnel"))) } }
                        section.card aria-labelledby="h-vitals" { h2 #h-vitals { "Web vitals" } div #web_vitals.part { (PreEscaped(snapshot.html("web_vitals"))) } }
                        section.card aria-labelledby="h-reading" { h2 #h-reading { "Reading" } div #scroll_depth.part { (PreEscaped(snapshot.html("scroll_depth"))) } }
                        (tabbed(&LINKS, snapshot))
                    }
                    section.card aria-labelledby="h-recent" { h2 #h-recent { "Recent events" } div #recent_events { (PreEscaped(snapshot.html("recent_events"))) } }
                }
                footer.bottom {
                    p { "Times are in " (selection.time_zone) ". A visitor is a hash that changes daily; a visit ends after 30 minutes of silence. "
                        a href="api/v1/" { "All of this as JSON and CSV" } "." }
                }
            }
        },
    )
}

fn period_name(selection: &Selection) -> String {
    match &selection.period {
        Period::Named(name) => PERIODS.iter().find(|(key, _)| key == name).map_or(*name, |(_, title)| title).to_owned(),
        Period::Custom(custom) => format!("{} to {}", custom.since, custom.until),
    }
}

fn periods(selection: &Selection, zone: &str) -> Markup {
    let custom = match &selection.period {
        Period::Custom(custom) => Some(custom),
        Period::Named(_) => None,
    };
    let day = |text: &str| text.get(..10).unwrap_or_default().to_owned();
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
                    @if custom.is_some() { (period_name(selection)) } @else { "Other days" }
                }
                form method="get" {
                    label { "From " input type="date" name="since" required value=[custom.map(|custom| day(&custom.since))]; }
                    label { "to " input type="date" name="until" required value=[custom.map(|custom| day(&custom.until))]; }
                    label { "Time zone " input type="text" name="tz" value=(selection.time_zone) autocomplete="off" spellcheck="false"; }
                    @if selection.curve != crate::selection::CURVES[0] { input type="hidden" name="curve" value=(selection.curve); }
                    @for (key, values) in &selection.filters { @for value in values { input type="hidden" name=(key) value=(value); } }
                    button type="submit" { "Show" }
                }
            }
        }
    }
}

/// The filters that are set, each with a cross.
fn chips(selection: &Selection, zone: &str, fixed: Option<&Filters>) -> Markup {
    if selection.filters.is_empty() {
        return html! {};
    }
    html! {
        ul.chips.filters aria-label="Filters" {
            @for (key, values) in &selection.filters {
                @let name = filter_label(key);
                @let text = values.iter().map(|value| shown(key, value)).collect::<Vec<_>>().join(" or ");
                li {
                    @if fixed.is_some_and(|fixed| fixed.contains_key(key)) {
                        span.chip { (name) ": " strong { (text) } }
                    } @else {
                        a.chip href=(selection.without_filter(key).query(zone)) {
                            (name) ": " strong { (text) } span.cross aria-hidden="true" { "\u{d7}" } span.hide { ", take this filter away" }
                        }
                    }
                }
            }
        }
    }
}

fn shown(key: &str, value: &str) -> String {
    let tab = DIMENSIONS.iter().find(|dimension| dimension.name == key).and_then(|dimension| dimension.tab.as_ref());
    tab.map_or(format::plain as fn(&str) -> String, |tab| format::label_of(tab.shown_as))(value)
}

/// A card whose tabs are radio buttons, so that they need no script and stay as they are when a part is replaced.
fn tabbed(card: &Card, snapshot: &Snapshot) -> Markup {
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
