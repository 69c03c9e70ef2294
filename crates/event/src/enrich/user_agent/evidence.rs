//! The parts of a user agent that tell whether it is a bot's.

use std::borrow::Cow;

/// Programs and libraries by which servers and scripts send events on purpose: what they say of themselves is no sign
/// of a bot. Of such a user agent, only the rest counts: `http.rb/5.1 (Mastodon/4.2)` is a link's preview.
const CLIENTS: [&str; 47] = [
    "aiohttp",
    "akka-http",
    "amazon simple notification service agent",
    "apache-httpasyncclient",
    "apache-httpclient",
    "axios",
    "bun",
    "curl",
    "dart",
    "deno",
    "elixir",
    "faraday",
    "fasthttp",
    "go-http-client",
    "go-resty",
    "google-http-java-client",
    "got",
    "guzzlehttp",
    "hackney",
    "http.rb",
    "httpclient",
    "httpie",
    "insomnia",
    "java",
    "java-http-client",
    "jetty",
    "ktor-client",
    "libcurl",
    "libwww-perl",
    "lua-resty-http",
    "node",
    "node-fetch",
    "node-superagent",
    "okhttp",
    "php",
    "postmanruntime",
    "powershell",
    "python",
    "python-httpx",
    "python-requests",
    "python-urllib",
    "reqwest",
    "restsharp",
    "ruby",
    "undici",
    "wget",
    "wordpress",
];

/// Removes a plain HTTP client's own name and version.
pub(super) fn without_client(user_agent: &str) -> &str {
    let (product, rest) = match user_agent.find('/') {
        Some(slash) => user_agent.split_at(slash),
        None => (user_agent, ""),
    };
    if !CLIENTS.iter().any(|client| product.eq_ignore_ascii_case(client)) {
        return user_agent;
    }
    // The version.
    rest.find([' ', ';', ',', '(']).map_or("", |end| &rest[end..])
}

/// Words that the rules take for a bot's, because one is in them.
const WORDS: [&str; 7] = ["Abbot", "Cabot", "Caboto", "CUBOT", "Talbot", "TurboTab", "turbotab"];

/// Replaces words that only look like a bot's name.
pub(super) fn without_words(evidence: &str) -> Cow<'_, str> {
    WORDS
        .into_iter()
        .filter(|word| evidence.contains(word))
        .fold(evidence.into(), |it: Cow<'_, str>, word| it.replace(word, "X").into())
}

/// What the place of the model holds instead of one: `compatible` begins what a bot says of itself.
const NO_MODELS: [&str; 2] = ["compatible", "Catchpoint"];

/// Removes the model, which is what stands after the version in `(Linux; Android 14; Pixel 8 Build/X; wv)`: it may be any
/// word. What follows the model's build is no part of it.
pub(super) fn without_model(user_agent: &str) -> Cow<'_, str> {
    let Some(start) = user_agent.find("(Linux;") else { return user_agent.into() };
    let comment = &user_agent[start..];
    let Some(end) = end_of_comment(comment) else { return user_agent.into() };
    let (comment, rest) = comment.split_at(end);
    let Some(android) = comment.find("Android") else { return user_agent.into() };
    if NO_MODELS.iter().any(|text| comment.contains(text)) {
        return user_agent.into();
    }
    let version = comment[android..].find(';').map_or(comment.len(), |end| android + end);
    let build = comment.find(" Build/").and_then(|build| comment[build..].find(';').map(|end| build + end));
    let more = build.unwrap_or(if comment.ends_with("; wv") { comment.len() - "; wv".len() } else { comment.len() });
    [&user_agent[..start], &comment[..version], &comment[more.max(version)..], rest].concat().into()
}

/// Where the comment's own bracket closes: a model may have brackets too, as in `moto g(7)`.
fn end_of_comment(comment: &str) -> Option<usize> {
    let mut depth = 0_usize;
    comment.char_indices().find_map(|(at, char)| {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_and_a_plain_clients_name_are_no_evidence() {
        for (user_agent, evidence) in [
            ("Mozilla/5.0 (Linux; Android 9; M bot 60) Chrome/9", "Mozilla/5.0 (Linux; Android 9) Chrome/9"),
            ("M/5 (Linux; Android 9; moto g(7) Build/X; wv) A", "M/5 (Linux; Android 9; wv) A"),
            ("M/5 (Linux; U; Android 4.3; en-us; Spider X9) A", "M/5 (Linux; U; Android 4.3) A"),
            ("M/5 (Linux; Android 9; moto g(7", "M/5 (Linux; Android 9; moto g(7"),
            ("M/5 (Linux; Android; compatible; X/1)", "M/5 (Linux; Android; compatible; X/1)"),
            ("M/5 (Linux; Android 9; P Build/X; Shop-Google/1) A", "M/5 (Linux; Android 9; Shop-Google/1) A"),
            ("M/5 (Linux; Android 10)", "M/5 (Linux; Android 10)"),
            ("WordPress/6.5; https://a.b", "; https://a.b"),
            ("http.rb/5.1 (Mastodon/4.2; +https://a.b/)", " (Mastodon/4.2; +https://a.b/)"),
            ("curl/8.5.0", ""),
            ("node", ""),
            ("nodebot/1", "nodebot/1"),
            ("", ""),
        ] {
            assert_eq!(without_client(&without_model(user_agent)), evidence, "{user_agent}");
        }
    }
}
