//! The parts that are no plain tables.

use maud::{Markup, html};

use super::nothing;
use super::tables::{Cell, Listing, csv_link, listing, shown, trouble};
use super::{curve, format};
use crate::database::QueryError;
use crate::plan::{Answers, LAST_30_MINUTES, PREVIOUS_VISITS_OVER_TIME};
use crate::selection::{Period, Range, Selection};
use crate::table::Line;

/// Links to each site, where there are several.
pub(super) fn sites(selection: &Selection, zone: &str, answers: &Answers) -> Markup {
    let Some(Ok(table)) = answers.get("sites") else { return nothing() };
    let names: Vec<_> = table.lines().filter_map(|line| line.text("site")).filter(|site| !site.is_empty()).collect();
    let chosen = selection.filters.get("site").and_then(|values| values.first());
    if names.len() + usize::from(table.rows.len() > names.len()) < 2 {
        return nothing();
    }
    html! {
        nav.sites aria-label="Sites" {
            a href=(selection.without_filter("site").query(zone)) aria-current=[chosen.is_none().then_some("true")] { "All sites" }
            @for name in names {
                a href=(selection.with_filter("site", name).query(zone)) aria-current=[(chosen.is_some_and(|site| site == name)).then_some("true")] { (name) }
            }
        }
    }
}

/// What to do next, where there is nothing to see.
pub(super) fn hint(selection: &Selection, zone: &str, answers: &Answers, trouble: Option<&QueryError>) -> Markup {
    if let Some(error) = trouble {
        let title = if answers.is_empty() { "No numbers just now" } else { "These numbers are not of just now" };
        return html! { div.hint.bad role="status" { h2 { (title) } p { (error) } } };
    }
    let (Some(types), Some(recent)) = (answers.get("event_types"), answers.get("recent_events")) else {
        return nothing();
    };
    let (types, recent) = match (types, recent) {
        (Ok(types), Ok(recent)) => (types, recent),
        (Err(error), _) | (_, Err(error)) => {
            return html! { div.hint.bad role="status" { h2 { "No numbers just now" } p { (error) } } };
        }
    };
    if !types.is_empty() {
        return nothing();
    }
    let mut wide = selection.clone();
    wide.period = Period::Named("30d");
    html! {
        div.hint {
            @if !recent.is_empty() {
                h2 { "Nothing happened in this period" }
                p { "There are earlier events. " a href=(wide.query(zone)) { "Look at the last 30 days" } ", or choose other days above." }
            } @else if !selection.filters.is_empty() {
                h2 { "Nothing fits these filters" }
                p { "Take a filter away with its cross, above the numbers, or choose a longer period." }
            } @else {
                h2 { "No event has arrived yet" }
                ol {
                    li { "Put the tracker on a page, with the address of this server:"
                        pre tabindex="0" { code { "<script src=\"https://your.host/analytics.js\" defer></script>" } } }
                    li { "Open that page. The visit appears here by itself, within a second." }
                    li { "Nothing appears? " code { "footfall check" } " sends a marked event and says how far it got." }
                    li { "Programs that say what they are, such as crawlers and browser tests, are left out here. "
                        a href=(selection.with_filter("bot", "any").query(zone)) { "Show them too" } "." }
                }
            }
        }
    }
}

/// Visitors of the last five minutes.
pub(super) fn now(selection: &Selection, zone: &str, answers: &Answers) -> Markup {
    let visitors = match answers.get("live_visitors") {
        None => return nothing(),
        Some(Err(error)) => return trouble(error),
        Some(Ok(table)) => {
            table.rows.first().and_then(|row| row.first()).and_then(serde_json::Value::as_i64).unwrap_or_default()
        }
    };
    let pages = answers.get("live_now").and_then(|answer| answer.as_ref().ok());
    html! {
        p.big role="status" aria-atomic="true" {
            strong data-number="live" { (format::count(visitors)) } " "
            span { @if visitors == 1 { "visitor now" } @else { "visitors now" } }
        }
        @if let Some(pages) = pages.filter(|pages| !pages.is_empty()) {
            ul.where aria-label="Where they are" {
                @for line in pages.lines().take(5) {
                    @let page = line.text("page").unwrap_or_default();
                    li { a href=(selection.with_filter("page", page).query(zone)) title=(page) { (page) } span.number { (format::count(line.count("visitors"))) } }
                }
            }
        } @else {
            p.quiet { "Nobody in the last five minutes." }
        }
        @if let Some(Ok(table)) = answers.get(LAST_30_MINUTES).filter(|answer| answer.as_ref().is_ok_and(|table| !table.is_empty())) {
            div.minutes { (curve::pulse(table)) p.quiet { "By the minute, for half an hour" } }
        }
    }
}

