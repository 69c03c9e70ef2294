//! Links to each site, if there are several.

use maud::{Markup, html};

use super::tables::nothing;
use crate::answers::Answers;
use crate::selection::Selection;

pub(super) fn sites(selection: &Selection, zone: &str, answers: &Answers) -> Markup {
    let Some(Ok(table)) = answers.get("sites") else { return nothing() };
    let names: Vec<_> = table.lines().filter_map(|line| line.text("site")).filter(|site| !site.is_empty()).collect();
    let has_events_without_site = table.rows.len() > names.len();
    if names.len() + usize::from(has_events_without_site) < 2 {
        return nothing();
    }
    let chosen = selection.filters.get("site").and_then(|values| values.first());
    html! {
        nav.sites aria-label="Sites" {
            a href=(selection.without_filter("site").query(zone)) aria-current=[chosen.is_none().then_some("true")] { "All sites" }
            @for name in names {
                a href=(selection.with_filter("site", name).query(zone)) aria-current=[(chosen.is_some_and(|site| site == name)).then_some("true")] { (name) }
            }
        }
    }
}
