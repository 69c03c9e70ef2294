//! The curve: an SVG chart with tooltips, and the same values as a table.
//!
//! The content security policy forbids style attributes, so SVG attributes place everything: x in percent, y in pixels.
//! Only the lines are stretched.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::axes::{
    BOTTOM, HEIGHT, Point, SPAN, TOP, across, anchor, anchor_of_tooltip, area, down, path, percentage, ticks,
};
use super::tables::{DASH, error, nothing};
use super::{format, period};
use crate::answers::Answers;
use crate::plan::PREVIOUS_VISITS_OVER_TIME;
use crate::selection::{Range, Selection};
use crate::table::{Line, Table};

/// Labels below the axis.
const LABELS_MAX: usize = 9;

pub(super) fn curve(selection: &Selection, range: Option<&Range>, answers: &Answers) -> Markup {
    match (answers.get("visits_over_time"), range) {
        (Some(Ok(current)), Some(range)) => {
            let previous = answers.get(PREVIOUS_VISITS_OVER_TIME).and_then(|answer| answer.as_ref().ok());
            let chart = Chart::new(selection, range, current, previous);
            html! { (chart.legend()) (chart.svg()) (chart.values()) }
        }
        (Some(Err(cause)), _) => error(cause),
        _ => nothing(),
    }
}

struct Chart<'a> {
    /// Visitors, visits or views.
    measure: &'static str,
    range: &'a Range,
    zone: TimeZone,
    current: Vec<Point>,
    previous: Vec<Point>,
    /// Number of points in the longer of the two.
    count: usize,
    ticks: Vec<i64>,
    name: &'static str,
    previous_name: &'static str,
}

fn points(table: &Table, measure: &str) -> Vec<Point> {
    let point = |line: Line<'_>| Some(Point { at: line.instant("bucket")?, value: line.count(measure) });
    table.lines().filter_map(point).collect()
}

impl<'a> Chart<'a> {
    fn new(selection: &Selection, range: &'a Range, current: &Table, previous: Option<&Table>) -> Self {
        let measure = selection.curve;
        let current = points(current, measure);
        let previous = previous.map(|table| points(table, measure)).unwrap_or_default();
        let max = current.iter().chain(&previous).map(|point| point.value).max().unwrap_or_default();
        let (name, previous_name) = period::names(selection);
        Self {
            measure,
            range,
            zone: selection.zone(),
            count: current.len().max(previous.len()),
            current,
            previous,
            ticks: ticks(max),
            name,
            previous_name,
        }
    }

    /// The highest tick.
    fn top(&self) -> i64 {
        self.ticks.last().copied().unwrap_or(1)
    }

    /// A bucket's time. For buckets that have not begun yet, it is derived from the previous period.
    fn label(&self, index: usize, pattern: &str) -> String {
        let shift = self.range.since.duration_since(self.range.previous_since);
        let from_previous = || self.previous.get(index).and_then(|point| point.at.checked_add(shift).ok());
        let at = self.current.get(index).map(|point| point.at).or_else(from_previous);
        at.map(|at| format::time(at, &self.zone, pattern)).unwrap_or_default()
    }

    fn summary(&self) -> String {
        format!(
            "{} over time: {}, compared with {}. The highest value is {}. All values are in the table below.",
            format::capitalised(self.measure),
            self.name,
            self.previous_name.to_lowercase(),
            format::count(self.current.iter().map(|point| point.value).max().unwrap_or_default())
        )
    }

    fn legend(&self) -> Markup {
        html! {
            div.legend {
                span.key.current { (self.name) }
                @if !self.previous.is_empty() { span.key.earlier { (self.previous_name) } }
            }
        }
    }

