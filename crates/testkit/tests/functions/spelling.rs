//! Filters and funnels choose a page however it is spelt, by the same rules in SQL as in the sink.

use footfall_event::enrich::page_path;
use footfall_event::filter::spelt;
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;

use crate::database::Database;
use crate::one_day::one_day;

/// What a page can be written with: spellings of one letter, what stays encoded, what is no encoding, and what is resolved.
const PIECES: &[&str] = &[
    "a",
    "é",
    "e\u{301}",
    "%C3%A9",
    "%c3%a9",
    "e%CC%81",
    "%63",
    "%2e",
    ".",
    "..",
    "/",
    "/../",
    "/./",
    "\\",
    "%5c",
    "%2F",
    "%3f",
    "%23",
    "%25",
    "%",
    "%z",
    "%4",
    "%ff",
    "%C3",
    "%E2%82",
    "%e2%82%ac",
    "%F0%9F%98%80",
    "%C0%AF",
    "%ED%A0%80",
    "%F5%80%80%80",
    "😀",
    "%20",
    " ",
    "%7f",
    "%00",
    "%0a",
    "\t",
    "\u{a0}",
    "\u{200b}",
    "%E2%80%AE",
    "\u{202e}",
    "\u{200c}",
    "\u{feff}",
    "%26",
    "&",
    "+",
    "'",
    "\"",
    "%22",
    "{",
    "[",
    "%5B",
    "日本",
    "%E6%97%A5",
];

fn written(pieces: usize) -> String {
    let mut rng = rand::rng();
    (0..rng.random_range(0..=pieces)).map(|_| *PIECES.choose(&mut rng).unwrap()).collect()
}

async fn said(day: &Database, function: &str, texts: &[String]) -> Vec<String> {
    let query =
        format!("SELECT ARRAY(SELECT {function} FROM unnest($1::text[]) WITH ORDINALITY AS a (it, n) ORDER BY n)");
    day.reader.query_one(&query, &[&texts]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_page_and_a_prefix_are_spelt_as_the_sink_spells_them() {
    let day = one_day().await;
    let mut paths: Vec<String> = (0..2_000).map(|_| format!("/{}", written(8))).collect();
    paths.extend(
        ["", "/", "caf%C3%A9", "%", "/a#/%C3%BC/..", "/a/../b#/./c?d=%C3%A9", "https://a.b/caf%C3%A9/?x#y"]
            .map(str::to_owned),
    );
    for (key, function) in [("page", "footfall.page_spelling(it)"), ("page_prefix", "footfall.page_spelling(it, true)")]
    {
        for (path, spelling) in paths.iter().zip(said(&day, function, &paths).await) {
            assert_eq!(spelling, spelt(key, path), "{key} {path:?}");
        }
    }
}

#[tokio::test]
async fn the_path_of_a_url_is_the_sinks() {
    let day = one_day().await;
    let mut urls: Vec<String> = (0..2_000)
        .map(|number| {
            let end = ["", "?x=/y", "#top", "#/r?utm_source=x&y=2&GCLID=1", "?x#!/r?utm_medium=x"][number % 5];
            format!("HTTPS://user@a.b:80/{}{end}", written(8))
        })
        .collect();
    let others = [
        "https://a.b",
        "http://a.b\\c",
        "https://a.b?x=/y",
        "nonsense",
        "",
        "https://a.b/x#y#/z",
        "https://a.b#/%C3%A9?a&amp;utm_x=1",
    ];
    urls.extend(others.map(str::to_owned));
    for (url, path) in urls.iter().zip(said(&day, "footfall.page_path(it)", &urls).await) {
        assert_eq!(path, page_path(url), "{url:?}");
    }
}

#[tokio::test]
async fn a_host_is_spelt_as_the_sink_spells_it() {
    let day = one_day().await;
    let hosts = [
        "münchen.de",
        "MU\u{308}NCHEN.DE",
        "xn--mnchen-3ya.de",
        "WWW.Shop.example",
        "bücher.müller.example",
        "日本語.jp",
        "ü.ü",
        "пример.испытание",
        "faß.example",
        "ελληνικά.gr",
        "中国互联网络信息中心.中国",
        "a-ü-b-ö-c.example",
        "com.google.android.gm",
        "",
    ];
    let hosts = hosts.map(str::to_owned);
    for (host, spelling) in hosts.iter().zip(said(&day, "footfall.host_spelling(it)", &hosts).await) {
        assert_eq!(spelling, spelt("hostname", host), "{host}");
    }
}

#[tokio::test]
async fn filters_prefixes_and_steps_take_any_spelling() {
    let database = Database::with(
        r#"
        session a {"site":"shop","hostname":"xn--mnchen-3ya.de"}
        2026-10-20 10:00:00Z | a | 1 | page_view | /café     | {}
        2026-10-20 10:01:00Z | a | 1 | page_view | /café/50% | {}
        2026-10-20 10:02:00Z | a | 1 | page_view | /other    | {}
    "#,
    )
    .await;
    let day = "'2026-10-20 00:00Z', '2026-10-21 00:00Z'";
    for (filters, events) in [
        (r#"{"page":"/café"}"#, 1),
        (r#"{"page":"/caf%C3%A9"}"#, 1),
        (r#"{"page":["/caf%c3%a9","/x/../other"]}"#, 2),
        (r#"{"page":"https://xn--mnchen-3ya.de/cafe%CC%81?utm_source=x"}"#, 1),
        (r#"{"entry_page":"/caf%C3%A9"}"#, 3),
        (r#"{"exit_page":"/%6Fther"}"#, 3),
        (r#"{"page_prefix":"/caf%C3%A9"}"#, 2),
        (r#"{"page_prefix":"/café/5"}"#, 1),
        (r#"{"page_prefix":"/caf%C3%A9/50%"}"#, 1),
        (r#"{"page_prefix":"/caf_"}"#, 0),
        (r#"{"hostname":"münchen.de"}"#, 3),
        (r#"{"hostname":"XN--MNCHEN-3YA.DE"}"#, 3),
    ] {
        database
            .answers(
                &format!("(SELECT count(*) FROM footfall.matching_events({day}, '{filters}'))"),
                &[&format!("({events})")],
            )
            .await;
    }
    let steps = r#"[{"page_prefix":"/caf%C3%A9"},{"page_prefix":"/x/../other"}]"#;
    database
        .answers(&format!("(SELECT step, visits FROM footfall.funnel({day}, '{steps}'))"), &["(1,1)", "(2,1)"])
        .await;
    let asked = "footfall.grafana_filters(NULL, NULL, ARRAY['/caf%C3%A9'], '/caf%c3%A9')";
    database.answers(&format!("(SELECT count(*) FROM footfall.matching_events({day}, {asked}))"), &["(1)"]).await;
}
