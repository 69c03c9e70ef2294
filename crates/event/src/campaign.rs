//! What a link says about where it was published: the UTM parameters, and the click ids that advertisers, mailers and
//! networks add.

use std::borrow::Cow;
use std::collections::BTreeSet;

use url::form_urlencoded;

use crate::channel_name::{MAIL, PAID, REFERRAL, SEARCH, SOCIAL};
use crate::text;

const UTM_CHARS_MAX: usize = 200;

/// Characters of a campaign as [`kept`] writes it: five values of four bytes a character, percent-encoded, and their names.
pub(crate) const CAMPAIGN_CHARS_MAX: usize = 5 * UTM_CHARS_MAX * 12 + 1_000;

/// Click ids, in lower case, and what they say about the link. fbclid says nothing about payment: Facebook adds it to every
/// link. Those of affiliates count as their `utm_medium=affiliate` does. ysclid and srsltid mark unpaid results.
pub const CLICK_IDS: [(&str, &str); 44] = [
    ("gclid", PAID),
    ("gbraid", PAID),
    ("wbraid", PAID),
    ("dclid", PAID),
    ("gad", PAID),
    ("gad_source", PAID),
    ("gad_campaignid", PAID),
    ("gclsrc", PAID),
    ("msclkid", PAID),
    ("yclid", PAID),
    ("ymclid", PAID),
    ("ttclid", PAID),
    ("twclid", PAID),
    ("li_fat_id", PAID),
    ("rdt_cid", PAID),
    ("sccid", PAID),
    ("epik", PAID),
    ("qclid", PAID),
    ("obclid", PAID),
    ("dicbo", PAID),
    ("tblci", PAID),
    ("s_kwcid", PAID),
    ("ef_id", PAID),
    ("bd_vid", PAID),
    ("irclickid", REFERRAL),
    ("irgwc", REFERRAL),
    ("awc", REFERRAL),
    ("cjevent", REFERRAL),
    ("ransiteid", REFERRAL),
    ("admitad_uid", REFERRAL),
    ("sscid", REFERRAL),
    ("mc_cid", MAIL),
    ("mc_eid", MAIL),
    ("mkt_tok", MAIL),
    ("_hsenc", MAIL),
    ("_hsmi", MAIL),
    ("_kx", MAIL),
    ("vero_id", MAIL),
    ("fbclid", SOCIAL),
    ("igshid", SOCIAL),
    ("igsh", SOCIAL),
    ("mibextid", SOCIAL),
    ("ysclid", SEARCH),
    ("srsltid", SEARCH),
];

const UTM_PREFIX: &str = "utm_";

/// The campaign of a link.
#[derive(Default)]
pub(crate) struct Campaign {
    pub(crate) source: Option<String>,
    pub(crate) medium: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) term: Option<String>,
    pub(crate) content: Option<String>,
    /// What the click ids say: that it was paid, or else what the first one says.
    pub(crate) click: Option<&'static str>,
}

impl Campaign {
    /// Reads a URL's query, then its fragment.
    pub(crate) fn of_url(page_url: &str) -> Self {
        Self::of(parameters(page_url))
    }

    /// Reads what [`kept`] wrote.
    pub(crate) fn of_kept(kept: &str) -> Self {
        Self::of(form_urlencoded::parse(kept.as_bytes()))
    }

    fn of<'a>(parameters: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>) -> Self {
        let mut campaign = Self::default();
        for (name, value) in parameters {
            let name = lower_name(&name);
            let field = match &*name {
                "utm_source" => &mut campaign.source,
                "utm_medium" => &mut campaign.medium,
                "utm_campaign" => &mut campaign.name,
                "utm_term" => &mut campaign.term,
                "utm_content" => &mut campaign.content,
                name => {
                    let says = CLICK_IDS.iter().find(|(id, _)| *id == name && !value.is_empty()).map(|(_, says)| *says);
                    campaign.click = campaign.click.filter(|click| *click == PAID || says != Some(PAID)).or(says);
                    continue;
                }
            };
            if field.is_none() {
                *field = tidy(&value);
            }
        }
        campaign
    }
}