/// A measure of the totals.
struct Measure {
    name: &'static str,
    title: &'static str,
    format: fn(f64) -> String,
    /// Whether more of it is worse.
    is_bad: bool,
    is_curve: bool,
}

const fn measure(name: &'static str, title: &'static str, format: fn(f64) -> String) -> Measure {
    Measure { name, title, format, is_bad: false, is_curve: false }
}

static MEASURES: [Measure; 7] = [
    Measure { is_curve: true, ..measure("visitors", "Visitors", whole) },
    Measure { is_curve: true, ..measure("visits", "Visits", whole) },
    Measure { is_curve: true, ..measure("views", "Views", whole) },
    measure("views_per_visit", "Views per visit", format::decimal),
    Measure { is_bad: true, ..measure("bounce_rate", "Bounce rate", format::percent) },
    measure("visit_seconds_median", "Visit time", format::seconds),
    measure("events", "Events", whole),
];

fn whole(number: f64) -> String {
    #[allow(clippy::cast_possible_truncation)] // a count
    format::count(number as i64)
}

/// The totals, each with its change.
pub(super) fn totals(selection: &Selection, zone: &str, range: Option<&Range>, answers: &Answers) -> Markup {
    let table = match answers.get("totals_compared") {
        None => return nothing(),
        Some(Err(error)) => return trouble(error),
        Some(Ok(table)) => table,
    };
    let line_of = |name: &str| table.lines().find(|line| line.text("measure") == Some(name));
    html! {
        @if let Some(range) = range { p.bounds { (curve::bounds(selection, range)) } }
        dl.totals {
            @for measure in &MEASURES {
                @let line = line_of(measure.name);
                @let is_current = measure.is_curve && selection.curve == measure.name;
                div.total {
                    dt {
                        @if measure.is_curve {
                            @let other = Selection { curve: curve_of(measure.name), ..selection.clone() };
                            a href=(other.query(zone)) aria-current=[is_current.then_some("true")] title="Show it as the curve" { (measure.title) }
                        } @else { (measure.title) }
                    }
                    dd {
                        strong data-number=(measure.name) { (shown(line.and_then(|line| line.number("value")), measure.format)) }
                        (change(line, measure))
                    }
                }
            }
        }
        (csv_link("totals_compared", "the totals", selection, zone))
    }
}

fn curve_of(name: &str) -> &'static str {
    crate::selection::CURVES.into_iter().find(|curve| *curve == name).unwrap_or_default()
}

fn change(line: Option<Line<'_>>, measure: &Measure) -> Markup {
    let Some(line) = line else { return nothing() };
    let before = shown(line.number("previous_value"), measure.format);
    let title = format!("{before} in the period before");
    let Some(change) = line.number("change") else {
        let had_none = line.number("previous_value").is_some();
        return html! { @if had_none { span.change title=(title) { "none before" } } };
    };
    let text = format::percent(change.abs());
    let is_good = (change > 0.0) != measure.is_bad;
    if change.abs() < 0.0005 {
        return html! { span.change title=(title) { "as before" } };
    }
    html! {
        span.change.good[is_good].bad[!is_good] title=(title) {
            span aria-hidden="true" { @if change > 0.0 { "\u{25b2}\u{a0}" } @else { "\u{25bc}\u{a0}" } }
            span.hide { @if change > 0.0 { "up " } @else { "down " } }
            (text)
        }
    }
}

pub(super) fn curve(selection: &Selection, range: Option<&Range>, answers: &Answers) -> Markup {
    match (answers.get("visits_over_time"), range) {
        (Some(Ok(now)), Some(range)) => {
            let before = answers.get(PREVIOUS_VISITS_OVER_TIME).and_then(|answer| answer.as_ref().ok());
            curve::curve(selection, range, now, before)
        }
        (Some(Err(error)), _) => trouble(error),
        _ => nothing(),
    }
}

/// The properties of the one type of event that is chosen, and the values of one of them.
pub(super) fn properties(selection: &Selection, zone: &str, answers: &Answers) -> Markup {
    let Some(event_type) = selection.only_event_type() else { return nothing() };
    let table = match answers.get("event_properties") {
        None => return nothing(),
        Some(Err(error)) => return trouble(error),
        Some(Ok(table)) if table.is_empty() => {
            return html! { h3 { "Properties of " (event_type) } p.none { "None in this period." } };
        }
        Some(Ok(table)) => table,
    };
    html! {
        h3 { "Properties of " (event_type) }
        ul.chips {
            @for line in table.lines() {
                @let property = line.text("property").unwrap_or_default();
                @let is_chosen = selection.property.as_deref() == Some(property);
                @let other = Selection { property: Some(property.to_owned()), ..selection.clone() };
                li { a.chip href=(other.query(zone)) aria-current=[is_chosen.then_some("true")] { (property) " " span.quiet { (format::count(line.count("events"))) } } }
            }
        }
        (listing(&VALUES, selection, zone, answers.get("property_values")))
    }
}

