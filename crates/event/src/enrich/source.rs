//! What `utm_source` and `utm_medium` say about how a visitor came.

use super::host::of_host;
use crate::channel_name::{MAIL, PAID, REFERRAL, SEARCH, SOCIAL};

/// Values of utm_medium without separators, and their channels; one that ends in a star is a beginning.
const MEDIA: [(&str, &str); 49] = [
    ("paid*", PAID),
    ("cpc*", PAID),
    ("ppc*", PAID),
    ("cpm*", PAID),
    ("cpv", PAID),
    ("cpa", PAID),
    ("cpl", PAID),
    ("cpp", PAID),
    ("cpe", PAID),
    ("sem", PAID),
    ("sea", PAID),
    ("ad", PAID),
    ("ads", PAID),
    ("advert*", PAID),
    ("adwords", PAID),
    ("googleads", PAID),
    ("performancemax", PAID),
    ("pmax", PAID),
    ("display*", PAID),
    ("banner*", PAID),
    ("interstitial", PAID),
    ("native*", PAID),
    ("sponsored*", PAID),
    ("programmatic*", PAID),
    ("retargeting*", PAID),
    ("remarketing*", PAID),
    ("email*", MAIL),
    ("mail", MAIL),
    ("mailing*", MAIL),
    ("edm", MAIL),
    ("newsletter*", MAIL),
    ("social*", SOCIAL),
    ("organicsocial", SOCIAL),
    ("sm", SOCIAL),
    ("smm", SOCIAL),
    ("facebook", SOCIAL),
    ("instagram", SOCIAL),
    ("organic", SEARCH),
    ("organicsearch", SEARCH),
    ("naturalsearch", SEARCH),
    ("search", SEARCH),
    ("seo", SEARCH),
    ("referral", REFERRAL),
    ("referrer", REFERRAL),
    ("affiliate*", REFERRAL),
    ("partner*", REFERRAL),
    ("influencer*", REFERRAL),
    ("link", REFERRAL),
    ("backlink", REFERRAL),
];

/// Words of utm_medium that say that it was paid, wherever they stand.
const PAID_WORDS: [&str; 8] = ["paid", "cpc", "ppc", "cpm", "cpv", "ad", "ads", "retargeting"];

/// Values of utm_source without separators, apart from the names of hosts.
const SOURCES: [(&str, &str); 63] = [
    ("fb", SOCIAL),
    ("ig", SOCIAL),
    ("insta", SOCIAL),
    ("meta", SOCIAL),
    // Facebook's macro {{site_source_name}} writes fb, ig, msg, an (Audience Network) and th.
    ("an", SOCIAL),
    ("msg", SOCIAL),
    ("th", SOCIAL),
    ("audiencenetwork", SOCIAL),
    ("facebookfeed", SOCIAL),
    ("facebookstories", SOCIAL),
    ("instagramfeed", SOCIAL),
    ("instagramstories", SOCIAL),
    ("igstory", SOCIAL),
    ("tw", SOCIAL),
    ("twitterx", SOCIAL),
    ("yt", SOCIAL),
    ("li", SOCIAL),
    ("tt", SOCIAL),
    ("pin", SOCIAL),
    ("wa", SOCIAL),
    ("tg", SOCIAL),
    ("sc", SOCIAL),
    ("snap", SOCIAL),
    ("bluesky", SOCIAL),
    ("bsky", SOCIAL),
    ("mastodon", SOCIAL),
    ("vkontakte", SOCIAL),
    ("hackernews", SOCIAL),
    ("hn", SOCIAL),
    ("ph", SOCIAL),
    ("linktree", SOCIAL),
    ("social", SOCIAL),
    ("socialmedia", SOCIAL),
    ("adwords", PAID),
    ("mail", MAIL),
    ("mailing", MAIL),
    ("edm", MAIL),
    ("gmail", MAIL),
    ("outlook", MAIL),
    ("protonmail", MAIL),
    ("mailchimp", MAIL),
    ("mailjet", MAIL),
    ("mailgun", MAIL),
    ("mailerlite", MAIL),
    ("mailpoet", MAIL),
    ("klaviyo", MAIL),
    ("sendgrid", MAIL),
    ("sendinblue", MAIL),
    ("brevo", MAIL),
    ("sfmc", MAIL),
    ("marketingcloud", MAIL),
    ("exacttarget", MAIL),
    ("pardot", MAIL),
    ("marketo", MAIL),
    ("eloqua", MAIL),
    ("hsautomation", MAIL),
    ("activecampaign", MAIL),
    ("campaignmonitor", MAIL),
    ("constantcontact", MAIL),
    ("convertkit", MAIL),
    ("customerio", MAIL),
    ("getresponse", MAIL),
    ("iterable", MAIL),
];

