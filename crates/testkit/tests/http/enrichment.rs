//! What the sink stores in addition to what was sent, derived from the event and its request headers.

use std::path::{Path, PathBuf};
use std::process::Command;

use footfall_testkit::{Pipeline, PipelineOptions, SOON, checkout, eventually, shared};
use serde_json::{Value, json};

use crate::by_hand::ByHand;
use footfall_testkit::topic;

const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

/// Posts an event of this session with these headers; the row, as JSON.
async fn row(pipeline: &mut Pipeline, session: &str, headers: &[(&str, &str)], mut event: Value) -> Value {
    event["session_id"] = session.into();
    let headers = [&[("content-type", "application/json")], headers].concat();
    let answer =
        pipeline.http.send("POST", &pipeline.url(3001, "/analytics"), &headers, event.to_string()).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    let count = format!("SELECT count(*) FROM analytics_events WHERE session_id = '{session}'");
    pipeline.wait_for(&count, 1, SOON).await;
    let query = "SELECT to_jsonb(event) FROM analytics_events AS event WHERE session_id = $1";
    pipeline.database.query_one(query, &[&session]).await.unwrap().get(0)
}

fn assert_holds(row: &Value, wanted: &Value) {
    for (column, value) in wanted.as_object().unwrap() {
        assert_eq!(&row[column], value, "{column} of {row}");
    }
}

#[tokio::test]
async fn a_row_is_enriched_from_event_and_headers() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let headers = [
        ("user-agent", CHROME),
        ("accept-language", "de-CH,de;q=0.9,en;q=0.8"),
        ("sec-ch-ua", r#""Brave";v="126", "Chromium";v="126", "Not-A.Brand";v="8""#),
        ("sec-ch-ua-mobile", "?0"),
        ("sec-ch-ua-platform", "\"macOS\""),
    ];
    let event = json!({
        "event_type": "page_view", "user_agent": CHROME, "screen_width": 1280,
        "page_url": "https://www.shop.example/caf%C3%A9?utm_source=News+Letter&utm_medium=email&utm_campaign=%C3%BC&utm_term=t&utm_content=c#top",
        "referrer": "https://WWW.Google.com:443/search?q=x",
    });
    let stored = row(&mut pipeline, "told", &headers, event).await;
    assert_holds(
        &stored,
        &json!({
            "page_path": "/café", "hostname": "www.shop.example", "referrer_host": "google.com", "channel": "mail",
            "utm_source": "News Letter", "utm_medium": "email", "utm_campaign": "ü", "utm_term": "t", "utm_content": "c",
            "browser": "Brave", "os": "macOS", "device": "desktop", "language": "de", "screen": "lg",
            "country": null, "bot": false, "flags": null,
        }),
    );
    // The visit has the same values of its first event.
    let part = "SELECT to_jsonb(visit) || jsonb_build_object('actions', held.actions, 'bot', held.bot)
        FROM footfall.visits('-infinity', 'infinity', '{\"bot\": \"any\"}') AS visit
        JOIN analytics_visits AS held USING (visit_key, first_at)
        JOIN analytics_events AS event ON event.event_id = held.first_id AND event.session_id = 'told'";
    let part: Value = pipeline.database.query_one(part, &[]).await.unwrap().get(0);
    for column in
        ["hostname", "referrer_host", "channel", "utm_source", "browser", "os", "device", "language", "screen", "bot"]
    {
        assert_eq!(part[column], stored[column], "{column}");
    }
    assert_holds(&part, &json!({"entry_page": "/café", "exit_page": "/café", "events": 1, "views": 1, "actions": 0}));

    // A server that forwards its visitor's user agent sends its own headers.
    let event = json!({"event_type": "x", "user_agent": CHROME, "page_url": "https://shop.example"});
    let stored =
        row(&mut pipeline, "server", &[("user-agent", "python-requests/2.32"), headers[1], headers[2]], event).await;
    assert_holds(
        &stored,
        &json!({"browser": "Chrome", "os": "Windows", "language": null, "page_path": "/", "channel": "direct"}),
    );

    // The event's language takes precedence over the header.
    let event = json!({"event_type": "x", "language": "fr-CA", "page_url": "https://shop.example/#/route"});
    let stored = row(&mut pipeline, "client", &headers, event).await;
    assert_holds(&stored, &json!({"language": "fr", "page_path": "/#/route", "user_agent": CHROME}));

    // The first generation sends referrer and screen in metadata.
    let event = json!({
        "event_type": "page_view", "page_url": "https://shop.example/", "user_agent": "x",
        "metadata": {"referrer": "https://duckduckgo.com/", "screen_width": 390, "screen_height": 844},
    });
    let stored = row(&mut pipeline, "first", &[], event).await;
    assert_holds(&stored, &json!({"referrer_host": "duckduckgo.com", "channel": "search", "screen": "xs"}));
}

