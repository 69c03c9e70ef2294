//! Who sent an event, by real user agents: browsers.tsv (browser, system, device, user agent) and bots.txt.
//!
//! `cargo xtask refresh-user-agents` leaves out a rule that takes one of these browsers for a bot.

use footfall_event::Event;
use footfall_event::enrich::{Agent, ClientHints, agent};

const BROWSERS: &str = include_str!("../../testdata/user_agents/browsers.tsv");
const BOTS: &str = include_str!("../../testdata/user_agents/bots.txt");
/// Names of browsers that bots claim to be, and what is no name.
const NO_OWN_NAMES: [&str; 8] = ["Chrome", "Safari", "Firefox", "IE", "Edge", "Android Browser", "Chrome (in-app)", ""];

fn read(user_agent: &str) -> Agent {
    agent(&ClientHints::by(&Event { user_agent: Some(user_agent.to_owned()), ..Event::default() }))
}

#[test]
fn browsers_systems_and_devices_have_names_that_people_know_and_none_is_a_bot() {
    assert!(BROWSERS.lines().count() >= 200);
    for line in BROWSERS.lines() {
        let mut columns = line.splitn(4, '\t');
        let mut column = || columns.next().unwrap();
        let (browser, os, device, user_agent) = (column(), column(), column(), column());
        let read = read(user_agent);
        let told = (
            read.browser.as_deref().unwrap_or_default(),
            read.os.as_deref().unwrap_or_default(),
            read.device.unwrap(),
            read.bot,
        );
        assert_eq!(told, (browser, os, device, false), "{user_agent}");
        for word in ["WKWebView", "WebView", "Mobile", "UI/", "%20"] {
            assert!(!browser.contains(word), "{browser}");
        }
    }
}

#[test]
fn monitors_previewers_prefetchers_test_browsers_and_crawlers_are_bots_with_names_of_their_own() {
    assert!(BOTS.lines().count() >= 100);
    for user_agent in BOTS.lines() {
        let read = read(user_agent);
        assert_eq!((read.bot, read.device), (true, Some("other")), "{user_agent}: {read:?}");
        let name = read.browser.unwrap_or_default();
        assert!(!NO_OWN_NAMES.contains(&&*name), "{name}: {user_agent}");
    }
}

#[test]
fn what_servers_send_events_with_is_no_bot() {
    for user_agent in [
        "curl/8.5.0",
        "Wget/1.21.4",
        "python-requests/2.32",
        "Python-urllib/3.12",
        "python-httpx/0.27.0",
        "Python/3.12 aiohttp/3.9.5",
        "Go-http-client/2.0",
        "Java/17.0.11",
        "Java-http-client/17.0.11",
        "Apache-HttpClient/4.5.14 (Java/17.0.11)",
        "Google-HTTP-Java-Client/1.44.1 (gzip)",
        "okhttp/4.12.0",
        "axios/1.7.2",
        "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
        "undici",
        "node",
        "Deno/1.44.2",
        "Bun/1.1.13",
        "got (https://github.com/sindresorhus/got)",
        "GuzzleHttp/7",
        "Symfony HttpClient/Curl",
        "WordPress/6.5.4; https://shop.example",
        "Faraday v2.9.1",
        "Ruby",
        "http.rb/5.2.0",
        "Dart/3.4 (dart:io)",
        "reqwest/0.12.4",
        "PostmanRuntime/7.39.0",
        "insomnia/9.2.0",
        "HTTPie/3.2.2",
        "libwww-perl/6.77",
        "lua-resty-http/0.17.2 (Lua) ngx_lua/10026",
        "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.2506",
        "Zapier",
        "Make/production",
        "n8n",
        "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Shopify-Captain-Hook",
        "MyApp/1.0",
        "MyShop/2.1 (+https://shop.example)",
        "",
    ] {
        let read = read(user_agent);
        assert!(!read.bot, "{user_agent}: {read:?}");
        assert!(matches!(read.device, Some("other" | "desktop")), "{user_agent}: {read:?}");
    }
}

#[test]
fn a_client_that_says_who_it_works_for_is_what_it_says() {
    for (user_agent, name) in [
        ("http.rb/5.1.1 (Mastodon/4.2.8; +https://mastodon.example/)", "Mastodon"),
        ("okhttp/4.12.0 Slackbot-LinkExpanding 1.0", "Slackbot-LinkExpanding"),
        ("axios/1.7.2 (compatible; UptimeRobot/2.0)", "UptimeRobot"),
    ] {
        let read = read(user_agent);
        assert_eq!((read.bot, read.browser.as_deref()), (true, Some(name)), "{user_agent}");
    }
}

#[test]
fn hints_and_strings_give_the_same_names() {
    const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
    const ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36";
    let web_view = ANDROID.replace("K) ", "K; wv) ").replace("Chrome", "Version/4.0 Chrome");
    for (brand, suffix, mobile, name) in [
        ("Google Chrome", "", false, "Chrome"),
        ("Microsoft Edge", " Edg/126.0.0.0", false, "Edge"),
        ("Microsoft Edge", " EdgA/126.0.0.0", true, "Edge"),
        ("Opera", " OPR/111.0.0.0", false, "Opera"),
        ("Opera GX", " OPR/111.0.0.0 (Edition std-1)", false, "Opera"),
        ("Vivaldi", " Vivaldi/6.8", false, "Vivaldi"),
        ("Whale", " Whale/3.26.244.21", false, "Whale"),
        ("YaBrowser", " YaBrowser/24.6.0.0", false, "Yandex Browser"),
        ("Samsung Internet", " SamsungBrowser/25.0", true, "Samsung Internet"),
    ] {
        let user_agent = format!("{}{suffix}", if mobile { ANDROID } else { WINDOWS });
        let hints = format!(r#""Chromium";v="126", "{brand}";v="126", "Not-A.Brand";v="8""#);
        let event = Event { user_agent: Some(user_agent), ..Event::default() };
        assert_eq!(agent(&ClientHints::by(&event)).browser.as_deref(), Some(name), "{event:?}");
        let event = Event { sec_ch_ua: Some(hints), ..event };
        assert_eq!(agent(&ClientHints::by(&event)).browser.as_deref(), Some(name), "{event:?}");
    }
    // A web view's brand says nothing of the app around it.
    for (suffix, name) in [("", "Chrome (in-app)"), (" Instagram 334.0.0.42.95 Android", "Instagram")] {
        let sec_ch_ua = Some(r#""Android WebView";v="126", "Chromium";v="126""#.to_owned());
        let event = Event { user_agent: Some(format!("{web_view}{suffix}")), sec_ch_ua, ..Event::default() };
        assert_eq!(agent(&ClientHints::by(&event)).browser.as_deref(), Some(name), "{event:?}");
    }
}

#[test]
fn a_prefetch_is_a_bots_and_keeps_its_browser() {
    let user_agent = Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned());
    let event = Event { user_agent, purpose: Some("prefetch".into()), ..Event::default() };
    let read = agent(&ClientHints::by(&event));
    assert_eq!((read.bot, read.browser.as_deref()), (true, Some("Firefox")));
    assert!(!agent(&ClientHints::by(&Event { purpose: None, ..event })).bot);
}
