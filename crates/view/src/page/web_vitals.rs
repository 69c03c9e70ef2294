//! Web vitals, for all pages together and for each page.

use maud::{Markup, html};

use super::format;
use super::tables::{DASH, csv_link, error, nothing, or_dash};
use crate::answers::Answers;
use crate::selection::Selection;
use crate::table::Line;

/// Pages that have their own row.
const PAGES_MAX: usize = 8;

/// Metric, name and meaning. The first three, the core web vitals, are shown for each page too.
const VITALS: [(&str, &str, &str); 5] = [
    ("lcp_ms", "LCP", "Largest contentful paint: time until the main content is visible"),
    ("inp_ms", "INP", "Interaction to next paint: time until the page responds to a click"),
    ("cls", "CLS", "Cumulative layout shift: how much the layout moves"),
    ("fcp_ms", "FCP", "First contentful paint: time until something is visible"),
    ("ttfb_ms", "TTFB", "Time to first byte: time until the server answers"),
];

pub(super) fn web_vitals(selection: &Selection, zone: &str, answers: &Answers) -> Markup {
    let table = match answers.get("web_vitals") {
        None => return nothing(),
        Some(Err(cause)) => return error(cause),
        Some(Ok(table)) if table.is_empty() => return nothing(),
        Some(Ok(table)) => table,
    };
    let mut pages: Vec<&str> = table.lines().filter_map(|line| line.text("page")).collect();
    pages.dedup();
    pages.truncate(PAGES_MAX);
    let of = |page: Option<&str>, metric: &str| {
        table.lines().find(|line| line.text("page") == page && line.text("metric") == Some(metric))
    };
    html! {
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
            @let core = &VITALS[..3];
            div.scroll tabindex="0" role="region" aria-label="Web vitals by page" {
                table.pages {
                    caption.hide { "Web vitals by page, at the 75th percentile" }
                    thead { tr { th scope="col" { "Page" } @for (_, name, about) in core { th.number scope="col" { abbr title=(about) { (name) } } } } }
                    tbody {
                        @for page in pages {
                            tr {
                                th scope="row" { a href=(selection.with_filter("page", page).query(zone)) title=(page) { (page) } }
                                @for (metric, ..) in core {
                                    td.number { @if let Some(line) = of(Some(page), metric) { (value_of(line, metric)) } @else { (DASH) } }
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
    or_dash(line.number("p75"), |value| format::vital(metric, value))
}

fn rating(line: Line<'_>) -> Markup {
    let Some(rating) = line.text("rating") else { return nothing() };
    let (good, bad) = (rating == "good", rating == "poor");
    html! { span.rating.good[good].bad[bad] { (format::capitalised(rating)) } }
}