#[tokio::test]
async fn a_page_on_the_same_host_is_not_a_referrer_and_a_bot_is_stored_and_flagged() {
    let mut pipeline = Pipeline::start(shared().await).await;
    for (session, page, referrer) in [
        ("same", "https://shop.example/b", "https://shop.example/a"),
        ("www", "https://shop.example/b", "https://www.shop.example/a"),
        ("port", "http://localhost:8080/b", "http://localhost:3000/a"),
    ] {
        let event = json!({"event_type": "x", "page_url": page, "referrer": referrer});
        let stored = row(&mut pipeline, session, &[("user-agent", CHROME)], event).await;
        assert_holds(&stored, &json!({"referrer": referrer, "referrer_host": null, "channel": null, "bot": false}));
    }
    let googlebot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let event = json!({"event_type": "page_view", "page_url": "https://shop.example/"});
    let stored = row(&mut pipeline, "bot", &[("user-agent", googlebot)], event).await;
    assert_holds(&stored, &json!({"bot": true, "browser": "Googlebot", "device": "other"}));
    let flagged = "SELECT count(*) FROM analytics_summary_hours WHERE bot AND event_count = 1";
    assert_eq!(pipeline.number(flagged).await, 1);
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_visits JOIN analytics_events ON event_id = first_id WHERE analytics_visits.bot AND session_id = 'bot'").await, 1);
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_visits WHERE NOT bot").await, 3);
}

#[tokio::test]
async fn no_value_of_an_enrichment_field_rejects_an_event() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let long = "x".repeat(5_000);
    let headers = [
        ("user-agent", CHROME),
        ("accept-language", &*long),
        ("sec-ch-ua", &*long),
        ("sec-ch-ua-mobile", "?7"),
        ("sec-ch-ua-platform", "\"\""),
    ];
    for (number, (language, width)) in [
        (json!({"a": ["b"]}), json!("wide")),
        (json!(7), json!([390])),
        (json!("x".repeat(36)), json!(0)),
        (json!("de\n"), json!(-390)),
        (json!(""), json!(1e300)),
        (json!(null), json!(65_536)),
    ]
    .into_iter()
    .enumerate()
    {
        let event = json!({
            "event_type": "x", "language": language, "screen_width": width, "country": "XX", "sec_ch_ua": "\"Brave\"",
            "page_url": "http://a.b/?utm_source=%00&utm_medium=%ff%00x&utm_campaign=%", "referrer": "http://[::",
        });
        let stored = row(&mut pipeline, &number.to_string(), &headers, event).await;
        let language = if number == 3 { json!("de") } else { json!(null) };
        assert_holds(
            &stored,
            &json!({
                "language": language, "screen": null, "country": null, "browser": "Chrome", "referrer_host": null,
                "utm_source": null, "utm_medium": "\u{fffd} x", "utm_campaign": "%", "channel": "referral",
            }),
        );
    }
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_quarantine").await, 0);
}

/// Sends a request of this head, without its end, and this body; the only row so far with this title, as JSON.
async fn row_of_bytes(pipeline: &mut Pipeline, head: &[u8], body: &[u8], title: &str) -> Value {
    let mut connection = ByHand::open_from(pipeline, pipeline.address).await;
    let length = format!("host: x\r\ncontent-length: {}\r\n\r\n", body.len());
    assert!(connection.send([head, length.as_bytes(), body].concat()).await);
    assert_eq!(connection.answer().await.unwrap().status, 200);
    let count = format!("SELECT count(*) FROM analytics_events WHERE page_title = '{title}'");
    pipeline.wait_for(&count, 1, SOON).await;
    let query = "SELECT to_jsonb(event) FROM analytics_events AS event WHERE page_title = $1";
    pipeline.database.query_one(query, &[&title]).await.unwrap().get(0)
}

