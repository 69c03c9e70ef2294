//! Whether a user agent is a program's that looks at pages by itself, and what its name is.

use super::crawlers;

/// What test browsers, monitors, previewers and prefetchers are called, in lower case. The two lists name most; these
/// are the words by which a new one is known.
const PROGRAMS: &[&str] = &[
    "-user/",
    "applicationinsights",
    "apachebench",
    "appdynamics",
    "archiver",
    "blackbox",
    "catchpoint",
    "check_http",
    "checkly",
    "crawl",
    "cutycapt",
    "cypress/",
    "datadog",
    "dejaclick",
    "dotcom-monitor",
    "dynatrace",
    "facebookexternal",
    "facebookplatform",
    "feed parser",
    "feedparser",
    "fetcher",
    "functionize",
    "google-inspectiontool",
    "happy-dom",
    "happydom",
    "headless",
    "health check",
    "health-check",
    "healthcheck",
    "healthservice",
    "hobbit",
    "httrack",
    "imageproxy",
    "jsdom",
    "k6/",
    "kube-probe",
    "lighthouse",
    "link preview",
    "link-preview",
    "linkcheck",
    "linkexpanding",
    "linkpreview",
    "mailproxy",
    "meta-external",
    "monit/",
    "munin/",
    "nagios",
    "observatory",
    "page speed",
    "pagespeed",
    "phantomjs",
    "pingdom",
    "playwright",
    "prefetch",
    "prerender",
    "ptst/",
    "puppeteer",
    "rendertron",
    "ruxit",
    "scraper",
    "screenshot",
    "selenium",
    "slimerjs",
    "spider",
    "synthetic",
    "testcafe",
    "thousandeyes",
    "unfurl",
    "uptime",
    "url preview",
    "urldownloader",
    "urlpreview",
    "webpagetest",
    "wkhtmlto",
    "xymon",
    "zabbix",
];

/// Words in lower case that are a bot's if another word does not go on: `bot` is in `botany`.
const WORDS: [&str; 5] = ["bot", "bots", "monitor", "monitoring", "validator"];
/// Words that end like those, and are no bot's: makers of phones, and names of companies and people.
const NO_BOTS: [&str; 6] = ["abbot", "cabot", "caboto", "cubot", "talbot", "turbot"];

/// The name of the bot, if the user agent is one's; the rules' own name comes before the others'. `evidence` is the user
/// agent without what says nothing of bots.
pub(super) fn name<'a>(evidence: &'a str, by_rules: Option<&'a str>) -> Option<&'a str> {
    let listed = || if is_electron(evidence) { None } else { crawlers::name_in(evidence).map(plain) };
    by_rules.or_else(listed).or_else(|| by_word(evidence))
}

/// A desktop program made of a browser: the list's names of services are names of programs too (Notion, Slack).
fn is_electron(evidence: &str) -> bool {
    evidence.contains(" Electron/")
}

/// The name without what only delimits it in the list.
fn plain(text: &str) -> &str {
    let plain = text.trim_matches(|char: char| !char.is_alphanumeric());
    if plain.is_empty() { text } else { plain }
}

/// The token that has one of the words in it, or the address by which a bot explains itself.
fn by_word(evidence: &str) -> Option<&str> {
    let lower = evidence.to_ascii_lowercase();
    // A native app calls itself anything: iRobotHome/7 CFNetwork/1496.
    if lower.contains("cfnetwork/") {
        return None;
    }
    let marked = PROGRAMS.iter().find_map(|word| Some((lower.find(word)?, word.len())));
    match marked.or_else(|| WORDS.iter().find_map(|word| Some((ends_with(&lower, word)?, word.len())))) {
        Some((at, bytes)) => Some(token(evidence, at, at + bytes)),
        None => explained(evidence, &lower),
    }
}

/// Browsers that call themselves `compatible`, as no browser has done for ten years.
const OLD: &[&str] =
    &["msie", "konqueror", "omniweb", "icab", "ibrowse", "amiga", "abrowse", "positive", "; u;", "viera"];

/// What a user agent calls itself that looks like a browser's, but says where to read about it, or that it is
/// `compatible`.
fn explained<'a>(evidence: &'a str, lower: &str) -> Option<&'a str> {
    if !lower.starts_with("mozilla/5.0") || OLD.iter().any(|old| lower.contains(old)) {
        return None;
    }
    if let Some(address) = lower.find("http://").or_else(|| lower.find("https://")) {
        return Some(before(evidence, address));
    }
    let (_, own) = evidence.split_once("compatible; ")?;
    let end = own.find(['/', ';', ')', '(', '+']).unwrap_or(own.len());
    Some(own[..end].trim())
}

/// Where a word of the text ends with this one.
fn ends_with(lower: &str, word: &str) -> Option<usize> {
    let is_letter = |char: Option<char>| char.is_some_and(char::is_alphabetic);
    lower.match_indices(word).map(|(at, _)| at).find(|at| {
        let end = at + word.len();
        let start = lower[..*at].rfind(|char: char| !char.is_alphabetic()).map_or(0, |at| at + 1);
        let whole = lower.get(start..end).unwrap_or_default();
        !is_letter(lower[end..].chars().next()) && !NO_BOTS.contains(&whole)
    })
}

/// The mark from `at` to `end` with the rest of its token: letters, digits and what joins them.
fn token(text: &str, at: usize, end: usize) -> &str {
    let ends = |char: char| !(char.is_alphanumeric() || matches!(char, '-' | '_' | '.'));
    let start = text[..at].char_indices().rev().find(|(_, char)| ends(*char));
    let start = start.map_or(0, |(at, char)| at + char.len_utf8());
    let end = text[end..].find(ends).map_or(text.len(), |more| end + more);
    text[start..end].trim_end_matches('/')
}

/// The last product before an address: `X` of `(compatible; X/1.0; +https://x.example)`.
fn before(text: &str, address: usize) -> &str {
    let before = text[..address].trim_end_matches(|char: char| !char.is_alphanumeric());
    let start = before.rfind([';', '(', ')', ',']).map_or(0, |at| at + 1);
    before[start..].split('/').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_has_its_own_name() {
        let name = |user_agent| name(user_agent, None);
        for (user_agent, bot) in [
            ("Mozilla/5.0 (X11) Chrome/126 Safari/537.36 AcmeSynthetics/2.0", "AcmeSynthetics"),
            ("Mozilla/5.0 (compatible; Acme Watch/1.0; +https://acme.example/about)", "Acme Watch"),
            ("Acme-bot 2", "Acme-bot"),
            ("Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/22.1.0", "jsdom"),
            ("Acme: HeadlessÄ/1", "HeadlessÄ"),
        ] {
            assert_eq!(name(user_agent), Some(bot), "{user_agent}");
        }
        for user_agent in ["Talbot/1", "Botany/2.0", "iRobot/7 CFNetwork/1496 Darwin/23", "Acme/1 (+https://a.b)", ""] {
            assert_eq!(name(user_agent), None, "{user_agent}");
        }
    }
}
