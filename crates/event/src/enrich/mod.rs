//! What an event tells when it is looked at closely: what the sink stores beside what was sent.

mod page_path;

pub use page_path::page_path;

use crate::Event;

/// What the columns beside an event's own hold. None means not known. No text here is longer than its bound, is empty,
/// or holds a NUL character.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enriched {
    /// The path of the page's URL, with a #/route where it has one.
    pub page_path: String,
    /// The host that led here; none where it is the page's own.
    pub referrer_host: Option<String>,
    /// How the visitor came; none where from a page of the same host.
    pub channel: Option<&'static str>,
    /// utm_source of the page's URL.
    pub utm_source: Option<String>,
    /// utm_medium of the page's URL.
    pub utm_medium: Option<String>,
    /// utm_campaign of the page's URL.
    pub utm_campaign: Option<String>,
    /// utm_term of the page's URL.
    pub utm_term: Option<String>,
    /// utm_content of the page's URL.
    pub utm_content: Option<String>,
    /// The browser's name.
    pub browser: Option<String>,
    /// The operating system's name.
    pub os: Option<String>,
    /// What kind of device it is.
    pub device: Option<&'static str>,
    /// Primary subtag of the language, lower case.
    pub language: Option<String>,
    /// Class of the screen's width.
    pub screen: Option<&'static str>,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<String>,
    /// A program by its own account.
    pub bot: bool,
}

/// Looks at an event.
#[must_use]
pub fn enrich(event: &Event) -> Enriched {
    Enriched { page_path: page_path(&event.page_url).into_owned(), ..Enriched::default() }
}