/// The campaign's parameters as a query, for a URL that is about to lose them.
pub(crate) fn kept(page_url: &str) -> Option<String> {
    let mut kept = form_urlencoded::Serializer::new(String::new());
    let mut names = BTreeSet::new();
    for (name, value) in parameters(page_url) {
        let name = lower_name(&name);
        let is_click_id = CLICK_IDS.iter().any(|(id, _)| *id == name);
        let value = match &*name {
            // What the id says is needed, not who clicked.
            _ if is_click_id => Some("1".to_owned()).filter(|_| !value.is_empty()),
            "utm_source" | "utm_medium" | "utm_campaign" | "utm_term" | "utm_content" => tidy(&value),
            _ => None,
        };
        if let Some(value) = value.filter(|_| !names.contains(&name)) {
            kept.append_pair(&name, &value);
            names.insert(name);
        }
    }
    Some(kept.finish()).filter(|kept| !kept.is_empty())
}

/// A route (`#/about?utm_source=x&y=1`) without the campaign's parameters, which do not make it another page.
pub(crate) fn removed(route: &str) -> Cow<'_, str> {
    let Some((path, query)) = route.split_once('?') else { return route.into() };
    let is_campaign = |pair: &&str| {
        let name = lower_name(pair.split('=').next().unwrap_or_default());
        name.starts_with(UTM_PREFIX) || CLICK_IDS.iter().any(|(id, _)| *id == name)
    };
    if !query.split('&').any(|pair| is_campaign(&pair)) {
        return route.into();
    }
    let others: Vec<&str> = query.split('&').filter(|pair| !is_campaign(pair)).collect();
    if others.is_empty() { path.into() } else { format!("{path}?{}", others.join("&")).into() }
}

/// The parameters of the query, then those of the fragment, which may be a query (`#utm_source=x`) or hold one
/// (`#/about?utm_source=x`, `#top&utm_source=x`).
fn parameters(page_url: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let (before_fragment, fragment) = page_url.split_once('#').unwrap_or((page_url, ""));
    let query = before_fragment.split_once('?').map_or("", |(_, query)| query);
    let (beginning, rest) = fragment.split_once('?').unwrap_or((fragment, ""));
    let beginning = beginning.trim_start_matches('!').trim_start_matches('/');
    [query, rest, beginning].into_iter().flat_map(|query| form_urlencoded::parse(query.as_bytes()))
}

/// The name as it is listed. A link that was copied from the source of a page still has `&amp;` between its parameters.
fn lower_name(name: &str) -> String {
    name.strip_prefix("amp;").unwrap_or(name).to_ascii_lowercase()
}

