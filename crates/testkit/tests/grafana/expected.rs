//! What the main panels show for rows.sql, calculated by hand.

use crate::database::{KNOWN, Reader};
use crate::expand::{Choice, Chosen};
use crate::files::{dashboard, list, panels, text};
use crate::panels::{all, ask_panel};

const MORNING: (&str, &str) = ("2026-03-10T10:00:00Z", "2026-03-10T12:00:00Z");
const VISITORS: &str = "footfall-analytics";
const PIPELINE: &str = "footfall-pipeline";

async fn lines(uid: &str, title: &str, choice: &Choice) -> Vec<String> {
    let dashboard = dashboard(uid);
    let panel = panels(&dashboard).find(|panel| panel["title"] == title).unwrap_or_else(|| panic!("no panel {title}"));
    let answers = ask_panel(&Reader::of(KNOWN).await, panel, choice).await;
    answers.iter().flat_map(crate::database::Answer::lines).collect()
}

async fn shows(uid: &str, title: &str, expected: &[&str]) {
    let choice = all(&dashboard(uid), MORNING.0, MORNING.1);
    let shown = lines(uid, title, &choice).await;
    let is_expected =
        shown.len() == expected.len() && shown.iter().zip(expected).all(|(shown, line)| is_like(shown, line));
    assert!(is_expected, "{title}: {shown:#?} instead of {expected:#?}");
}

/// Whether a line has these values; a number after `~` is one that comes from a histogram, within 1 %.
fn is_like(shown: &str, expected: &str) -> bool {
    let (shown, expected): (Vec<_>, Vec<_>) = (shown.split(" | ").collect(), expected.split(" | ").collect());
    let is_value = |shown: &str, expected: &str| match expected.strip_prefix('~') {
        Some(number) => {
            let (shown, number): (f64, f64) = (shown.parse().unwrap_or(f64::NAN), number.parse().unwrap());
            (shown - number).abs() <= 0.01 * number
        }
        None => shown == expected,
    };
    shown.len() == expected.len() && shown.iter().zip(expected).all(|(shown, expected)| is_value(shown, expected))
}

#[tokio::test]
async fn the_visitors_dashboard_shows_what_happened() {
    shows(VISITORS, "Visitors now", &["1"]).await;
    // Before, and now.
    shows(
        VISITORS,
        "In this time range",
        &["2026-03-10 10:00:00+00 | 1 | 1 | 1 | 1 | 0", "2026-03-10 12:00:00+00 | 3 | 4 | 5 | 1.25 | ~2.5"],
    )
    .await;
    shows(VISITORS, "Bounce rate", &["2026-03-10 10:00:00+00 | 1", "2026-03-10 12:00:00+00 | 0.75"]).await;
    shows(
        VISITORS,
        "Visitors, visits and page views",
        &[
            "2026-03-10 10:00:00+00 | 1 | 1 | 2",
            "2026-03-10 10:30:00+00 | 1 | 1 | 1",
            "2026-03-10 11:00:00+00 | 0 | 0 | 0",
            "2026-03-10 11:30:00+00 | 2 | 2 | 2",
        ],
    )
    .await;
    shows(
        VISITORS,
        "Compared with the previous period",
        &["before | 1 | 1 | 1 | 1 | 1 | 1 | 0 | 0", "now | 3 | 4 | 5 | 8 | 1.25 | 0.75 | ~2.5 | 106.25"],
    )
    .await;
    shows(VISITORS, "Top pages", &["/ | 2 | 2", "/a%5Cb\"c | 1 | 1", "/it's | 1 | 1", "/prices | 1 | 1"]).await;
    shows(VISITORS, "Referrers", &["google.example | 1 | 1 | 0", "news.example | 1 | 1 | 1"]).await;
    shows(VISITORS, "Channels", &["direct | 2 | 2 | 0.5", "referral | 1 | 1 | 0.25", "search | 1 | 1 | 0.25"]).await;
    shows(VISITORS, "Devices", &["desktop | 2", "mobile | 1", "tablet | 1"]).await;
    shows(VISITORS, "Browsers", &["Firefox | 2", "Chrome | 1", "Safari | 1"]).await;
    shows(VISITORS, "Countries", &["DE | 2 | 1", "FR | 1 | 1", "– | 1 | 1"]).await;
    shows(VISITORS, "Map of countries", &["DE | 2 | 1", "FR | 1 | 1"]).await;
    shows(VISITORS, "Operating systems", &["Linux | 2 | 1", "Android | 1 | 1", "iOS | 1 | 1"]).await;
    shows(VISITORS, "Live now", &["/it's | 1"]).await;
    shows(
        VISITORS,
        "Web vitals",
        &[
            "– | cls | ~0.3 | poor | 1",
            "– | lcp_ms | ~2000 | good | 1",
            "/ | cls | ~0.3 | poor | 1",
            "/ | lcp_ms | ~2000 | good | 1",
        ],
    )
    .await;
}

