//! The curve: SVG with axes and values under the pointer, and the same as a table.
//!
//! The content security policy allows no style attribute, so places across are percentages and heights are pixels: both
//! are SVG attributes. Only the line itself is stretched.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use maud::{Markup, html};

use super::format;
use crate::selection::{Period, Range, Selection};
use crate::table::Table;

const HEIGHT: f64 = 240.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 212.0;
/// Width of the stretched line's own coordinates.
const SPAN: f64 = 1000.0;
const LABELS_MAX: usize = 9;

/// What the curve is compared with: today with the whole of yesterday, all else with what went before.
pub(crate) fn curve_before(selection: &Selection, range: &Range) -> (Timestamp, Timestamp) {
    let until = if selection.period == Period::Named("today") { range.since } else { range.previous_until };
    (range.previous_since, until)
}

struct Point {
    at: Timestamp,
    value: i64,
}

fn points(table: &Table, curve: &str) -> Vec<Point> {
    let point = |line: crate::table::Line<'_>| Some(Point { at: line.instant("bucket")?, value: line.count(curve) });
    table.lines().filter_map(point).collect()
}

/// How a bucket is called.
#[derive(Clone, Copy)]
struct Labels {
    short: &'static str,
    long: &'static str,
}

impl Labels {
    fn of(bucket_width: &str) -> Self {
        if bucket_width.contains("mon") || bucket_width.contains("year") {
            Self { short: "%b", long: "%B %Y" }
        } else if bucket_width.contains("day") {
            Self { short: "%-d %b", long: "%a %-d %b" }
        } else {
            Self { short: "%H:%M", long: "%a %H:%M" }
        }
    }
}

/// The steps of an axis up to at least `max`: whole numbers that a person counts in.
fn ticks(max: i64) -> Vec<i64> {
    let least = (max + 3) / 4;
    let mut step = 1;
    for factor in [2, 5, 10].into_iter().cycle() {
        if step >= least.max(1) {
            break;
        }
        // 1, 2, 5, 10, 20, ...: from the power of ten below.
        let power = 10_i64.pow(step.ilog10());
        step = power * factor;
    }
    let count = (max + step - 1) / step;
    (0..=count.max(2)).map(|tick| tick * step).collect()
}

#[allow(clippy::cast_precision_loss)] // places on a screen
fn across(index: usize, count: usize) -> f64 {
    if count < 2 { 50.0 } else { index as f64 / (count - 1) as f64 * 100.0 }
}

#[allow(clippy::cast_precision_loss)]
fn down(value: i64, top: i64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * value as f64 / top.max(1) as f64
}

fn path(points: &[Point], count: usize, top: i64) -> String {
    let mut path = String::new();
    for (index, point) in points.iter().enumerate() {
        let letter = if index == 0 { 'M' } else { 'L' };
        path.push_str(&format!("{letter}{:.1} {:.1}", across(index, count) / 100.0 * SPAN, down(point.value, top)));
    }
    path
}

fn area(points: &[Point], count: usize, top: i64) -> String {
    let Some(last) = points.len().checked_sub(1) else { return String::new() };
    format!("{}L{:.1} {BOTTOM}L0 {BOTTOM}Z", path(points, count, top), across(last, count) / 100.0 * SPAN)
}

/// Text at the edges must not stand out of the picture.
fn anchor(percent: f64) -> &'static str {
    match percent {
        ..8.0 => "start",
        92.0.. => "end",
        _ => "middle",
    }
}