/// The channel that utm_medium names.
pub(super) fn of_medium(medium: &str) -> Option<&'static str> {
    let medium = medium.to_lowercase();
    if words(&medium).any(|word| PAID_WORDS.contains(&word)) {
        return Some(PAID);
    }
    let medium = words(&medium).collect::<String>();
    let says = |known: &str| match known.strip_suffix('*') {
        Some(beginning) => medium.starts_with(beginning),
        None => medium == known,
    };
    let known = MEDIA.into_iter().find(|(known, _)| says(known)).map(|(_, channel)| channel);
    known.or_else(|| is_mail(&medium).then_some(MAIL))
}

/// The channel of what utm_source names: a host, the name of a service, or a usual word for it.
pub(super) fn of_source(source: &str) -> Option<&'static str> {
    let source = source.to_lowercase();
    let source = source.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    of_host(source).or_else(|| of_word(&words(source).collect::<String>()))
}

fn of_word(word: &str) -> Option<&'static str> {
    const ENDINGS: [&str; 6] = ["com", "org", "net", "ai", "tv", "cz"];
    let known = || SOURCES.into_iter().find(|(known, _)| *known == word).map(|(_, channel)| channel);
    let named = || ENDINGS.iter().find_map(|ending| of_host(&format!("{word}.{ending}")));
    // Such as facebook_ads.
    let advertises = |ending| word.strip_suffix(ending).is_some_and(|rest| of_word(rest).is_some());
    let paid = || ["ads", "ad"].into_iter().any(advertises).then_some(PAID);
    if word.is_empty() {
        return None;
    }
    known().or_else(named).or_else(paid).or_else(|| is_mail(word).then_some(MAIL))
}

fn is_mail(word: &str) -> bool {
    word.contains("newsletter") || word.contains("email")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_known_by_its_usual_names() {
        for (sources, channel) in [
            (
                &[
                    "ig",
                    "IG",
                    "fb",
                    "Facebook",
                    "insta",
                    "instagram",
                    "meta",
                    "an",
                    "msg",
                    "tw",
                    "twitter",
                    "x",
                    "X.com",
                    "t.co",
                    "yt",
                    "YouTube",
                    "li",
                    "LinkedIn",
                    "tt",
                    "tiktok",
                    "pin",
                    "pinterest",
                    "reddit",
                    "WhatsApp",
                    "telegram",
                    "m.facebook.com",
                    "https://www.facebook.com/",
                    "snapchat",
                    "threads",
                    "bluesky",
                    "twitch",
                    "Social-Media",
                ][..],
                Some(SOCIAL),
            ),
            (
                &[
                    "newsletter",
                    "Newsletter-2024",
                    "weekly_newsletter",
                    "email",
                    "e-mail",
                    "E Mail",
                    "gmail",
                    "outlook",
                    "sfmc",
                    "mailchimp",
                    "klaviyo",
                    "hs_email",
                    "hs_automation",
                    "sendgrid",
                    "mail.google.com",
                    "brevo",
                ],
                Some(MAIL),
            ),
            (
                &["google", "Bing", "duckduckgo", "ecosia", "baidu", "yandex", "yahoo", "google.de", "qwant"],
                Some(SEARCH),
            ),
            (
                &["facebook_ads", "fb-ads", "FBads", "google ads", "googleads", "adwords", "LinkedIn Ads", "ig_ad"],
                Some(PAID),
            ),
            (&["partner", "qr", "sms", "ads", "", "-", "example.com", "hotel"], None),
        ] {
            for source in sources {
                assert_eq!(of_source(source), channel, "{source:?}");
            }
        }
    }

    #[test]
    fn a_medium_is_known_by_its_usual_names() {
        for (media, channel) in [
            (
                &[
                    "cpc",
                    "CPC",
                    "ppc",
                    "paid",
                    "paidsearch",
                    "Paid Search",
                    "paid_social",
                    "paid-social",
                    "social_paid",
                    "social cpc",
                    "cpm",
                    "display",
                    "display-ad",
                    "banner",
                    "video-ads",
                    "Retargeting",
                    "pmax",
                    "sponsored",
                ][..],
                Some(PAID),
            ),
            (
                &["email", "e-mail", "E_Mail", "e mail", "mail", "newsletter", "Newsletters", "hs_email", "mailing"],
                Some(MAIL),
            ),
            (&["social", "Social-Media", "social network", "sm", "organic_social", "organic social"], Some(SOCIAL)),
            (&["organic", "organic-search", "Organic Search", "search", "seo"], Some(SEARCH)),
            (&["referral", "affiliate", "Affiliates", "partner", "link"], Some(REFERRAL)),
            (&["qr", "sms", "push", "unpaid", "download", "(none)", "", "road"], None),
        ] {
            for medium in media {
                assert_eq!(of_medium(medium), channel, "{medium:?}");
            }
        }
    }
}
