//! Small worlds of random events, full of what makes visits hard: midnights, silences of half an hour, twelve hours, moments
//! shared by several events.

use footfall_event::Event;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use uuid::Uuid;

/// The days on which keys begin; what they do may reach into the next ones. In several zones a clock changes on the second.
pub(crate) const FIRST_DAY: Date = date(2026, 10, 24);
pub(crate) const DAYS: i64 = 3;
/// In one of them, midnight comes twice on the second day.
pub(crate) const ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "Atlantic/Azores", "Asia/Kolkata"];

const EVENTS_MAX: usize = 26;
/// A visit that goes on for less than a day, so that all of it is within the reach of one event.
const LONG_EVENTS: usize = 45;
const HALF_HOUR_US: i64 = 1_800_000_000;
const HALF_DAY_US: i64 = 24 * HALF_HOUR_US;
const STEPS: [SignedDuration; 16] = [
    SignedDuration::ZERO,
    SignedDuration::from_micros(1),
    SignedDuration::from_millis(700),
    SignedDuration::from_secs(40),
    SignedDuration::from_mins(9),
    SignedDuration::from_mins(20),
    SignedDuration::from_micros(HALF_HOUR_US - 1),
    SignedDuration::from_micros(HALF_HOUR_US),
    SignedDuration::from_micros(HALF_HOUR_US + 1),
    SignedDuration::from_mins(41),
    SignedDuration::from_hours(3),
    SignedDuration::from_mins(11 * 60 + 31),
    SignedDuration::from_micros(HALF_DAY_US - 1),
    SignedDuration::from_micros(HALF_DAY_US),
    SignedDuration::from_micros(HALF_DAY_US + 1),
    SignedDuration::from_hours(15),
];
const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
];
const PAGES: [&str; 6] = [
    "https://a.example/",
    "https://a.example/shop",
    "https://a.example/shop/shoes?utm_source=news&utm_medium=email",
    "https://b.example/shop",
    "https://a.example/sh",
    "https://a.example/?gclid=1",
];
const REFERRERS: [Option<&str>; 4] =
    [None, Some("https://www.google.com/"), Some("https://a.example/shop"), Some("https://other.example/x")];
const ACTIVE: [&str; 9] = [
    "page_view",
    "page_view",
    "page_view",
    "button_click",
    "signup",
    "outbound_click",
    "file_download",
    "form_submit",
    "page_not_found",
];
const REPORTS: [&str; 3] = ["engagement", "web_vitals", "page_unload"];

/// Who sends: one session or visitor.
struct Sender {
    site: Option<String>,
    session: Option<String>,
    /// Who sits in front of it; the id changes at midnight UTC.
    person: Option<u8>,
    agent: &'static str,
}

/// Events of a few senders on these sites, in the order in which they were sent.
pub(crate) fn events(seed: u64, sites: &[Option<&str>]) -> Vec<Event> {
    let mut rng = StdRng::seed_from_u64(seed);
    // Some worlds have a visit that goes on and on.
    let is_long = rng.random_bool(0.06);
    let wanted = if is_long { LONG_EVENTS } else { rng.random_range(1..=EVENTS_MAX) };
    let senders: Vec<Sender> = (0..rng.random_range(1..=3)).map(|number| sender(&mut rng, number, sites)).collect();
    let mut events = Vec::with_capacity(wanted);
    while events.len() < wanted {
        let sender = senders.choose(&mut rng).unwrap();
        let mut at = beginning(&mut rng);
        let reports = [0.0, 0.2, 0.5][rng.random_range(0..3)];
        for _ in 0..rng.random_range(1..=if is_long { LONG_EVENTS } else { 10 }) {
            if events.len() == wanted {
                break;
            }
            events.push(event(&mut rng, sender, at, reports));
            at += if is_long {
                SignedDuration::from_mins(rng.random_range(15..=29))
            } else {
                *STEPS.choose(&mut rng).unwrap()
            };
        }
    }
    events.sort_by_key(|event| event.timestamp);
    events
}

fn sender(rng: &mut StdRng, number: u8, sites: &[Option<&str>]) -> Sender {
    Sender {
        site: sites.choose(rng).unwrap().map(str::to_owned),
        // Few have none, and events of these may have neither session nor visitor.
        session: rng.random_bool(0.75).then(|| format!("s{number}")),
        person: rng.random_bool(0.8).then(|| rng.random_range(0..2)),
        agent: AGENTS.choose(rng).unwrap(),
    }
}