/// Truncates to the limit, and replaces control characters, which PostgreSQL rejects or a terminal interprets, with
/// spaces.
fn tidy(value: &str) -> Option<String> {
    let value = value.replace(char::is_control, " ");
    let value = text::head(value.trim(), UTM_CHARS_MAX).trim_end();
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_is_decoded_and_bounded() {
        let of = |query: &str| Campaign::of_url(&format!("http://a.b/?{query}"));
        let utm = of("utm_source=a+b%20c&utm_medium=%C3%A4&utm_campaign=&utm_campaign=x&utm_campaign=y&utm_term=%ff");
        assert_eq!(utm.source.as_deref(), Some("a b c"));
        assert_eq!(utm.medium.as_deref(), Some("ä"));
        assert_eq!((utm.name.as_deref(), utm.content), (Some("x"), None));
        assert_eq!(utm.term.as_deref(), Some("\u{fffd}"));
        let nasty =
            of(&format!("utm_source=%00&utm_medium=a%00b%0a&utm_term=%&utm_content={}", "%F0%9F%98%80".repeat(999)));
        assert_eq!((nasty.source, nasty.medium.as_deref(), nasty.term.as_deref()), (None, Some("a b"), Some("%")));
        assert_eq!(nasty.content.map(|text| text.chars().count()), Some(UTM_CHARS_MAX));
    }

    #[test]
    fn a_campaign_is_read_wherever_a_link_can_hold_it() {
        for url in [
            "http://a.b/?utm_source=s&utm_medium=m",
            "http://a.b/?x&UTM_Source=s&Utm_Medium=m#top",
            "http://a.b?utm_source=s&amp;utm_medium=m",
            "http://a.b/#utm_source=s&utm_medium=m",
            "http://a.b/#?utm_source=s&utm_medium=m",
            "http://a.b/#top?utm_source=s&utm_medium=m",
            "http://a.b/#top&utm_source=s&utm_medium=m",
            "http://a.b/#/utm_source=s&utm_medium=m",
            "http://a.b/app?lang=de#/about?utm_source=s&utm_medium=m",
            "http://a.b/app#!/about?y=1&utm_source=s&utm_medium=m",
            "http://a.b/?utm_source=s#/about?utm_source=other&utm_medium=m",
            "http://a.b/#utm_source=s&utm_medium=m&back=/c?utm_medium=",
        ] {
            let campaign = Campaign::of_url(url);
            assert_eq!((campaign.source.as_deref(), campaign.medium.as_deref()), (Some("s"), Some("m")), "{url}");
        }
        for url in ["http://a.b/utm_source=s", "http://a.b/?x=utm_source", "http://a.b/?to=%3Futm_source%3Ds"] {
            assert_eq!(Campaign::of_url(url).source, None, "{url}");
        }
    }

    #[test]
    fn what_is_kept_of_a_campaign_says_the_same_as_the_url() {
        let long = "%F0%9F%98%80".repeat(300);
        let url = format!(
            "https://a.b/?x=1&utm_source=a+b%26&GCLID=secret&utm_medium=%25&utm_campaign={long}&utm_term={long}&utm_content={long}#/r?utm_source=no&fbclid=y"
        );
        let kept = kept(&url).unwrap();
        assert!(kept.chars().count() <= CAMPAIGN_CHARS_MAX && !kept.contains("secret"), "{kept}");
        let [whole, again] = [Campaign::of_url(&url), Campaign::of_kept(&kept)]
            .map(|it| (it.source, it.medium, it.name, it.term, it.content, it.click));
        assert_eq!(whole, again);
        assert_eq!((whole.0.as_deref(), whole.5), (Some("a b&"), Some(PAID)));
        assert_eq!(super::kept("https://a.b/?x=1#top"), None);
        let most =
            ["source", "medium", "campaign", "term", "content"].map(|name| format!("utm_{name}={long}")).join("&");
        let most = CLICK_IDS.iter().fold(most, |most, (id, _)| format!("{most}&{id}=1"));
        assert!(super::kept(&format!("https://a.b/?{most}")).unwrap().len() <= CAMPAIGN_CHARS_MAX);
    }

    #[test]
    fn a_click_id_counts_if_it_has_a_value_and_payment_counts_most() {
        for (query, click) in [
            ("gclid=x", Some(PAID)),
            ("gclid=", None),
            ("gclid", None),
            ("gad_source=1&gad_campaignid=2", Some(PAID)),
            ("ScCid=x", Some(PAID)),
            ("fbclid=x&gclid=y", Some(PAID)),
            ("gclid=y&fbclid=x", Some(PAID)),
            ("fbclid=x&mc_eid=y", Some(SOCIAL)),
            ("irclickid=x", Some(REFERRAL)),
            ("ysclid=x", Some(SEARCH)),
            ("clid=x", None),
        ] {
            assert_eq!(Campaign::of_url(&format!("http://a.b/?{query}")).click, click, "{query}");
        }
    }
}
