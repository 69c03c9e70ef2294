//! Browsers by names that people know.
//!
//! One rule: an app that shows a page within itself has its own name (Instagram, LinkedIn). One that does not say who it is
//! has the name of its engine's browser: `Chrome (in-app)`, `Safari (in-app)`. A browser has one name on every system.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Apps and browsers by a text that only they send. The first that applies counts: an app's web view says what its
/// engine is too.
const TOLD: &[(&str, &str)] = &[
    ("FBAN/Messenger", "Messenger"),
    ("FB_IAB/Orca", "Messenger"),
    ("FB_IAB/MESSENGER", "Messenger"),
    ("Barcelona ", "Threads"),
    ("Instagram", "Instagram"),
    ("FBAN/", "Facebook"),
    ("FBAV/", "Facebook"),
    ("FB_IAB/", "Facebook"),
    ("MetaIAB Facebook", "Facebook"),
    ("musical_ly", "TikTok"),
    ("BytedanceWebview", "TikTok"),
    ("trill_", "TikTok"),
    ("TikTok", "TikTok"),
    ("aweme", "Douyin"),
    ("LinkedInApp", "LinkedIn"),
    ("[Pinterest/", "Pinterest"),
    ("Pinterest for ", "Pinterest"),
    ("Snapchat", "Snapchat"),
    ("Twitter for ", "Twitter"),
    ("TwitterAndroid", "Twitter"),
    ("Reddit/", "Reddit"),
    ("Slack_SSB", "Slack"),
    ("Slack/", "Slack"),
    ("TeamsMobile", "Microsoft Teams"),
    (" Teams/", "Microsoft Teams"),
    ("Telegram", "Telegram"),
    ("WhatsApp", "WhatsApp"),
    ("discord/", "Discord"),
    ("Discord/", "Discord"),
    ("wxwork/", "WeCom"),
    ("MicroMessenger", "WeChat"),
    (" Line/", "LINE"),
    ("KAKAOTALK", "KakaoTalk"),
    ("KAKAOSTORY", "KakaoStory"),
    ("NAVER(", "Naver"),
    ("DaumApps", "Daum"),
    ("Viber/", "Viber"),
    ("Weibo", "Weibo"),
    ("DingTalk", "DingTalk"),
    ("AlipayClient", "Alipay"),
    (" QQ/", "QQ"),
    ("baiduboxapp", "Baidu"),
    ("GSA/", "Google"),
    ("GoogleApp/", "Google"),
    ("GoogleWv/", "Google"),
    ("BingSapphire", "Bing"),
    ("BingWeb/", "Bing"),
    ("Flipboard/", "Flipboard"),
    ("Tumblr/", "Tumblr"),
    ("Quora ", "Quora"),
    ("Zalo", "Zalo"),
    ("VKAndroidApp", "VK"),
    ("vkclient", "VK"),
    ("Nextdoor", "Nextdoor"),
    ("Bluesky/", "Bluesky"),
    ("XING/", "XING"),
    ("YJApp-", "Yahoo! Japan"),
    ("YaApp_", "Yandex"),
    ("YaSearchApp/", "Yandex"),
    ("YandexSearch", "Yandex"),
    ("Gmail/", "Gmail"),
    ("Outlook-iOS", "Outlook"),
    ("Outlook-Android", "Outlook"),
    ("Spotify/", "Spotify"),
    ("Shopify Mobile/", "Shopify"),
    ("Ddg/", "DuckDuckGo"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("YaBrowser/", "Yandex Browser"),
    ("Quark/", "Quark"),
    ("MQQBrowser", "QQ Browser"),
    ("QQBrowser", "QQ Browser"),
    ("SogouM", "Sogou"),
    ("MetaSr", "Sogou"),
    ("MZBrowser", "Meizu Browser"),
    ("HeyTapBrowser", "HeyTap Browser"),
    ("OppoBrowser", "HeyTap Browser"),
    ("VivoBrowser", "vivo Browser"),
    ("MiuiBrowser", "Mi Browser"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("OculusBrowser", "Meta Quest Browser"),
    ("SamsungBrowser", "Samsung Internet"),
    ("UCBrowser", "UC Browser"),
    ("Focus/", "Firefox Focus"),
    ("Klar/", "Firefox Focus"),
    ("FxiOS/", "Firefox"),
    ("LBBROWSER", "Liebao"),
    ("Silk/", "Amazon Silk"),
    ("Whale/", "Whale"),
    ("Web0S", "LG Browser"),
    ("PlayStation", "PlayStation"),
    ("Nintendo", "Nintendo Browser"),
];

/// Chromium-based browsers as named in Sec-CH-UA. Some differ from Chrome only in this header.
const BRANDS: &[(&str, &str)] = &[
    ("HeadlessChrome", "HeadlessChrome"),
    ("HeadlessEdg", "HeadlessEdg"),
    ("Brave", "Brave"),
    ("Microsoft Edge WebView2", "Edge (in-app)"),
    ("Microsoft Edge", "Edge"),
    ("Opera", "Opera"),
    ("Opera GX", "Opera"),
    ("Opera Air", "Opera"),
    ("Opera Mobile", "Opera"),
    ("OperaMobile", "Opera"),
    ("Opera Mini", "Opera Mini"),
    ("Vivaldi", "Vivaldi"),
    ("YaBrowser", "Yandex Browser"),
    ("Samsung Internet", "Samsung Internet"),
    ("DuckDuckGo", "DuckDuckGo"),
    ("Avast Secure Browser", "Avast Secure Browser"),
    ("AVG Secure Browser", "AVG Secure Browser"),
    ("Avira Secure Browser", "Avira Secure Browser"),
    ("Norton Secure Browser", "Norton Secure Browser"),
    ("Norton Private Browser", "Norton Secure Browser"),
    ("CCleaner Browser", "CCleaner"),
    ("Whale", "Whale"),
    ("CocCoc", "Coc Coc"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("Meta Quest Browser", "Meta Quest Browser"),
    ("Oculus Browser", "Meta Quest Browser"),
];
/// A web view's brand, which says nothing of the app around it.
const WEB_VIEW: &str = "Android WebView";

/// Names in uap-core that people would not know, or that name a browser twice.
const RENAMED: &[(&str, &str)] = &[
    ("Safari UI/WKWebView", "Safari (in-app)"),
    // Its rule is a Macintosh's WebKit that does not say who it is.
    ("Apple Mail", "Safari (in-app)"),
    ("Chrome WebView", CHROME_IN_APP),
    ("brave", "Brave"),
    ("Code", "Visual Studio Code"),
    ("Android", "Android Browser"),
    ("Android WebView", CHROME_IN_APP),
    ("Avira", "Avira Secure Browser"),
    ("AVG", "AVG Secure Browser"),
    ("Baidu Explorer", "Baidu"),
    ("Ecosia Android", "Ecosia"),
    ("Facebook Messenger", "Messenger"),
    ("Firefox (Minefield)", "Firefox"),
    ("Firefox (Namoroka)", "Firefox"),
    ("Firefox (Shiretoko)", "Firefox"),
    ("HiBrowser", "Hi Browser"),
    ("IE Large Screen", "IE"),
    ("Maxthon Cloud", "Maxthon"),
    ("NetCast Smart TV", "LG Browser"),
    ("Oculus Browser", "Meta Quest Browser"),
    ("Opera GX", "Opera"),
    ("Opera Touch", "Opera"),
    ("Opera Tablet", "Opera"),
    ("QtCarBrowser", "Tesla"),
    ("Samsung", "Samsung Internet"),
    ("Seznam prohlížeč", "Seznam"),
    ("WeChat Browser", "WeChat"),
    ("webOS Browser", "LG Browser"),
];
const CHROME_IN_APP: &str = "Chrome (in-app)";

/// The browser's name, by what the user agent says, Sec-CH-UA, and the rules.
pub(super) fn name<'a>(user_agent: &'a str, brands: Option<&str>, by_rules: Option<&str>) -> Option<Cow<'a, str>> {
    let told = TOLD.iter().find(|(text, _)| user_agent.contains(text)).map(|(_, name)| Cow::Borrowed(*name));
    told.or_else(|| desktop_app(user_agent).map(|app| known(app).into()))
        .or_else(|| by_brand(brands?).map(Cow::Borrowed))
        .or_else(|| by_rules.map(|family| known(family).into()))
}

/// The program that a desktop app made with Electron names before its engine.
fn desktop_app(user_agent: &str) -> Option<&str> {
    let before = user_agent.split_once(" Electron/")?.0.split_once(" Chrome/")?.0;
    let product = before.rsplit_once(") ").map_or(before, |(_, products)| products).split(' ').next()?;
    product.split('/').next().filter(|name| !name.is_empty())
}

fn by_brand(brands: &str) -> Option<&'static str> {
    let has = |brand: &str| brands.split('"').any(|text| text == brand);
    let known = BRANDS.iter().find(|(brand, _)| has(brand)).map(|(_, name)| *name);
    known.or_else(|| has(WEB_VIEW).then_some(CHROME_IN_APP))
}

/// `Chrome Mobile iOS` is Chrome, `Mobile Safari` is Safari: system and device have their own columns.
fn known(family: &str) -> String {
    // An app's name in CFNetwork's user agent: `Bose%20Music/9 CFNetwork/1496`.
    let family = percent_decode_str(family).decode_utf8_lossy();
    let name = family.split(' ').filter(|word| !matches!(*word, "Mobile" | "iOS")).collect::<Vec<_>>().join(" ");
    match RENAMED.iter().find(|(family, _)| *family == name) {
        Some((_, name)) => (*name).to_owned(),
        None => name,
    }
}
