//! Tables: one row for each value, with a bar and a link that filters by the value.

use std::borrow::Cow;

use maud::{Markup, html};

use super::format;
use crate::database::QueryError;
use crate::selection::{CURVES, Selection, VALUE_CHARACTERS_MAX};
use crate::table::{Line, Table};

/// A column of numbers, and how they are shown.
#[derive(Clone, Copy)]
pub(super) enum Cell {
    Count(&'static str),
    Percent(&'static str),
    PercentOf100(&'static str),
    Seconds(&'static str),
}

impl Cell {
    fn text(self, line: Line<'_>) -> String {
        match self {
            Self::Count(column) => format::count(line.count(column)),
            Self::Percent(column) => or_dash(line.number(column), format::percent),
            Self::PercentOf100(column) => or_dash(line.number(column).map(|value| value / 100.0), format::percent),
            Self::Seconds(column) => or_dash(line.number(column), format::seconds),
        }
    }
}

pub(super) const DASH: &str = "\u{2013}";

pub(super) fn or_dash(number: Option<f64>, format: impl Fn(f64) -> String) -> String {
    number.map_or_else(|| DASH.to_owned(), format)
}

pub(super) struct Listing {
    /// For screen readers, and above the table if it has no other heading.
    pub(super) caption: &'static str,
    /// Heading of the first column.
    pub(super) heading: &'static str,
    /// The column of the answer that names a row.
    pub(super) name_column: &'static str,
    /// The column that distinguishes rows with the same name.
    pub(super) detail_column: Option<&'static str>,
    /// The filter that a click on a row sets.
    pub(super) filter: Option<Cow<'static, str>>,
    /// Turns a value into what the page shows, such as DE into Germany.
    pub(super) label: fn(&str) -> String,
    /// Label of the row whose name is null.
    pub(super) null_label: &'static str,
    /// The column whose numbers the bars show.
    pub(super) bar_column: &'static str,
    /// The other columns, with their headings.
    pub(super) numbers: &'static [(&'static str, Cell)],
    /// Question and parameters of the CSV link.
    pub(super) question: Cow<'static, str>,
}

/// The table, or why it is missing; nothing if its question was not asked.
pub(super) fn listing(
    listing: &Listing,
    selection: &Selection,
    time_zone: &str,
    answer: Option<&Result<Table, QueryError>>,
) -> Markup {
    let table = match answer {
        None => return nothing(),
        Some(Err(cause)) => return error(cause),
        Some(Ok(table)) if table.is_empty() => return html! { p.none { "No data in this period." } },
        Some(Ok(table)) => table,
    };
    let top = table.lines().map(|line| line.count(listing.bar_column)).max().unwrap_or_default();
    html! {
        table.bars {
            caption.hide { (listing.caption) }
            thead {
                tr {
                    th scope="col" { (listing.heading) }
                    @for (head, _) in listing.numbers { th.number scope="col" { (head) } }
                }
            }
            tbody {
                @for line in table.lines() {
                    tr {
                        th scope="row" {
                            (bar(line.count(listing.bar_column), top))
                            span.value {
                                (value(listing, selection, time_zone, line.text(listing.name_column)))
                                @if let Some(text) = listing.detail_column.and_then(|column| line.text(column)) { " " span.quiet title=(text) { (text) } }
                            }
                        }
                        @for (_, cell) in listing.numbers { td.number { (cell.text(line)) } }
                    }
                }
            }
        }
        (csv_link(&listing.question, listing.caption, selection, time_zone))
    }
}

fn value(listing: &Listing, selection: &Selection, time_zone: &str, text: Option<&str>) -> Markup {
    let Some(text) = text else { return html! { span.quiet { (listing.null_label) } } };
    let name = (listing.label)(text);
    let Some(key) = listing.filter.as_deref() else { return html! { span title=(text) { (name) } } };
    // A filter's value cannot be empty or longer.
    if text.is_empty() || text.chars().count() > VALUE_CHARACTERS_MAX {
        return html! { span { (name) } };
    }
    let is_chosen = selection.filters.get(key).is_some_and(|values| values.iter().any(|value| value == text));
    let other = if is_chosen { selection.without_filter(key) } else { selection.with_filter(key, text) };
    html! {
        a href=(other.query(time_zone)) title=(text) aria-current=[is_chosen.then_some("true")] { (name) }
    }
}

/// The row's share of the largest number. Hidden from screen readers, which read the number.
fn bar(value: i64, top: i64) -> Markup {
    #[allow(clippy::cast_precision_loss)]
    let percent = if top > 0 { value as f64 / top as f64 * 100.0 } else { 0.0 };
    html! {
        svg.bar aria-hidden="true" width="100%" height="100%" { rect width=(format!("{percent:.1}%")) height="100%" rx="4" {} }
    }
}

/// Link to the whole answer as CSV.
pub(super) fn csv_link(question: &str, caption: &str, selection: &Selection, time_zone: &str) -> Markup {
    let (name, parameters) = question.split_once('?').unwrap_or((question, ""));
    // Options of the page, not of the table.
    let mut selection = selection.clone();
    selection.curve = CURVES[0];
    selection.property = None;
    let query = selection.query(time_zone);
    let joint = if parameters.is_empty() || query.len() == 1 { "" } else { "&" };
    html! {
        a.csv href=(format!("api/v1/{name}.csv{query}{joint}{parameters}")) download=(format!("{name}.csv")) {
            "CSV" span.hide { " of " (caption) }
        }
    }
}

/// Shown instead of an answer: why there is none.
pub(super) fn error(cause: &QueryError) -> Markup {
    html! { p.trouble { (cause) } }
}

/// Shown instead of the answer to a question that was not asked.
pub(super) fn nothing() -> Markup {
    html! {}
}