/// The whole part.
pub(super) fn curve(selection: &Selection, range: &Range, now: &Table, before: Option<&Table>) -> Markup {
    let (zone, labels) = (selection.zone(), Labels::of(&range.bucket_width));
    let current = points(now, selection.curve);
    let earlier = before.map(|table| points(table, selection.curve)).unwrap_or_default();
    let count = current.len().max(earlier.len());
    let max = current.iter().chain(&earlier).map(|point| point.value).max().unwrap_or_default();
    let ticks = ticks(max);
    let top = ticks.last().copied().unwrap_or(1);
    let (name, name_before) = names(selection);
    let total: i64 = current.iter().map(|point| point.value).max().unwrap_or_default();
    let summary = format!(
        "{} over time, {name}, with {name_before} to compare. At most {} at once. The values stand in the table below.",
        format::capitalised(selection.curve),
        format::count(total)
    );
    // Where this period is not over, the earlier one says what the rest of the axis is called.
    let at = |index: usize| {
        let shift = range.since.duration_since(range.previous_since);
        let from_earlier = || earlier.get(index).and_then(|point| point.at.checked_add(shift).ok());
        current.get(index).map(|point| point.at).or_else(from_earlier)
    };
    let label = |index: usize, format: &str| at(index).map(|at| local(at, &zone, format)).unwrap_or_default();
    let every = count.div_ceil(LABELS_MAX).max(1);
    html! {
        div.legend {
            span.key.current { (name) }
            @if !earlier.is_empty() { span.key.earlier { (name_before) } }
        }
        svg.curve role="img" aria-label=(summary) height=(HEIGHT) width="100%" {
            @for tick in &ticks {
                @let y = down(*tick, top);
                line.grid x1="0" x2="100%" y1=(y) y2=(y) {}
            }
            @for index in (0..count).step_by(every) {
                @let x = across(index, count);
                text.tick.across x=(percentage(x)) y=(HEIGHT - 8.0) text-anchor=(anchor(x)) { (label(index, labels.short)) }
            }
            svg x="0" y="0" width="100%" height=(HEIGHT) viewBox=(format!("0 0 {SPAN} {HEIGHT}")) preserveAspectRatio="none" {
                path.area d=(area(&current, count, top)) {}
                @if !earlier.is_empty() { path.line.earlier d=(path(&earlier, count, top)) {} }
                path.line.current d=(path(&current, count, top)) {}
            }
            // Over the lines, and not at the bottom, which needs no number.
            @for tick in &ticks[1..] {
                text.tick x="0" y=(down(*tick, top) - 5.0) { (format::count(*tick)) }
            }
            @if let Some((index, last)) = current.iter().enumerate().next_back() {
                circle.last cx=(percentage(across(index, count))) cy=(down(last.value, top)) r="4" {}
            }
            @for index in 0..count {
                @let x = across(index, count);
                @let width = 100.0 / f64::from(u32::try_from(count.max(2) - 1).unwrap_or(1));
                g.hit {
                    rect x=(percentage((x - width / 2.0).max(0.0))) width=(percentage(width)) y="0" height=(HEIGHT) {}
                    line x1=(percentage(x)) x2=(percentage(x)) y1=(TOP) y2=(BOTTOM) {}
                    @if let Some(point) = current.get(index) {
                        circle cx=(percentage(x)) cy=(down(point.value, top)) r="4.5" {}
                    }
                    text x=(percentage(x)) y="13" text-anchor=(anchor_of_tip(x)) {
                        (label(index, labels.long))
                        @if let Some(point) = current.get(index) { ": " tspan { (format::count(point.value)) } }
                        @if let Some(point) = earlier.get(index) { " (" (name_before.to_lowercase()) " " (format::count(point.value)) ")" }
                    }
                }
            }
        }
        details.values id="curve-values" {
            summary { "Values as a table" }
            div.scroll tabindex="0" role="region" aria-label="Values of the curve" {
                table {
                    caption.hide { (format::capitalised(selection.curve)) " over time" }
                    thead { tr { th scope="col" { "Time" } th.number scope="col" { (name) } th.number scope="col" { (name_before) } } }
                    tbody {
                        @for index in 0..count {
                            tr {
                                th scope="row" { (label(index, labels.long)) }
                                td.number { @if let Some(point) = current.get(index) { (format::count(point.value)) } @else { "\u{2013}" } }
                                td.number { @if let Some(point) = earlier.get(index) { (format::count(point.value)) } @else { "\u{2013}" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Wide enough for a line of text on either side.
fn anchor_of_tip(percent: f64) -> &'static str {
    match percent {
        ..35.0 => "start",
        65.0.. => "end",
        _ => "middle",
    }
}

fn percentage(value: f64) -> String {
    format!("{value:.2}%")
}

fn local(at: Timestamp, zone: &TimeZone, format: &str) -> String {
    at.to_zoned(zone.clone()).strftime(format).to_string()
}

fn names(selection: &Selection) -> (&'static str, &'static str) {
    match selection.period {
        Period::Named("today") => ("Today", "Yesterday"),
        Period::Named("yesterday") => ("Yesterday", "The day before"),
        Period::Named("realtime") => ("Last 30 minutes", "The 30 before"),
        Period::Named("24h") => ("Last 24 hours", "The 24 before"),
        Period::Named("7d") => ("Last 7 days", "The 7 before"),
        Period::Named("30d") => ("Last 30 days", "The 30 before"),
        Period::Named("month") => ("This month", "The month before"),
        Period::Named("year") => ("This year", "The year before"),
        Period::Named(_) | Period::Custom(_) => ("This period", "The one before"),
    }
}

/// The last half hour by the minute, as bars. Its numbers are told by the words beside it.
pub(super) fn pulse(table: &Table) -> Markup {
    let counts: Vec<_> = table.lines().map(|line| line.count("events")).collect();
    let top = counts.iter().copied().max().unwrap_or_default().max(1);
    let width = 100.0 / f64::from(u32::try_from(counts.len().max(1)).unwrap_or(u32::MAX));
    html! {
        svg.pulse aria-hidden="true" width="100%" height=(PULSE_HEIGHT) {
            @for (count, left) in counts.iter().zip((0_u32..).map(|index| f64::from(index) * width)) {
                @let height = pulse_height(*count, top);
                rect x=(percentage(left)) width=(percentage(width * 0.72)) y=(PULSE_HEIGHT - height) height=(height) rx="1.5" {}
            }
        }
    }
}

const PULSE_HEIGHT: f64 = 56.0;

/// A minute without anything is a line.
#[allow(clippy::cast_precision_loss)]
fn pulse_height(count: i64, top: i64) -> f64 {
    (count as f64 / top as f64 * PULSE_HEIGHT).max(2.0)
}

/// The days of a period, for a reader.
pub(super) fn bounds(selection: &Selection, range: &Range) -> String {
    let zone = selection.zone();
    let is_short = range.until.duration_since(range.since).as_hours() <= 25;
    // The end is no part of the period.
    let last = range.until.checked_sub(1.microsecond()).unwrap_or(range.until);
    if is_short && local(range.since, &zone, "%F") == local(last, &zone, "%F") {
        return local(range.since, &zone, "%A, %-d %B %Y");
    }
    let format = if is_short { "%-d %b, %H:%M" } else { "%-d %b %Y" };
    format!("{} \u{2013} {}", local(range.since, &zone, format), local(last, &zone, format))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_counts_in_round_steps_and_reaches_the_top() {
        assert_eq!(ticks(0), [0, 1, 2]);
        assert_eq!(ticks(3), [0, 1, 2, 3]);
        assert_eq!(ticks(7), [0, 2, 4, 6, 8]);
        assert_eq!(ticks(130), [0, 50, 100, 150]);
        assert_eq!(ticks(4_000), [0, 1_000, 2_000, 3_000, 4_000]);
        for max in 0..20_000 {
            let ticks = ticks(max);
            assert!(*ticks.last().unwrap() >= max && (3..=6).contains(&ticks.len()), "{max}: {ticks:?}");
        }
    }
}
