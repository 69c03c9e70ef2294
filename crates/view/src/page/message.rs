//! The small pages: messages and the login.

use maud::{Markup, html};

use super::frame::{brand, document};
use crate::config::PageConfig;

pub(super) fn small(page: &PageConfig, base_path: &str, title: &str, body: &Markup) -> Markup {
    document(
        &format!("{}: {title}", page.title),
        base_path,
        &html! {},
        &html! {
            body.small {
                header.top { div.row { a.brand href=(base_path) { (brand(&page.title, base_path)) } } }
                main #numbers { section.card { h1 { (title) } (body) } }
            }
        },
    )
}

/// A page that says what is wrong and what to do.
pub(crate) fn message(page: &PageConfig, base_path: &str, title: &str, text: &str) -> Markup {
    small(page, base_path, title, &html! { p { (text) } })
}

/// The login form, which redirects to `next`.
pub(crate) fn login(page: &PageConfig, base_path: &str, next: &str, problem: Option<&str>) -> Markup {
    small(
        page,
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
