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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientHints<'a> {
    user_agent: Option<&'a str>,
    brands: Option<&'a str>,
    mobile: Option<&'a str>,
    platform: Option<&'a str>,
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
    }
}

/// uap-core's rules; see crates/event/data/user_agents.
static RULES: LazyLock<Extractor<'static>> = LazyLock::new(|| {
    let mut json = serde_json::Deserializer::from_str(include_str!("../../data/user_agents/rules.json"));
    #[expect(clippy::expect_used, reason = "the rules are part of the program, and a test reads them")]
    Regexes::deserialize(&mut json).ok().and_then(|rules| Extractor::try_from(rules).ok()).expect("sound rules")
});

/// Loads the rules now (a tenth of a second, 25 MB), instead of for the first agent.
pub fn load_rules() {
    LazyLock::force(&RULES);
}

/// Chromium-based browsers as named in Sec-CH-UA. Some differ from Chrome only in this header.
const BRANDS: [(&str, &str); 11] = [
    ("\"HeadlessChrome\"", HEADLESS),
    ("\"Brave\"", "Brave"),
    ("\"Microsoft Edge\"", "Edge"),
    ("\"Opera\"", "Opera"),
    ("\"Opera GX\"", "Opera"),
    ("\"Vivaldi\"", "Vivaldi"),
    ("\"YaBrowser\"", "Yandex Browser"),
    ("\"Samsung Internet\"", "Samsung Internet"),
    ("\"DuckDuckGo\"", "DuckDuckGo"),
    ("\"Avast Secure Browser\"", "Avast Secure Browser"),
    ("\"Whale\"", "Whale"),
];

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

const HEADLESS: &str = "HeadlessChrome";
/// Automated browsers, which the rules name but do not classify as bots.
const DRIVEN: [&str; 4] = [HEADLESS, "PhantomJS", "Chrome-Lighthouse", "Google-InspectionTool"];

/// Substrings that identify televisions and devices plugged into them.
const TV: [&str; 17] = [
    "SMART-TV",
    "SmartTV",
    "Smart TV",
    "smart-tv",
    "HbbTV",
    "Apple TV",
    "AppleTV",
    "GoogleTV",
    "Google TV",
    "Android TV",
    "BRAVIA",
    "NetCast",
    "Web0S",
    "Roku",
    "CrKey",
    " AFT",
    " TV ",
];

/// Determines browser, system, device and bot.
#[must_use]
pub fn agent(told: &ClientHints<'_>) -> Agent {
    let user_agent = told.user_agent.unwrap_or_default();
    let (browser, os, device) = RULES.extract(user_agent);
    let has = |marks: &[&str]| marks.iter().any(|mark| user_agent.contains(mark));

    let by_brand = BRANDS.into_iter().find(|(brand, _)| told.brands.is_some_and(|brands| brands.contains(brand)));
    let browser = match by_brand {
        Some((_, name)) => Some(name.to_owned()),
        None => browser.and_then(|browser| name(&without_platform(&browser.family))),
    };
    let by_platform = PLATFORMS.into_iter().find(|(platform, _)| told.platform == Some(platform));
    let os = match by_platform {
        Some((_, name)) => Some(name.to_owned()),
        None => os.and_then(|os| if os.os == "Mac OS X" { name("macOS") } else { name(&os.os) }),
    };
    let is_driven = has(&DRIVEN) || browser.as_deref().is_some_and(|browser| DRIVEN.contains(&browser));
    let bot = is_driven || device.is_some_and(|device| device.device == "Spider");

    let is_android = os.as_deref() == Some("Android");
    let class = if bot {
        "other"
    } else if has(&TV) {
        "tv"
    } else if has(&["iPad", "Kindle", "Silk/", "PlayBook"]) || (has(&["Tablet"]) && !has(&["Tablet PC"])) {
        "tablet"
    } else if told.mobile == Some("?1") || has(&["Mobi", "iPhone", "iPod", "Windows Phone", "Opera Mini", "BlackBerry"])
    {
        "mobile"
    } else if is_android {
        // On a phone, Android browsers say `Mobile`.
        "tablet"
    } else if has(&["Windows NT", "Macintosh", "X11", "CrOS", "Linux x86_64"]) {
        "desktop"
    } else {
        "other"
    };
    Agent { browser, os, device: told.user_agent.map(|_| class), bot }
}

/// `Chrome Mobile iOS` is Chrome, `Mobile Safari` is Safari: system and device have their own columns.
fn without_platform(family: &str) -> String {
    family.split(' ').filter(|word| !matches!(*word, "Mobile" | "iOS")).collect::<Vec<_>>().join(" ")
}

