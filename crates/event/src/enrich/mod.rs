//! Derives further columns from an event when it is stored.

mod channel;
mod host;
mod page_path;
mod source;
mod user_agent;

pub use page_path::page_path;
pub use user_agent::{Agent, ClientHints, agent, load_rules};

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use crate::{Event, language, text};

/// As long as a DNS name can be.
const HOSTNAME_CHARS_MAX: usize = 253;

/// The derived columns; `None` means unknown. No text is empty, longer than its limit, or contains a NUL character.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enriched {
    /// The path of the page's URL in one spelling, with its #/route if it has one.
    pub page_path: String,
    /// The host of the page's URL, in lower case, without port; an international name in its ASCII form.
    pub hostname: Option<String>,
    /// The referring host, in lower case, without `www.` and port; none if it is the page's own.
    pub referrer_host: Option<String>,
    /// How the visitor came: paid, mail, social, search, referral, direct; none if from a page on the same host.
    pub channel: Option<&'static str>,
    /// utm_source of the page's URL as it was sent, decoded and cut. The same for the next four.
    pub utm_source: Option<String>,
    /// utm_medium of the page's URL.
    pub utm_medium: Option<String>,
    /// utm_campaign of the page's URL.
    pub utm_campaign: Option<String>,
    /// utm_term of the page's URL.
    pub utm_term: Option<String>,
    /// utm_content of the page's URL.
    pub utm_content: Option<String>,
    /// The program that sent it.
    pub agent: Arc<Agent>,
    /// Primary subtag of the language, in lower case.
    pub language: Option<String>,
    /// Class of the screen's width in CSS pixels: xs below 576, sm below 768, md below 992, lg below 1440, xl.
    pub screen: Option<&'static str>,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<String>,
}

/// Derives the columns of an event. The caller parses the user agent and can cache it, because that costs more than
/// everything else together: see [`agent`].
///
/// The first generation's page views have the referrer and the screen's width in `metadata`; they are read from there.
#[must_use]
pub fn enrich(event: &Event, agent: Arc<Agent>) -> Enriched {
    let said = |name: &str| event.metadata.as_ref().and_then(|metadata| metadata.get(name));
    let referrer = event.referrer.as_deref().or_else(|| said("referrer").and_then(Value::as_str));
    let width = event.screen_width.map(u64::from).or_else(|| said("screen_width").and_then(Value::as_u64));
    let channel::Origin { referrer_host, channel, campaign } =
        channel::origin(&event.page_url, event.campaign.as_deref(), referrer);
    Enriched {
        page_path: page_path(&event.page_url),
        hostname: hostname(&event.page_url),
        referrer_host,
        channel,
        utm_source: campaign.source,
        utm_medium: campaign.medium,
        utm_campaign: campaign.name,
        utm_term: campaign.term,
        utm_content: campaign.content,
        agent,
        language: event.language.as_deref().and_then(language::primary),
        screen: width.and_then(screen),
        country: event.country.clone(),
    }
}

fn hostname(page_url: &str) -> Option<String> {
    let url = Url::parse(page_url).ok()?;
    url.host_str().filter(|host| text::fits(host, HOSTNAME_CHARS_MAX)).map(str::to_owned)
}

fn screen(width: u64) -> Option<&'static str> {
    match width {
        0 => None,
        1..576 => Some("xs"),
        576..768 => Some("sm"),
        768..992 => Some("md"),
        992..1440 => Some("lg"),
        1440.. => Some("xl"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostname_is_the_host_of_the_page_without_its_port() {
        for (page_url, host) in [
            ("https://WWW.Shop.example:8443/a?b", "www.shop.example"),
            ("http://user:secret@bücher.example/", "xn--bcher-kva.example"),
            ("http://[2001:db8::7]/", "[2001:db8::7]"),
        ] {
            assert_eq!(hostname(page_url).as_deref(), Some(host), "{page_url}");
        }
        assert_eq!(hostname(&format!("http://{}example/", "a.".repeat(200))), None);
    }

    #[test]
    fn a_screen_belongs_to_the_class_of_its_width() {
        for (width, class) in [
            (1, "xs"),
            (575, "xs"),
            (576, "sm"),
            (767, "sm"),
            (768, "md"),
            (991, "md"),
            (992, "lg"),
            (1439, "lg"),
            (1440, "xl"),
            (65_535, "xl"),
        ] {
            assert_eq!(screen(width), Some(class), "{width}");
        }
        assert_eq!(screen(0), None);
    }
}
