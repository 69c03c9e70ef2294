//! How a visitor arrived: the referrer's host, the campaign in the page's URL, and the resulting channel.

use std::collections::HashMap;
use std::sync::LazyLock;

use url::{Url, form_urlencoded};

use crate::text;

/// The longest possible DNS name.
const HOST_CHARS_MAX: usize = 253;
const UTM_CHARS_MAX: usize = 200;

const PAID: &str = "paid";
const MAIL: &str = "mail";
const SOCIAL: &str = "social";
const SEARCH: &str = "search";
const REFERRAL: &str = "referral";
const DIRECT: &str = "direct";

/// Click ids of advertising links. fbclid is not one: Facebook adds it to every link, paid or not.
const PAID_CLICK_IDS: [&str; 11] =
    ["gclid", "gbraid", "wbraid", "dclid", "msclkid", "yclid", "ttclid", "twclid", "li_fat_id", "rdt_cid", "sccid"];
const SOCIAL_CLICK_IDS: [&str; 2] = ["fbclid", "igshid"];

/// Values of utm_medium and their channels; a value that ends in a star is a prefix.
const MEDIA: [(&str, &str); 32] = [
    ("paid*", PAID),
    ("cpc*", PAID),
    ("ppc*", PAID),
    ("cpm", PAID),
    ("cpv", PAID),
    ("cpa", PAID),
    ("sem", PAID),
    ("ad", PAID),
    ("ads", PAID),
    ("display*", PAID),
    ("banner", PAID),
    ("interstitial", PAID),
    ("programmatic", PAID),
    ("retargeting", PAID),
    ("remarketing", PAID),
    ("email*", MAIL),
    ("e-mail*", MAIL),
    ("e_mail*", MAIL),
    ("mail", MAIL),
    ("newsletter*", MAIL),
    ("social*", SOCIAL),
    ("sm", SOCIAL),
    ("organic-social", SOCIAL),
    ("organic_social", SOCIAL),
    ("organicsocial", SOCIAL),
    ("organic", SEARCH),
    ("organic_search", SEARCH),
    ("search", SEARCH),
    ("referral", REFERRAL),
    ("affiliate*", REFERRAL),
    ("partner*", REFERRAL),
    ("link", REFERRAL),
];

static HOSTS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let lines = include_str!("../../data/channels.txt").lines().filter(|line| !line.starts_with('#'));
    let words = lines.map(str::split_ascii_whitespace);
    words
        .flat_map(|mut words| {
            let channel = words.next().unwrap_or_default();
            words.map(move |host| (host, channel))
        })
        .collect()
});

/// Where the visitor of an event came from.
#[derive(Default)]
pub(super) struct Origin {
    pub(super) referrer_host: Option<String>,
    pub(super) channel: Option<&'static str>,
    pub(super) utm: Utm,
}

/// The campaign named in a link.
#[derive(Default)]
pub(super) struct Utm {
    pub(super) source: Option<String>,
    pub(super) medium: Option<String>,
    pub(super) campaign: Option<String>,
    pub(super) term: Option<String>,
    pub(super) content: Option<String>,
}

