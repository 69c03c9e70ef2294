//! What a part says if its answer is not there yet, or not the newest.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::format;
use crate::answers::Key;

/// How old an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// There is none yet.
    Awaited,
    /// It was worked out then, and a newer one is awaited.
    Old(Timestamp),
    /// It was worked out then, and a newer one took too long.
    TooSlow(Timestamp),
}

/// By question. Those without an entry have a current answer, or the reason why they have none.
pub(crate) type Ages = HashMap<Key, Age>;

/// The part's content with its age. `is_outage`: the page says already that the database does not answer.
pub(super) fn with_age(content: Markup, age: Option<&Age>, is_outage: bool, zone: &TimeZone) -> Markup {
    let time = |at: &Timestamp| html! { time datetime=(at) { (format::moment(*at, zone)) } };
    match age {
        Some(Age::Awaited) if is_outage => html! { p.none { "Not available at the moment." } },
        Some(Age::Awaited) => html! { div.awaited aria-busy="true" { p.none { "Being worked out\u{2026}" } } },
        None | Some(_) if is_outage => content,
        Some(Age::Old(at)) => html! {
            p.age { "As of " (time(at)) ". Newer numbers are being worked out." } (content)
        },
        Some(Age::TooSlow(at)) => html! {
            p.age { "As of " (time(at)) ". Newer numbers took too long to work out." } (content)
        },
        None => content,
    }
}