static VALUES: Listing = Listing {
    caption: "Values of the property",
    heading: "Value",
    name_column: "value",
    detail_column: None,
    filter: None,
    label: format::plain,
    null_label: "No value",
    bar_column: "events",
    numbers: &[("Events", Cell::Count("events")), ("Visitors", Cell::Count("visitors"))],
    question: std::borrow::Cow::Borrowed("property_values"),
};

/// Steps, each with how many got there.
pub(super) fn funnel(answers: &Answers) -> Markup {
    let table = match answers.get("funnel") {
        None => return nothing(),
        Some(Err(error)) => return trouble(error),
        Some(Ok(table)) => table,
    };
    html! {
        ol.funnel {
            @for line in table.lines() {
                li {
                    (step_bar(line.number("of_first")))
                    span.name { (line.text("name").unwrap_or_default()) }
                    span.number {
                        strong { (format::count(line.count("visits"))) }
                        @if let Some(share) = line.number("of_first").filter(|_| line.count("step") > 1) {
                            " " span.quiet { (format::percent(share)) span.hide { " of the first step" } }
                        }
                    }
                }
            }
        }
    }
}

fn step_bar(share: Option<f64>) -> Markup {
    let percent = share.unwrap_or_default().clamp(0.0, 1.0) * 100.0;
    html! { svg.bar aria-hidden="true" width="100%" height="100%" { rect width=(format!("{percent:.1}%")) height="100%" rx="4" {} } }
}

/// What each metric is called, and what it is.
const VITALS: [(&str, &str, &str); 5] = [
    ("lcp_ms", "LCP", "Largest contentful paint: when the main content is there"),
    ("inp_ms", "INP", "Interaction to next paint: how soon a click shows"),
    ("cls", "CLS", "Cumulative layout shift: how much the page jumps"),
    ("fcp_ms", "FCP", "First contentful paint: when something is there"),
    ("ttfb_ms", "TTFB", "Time to first byte: how soon the server answers"),
];

pub(super) fn web_vitals(selection: &Selection, zone: &str, answers: &Answers) -> Markup {
    let table = match answers.get("web_vitals") {
        None => return nothing(),
        Some(Err(error)) => return trouble(error),
        Some(Ok(table)) if table.is_empty() => return nothing(),
        Some(Ok(table)) => table,
    };
    let mut pages: Vec<&str> = table.lines().filter_map(|line| line.text("page")).collect();
    pages.dedup();
    pages.truncate(8);
    let of = |page: Option<&str>, metric: &str| {
        table.lines().find(|line| line.text("page") == page && line.text("metric") == Some(metric))
    };
    html! {
        @let core = &VITALS[..3];
        dl.vitals {
            @for (metric, name, about) in VITALS {
                @if let Some(line) = of(None, metric) {
                    div {
                        dt { abbr title=(about) { (name) } }
                        dd { strong { (value_of(line, metric)) } (rating(line)) }
                    }
                }
            }
        }
        @if !pages.is_empty() {
            div.scroll tabindex="0" role="region" aria-label="Web vitals by page" {
                table.pages {
                    caption.hide { "Web vitals by page, at the 75th percentile" }
                    thead { tr { th scope="col" { "Page" } @for (_, name, about) in core { th.number scope="col" { abbr title=(about) { (name) } } } } }
                    tbody {
                        @for page in pages {
                            tr {
                                th scope="row" { a href=(selection.with_filter("page", page).query(zone)) title=(page) { (page) } }
                                @for (metric, ..) in core {
                                    td.number { @if let Some(line) = of(Some(page), metric) { (value_of(line, metric)) } @else { "\u{2013}" } }
                                }
                            }
                        }
                    }
                }
            }
        }
        (csv_link("web_vitals", "the web vitals", selection, zone))
    }
}

fn value_of(line: Line<'_>, metric: &str) -> String {
    shown(line.number("p75"), |value| format::vital(metric, value))
}

fn rating(line: Line<'_>) -> Markup {
    let Some(rating) = line.text("rating") else { return nothing() };
    let (good, bad) = (rating == "good", rating == "poor");
    html! { span.rating.good[good].bad[bad] { (format::capitalised(rating)) } }
}