/// Determines the origin from page and referrer. The first rule that applies decides the channel:
///
/// 1. paid: utm_medium says so, or the link has an advertiser's click id;
/// 2. another known utm_medium: mail, social, search, referral;
/// 3. a known utm_source (`newsletter`, `facebook`, `facebook.com`);
/// 4. social: a click id of Facebook or Instagram;
/// 5. the channel of the referrer's host if it is known, otherwise referral;
/// 6. referral: a campaign that no other rule covers;
/// 7. none: the referrer is a page on the same host, with or without `www.`;
/// 8. direct.
pub(super) fn origin(page_url: &str, referrer: Option<&str>) -> Origin {
    let mut utm = Utm::default();
    let mut click = None;
    let before_fragment = page_url.split_once('#').map_or(page_url, |(head, _)| head);
    let query = before_fragment.split_once('?').map_or("", |(_, query)| query);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let field = match &*name {
            "utm_source" => &mut utm.source,
            "utm_medium" => &mut utm.medium,
            "utm_campaign" => &mut utm.campaign,
            "utm_term" => &mut utm.term,
            "utm_content" => &mut utm.content,
            name => {
                let is_of = |ids: &[&str]| ids.iter().any(|id| name.eq_ignore_ascii_case(id));
                if is_of(&PAID_CLICK_IDS) {
                    click = Some(PAID);
                } else if is_of(&SOCIAL_CLICK_IDS) {
                    click = click.or(Some(SOCIAL));
                }
                continue;
            }
        };
        if field.is_none() {
            *field = tidy(&value);
        }
    }
    let host_of_referrer = referrer.and_then(host);
    let is_internal = host_of_referrer.is_some() && host_of_referrer == host(page_url);
    let referrer_host = host_of_referrer.filter(|_| !is_internal);

    let lower = |text: &Option<String>| text.as_ref().map(|text| text.to_lowercase());
    let by_medium = lower(&utm.medium).and_then(|medium| by_medium(&medium));
    let paid = [by_medium, click].into_iter().flatten().find(|channel| *channel == PAID);
    let by_source = || lower(&utm.source).and_then(|source| by_source(&source));
    let by_referrer = || referrer_host.as_ref().map(|host| by_host(host).unwrap_or(REFERRAL));
    let has_campaign = [&utm.source, &utm.medium, &utm.campaign].into_iter().any(Option::is_some);
    let channel = paid
        .or(by_medium)
        .or_else(by_source)
        .or(click)
        .or_else(by_referrer)
        .or(has_campaign.then_some(REFERRAL))
        .or((!is_internal).then_some(DIRECT));
    Origin { referrer_host, channel, utm }
}

/// The host of a page or an Android app in lower case, without `www.` and port. International names are in ASCII form,
/// so that each host has only one name.
fn host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https" | "android-app"))?;
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    (!host.is_empty() && text::fits(host, HOST_CHARS_MAX)).then(|| host.to_owned())
}

/// Truncates to the limit, and replaces control characters, which PostgreSQL rejects or a terminal interprets, with
/// spaces.
fn tidy(value: &str) -> Option<String> {
    let value = value.replace(char::is_control, " ");
    let value = text::head(value.trim(), UTM_CHARS_MAX).trim_end();
    (!value.is_empty()).then(|| value.to_owned())
}

fn by_medium(medium: &str) -> Option<&'static str> {
    let says = |known: &str| match known.strip_suffix('*') {
        Some(beginning) => medium.starts_with(beginning),
        None => medium == known,
    };
    MEDIA.into_iter().find(|(known, _)| says(known)).map(|(_, channel)| channel)
}

fn by_source(source: &str) -> Option<&'static str> {
    match source {
        "newsletter" | "email" | "e-mail" | "mail" => Some(MAIL),
        source => by_host(source).or_else(|| by_host(&format!("{source}.com"))),
    }
}

/// The channel of the longest known host that is the host itself or a parent domain of it.
fn by_host(host: &str) -> Option<&'static str> {
    let suffixes = std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, parent)| parent));
    suffixes.into_iter().find_map(|suffix| HOSTS.get(suffix).or_else(|| by_name(suffix))).copied()
}