#[tokio::test]
async fn bytes_beyond_ascii_in_a_header_are_kept_and_control_characters_are_not() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let cases: [(&[u8], &str); 3] = [
        ("Поиск/1 (é)".as_bytes(), "Поиск/1 (é)"),
        (b"Caf\xe9/1\t(Z\xfcrich)", "Café/1 (Zürich)"),
        (b"A\xc2\x85B/1", "A B/1"),
    ];
    for (number, (user_agent, stored)) in cases.into_iter().enumerate() {
        let body = format!(r#"{{"event_type":"x","page_url":"http://a.b/","page_title":"{number}"}}"#);
        let language = b"\r\naccept-language: de;q=0.9,\xfc\r\n";
        let head = [b"POST /analytics HTTP/1.1\r\nuser-agent: ", user_agent, language].concat();
        let row = row_of_bytes(&mut pipeline, &head, body.as_bytes(), &number.to_string()).await;
        assert_holds(&row, &json!({"user_agent": stored, "language": "de"}));
    }
    // The same user agent in the body is the same one, so that the hints of the request are its own.
    let body =
        br#"{"event_type":"x","page_url":"http://a.b/","page_title":"body","user_agent":"Caf\u00e9/1\t(Z\u00fcrich)"}"#;
    let head = b"POST /analytics HTTP/1.1\r\nuser-agent: Caf\xe9/1 (Z\xfcrich)\r\nsec-ch-ua-platform: \"macOS\"\r\n";
    let row = row_of_bytes(&mut pipeline, head, body, "body").await;
    assert_holds(&row, &json!({"user_agent": "Café/1 (Zürich)", "os": "macOS"}));

    let head = b"GET /pixel.gif?t=pixel HTTP/1.1\r\nreferer: http://a.b/caf\xe9\r\n";
    let row = row_of_bytes(&mut pipeline, head, b"", "pixel").await;
    assert_holds(&row, &json!({"page_url": "http://a.b/café", "bot": false}));
}

#[tokio::test]
async fn what_a_browser_only_fetches_ahead_is_stored_as_a_bots() {
    let mut pipeline = Pipeline::start(shared().await).await;
    for (name, value) in [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-moz", "prefetch")] {
        let head =
            format!("GET /pixel.gif?t={name}&u=http://a.b/ HTTP/1.1\r\nuser-agent: {CHROME}\r\n{name}: {value}\r\n");
        let row = row_of_bytes(&mut pipeline, head.as_bytes(), b"", name).await;
        assert_holds(&row, &json!({"bot": true, "browser": "Chrome", "device": "other"}));
    }
}

/// A copy of a country file, so that the test can replace it.
fn put_in_place(which: &str, at: &Path) {
    let partial = at.with_extension("partial");
    std::fs::copy(checkout().join("crates/testkit/testdata/countries").join(which), &partial).unwrap();
    std::fs::rename(partial, at).unwrap();
}