/// Around a midnight, an hour, or anywhere.
fn beginning(rng: &mut StdRng) -> Timestamp {
    let zone = TimeZone::get(ZONES.choose(rng).unwrap()).unwrap();
    let day = FIRST_DAY + rng.random_range(0..DAYS).days();
    let midnight = day.to_zoned(zone).unwrap().timestamp();
    let near = [-20 * 60_000_000, -60_000_000, -1, 0, 1, 60_000_000, 3_600_000_000];
    let micros: i64 = match rng.random_range(0..3) {
        0 => *near.choose(rng).unwrap(),
        1 => rng.random_range(0..48) * 1_800_000_000,
        _ => rng.random_range(0..86_400_000_000),
    };
    midnight + SignedDuration::from_micros(micros)
}

fn event(rng: &mut StdRng, sender: &Sender, at: Timestamp, reports: f64) -> Event {
    let kind = if rng.random_bool(reports) { *REPORTS.choose(rng).unwrap() } else { *ACTIVE.choose(rng).unwrap() };
    let day = at.to_zoned(TimeZone::UTC).date();
    let visitor = |person: u8| Uuid::from_u64_pair(person.into(), u64::from(day.day().unsigned_abs()));
    Event {
        event_id: Uuid::from_u128(rng.random()),
        event_type: kind.to_owned(),
        page_url: (*PAGES.choose(rng).unwrap()).to_owned(),
        session_id: sender.session.clone(),
        user_agent: Some(if rng.random_bool(0.9) { sender.agent } else { *AGENTS.choose(rng).unwrap() }.to_owned()),
        timestamp: at,
        metadata: metadata(rng, kind).as_object().filter(|metadata| !metadata.is_empty()).cloned(),
        received_at: at,
        referrer: REFERRERS.choose(rng).unwrap().map(str::to_owned),
        site: sender.site.clone(),
        language: [None, Some("de-CH"), Some("en")].choose(rng).unwrap().map(str::to_owned),
        screen_width: [None, Some(390), Some(1920)].choose(rng).copied().unwrap(),
        country: [None, Some("DE"), Some("AT")].choose(rng).unwrap().map(str::to_owned),
        schema_version: 1,
        visitor_id: sender.person.map(visitor),
        ..Event::default()
    }
}

fn metadata(rng: &mut StdRng, kind: &str) -> Value {
    let (percent, milliseconds): (u8, u32) = (rng.random_range(0..=100), rng.random_range(0..90_000));
    let (paint, shift): (f64, f64) = (rng.random_range(1.0..9000.0), rng.random_range(0.0..0.5));
    let any = |rng: &mut StdRng, values: &[Value]| values.choose(rng).unwrap().clone();
    match kind {
        "signup" | "button_click" => any(
            rng,
            &[
                json!({}),
                json!({"plan": "large"}),
                json!({"plan": "small", "seats": 3, "trial": true}),
                json!({"plan": null, "url": "x", "referrer": "y"}),
                json!({"plan": "", "seats": 2.5}),
                json!({"tags": ["a", 1]}),
            ],
        ),
        "page_view" => any(rng, &[json!({}), json!({}), json!({"plan": "large"})]),
        "outbound_click" | "file_download" => {
            any(rng, &[json!({"url": "https://o.example/"}), json!({"url": 7}), json!({})])
        }
        "form_submit" => any(rng, &[json!({"form": "news"}), json!({"form": "order"}), json!({})]),
        "engagement" => any(
            rng,
            &[
                json!({"scroll_percent": percent, "engaged_ms": milliseconds}),
                json!({"scroll_percent": 74.6, "engaged_ms": 1200.4}),
                json!({"scroll_percent": 140, "engaged_ms": -5}),
                json!({"scroll_percent": "50", "engaged_ms": 3000}),
                json!({"scroll_percent": 25}),
                json!({}),
            ],
        ),
        "web_vitals" => any(
            rng,
            &[
                json!({"lcp_ms": paint, "cls": shift}),
                json!({"lcp_ms": 2500, "inp_ms": 0, "cls": 0, "fcp_ms": 0.4, "ttfb_ms": 801}),
                json!({"inp_ms": "fast", "cls": -0.1}),
                json!({}),
            ],
        ),
        _ => json!({}),
    }
}