/// Matches `google.de` and `google.co.uk` with `google.*`, but not `google.example.com`, which anyone could own.
fn by_name(host: &str) -> Option<&'static &'static str> {
    let (name, ending) = host.split_once('.')?;
    let is_ending = match ending.split_once('.') {
        None => true,
        Some((kind, country)) => matches!(kind, "co" | "com" | "ne" | "or") && country.len() == 2,
    };
    is_ending.then(|| HOSTS.get(&*format!("{name}.*"))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel_of(page_url: &str, referrer: &str) -> (Option<String>, Option<&'static str>) {
        let origin = origin(page_url, (!referrer.is_empty()).then_some(referrer));
        (origin.referrer_host, origin.channel)
    }

    #[test]
    fn a_channel_follows_from_the_campaign_then_from_the_referrer() {
        const PAGE: &str = "https://shop.example/";
        for (query, referrer, host, channel) in [
            ("", "", None, Some("direct")),
            ("", "about:client", None, Some("direct")),
            ("", "not a url", None, Some("direct")),
            ("", "https://shop.example/other?x", None, None),
            ("", "http://www.shop.example:8080/", None, None),
            ("", "https://SHOP.example./", None, None),
            ("", "https://blog.shop.example/", Some("blog.shop.example"), Some("referral")),
            ("", "https://www.google.com/", Some("google.com"), Some("search")),
            ("", "https://google.co.uk/search?q=x", Some("google.co.uk"), Some("search")),
            ("", "https://news.google.de/", Some("news.google.de"), Some("search")),
            ("", "https://mail.google.com/mail/u/0", Some("mail.google.com"), Some("mail")),
            ("", "https://google.evil.example/", Some("google.evil.example"), Some("referral")),
            ("", "https://notgoogle.com/", Some("notgoogle.com"), Some("referral")),
            ("", "https://duckduckgo.com/", Some("duckduckgo.com"), Some("search")),
            ("", "https://l.facebook.com/l.php", Some("l.facebook.com"), Some("social")),
            ("", "https://t.co/abc", Some("t.co"), Some("social")),
            ("", "https://outlook.live.com/", Some("outlook.live.com"), Some("mail")),
            ("", "android-app://com.google.android.gm/", Some("com.google.android.gm"), Some("mail")),
            ("", "https://müller.example/", Some("xn--mller-kva.example"), Some("referral")),
            ("", "https://[2001:db8::1]:8080/x", Some("[2001:db8::1]"), Some("referral")),
            ("?utm_source=partner", "", None, Some("referral")),
            ("?utm_source=x", "", None, Some("social")),
            ("?utm_term=x", "", None, Some("direct")),
            ("?utm_source=Facebook", "", None, Some("social")),
            ("?utm_source=newsletter", "https://www.google.com/", Some("google.com"), Some("mail")),
            ("?utm_medium=EMail", "https://www.google.com/", Some("google.com"), Some("mail")),
            ("?utm_source=google&utm_medium=cpc", "https://www.google.com/", Some("google.com"), Some("paid")),
            ("?utm_medium=paid_social", "", None, Some("paid")),
            ("?utm_medium=social-media", "", None, Some("social")),
            ("?utm_medium=organic&utm_source=bing", "", None, Some("search")),
            ("?utm_medium=affiliate", "https://www.google.com/", Some("google.com"), Some("referral")),
            ("?utm_medium=qr", "https://x.com/", Some("x.com"), Some("social")),
            ("?gclid=abc", "https://www.google.com/", Some("google.com"), Some("paid")),
            ("?utm_medium=email&msclkid=1", "", None, Some("paid")),
            ("?fbclid=abc", "", None, Some("social")),
            ("?fbclid=abc&gclid=abc", "", None, Some("paid")),
            ("?utm_medium=email", "https://shop.example/other", None, Some("mail")),
            ("#?gclid=abc", "", None, Some("direct")),
        ] {
            let told = channel_of(&format!("{PAGE}{query}"), referrer);
            assert_eq!(told, (host.map(str::to_owned), channel), "{query} from {referrer}");
        }
    }

    #[test]
    fn a_campaign_is_decoded_and_bounded() {
        let of = |query: &str| origin(&format!("http://a.b/?{query}"), None).utm;
        let utm = of("utm_source=a+b%20c&utm_medium=%C3%A4&utm_campaign=&utm_campaign=x&utm_campaign=y&utm_term=%ff");
        assert_eq!(utm.source.as_deref(), Some("a b c"));
        assert_eq!(utm.medium.as_deref(), Some("ä"));
        assert_eq!((utm.campaign.as_deref(), utm.content), (Some("x"), None));
        assert_eq!(utm.term.as_deref(), Some("\u{fffd}"));
        let nasty =
            of(&format!("utm_source=%00&utm_medium=a%00b%0a&utm_term=%&utm_content={}", "%F0%9F%98%80".repeat(999)));
        assert_eq!((nasty.source, nasty.medium.as_deref(), nasty.term.as_deref()), (None, Some("a b"), Some("%")));
        assert_eq!(nasty.content.map(|text| text.chars().count()), Some(UTM_CHARS_MAX));
    }

    #[test]
    fn a_host_longer_than_any_dns_name_is_dropped() {
        assert_eq!(channel_of("http://a.b/", &format!("http://{}/", "a".repeat(900))), (None, Some("direct")));
    }

    #[test]
    fn the_list_names_each_host_once_and_only_known_channels() {
        let lines = include_str!("../../data/channels.txt").lines().filter(|line| !line.starts_with('#'));
        let words: Vec<&str> = lines.clone().flat_map(|line| line.split_ascii_whitespace().skip(1)).collect();
        assert_eq!(words.len(), HOSTS.len());
        assert!(words.iter().all(|host| host.to_ascii_lowercase() == **host && host.contains('.')), "{words:?}");
        assert!(HOSTS.values().all(|channel| [MAIL, SOCIAL, SEARCH].contains(channel)));
    }
}