async fn country(pipeline: &mut Pipeline, session: &str, address: &str) -> Value {
    let mut connection = ByHand::open_from(pipeline, pipeline.address).await;
    let body = format!(r#"{{"event_type":"x","page_url":"http://a.b/","session_id":"{session}","country":"XX"}}"#);
    assert_eq!(connection.post(&format!("x-forwarded-for: {address}\r\n"), &body).await.status, 200);
    let count = format!("SELECT count(*) FROM analytics_events WHERE session_id = '{session}'");
    pipeline.wait_for(&count, 1, SOON).await;
    let query = "SELECT to_jsonb(country) FROM analytics_events WHERE session_id = $1";
    pipeline.database.query_one(query, &[&session]).await.unwrap().get::<_, Option<Value>>(0).unwrap_or_default()
}

#[tokio::test]
async fn with_a_country_file_the_country_is_stored_and_the_address_is_not() {
    let file: PathBuf = footfall_testkit::run_dir("countries").join("countries.mmdb");
    put_in_place("first.mmdb", &file);
    let ingest = format!("privacy.country_database = \"{}\"", file.display());
    let mut pipeline =
        Pipeline::start_with(shared().await, PipelineOptions { ingest, ..PipelineOptions::default() }).await;
    const ADDRESSES: [&str; 4] = ["203.0.113.77", "198.51.100.9", "2001:db8::c11e:9247", "192.0.2.66"];
    for (number, (address, wanted)) in
        ADDRESSES.into_iter().zip([json!("CH"), json!("JP"), json!("BR"), json!(null)]).enumerate()
    {
        assert_eq!(country(&mut pipeline, &number.to_string(), address).await, wanted, "{address}");
    }
    assert_eq!(
        pipeline
            .number("SELECT count(*) FROM analytics_visits JOIN analytics_values ON id = country WHERE value = 'CH'")
            .await,
        1
    );
    for message in topic::read(&pipeline, &pipeline.events_topic).await {
        let text = String::from_utf8(rdkafka::Message::payload(&message).unwrap().to_vec()).unwrap();
        assert!(ADDRESSES.iter().all(|address| !text.contains(address)), "{text}");
    }

    // An unusable file changes nothing; a usable one is loaded without a restart.
    std::fs::write(&file, "no MMDB file").unwrap();
    let log = pipeline.ingest.log().to_owned();
    let says = |what: &str| std::fs::read_to_string(&log).unwrap().contains(what);
    eventually("the bad file is detected", SOON, async || says("the old one serves on")).await;
    assert_eq!(country(&mut pipeline, "bad", ADDRESSES[0]).await, json!("CH"));
    put_in_place("asn.mmdb", &file);
    eventually("the file without countries is detected", SOON, async || says("autonomous_system_number")).await;
    assert_eq!(country(&mut pipeline, "none", ADDRESSES[0]).await, json!("CH"));
    put_in_place("second.mmdb", &file);
    eventually("the new file is loaded", SOON, async || says("was replaced")).await;
    assert_eq!(country(&mut pipeline, "second", ADDRESSES[0]).await, json!("AT"));
}

#[tokio::test]
async fn a_country_is_read_wherever_a_known_provider_puts_it() {
    for which in ["ipinfo.mmdb", "ipinfo-lite.mmdb"] {
        let file = checkout().join("crates/testkit/testdata/countries").join(which);
        let ingest = format!("privacy.country_database = \"{}\"", file.display());
        let mut pipeline =
            Pipeline::start_with(shared().await, PipelineOptions { ingest, ..PipelineOptions::default() }).await;
        for (address, wanted) in
            [("203.0.113.77", json!("CH")), ("2001:db8::1", json!("BR")), ("192.0.2.1", json!(null))]
        {
            assert_eq!(country(&mut pipeline, address, address).await, wanted, "{which} {address}");
        }
    }
}

/// What check-config says about a country file that it refuses.
fn refusal(file: &str) -> String {
    let program = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("footfall-ingest");
    let checked =
        Command::new(&program).arg("check-config").env("FOOTFALL_PRIVACY__COUNTRY_DATABASE", file).output().unwrap();
    let said = String::from_utf8(checked.stderr).unwrap();
    assert_eq!(checked.status.code(), Some(64), "{said}");
    assert!(said.contains("privacy.country_database") && said.contains(file), "{said}");
    said
}

#[test]
fn an_unreadable_country_file_is_an_error_of_its_field() {
    for file in
        ["/nowhere/countries.mmdb", env!("CARGO_MANIFEST_DIR"), concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]
    {
        refusal(file);
    }
}

#[test]
fn a_country_file_without_countries_is_refused_with_what_it_holds() {
    let said = refusal(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/countries/asn.mmdb"));
    for part in ["country.iso_code, country_code, country", "autonomous_system_number", "place.land"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(refusal(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/countries/empty.mmdb")).contains("no networks"));
}
