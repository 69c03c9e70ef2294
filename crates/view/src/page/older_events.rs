//! The page of older events, to which the newest ones lead.

use maud::{Markup, html};

use super::frame::{brand, document, filter_chips};
use super::recent_events::{events_table, older_link};
use super::tables::{csv_link, error};
use crate::config::PageConfig;
use crate::database::QueryError;
use crate::selection::{Filters, Selection};
use crate::table::Table;

pub(crate) struct OlderEvents<'a> {
    pub(crate) page: &'a PageConfig,
    pub(crate) base_path: &'a str,
    pub(crate) selection: &'a Selection,
    /// Filters of a shared link, which cannot be removed.
    pub(crate) fixed: Option<&'a Filters>,
    pub(crate) answer: &'a Result<Table, QueryError>,
    /// The most rows that there can be.
    pub(crate) rows_max: usize,
}

pub(crate) fn older_events(older: &OlderEvents<'_>) -> Markup {
    let OlderEvents { page, base_path, selection, fixed, answer, rows_max } = *older;
    let zone = page.time_zone.as_str();
    let newest = format!("./{}#h-recent", selection.query(zone));
    document(
        &format!("{}: Older events", page.title),
        base_path,
        &html! {},
        &html! {
            body {
                header.top {
                    div.row { a.brand href=(format!("./{}", selection.query(zone))) { (brand(&page.title, base_path)) } }
                    (filter_chips(selection, zone, fixed))
                }
                main #numbers {
                    section.card aria-labelledby="h-older" {
                        h1.small-title #h-older { "Older events" }
                        @match answer {
                            Err(cause) => (error(cause)),
                            Ok(table) if table.is_empty() => p.none { "There are no older events." },
                            Ok(table) => {
                                (events_table(table, selection, zone))
                                (csv_link("recent_events", "all events", selection, zone))
                            },
                        }
                        p.further {
                            a href=(newest) { "Newest events" }
                            @if let Ok(table) = answer { " " (older_link(table, rows_max, selection, zone)) }
                        }
                    }
                }
                footer.bottom { p { "Times are in " (selection.time_zone) "." } }
            }
        },
    )
}
