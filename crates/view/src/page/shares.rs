//! The page of shared links.

use footfall_event::dimension::filters;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::format;
use super::message::small;
use crate::access::Share;
use crate::config::PageConfig;
use crate::selection::{PERIODS, filter_label};

/// The shared links, and a form to create another. `made` is the address of a link that was just created; it is shown
/// only once.
pub(crate) fn shares(
    page: &PageConfig,
    base_path: &str,
    shares: &[Share],
    made: Option<&str>,
    problem: Option<&str>,
) -> Markup {
    let zone = TimeZone::get(&page.time_zone).unwrap_or(TimeZone::UTC);
    small(
        page,
        base_path,
        "Shared links",
        &html! {
            p { "Anyone who has a link can view the page, and nothing more, until the link expires or is withdrawn." }
            @if let Some(problem) = problem { p.trouble role="alert" { (problem) } }
            @if let Some(made) = made {
                div.made role="status" {
                    p { "Copy the link now: only its hash is kept, so it cannot be shown again." }
                    p { a href=(made) { (made) } }
                }
            }
            @if shares.is_empty() { p.none { "No links are shared." } } @else { (list(shares, &zone)) }
            h2 { "Share a link" }
            (form())
            p { a href=(base_path) { "Back to the numbers" } }
        },
    )
}

fn list(shares: &[Share], zone: &TimeZone) -> Markup {
    let now = Timestamp::now();
    html! {
        div.scroll tabindex="0" role="region" aria-label="Shared links" {
            table {
                caption.hide { "Shared links" }
                thead {
                    tr {
                        th scope="col" { "Name" }
                        th scope="col" { "Shows only" }
                        th scope="col" { "Until" }
                        th scope="col" { span.hide { "Withdraw" } }
                    }
                }
                tbody {
                    @for share in shares {
                        tr {
                            th scope="row" { (share.name) }
                            td {
                                @if share.filters.is_empty() { "everything" }
                                @for (key, values) in &share.filters { div { (filter_label(key)) ": " (values.join(" or ")) } }
                            }
                            td {
                                (format::time(share.expires_at, zone, "%-d %b %Y, %H:%M"))
                                @if share.expires_at <= now { " " span.tag { "expired" } }
                            }
                            td {
                                form method="post" action="shares/withdraw" {
                                    input type="hidden" name="id" value=(share.id);
                                    button.plain type="submit" { "Withdraw" span.hide { " " (share.name) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn form() -> Markup {
    html! {
        form.share method="post" {
            label for="name" { "Name, for you" }
            input #name type="text" name="name" required maxlength="100";
            label for="days" { "Days until it expires" }
            input #days type="number" name="days" min="1" max="3650" value="30" required;
            label for="filter" { "Shows only" }
            span.pair {
                select #filter name="filter" {
                    option value="" { "everything" }
                    @for (key, name) in filters() { @if !["bot", "property"].contains(&key) { option value=(key) { (name) } } }
                    option value="property" { "Property, such as plan=large" }
                }
                label.hide for="value" { "Value of the filter" }
                input #value type="text" name="value" placeholder="such as /shop" maxlength="500";
            }
            label for="period" { "Opens with" }
            select #period name="period" {
                @for (name, title) in PERIODS { option value=(name) selected[name == "30d"] { (title) } }
            }
            button type="submit" { "Create the link" }
        }
    }
}