#[tokio::test]
async fn the_first_generations_four_panels_show_what_happened() {
    let counts = [("10:00", [1, 2, 0, 0]), ("10:30", [0, 1, 0, 1]), ("11:00", [0, 0, 1, 0]), ("11:30", [0, 2, 0, 0])];
    let types = ["button_click", "page_view", "signup", "web_vitals"];
    let series: Vec<_> = counts
        .iter()
        .flat_map(|(time, counts)| {
            types.iter().zip(counts).map(move |(kind, count)| format!("2026-03-10 {time}:00+00 | {kind} | {count}"))
        })
        .collect();
    shows(VISITORS, "Events by type", &series.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let totals = ["10:00", "10:30", "11:00", "11:30"].map(|time| format!("2026-03-10 {time}:00+00"));
    let totals = [
        format!("{} | 3", totals[0]),
        format!("{} | 2", totals[1]),
        format!("{} | 1", totals[2]),
        format!("{} | 2", totals[3]),
    ];
    shows(VISITORS, "All events", &totals.each_ref().map(String::as_str)).await;
    let shares = ["page_view | 5", "button_click | 1", "web_vitals | 1", "signup | 1"];
    shows(VISITORS, "Events by type, shares", &shares).await;
    shows(
        VISITORS,
        "Recent events",
        &[
            "2026-03-10 11:57:00+00 | page_view | /it's | – | shop.example | – | – | Firefox | Linux | desktop | DE | –",
            "2026-03-10 11:30:00+00 | page_view | /a%5Cb\"c | – | O'Brien \"a\\b\" | – | news.example | Chrome | Android | tablet | – | –",
            "2026-03-10 11:15:00+00 | signup | /signup | – | shop.example | – | – | – | – | – | – | –",
            "2026-03-10 10:40:05+00 | web_vitals | / | – | shop.example | – | – | Safari | iOS | mobile | FR | {\"cls\": 0.3, \"lcp_ms\": 2000}",
            "2026-03-10 10:40:00+00 | page_view | / | – | shop.example | – | – | Safari | iOS | mobile | FR | –",
            "2026-03-10 10:12:00+00 | button_click | /prices | – | shop.example | buy | – | Firefox | Linux | desktop | DE | {\"page_section\": \"offer\"}",
            "2026-03-10 10:10:00+00 | page_view | /prices | – | shop.example | – | – | Firefox | Linux | desktop | DE | –",
            "2026-03-10 10:05:00+00 | page_view | / | – | shop.example | – | google.example | Firefox | Linux | desktop | DE | –",
            "2026-03-10 09:00:00+00 | page_view | / | – | shop.example | – | – | Chrome | Windows | desktop | AT | –",
        ],
    )
    .await;
}

/// Visits, page views and events with a selection.
async fn counted(variable: &str, chosen: Chosen) -> String {
    let mut counts = Vec::new();
    for double_quote in ["\\\"", "\""] {
        let mut choice = all(&dashboard(VISITORS), MORNING.0, MORNING.1);
        choice.double_quote = double_quote;
        assert!(choice.variables.insert(variable.into(), chosen.clone()).is_some(), "{variable} is not a variable");
        let totals = lines(VISITORS, "Compared with the previous period", &choice).await.remove(1);
        let totals: Vec<_> = totals.split(" | ").collect();
        let events = lines(VISITORS, "All events", &choice).await;
        let events: u64 = events.iter().map(|line| line.rsplit(" | ").next().unwrap().parse::<u64>().unwrap()).sum();
        assert_eq!(totals[4], events.to_string(), "{variable}");
        counts.push(format!("{} {} {}", totals[2], totals[3], totals[4]));
    }
    assert_eq!(counts[0], counts[1], "the same in all versions of Grafana");
    counts.remove(0)
}

fn some(values: &[&str]) -> Chosen {
    Chosen::Some(values.iter().map(|&value| value.into()).collect())
}

#[tokio::test]
async fn a_selection_with_any_characters_matches_exactly() {
    let everything = "4 5 8";
    assert_eq!(counted("site", some(&["shop.example"])).await, "3 4 7");
    assert_eq!(counted("site", some(&["O'Brien \"a\\b\""])).await, "1 1 1");
    assert_eq!(counted("site", some(&["O'Brien \"a\\b\"", "shop.example"])).await, everything);
    assert_eq!(counted("site", some(&["unknown", "'; DROP TABLE analytics_events; --"])).await, "0 0 0");
    assert_eq!(counted("site", some(&[])).await, everything);
    assert_eq!(counted("page", some(&["/it's"])).await, "1 1 1");
    assert_eq!(counted("page", some(&["/a%5Cb\"c", "/signup"])).await, "1 1 2");
    assert_eq!(counted("page_prefix", Chosen::Text("/pri".into())).await, "1 1 2");
    assert_eq!(counted("page_prefix", Chosen::Text("/it'".into())).await, "1 1 1");
    assert_eq!(counted("page_prefix", Chosen::Text("/a%5Cb\"".into())).await, "1 1 1");
    assert_eq!(counted("page_prefix", Chosen::Text("%".into())).await, "0 0 0");
    assert_eq!(counted("page_prefix", Chosen::Text(String::new())).await, everything);
    assert_eq!(counted("event_type", some(&["signup"])).await, "0 0 1");
    assert_eq!(counted("device", some(&["mobile", "tablet"])).await, "2 2 3");
}

/// What a drop-down offers does not depend on the time range or on another drop-down: otherwise a selection that is not
/// offered any more becomes All.
#[tokio::test]
async fn a_drop_down_offers_the_same_values_for_every_range_and_selection() {
    let reader = Reader::recent().await;
    let dashboard = dashboard(VISITORS);
    for (from, site) in [(MORNING.0, None), ("2020-01-01T00:00:00Z", Some("O'Brien \"a\\b\""))] {
        let mut choice = all(&dashboard, from, MORNING.1);
        if let Some(site) = site {
            choice.variables.insert("site".into(), some(&[site]));
        }
        let mut offered = Vec::new();
        for variable in list(&dashboard["templating"]["list"]).iter().filter(|it| it["type"] == "query") {
            let query = choice.expand(text(&variable["query"], "a query")).unwrap();
            let mut values = reader.ask(&query).await.unwrap().lines();
            values.sort();
            offered.push(values.join(", "));
        }
        assert_eq!(offered, ["blog.example, shop.example", "page_view, signup", "/, /late", "desktop, mobile"]);
    }
}

#[tokio::test]
async fn the_pipeline_dashboard_adds_up() {
    let mut choice = all(&dashboard(PIPELINE), "2026-03-10T11:00:00Z", "2026-03-10T12:00:00Z");
    let show = async |title: &str, choice: &Choice| lines(PIPELINE, title, choice).await;
    assert_eq!(show("Does it add up?", &choice).await, ["yes | 2026-03-10 12:00:00+00"]);
    assert_eq!(show("Events by outcome", &choice).await, ["600 | 540 | 60 | 0 | 3 | 3 | 0"]);
    assert_eq!(
        show("Outcomes and their reasons", &choice).await,
        [
            "accepted |  | 600",
            "stored |  | 540",
            "duplicate |  | 60",
            "rejected | url_invalid | 2",
            "rejected | privacy_signal | 1"
        ]
    );
    let outcomes = show("Outcomes", &choice).await;
    assert_eq!(outcomes.len(), 2 * 5, "two half hours, five outcomes");
    assert!(outcomes.contains(&"2026-03-10 11:30:00+00 | rejected | 3".to_owned()), "{outcomes:?}");
    assert!(outcomes.contains(&"2026-03-10 11:00:00+00 | stored | 270".to_owned()), "{outcomes:?}");
    assert_eq!(
        show("Restarts", &choice).await,
        ["ingest | 0 | 2026-03-10 10:00:00+00", "sink | 1 | 2026-03-10 11:20:00+00"]
    );
    assert_eq!(
        show("Daemons", &choice).await,
        [
            "ingest | footfall-ingest | t | 0 | – | 0.1.0 | 2026-03-10 10:00:00+00",
            "sink | footfall-sink | t | 0 | – | 0.1.0 | 2026-03-10 11:20:00+00"
        ]
    );
    assert_eq!(
        show("Passwords", &choice).await,
        ["footfall_owner | – | –", "footfall_reader | – | –", "footfall_writer | 2026-03-20 12:00:00+00 | 864000"]
    );
    let disk = show("Disk usage", &choice).await;
    let objects: Vec<_> = disk.iter().map(|line| line.split(" | ").next().unwrap()).collect();
    assert_eq!(objects[0], "database", "the largest comes first: {disk:?}");
    assert!(objects.contains(&"ledger"), "{disk:?}");

    // The hour with the problems.
    (choice.from, choice.to) = ("2026-03-10T12:00:00Z".parse().unwrap(), "2026-03-10T13:00:00Z".parse().unwrap());
    assert_eq!(show("Events by outcome", &choice).await, ["601 | 540 | 60 | 1 | 0 | 3603 | 0"]);
    assert_eq!(show("Quarantine", &choice).await, ["line_invalid | page_url | 1 | 2026-03-10 12:50:10+00"]);
    // One request per second until half past. Then, in the 1800 seconds between the last samples of the two half hours,
    // 179 of 1800 are answered 503.
    let requests = show("Requests by status", &choice).await;
    assert_eq!(
        requests,
        [
            "2026-03-10 12:00:00+00 | ingest | 200 | 1",
            "2026-03-10 12:00:00+00 | ingest | 503 | 0",
            "2026-03-10 12:30:00+00 | ingest | 200 | 0.9005555555555556",
            "2026-03-10 12:30:00+00 | ingest | 503 | 0.09944444444444445"
        ]
    );
    // The median of an even spread below 10 ms, and nine tenths of the way from 10 to 100 ms.
    let times = show("Response time", &choice).await;
    let number = |line: &str| line.rsplit(" | ").next().unwrap().parse::<f64>().unwrap();
    assert_eq!(times.len(), 4, "{times:?}");
    assert!((number(&times[0]) - 0.01 * 5.0 / 9.0).abs() < 1e-4, "{times:?}");
    assert!((number(&times[2]) - (0.01 + 0.09 * 0.9)).abs() < 1e-4, "{times:?}");
    assert_eq!(
        show("Lag by partition", &choice).await,
        [
            "2026-03-10 12:00:00+00 | sink | analytics-events 0 | 0",
            "2026-03-10 12:00:00+00 | sink | analytics-events 1 | 3",
            "2026-03-10 12:30:00+00 | sink | analytics-events 0 | 3580",
            "2026-03-10 12:30:00+00 | sink | analytics-events 1 | 3"
        ]
    );
    // The hour in which first ingest was silent, then both, then Kafka was away: gaps, and not a line across.
    (choice.from, choice.to) = ("2026-03-10T13:00:00Z".parse().unwrap(), "2026-03-10T14:00:00Z".parse().unwrap());
    (choice.interval, choice.interval_ms) = ("10m", 600_000);
    let lag = show("Lag by partition", &choice).await;
    let of_partition_0: Vec<_> = lag
        .iter()
        .filter(|line| line.contains("analytics-events 0"))
        .map(|line| line[11..16].to_owned() + &line[50..])
        .collect();
    assert_eq!(of_partition_0, ["13:00 | 0", "13:10 | –", "13:20 | –", "13:30 | 7", "13:40 | –"], "{lag:?}");
    assert_eq!(
        show("Does it add up?", &choice).await[0].split(" | ").next().unwrap(),
        "yes",
        "known since the next day"
    );
    (choice.from, choice.to) = ("2026-03-10T12:00:00Z".parse().unwrap(), "2026-03-10T13:00:00Z".parse().unwrap());
    (choice.interval, choice.interval_ms) = ("30m", 1_800_000);
    assert_eq!(number(&show("Memory", &choice).await[0]), 20_000_000.0);
    assert_eq!(number(&show("Waiting for Kafka", &choice).await[0]), 4096.0);
}
