//! How a visitor arrived: the referrer's host, the campaign of the page's URL, and the resulting channel.

use url::Url;

use super::{host, source};
use crate::campaign::Campaign;
use crate::channel_name::{DIRECT, PAID, REFERRAL};
use crate::text;

/// The longest possible DNS name.
const HOST_CHARS_MAX: usize = 253;

/// Where the visitor of an event came from.
#[derive(Default)]
pub(super) struct Origin {
    pub(super) referrer_host: Option<String>,
    pub(super) channel: Option<&'static str>,
    pub(super) campaign: Campaign,
}

/// Determines the origin from page and referrer. `kept` is the campaign of a URL that lost it when it was shortened. The first
/// rule that applies decides the channel:
///
/// 1. paid: utm_medium says so, or the link has an advertiser's click id;
/// 2. another known utm_medium: mail, social, search, referral;
/// 3. a known utm_source (`newsletter`, `facebook`, `ig`, `facebook.com`, `facebook_ads`);
/// 4. another known click id (Facebook's, a mailer's, an affiliate network's);
/// 5. the channel of the referrer's host if it is known, otherwise referral;
/// 6. referral: a campaign that no other rule covers;
/// 7. none: the referrer is a page on the same host, with or without `www.`;
/// 8. direct.
pub(super) fn origin(page_url: &str, kept: Option<&str>, referrer: Option<&str>) -> Origin {
    let campaign = kept.map_or_else(|| Campaign::of_url(page_url), Campaign::of_kept);
    let host_of_referrer = referrer.and_then(host_of);
    let is_internal = host_of_referrer.is_some() && host_of_referrer == host_of(page_url);
    let referrer_host = host_of_referrer.filter(|_| !is_internal);

    let by_medium = campaign.medium.as_deref().and_then(source::of_medium);
    let by_source = || campaign.source.as_deref().and_then(source::of_source);
    let by_referrer = || referrer_host.as_ref().map(|host| host::of_host(host).unwrap_or(REFERRAL));
    let paid = [by_medium, campaign.click].into_iter().flatten().find(|channel| *channel == PAID);
    let has_campaign = [&campaign.source, &campaign.medium, &campaign.name].into_iter().any(Option::is_some);
    let channel = paid
        .or(by_medium)
        .or_else(by_source)
        .or(campaign.click)
        .or_else(by_referrer)
        .or(has_campaign.then_some(REFERRAL))
        .or((!is_internal).then_some(DIRECT));
    Origin { referrer_host, channel, campaign }
}

/// The host of a page or an Android app in lower case, without `www.` and port. International names are in ASCII form,
/// so that each host has only one name.
fn host_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https" | "android-app"))?;
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    (!host.is_empty() && text::fits(host, HOST_CHARS_MAX)).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel_of(page_url: &str, referrer: &str) -> (Option<String>, Option<&'static str>) {
        let origin = origin(page_url, None, (!referrer.is_empty()).then_some(referrer));
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
            ("#?gclid=abc", "", None, Some("paid")),
            ("?gclid=", "", None, Some("direct")),
            ("#/shoes?utm_medium=cpc", "https://www.google.com/", Some("google.com"), Some("paid")),
            ("?gad_source=1", "https://www.google.com/", Some("google.com"), Some("paid")),
            ("?utm_source=ig", "", None, Some("social")),
            ("?utm_source=ig&utm_medium=paid", "https://l.instagram.com/", Some("l.instagram.com"), Some("paid")),
            ("?utm_source=facebook_ads", "", None, Some("paid")),
            ("?mc_eid=abc", "", None, Some("mail")),
            ("?utm_source=partner&mc_eid=abc", "", None, Some("mail")),
            ("?srsltid=abc", "https://www.google.com/", Some("google.com"), Some("search")),
            ("", "https://docs.google.com/document/d/1", Some("docs.google.com"), Some("referral")),
            ("", "https://xn--mnchen-3ya.de/", Some("xn--mnchen-3ya.de"), Some("referral")),
        ] {
            let told = channel_of(&format!("{PAGE}{query}"), referrer);
            assert_eq!(told, (host.map(str::to_owned), channel), "{query} from {referrer}");
        }
    }

    #[test]
    fn what_was_kept_of_a_long_url_counts_instead_of_the_rest_of_it() {
        let origin = origin("https://shop.example/", Some("utm_source=ads&utm_medium=paid"), None);
        assert_eq!((origin.channel, origin.campaign.source.as_deref()), (Some("paid"), Some("ads")));
    }

    #[test]
    fn a_page_of_the_same_host_is_no_referrer_however_the_host_is_spelt() {
        for (page, referrer) in [
            ("https://münchen.de/a", "https://xn--mnchen-3ya.de/b"),
            ("https://MU\u{308}NCHEN.de:8443/a", "https://user@www.münchen.de/b"),
        ] {
            assert_eq!(channel_of(page, referrer), (None, None), "{page} {referrer}");
        }
    }

    #[test]
    fn a_host_longer_than_any_dns_name_is_dropped() {
        assert_eq!(channel_of("http://a.b/", &format!("http://{}/", "a".repeat(900))), (None, Some("direct")));
    }
}