    fn svg(&self) -> Markup {
        let (count, top) = (self.count, self.top());
        let label_format = axis_format(&self.range.bucket_width);
        html! {
            svg.curve role="img" aria-label=(self.summary()) height=(HEIGHT) width="100%" {
                @for tick in &self.ticks {
                    @let y = down(*tick, top);
                    line.grid x1="0" x2="100%" y1=(y) y2=(y) {}
                }
                @for index in (0..count).step_by(count.div_ceil(LABELS_MAX).max(1)) {
                    @let x = across(index, count);
                    text.tick.across x=(percentage(x)) y=(HEIGHT - 8.0) text-anchor=(anchor(x)) { (self.label(index, label_format)) }
                }
                svg x="0" y="0" width="100%" height=(HEIGHT) viewBox=(format!("0 0 {SPAN} {HEIGHT}")) preserveAspectRatio="none" {
                    path.area d=(area(&self.current, count, top)) {}
                    @if !self.previous.is_empty() { path.line.earlier d=(path(&self.previous, count, top)) {} }
                    path.line.current d=(path(&self.current, count, top)) {}
                }
                // The lowest tick is zero and needs no number.
                @for tick in &self.ticks[1..] {
                    text.tick x="0" y=(down(*tick, top) - 5.0) { (format::count(*tick)) }
                }
                @if let Some((index, last)) = self.current.iter().enumerate().next_back() {
                    circle.last cx=(percentage(across(index, count))) cy=(down(last.value, top)) r="4" {}
                }
                @for index in 0..count { (self.tooltip(index)) }
            }
        }
    }

    /// Shown while the pointer is over the bucket.
    fn tooltip(&self, index: usize) -> Markup {
        let x = across(index, self.count);
        let width = 100.0 / f64::from(u32::try_from(self.count.max(2) - 1).unwrap_or(1));
        html! {
            g.hit {
                rect x=(percentage((x - width / 2.0).max(0.0))) width=(percentage(width)) y="0" height=(HEIGHT) {}
                line x1=(percentage(x)) x2=(percentage(x)) y1=(TOP) y2=(BOTTOM) {}
                @if let Some(point) = self.current.get(index) {
                    circle cx=(percentage(x)) cy=(down(point.value, self.top())) r="4.5" {}
                }
                text x=(percentage(x)) y="13" text-anchor=(anchor_of_tooltip(x)) {
                    (self.label(index, full_format(&self.range.bucket_width)))
                    @if let Some(point) = self.current.get(index) { ": " tspan { (format::count(point.value)) } }
                    @if let Some(point) = self.previous.get(index) {
                        " (" (self.previous_name.to_lowercase()) ": " (format::count(point.value)) ")"
                    }
                }
            }
        }
    }

    fn values(&self) -> Markup {
        let cell = |points: &[Point], index: usize| {
            points.get(index).map_or_else(|| DASH.to_owned(), |point| format::count(point.value))
        };
        let label_format = full_format(&self.range.bucket_width);
        html! {
            details.values id="curve-values" {
                summary { "Values as a table" }
                div.scroll tabindex="0" role="region" aria-label="Values of the chart" {
                    table {
                        caption.hide { (format::capitalised(self.measure)) " over time" }
                        thead {
                            tr {
                                th scope="col" { "Time" }
                                th.number scope="col" { (self.name) }
                                th.number scope="col" { (self.previous_name) }
                            }
                        }
                        tbody {
                            @for index in 0..self.count {
                                tr {
                                    th scope="row" { (self.label(index, label_format)) }
                                    td.number { (cell(&self.current, index)) }
                                    td.number { (cell(&self.previous, index)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How the axis shows a bucket's time.
fn axis_format(bucket_width: &str) -> &'static str {
    match bucket_width {
        width if width.contains("mon") || width.contains("year") => "%b",
        width if width.contains("day") => "%-d %b",
        _ => "%H:%M",
    }
}

/// How tooltips and the table show a bucket's time.
fn full_format(bucket_width: &str) -> &'static str {
    match bucket_width {
        width if width.contains("mon") || width.contains("year") => "%B %Y",
        width if width.contains("day") => "%a %-d %b",
        _ => "%a %H:%M",
    }
}