fn name(name: &str) -> Option<String> {
    let name = text::head(name.trim(), NAME_CHARS_MAX).trim_end();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(user_agent: &str) -> Agent {
        agent(&ClientHints { user_agent: Some(user_agent), brands: None, mobile: None, platform: None })
    }

    const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
    const ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36";

    #[test]
    fn browsers_systems_and_devices_are_recognized() {
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        for (user_agent, browser, os, device) in [
            (WINDOWS.to_owned(), "Chrome", "Windows", "desktop"),
            (format!("{WINDOWS} Edg/126.0.0.0"), "Edge", "Windows", "desktop"),
            (format!("{WINDOWS} OPR/111.0.0.0"), "Opera", "Windows", "desktop"),
            (format!("{WINDOWS} Vivaldi/6.8"), "Vivaldi", "Windows", "desktop"),
            (ANDROID.to_owned(), "Chrome", "Android", "mobile"),
            (ANDROID.replace("Mobile ", ""), "Chrome", "Android", "tablet"),
            (ANDROID.replace("Chrome/126", "SamsungBrowser/25.0 Chrome/121"), "Samsung Internet", "Android", "mobile"),
            (format!("{iphone} Version/17.5 Mobile/15E148 Safari/604.1"), "Safari", "iOS", "mobile"),
            (format!("{iphone} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1"), "Chrome", "iOS", "mobile"),
            (format!("{iphone} FxiOS/127.0 Mobile/15E148 Safari/605.1.15"), "Firefox", "iOS", "mobile"),
            (format!("{iphone} Mobile/15E148 Instagram 334.0.4.32.98"), "Instagram", "iOS", "mobile"),
            ("Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1".into(), "Safari", "iOS", "tablet"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into(), "Firefox", "Linux", "desktop"),
            ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into(), "Firefox", "Ubuntu", "desktop"),
            ("Mozilla/5.0 (Android 13; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0".into(), "Firefox", "Android", "mobile"),
            ("Mozilla/5.0 (Android 13; Tablet; rv:126.0) Gecko/126.0 Firefox/126.0".into(), "Firefox", "Android", "tablet"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15".into(), "Safari", "macOS", "desktop"),
            ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36".into(), "Chrome", "Chrome OS", "desktop"),
            ("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; Tablet PC 2.0; rv:11.0) like Gecko".into(), "IE", "Windows", "desktop"),
            ("Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/2.2 TV Safari/537.36".into(), "Samsung Internet", "Tizen", "tv"),
            ("Mozilla/5.0 (Linux; Android 9; AFTMM) AppleWebKit/537.36 (KHTML, like Gecko) Silk/100.2.1 like Chrome/100.0.4896.79 Safari/537.36".into(), "Amazon Silk", "Android", "tv"),
            // Its name contains "bot", but it is not one.
            (ANDROID.replace("; K", "; CUBOT X30"), "Chrome", "Android", "mobile"),
        ] {
            let read = read(&user_agent);
            let told = (read.browser.as_deref(), read.os.as_deref(), read.device, read.bot);
            assert_eq!(told, (Some(browser), Some(os), Some(device), false), "{user_agent}");
        }
    }

    #[test]
    fn a_self_declared_program_is_a_bot_and_a_plain_http_client_is_not() {
        let headless = WINDOWS.replace("Chrome/", "HeadlessChrome/");
        let lighthouse = format!("{WINDOWS} Chrome-Lighthouse");
        for user_agent in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
            "Mozilla/5.0 (compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)",
            "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "UptimeRobot/2.0 (http://www.uptimerobot.com/)",
            "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
            &headless,
            &lighthouse,
        ] {
            let read = read(user_agent);
            assert_eq!((read.bot, read.device), (true, Some("other")), "{user_agent}: {read:?}");
            assert!(read.browser.is_some());
        }
        for user_agent in ["curl/8.5.0", "python-requests/2.32", "Go-http-client/2.0", "MyApp/1.0", ""] {
            let read = read(user_agent);
            assert_eq!((read.bot, read.device), (false, Some("other")), "{user_agent}: {read:?}");
        }
    }

    #[test]
    fn hints_fill_in_what_the_user_agent_hides() {
        let hinted = |user_agent, brands, mobile, platform| {
            let read = agent(&ClientHints {
                user_agent: Some(user_agent),
                brands: Some(brands),
                mobile: Some(mobile),
                platform: Some(platform),
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
        let none = ClientHints { user_agent: None, brands: None, mobile: None, platform: None };
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
        let told = |user_agent, brands| ClientHints { user_agent, brands, mobile: None, platform: None };
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
