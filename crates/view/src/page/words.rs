//! The small pages: the login, the shared links, and what is said where there is no page.

use footfall_event::dimension::filters;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::Look;
use super::frame::{brand, document};
use crate::access::Share;
use crate::selection::PERIODS;

fn small(look: &Look, base_path: &str, title: &str, body: &Markup) -> Markup {
    document(
        &format!("{}: {title}", look.title),
        base_path,
        false,
        &html! {
            body.small {
                header.top { div.row { a.brand href=(base_path) { (brand(&look.title, base_path)) } } }
                main #numbers { section.card { h1 { (title) } (body) } }
            }
        },
    )
}

/// What is the case, and what to do.
pub(crate) fn message(look: &Look, base_path: &str, title: &str, paragraphs: &[&str]) -> Markup {
    small(look, base_path, title, &html! { @for text in paragraphs { p { (text) } } })
}

/// The login form. `next` is where it leads.
pub(crate) fn login(look: &Look, base_path: &str, next: &str, problem: Option<&str>) -> Markup {
    small(
        look,
        base_path,
        "Log in",
        &html! {
            form.login method="post" {
                @if let Some(problem) = problem { p.trouble role="alert" { (problem) } }
                label for="password" { "Password" }
                input #password type="password" name="password" autocomplete="current-password" required autofocus;
                input type="hidden" name="next" value=(next);
                button type="submit" { "Log in" }
            }
        },
    )
}

/// The shared links, and a form for one more. `made` is the address of one that was just made: it is shown once.
pub(crate) fn shares(
    look: &Look,
    base_path: &str,
    shares: &[Share],
    made: Option<&str>,
    problem: Option<&str>,
) -> Markup {
    let now = Timestamp::now();
    let time = |at: Timestamp| {
        at.to_zoned(TimeZone::get(&look.time_zone).unwrap_or(TimeZone::UTC)).strftime("%-d %b %Y, %H:%M").to_string()
    };
    small(
        look,
        base_path,
        "Shared links",
        &html! {
            p { "Whoever has a link may look, and nothing else, until it expires or is withdrawn." }
            @if let Some(problem) = problem { p.trouble role="alert" { (problem) } }
            @if let Some(made) = made {
                div.made role="status" {
                    p { "Copy the link now: only its fingerprint is kept, so it cannot be shown again." }
                    p { a href=(made) { (made) } }
                }
            }
            @if shares.is_empty() { p.none { "No link is shared." } } @else {
                div.scroll tabindex="0" role="region" aria-label="Shared links" {
                    table {
                        caption.hide { "Shared links" }
                        thead { tr { th scope="col" { "Name" } th scope="col" { "Shows only" } th scope="col" { "Until" } th scope="col" { span.hide { "Withdraw" } } } }
                        tbody {
                            @for share in shares {
                                tr {
                                    th scope="row" { (share.name) }
                                    td { @if share.filters.is_empty() { "everything" } @else {
                                        @for (key, values) in &share.filters { div { (key) ": " (values.join(" or ")) } } } }
                                    td { (time(share.expires_at)) @if share.expires_at <= now { " " span.tag { "expired" } } }
                                    td { form method="post" action="shares/withdraw" {
                                        input type="hidden" name="id" value=(share.id);
                                        button.plain type="submit" { "Withdraw" span.hide { " " (share.name) } }
                                    } }
                                }
                            }
                        }
                    }
                }
            }
            h2 { "Share a link" }
            form.share method="post" {
                label for="name" { "Name, for you" }
                input #name type="text" name="name" required maxlength="100";
                label for="days" { "Days until it expires" }
                input #days type="number" name="days" min="1" max="3650" value="30" required;
                label for="filter" { "Shows only" }
                span.pair {
                    select #filter name="filter" { option value="" { "everything" } @for (key, name) in filters() { @if key != "bot" { option value=(key) { (name) } } } }
                    label.hide for="value" { "Value of the filter" }
                    input #value type="text" name="value" placeholder="such as /shop" maxlength="500";
                }
                label for="period" { "Opens with" }
                select #period name="period" { @for (name, title) in PERIODS { option value=(name) selected[name == "30d"] { (title) } } }
                button type="submit" { "Make the link" }
            }
            p { a href=(base_path) { "Back to the numbers" } }
        },
    )
}
