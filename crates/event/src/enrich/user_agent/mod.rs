//! Reads user agents and client hints.

mod bot;
mod browser;
mod crawlers;
mod device;
mod evidence;

use std::sync::LazyLock;

use serde::Deserialize as _;
use ua_parser::{Extractor, Regexes};

use crate::{Event, text};

/// Limits a browser's or system's name, which a rule may copy from the user agent.
const NAME_CHARS_MAX: usize = 60;

/// What a user agent and its client hints reveal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// The browser's name, the same on a phone as elsewhere; for a bot, its own name.
    pub browser: Option<String>,
    /// The operating system's name.
    pub os: Option<String>,
    /// desktop, mobile, tablet, tv or other; `None` without a user agent.
    pub device: Option<&'static str>,
    /// A crawler, a monitor or an automated browser that identifies itself as one. A plain HTTP client (curl, a
    /// server's library) is not a bot: it runs no script, so an event from it was sent on purpose.
    pub bot: bool,
}

/// What identifies an agent: equal values mean the same agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClientHints<'a> {
    user_agent: Option<&'a str>,
    brands: Option<&'a str>,
    mobile: Option<&'a str>,
    platform: Option<&'a str>,
    is_prefetch: bool,
}

impl<'a> ClientHints<'a> {
    /// The client hints of an event.
    #[must_use]
    pub fn by(event: &'a Event) -> Self {
        Self {
            user_agent: event.user_agent.as_deref(),
            brands: event.sec_ch_ua.as_deref(),
            mobile: event.sec_ch_ua_mobile.as_deref(),
            platform: event.sec_ch_ua_platform.as_deref(),
            is_prefetch: event.purpose.is_some(),
        }
    }

    /// Replaces `key` with a text that is unique to this agent.
    pub fn write_key(&self, key: &mut String) {
        key.clear();
        for text in [self.user_agent, self.brands, self.mobile, self.platform] {
            // NUL separates them: no text of an event contains one.
            key.push_str(text.unwrap_or_default());
            key.push('\0');
        }
        key.push(if self.is_prefetch { '1' } else { '0' });
    }
}

/// uap-core's rules; see crates/event/data/user_agents.
static RULES: LazyLock<Extractor<'static>> = LazyLock::new(|| {
    let mut json = serde_json::Deserializer::from_str(include_str!("../../../data/user_agents/rules.json"));
    #[expect(clippy::expect_used, reason = "the rules are part of the program, and a test reads them")]
    Regexes::deserialize(&mut json).ok().and_then(|rules| Extractor::try_from(rules).ok()).expect("sound rules")
});

/// Loads the rules now (a tenth of a second, 25 MB), instead of for the first agent.
pub fn load_rules() {
    LazyLock::force(&RULES);
    crawlers::load();
}

/// Values of Sec-CH-UA-Platform, and their names in the rules.
const PLATFORMS: [(&str, &str); 7] = [
    ("\"Windows\"", "Windows"),
    ("\"macOS\"", "macOS"),
    ("\"Linux\"", "Linux"),
    ("\"Android\"", "Android"),
    ("\"Chrome OS\"", "Chrome OS"),
    ("\"Chromium OS\"", "Chrome OS"),
    ("\"iOS\"", "iOS"),
];

/// Browsers in uap-core's spelling that bots claim to be: a bot of this name has not said its own.
const CLAIMED: [&str; 12] = [
    "Android",
    "Chrome",
    "Chrome Mobile",
    "Chrome Mobile iOS",
    "Chrome Mobile WebView",
    "Chromium",
    "Edge",
    "Firefox",
    "IE",
    "Mobile Safari",
    "Safari",
    "Spider",
];

/// What every headless Chromium is called, even if it has another name too.
const HEADLESS: &str = "HeadlessChrome";

/// Determines browser, system, device and bot.
#[must_use]
pub fn agent(told: &ClientHints<'_>) -> Agent {
    let user_agent = told.user_agent.unwrap_or_default();
    // An Android device's model may be any word: CUBOT, M bot 60, ViewSonic.
    let anonymous = evidence::without_model(user_agent);
    let evidence = evidence::without_client(&anonymous);
    // A native app's name may be any word too.
    let is_spider = !evidence.contains("CFNetwork/")
        && RULES.dev.extract(&evidence::without_words(evidence)).is_some_and(|it| it.device == "Spider");
    let family = if is_spider { RULES.ua.extract(evidence).map(|bot| bot.family) } else { None };
    let own_name = family.as_deref().filter(|family| !CLAIMED.contains(family) && is_name(family));
    let headless = told.brands.filter(|brands| brands.contains("\"Headless")).map(|_| HEADLESS);
    let bot = bot::name(evidence, own_name.or(headless));
    let is_bot = bot.is_some() || is_spider || told.is_prefetch;

    let os = os(user_agent, told.platform);
    let browser = match bot {
        Some(bot) => name(bot),
        None => {
            let family = RULES.ua.extract(&anonymous).map(|browser| browser.family);
            browser::name(user_agent, told.brands, family.as_deref()).and_then(|browser| name(&browser))
        }
    };
    let known = device::Known { mobile: told.mobile, os: os.as_deref() };
    let device = if is_bot { "other" } else { device::class(user_agent, &known) };
    Agent { browser, os, device: told.user_agent.map(|_| device), bot: is_bot }
}

