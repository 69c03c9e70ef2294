//! The totals, each with its change since the previous period.

use maud::{Markup, html};

use super::tables::{csv_link, error, nothing, or_dash};
use super::{format, period};
use crate::answers::Answers;
use crate::selection::{CURVES, Range, Selection};
use crate::table::Line;

/// A row of the answer.
struct Measure {
    name: &'static str,
    title: &'static str,
    format: fn(f64) -> String,
    is_lower_better: bool,
}

const fn measure(name: &'static str, title: &'static str, format: fn(f64) -> String) -> Measure {
    Measure { name, title, format, is_lower_better: false }
}

static MEASURES: [Measure; 7] = [
    measure("visitors", "Visitors", whole),
    measure("visits", "Visits", whole),
    measure("views", "Views", whole),
    measure("views_per_visit", "Views per visit", format::decimal),
    Measure { is_lower_better: true, ..measure("bounce_rate", "Bounce rate", format::percent) },
    measure("visit_seconds_median", "Visit duration", format::seconds),
    measure("events", "Events", whole),
];

/// A relative change smaller than this is shown as none.
const CHANGE_MIN: f64 = 0.0005;

fn whole(number: f64) -> String {
    #[allow(clippy::cast_possible_truncation)] // a count
    format::count(number as i64)
}

/// The period in words, which is known before its totals.
pub(super) fn bounds(selection: &Selection, range: Option<&Range>) -> Markup {
    html! { @if let Some(range) = range { p.bounds { (period::bounds(selection, range)) } } }
}

pub(super) fn totals(selection: &Selection, zone: &str, answers: &Answers) -> Markup {
    let table = match answers.get("totals_compared") {
        None => return nothing(),
        Some(Err(cause)) => return error(cause),
        Some(Ok(table)) => table,
    };
    let line_of = |name: &str| table.lines().find(|line| line.text("measure") == Some(name));
    html! {
        dl.totals {
            @for measure in &MEASURES {
                @let line = line_of(measure.name);
                div.total {
                    dt { (title(measure, selection, zone)) }
                    dd {
                        strong data-number=(measure.name) { (or_dash(line.and_then(|line| line.number("value")), measure.format)) }
                        (change(line, measure))
                    }
                }
            }
        }
        (csv_link("totals_compared", "the totals", selection, zone))
    }
}

/// The title; a link if the curve can show the measure.
fn title(measure: &Measure, selection: &Selection, zone: &str) -> Markup {
    let Some(curve) = CURVES.into_iter().find(|curve| *curve == measure.name) else {
        return html! { (measure.title) };
    };
    let is_current = selection.curve == curve;
    let other = Selection { curve, ..selection.clone() };
    html! {
        a href=(other.query(zone)) aria-current=[is_current.then_some("true")] title="Show in the chart" { (measure.title) }
    }
}

fn change(line: Option<Line<'_>>, measure: &Measure) -> Markup {
    let Some(line) = line else { return nothing() };
    let previous = or_dash(line.number("previous_value"), measure.format);
    let title = format!("{previous} in the previous period");
    let Some(change) = line.number("change") else {
        let has_previous = line.number("previous_value").is_some();
        return html! { @if has_previous { span.change title=(title) { "none before" } } };
    };
    if change.abs() < CHANGE_MIN {
        return html! { span.change title=(title) { "no change" } };
    }
    let (is_up, is_good) = (change > 0.0, (change > 0.0) != measure.is_lower_better);
    html! {
        span.change.good[is_good].bad[!is_good] title=(title) {
            span aria-hidden="true" { @if is_up { "\u{25b2}\u{a0}" } @else { "\u{25bc}\u{a0}" } }
            span.hide { @if is_up { "up " } @else { "down " } }
            (format::percent(change.abs()))
        }
    }
}