fn os(user_agent: &str, platform: Option<&str>) -> Option<String> {
    if device::is_ipad_as_mac(user_agent) {
        return name("iOS");
    }
    // The rules find `like iPhone`.
    if user_agent.contains("Nintendo") {
        return None;
    }
    match PLATFORMS.into_iter().find(|(value, _)| platform == Some(value)) {
        Some((_, os)) => name(os),
        None => RULES.os.extract(user_agent).and_then(|os| match &*os.os {
            "Mac OS X" => name("macOS"),
            "Web0S" => name("webOS"),
            "Chromecast Android" | "Chromecast Linux" => name("Chromecast"),
            "Other" => None,
            os => name(os),
        }),
    }
}

/// Whether a rule has found a name: some find anything that stands before `bot`.
fn is_name(family: &str) -> bool {
    family.starts_with(|char: char| char.is_alphanumeric()) && !family.contains(['/', '(', ')'])
}

fn name(name: &str) -> Option<String> {
    let name = text::head(name.trim(), NAME_CHARS_MAX).trim_end();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(user_agent: &str) -> Agent {
        agent(&ClientHints { user_agent: Some(user_agent), ..ClientHints::default() })
    }

    const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
    const ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36";

    #[test]
    fn hints_fill_in_what_the_user_agent_hides() {
        let hinted = |user_agent, brands, mobile, platform| {
            let read = agent(&ClientHints {
                user_agent: Some(user_agent),
                brands: Some(brands),
                mobile: Some(mobile),
                platform: Some(platform),
                is_prefetch: false,
            });
            (read.browser.unwrap_or_default(), read.os.unwrap_or_default(), read.device.unwrap_or_default(), read.bot)
        };
        let owned = |browser: &str, os: &str, device, bot| (browser.to_owned(), os.to_owned(), device, bot);
        let chrome = r#""Chromium";v="126", "Google Chrome";v="126", "Not-A.Brand";v="8""#;
        assert_eq!(hinted(WINDOWS, chrome, "?0", "\"Windows\""), owned("Chrome", "Windows", "desktop", false));
        let brave = r#""Brave";v="126", "Chromium";v="126", "Not-A.Brand";v="8""#;
        assert_eq!(hinted(WINDOWS, brave, "?0", "\"Windows\""), owned("Brave", "Windows", "desktop", false));
        assert_eq!(hinted(ANDROID, brave, "?1", "\"Android\""), owned("Brave", "Android", "mobile", false));
        let headless = r#""Chromium";v="126", "HeadlessChrome";v="126""#;
        assert_eq!(hinted(WINDOWS, headless, "?0", "\"Linux\""), owned("HeadlessChrome", "Linux", "other", true));
        assert_eq!(hinted(WINDOWS, "nonsense", "yes", "\"Unknown\""), owned("Chrome", "Windows", "desktop", false));
    }

    #[test]
    fn without_a_user_agent_nothing_is_known() {
        let none = ClientHints { ..ClientHints::default() };
        assert_eq!(agent(&none), Agent::default());
    }

    #[test]
    fn names_are_bounded_for_any_user_agent() {
        for user_agent in [
            format!("{}bot/1", "x".repeat(990)),
            "😀".repeat(1_000),
            "(((((((".repeat(140),
            format!("Mozilla/5.0 ({})", ";".repeat(980)),
            "\n\r\t \u{7f}\u{85}".repeat(160),
        ] {
            let read = read(&user_agent);
            for name in [read.browser, read.os].into_iter().flatten() {
                assert!((1..=NAME_CHARS_MAX).contains(&name.chars().count()), "{name}");
            }
        }
    }

    #[test]
    fn another_agent_has_another_key() {
        let told = |user_agent, brands| ClientHints { user_agent, brands, ..ClientHints::default() };
        let key = |told: ClientHints<'_>| {
            let mut key = "left over".to_owned();
            told.write_key(&mut key);
            key
        };
        assert_eq!(key(told(Some("a"), Some("b"))), key(told(Some("a"), Some("b"))));
        assert_ne!(key(told(Some("ab"), None)), key(told(Some("a"), Some("b"))));
        assert_ne!(key(told(Some("a"), None)), key(told(None, Some("a"))));
    }
}
