//! Who may write: keys that `footfall key` makes, bound to a site and, for pages, to its origins.

use footfall_testkit::{Answer, Pipeline, PipelineOptions, SOON, SitesFile, eventually, shared};
use serde_json::{Value, json};

const PAGE: &str = "https://blog.example";
const ELSEWHERE: &str = "https://elsewhere.example";
/// How others than programs on this machine call it.
const HOST: (&str, &str) = ("host", "stats.example");
const OWN_PAGE: (&str, &str) = ("origin", "https://stats.example");

type Headers<'a> = &'a [(&'a str, &'a str)];

/// With two sites.
async fn two_sites() -> SitesFile {
    let sites = SitesFile::new();
    sites.run(&["site", "add", "blog", "--origin", PAGE]).await;
    sites.run(&["site", "add", "shop"]).await;
    sites
}

/// The appliance and the light profile, each with the server in front.
async fn in_both_profiles(sites: &SitesFile) -> (Pipeline, Pipeline) {
    let options = || PipelineOptions {
        sites: Some(sites.clone()),
        site: true,
        view: Some(String::new()),
        ..PipelineOptions::default()
    };
    let backends = shared().await;
    tokio::join!(Pipeline::start_with(backends, options()), Pipeline::start_light(&backends.postgres, options()))
}

async fn send(pipeline: &Pipeline, port: u16, method: &str, path: &str, headers: Headers<'_>, body: &Value) -> Answer {
    pipeline.http.send(method, &pipeline.url(port, path), headers, body.to_string()).await.expect("an answer")
}

fn event() -> Value {
    json!({ "event_type": "page_view", "page_url": "https://blog.example/" })
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_has_a_key_may_write_and_for_its_site_only() {
    let sites = two_sites().await;
    let public = sites.run(&["key", "add", "blog"]).await;
    let secret = sites.run(&["key", "add", "blog", "--secret"]).await;
    let (kafka, light) = in_both_profiles(&sites).await;
    let (by_url, in_url) = (format!("/analytics?key={public}"), format!("/analytics?key={secret}"));
    let (pixel, bearer) = (format!("/pixel.gif?key={public}"), format!("Bearer {secret}"));
    let foreign = json!({ "event_type": "x", "page_url": "https://blog.example/", "site": "shop" });
    let named = json!({ "event_type": "x", "page_url": "https://blog.example/", "site": "blog" });
    let other = json!({ "event_type": "x", "page_url": "https://stats.example/", "site": "other" });
    let none = json!("");
    let cases: [(&str, &str, Headers<'_>, &Value, u16, &str); 18] = [
        ("POST", "/analytics", &[OWN_PAGE], &event(), 200, ""),
        ("POST", "/analytics", &[OWN_PAGE], &other, 200, ""),
        ("POST", "/analytics", &[OWN_PAGE], &named, 403, "site_mismatch"),
        ("GET", "/pixel.gif", &[("referer", "https://stats.example/a")], &none, 200, ""),
        ("GET", "/pixel.gif", &[("referer", "https://elsewhere.example/a")], &none, 401, "key_missing"),
        ("POST", "/analytics", &[], &event(), 401, "key_missing"),
        ("POST", "/analytics", &[("origin", PAGE)], &event(), 401, "key_missing"),
        ("POST", "/analytics?key=pk_0000", &[("origin", PAGE)], &event(), 401, "key_refused"),
        ("POST", &by_url, &[], &event(), 403, "origin_refused"),
        ("POST", &by_url, &[("origin", ELSEWHERE)], &event(), 403, "origin_refused"),
        ("POST", &in_url, &[], &event(), 401, "key_refused"),
        ("POST", &by_url, &[("origin", PAGE)], &foreign, 403, "site_mismatch"),
        ("GET", &pixel, &[("referer", "https://elsewhere.example/a")], &none, 403, "origin_refused"),
        ("GET", &pixel, &[], &none, 403, "origin_refused"),
        ("POST", &by_url, &[("origin", PAGE)], &event(), 200, ""),
        ("POST", "/analytics", &[("authorization", &bearer)], &event(), 200, ""),
        ("POST", "/analytics", &[("authorization", &bearer)], &named, 200, ""),
        ("GET", &pixel, &[("referer", "https://blog.example/a")], &none, 200, ""),
    ];
    for (mut pipeline, site) in [(kafka, 8080), (light, 3003)] {
        for port in [3001, site] {
            for (method, path, headers, body, status, reason) in &cases {
                let answer = send(&pipeline, port, method, path, &[&[HOST], *headers].concat(), body).await;
                let told = if reason.is_empty() { Value::Null } else { answer.json()["reason"].clone() };
                let wanted = if reason.is_empty() { Value::Null } else { json!(reason) };
                assert_eq!(
                    (answer.status.as_u16(), told),
                    (*status, wanted),
                    "{method} {path} {headers:?}: {answer:?}"
                );
            }
            for (origin, with_key, without) in
                [(PAGE, true, true), (OWN_PAGE.1, false, true), (ELSEWHERE, false, false)]
            {
                let paths =
                    [("OPTIONS", &*by_url, with_key), ("POST", &*by_url, with_key), ("POST", "/analytics", without)];
                for (method, path, may_read) in paths {
                    let answer = send(&pipeline, port, method, path, &[HOST, ("origin", origin)], &foreign).await;
                    let header = answer.header("access-control-allow-origin");
                    assert_eq!(header, may_read.then_some(origin), "{method} {path} {origin}: {answer:?}");
                }
            }
        }
        pipeline.wait_for("SELECT count(*) FROM analytics_events WHERE site = 'blog'", 8, SOON).await;
        pipeline.wait_for("SELECT count(*) FROM analytics_events", 14, SOON).await;
        for (reason, count) in [("key_missing", 10), ("key_refused", 4), ("origin_refused", 12), ("site_mismatch", 8)] {
            let counted = format!(
                "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = 'rejected' AND reason = '{reason}'"
            );
            pipeline.wait_for(&counted, count, SOON).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_file_programs_and_pages_of_this_machine_write_and_others_do_once_they_are_let() {
    let sites = SitesFile::new();
    let (kafka, light) = in_both_profiles(&sites).await;
    let named = json!({ "event_type": "x", "page_url": "http://localhost/", "site": "blog" });
    for (pipeline, site) in [(&kafka, 8080), (&light, 3003)] {
        for port in [3001, site] {
            let status = async |headers: Headers<'_>| {
                send(pipeline, port, "POST", "/analytics", headers, &named).await.status.as_u16()
            };
            assert_eq!(status(&[]).await, 200, "a program");
            assert_eq!(status(&[("origin", "http://localhost:3000")]).await, 200, "a page that is being written here");
            assert_eq!(status(&[("origin", ELSEWHERE)]).await, 401, "a foreign page in a browser of this machine");
            assert_eq!(status(&[HOST]).await, 401, "what a proxy on this machine passes on");
        }
    }
    sites.run(&["site", "open"]).await;
    for (pipeline, port) in [(&kafka, 8080), (&light, 3003)] {
        let is_open = async || {
            send(pipeline, port, "POST", "/analytics", &[HOST, ("origin", ELSEWHERE)], &named).await.status == 200
        };
        eventually("everybody may write", SOON, is_open).await;
    }
    sites.run(&["site", "add", "blog"]).await;
    let open = [HOST, OWN_PAGE];
    assert_eq!(send(&kafka, 3001, "POST", "/analytics", &open, &named).await.status, 200, "for any site");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_replaced_and_withdrawn_while_events_come_in() {
    let sites = two_sites().await;
    let first = sites.run(&["key", "add", "shop", "--secret"]).await;
    let options = PipelineOptions { sites: Some(sites.clone()), no_sink: true, ..PipelineOptions::default() };
    let pipeline = Pipeline::start_with(shared().await, options).await;
    let status = async |key: &str| {
        let bearer = format!("Bearer {key}");
        send(&pipeline, 3001, "POST", "/analytics", &[("authorization", &bearer)], &event()).await.status.as_u16()
    };
    assert_eq!(status(&first).await, 200);
    let second = sites.run(&["key", "rotate", &first[..11]]).await;
    eventually("the second key is known", SOON, async || status(&second).await == 200).await;
    assert_eq!(status(&first).await, 200, "both are taken for a time");
    sites.run(&["key", "disable", &first[..11]]).await;
    eventually("the first key is refused", SOON, async || status(&first).await == 401).await;
    assert_eq!(status(&second).await, 200);
    sites.run(&["site", "disable", "shop"]).await;
    eventually("the site is disabled", SOON, async || status(&second).await == 401).await;
    sites.run(&["site", "enable", "shop"]).await;
    eventually("the site is enabled", SOON, async || status(&second).await == 200).await;

    // If the file is damaged or gone, what it said last holds.
    std::fs::write(&sites.path, "sites = 1").unwrap();
    let log = pipeline.ingest.log().to_owned();
    let is_told = || std::fs::read_to_string(&log).unwrap().contains("the old one serves on");
    eventually("the damaged file is noticed", SOON, async || is_told()).await;
    assert_eq!((status(&second).await, status(&first).await), (200, 401));
    std::fs::remove_file(&sites.path).unwrap();
    assert_eq!((status(&second).await, status(&first).await), (200, 401));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_has_the_limit_of_its_site_and_not_of_its_address_and_what_is_refused_costs_no_other_client() {
    let sites = two_sites().await;
    let blog = format!("Bearer {}", sites.run(&["key", "add", "blog", "--secret"]).await);
    let shop = format!("Bearer {}", sites.run(&["key", "add", "shop", "--secret"]).await);
    // No bucket gets back a hundred tokens while this runs.
    let rates = "rates.burst = 1000\nrates.events_per_s = 1\nrates.site_events_per_s = 33\nrates.all_events_per_s = 50";
    let options = PipelineOptions { sites: Some(sites), ingest: rates.into(), ..PipelineOptions::default() };
    let pipeline = Pipeline::start_light(&shared().await.postgres, options).await;
    let batch = |events: usize| Value::from(vec![event(); events]);
    let post = async |address: &str, key: &str, events: usize| {
        let headers = [("x-forwarded-for", address), ("authorization", key), HOST];
        let answer = send(&pipeline, 3001, "POST", "/analytics", &headers, &batch(events)).await;
        let whose = answer.header("ratelimit").map(|header| header.split(';').next().unwrap().to_owned());
        (answer.status.as_u16(), whose.unwrap_or_default())
    };
    // A client that tries keys has the limit of an address, and uses up no other's.
    let mut guesses = 0;
    let stopped = loop {
        match post("203.0.113.9", "Bearer sk_0", 1).await {
            (401, _) => guesses += 1,
            other => break other,
        }
    };
    assert_eq!(stopped, (429, "\"address\"".to_owned()));
    assert!((1_000..2_000).contains(&guesses), "{guesses}");
    // A site may have 1,980 at once, all 3,000.
    assert_eq!(post("203.0.113.1", &blog, 1_000).await.0, 200);
    assert_eq!(post("203.0.113.1", &blog, 900).await.0, 200);
    assert_eq!(post("203.0.113.2", &blog, 900).await, (429, "\"site\"".to_owned()));
    assert_eq!(post("203.0.113.1", &shop, 1_000).await.0, 200);
    assert_eq!(post("203.0.113.1", &shop, 900).await, (429, "\"all\"".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_has_no_more_events_a_day_than_it_may() {
    let sites = two_sites().await;
    sites.run(&["site", "add", "shop", "--events-per-day", "3"]).await;
    let limited = format!("Bearer {}", sites.run(&["key", "add", "shop", "--secret"]).await);
    let other = format!("Bearer {}", sites.run(&["key", "add", "blog", "--secret"]).await);
    let options = PipelineOptions { sites: Some(sites.clone()), ..PipelineOptions::default() };
    let mut pipeline = Pipeline::start_with(shared().await, options).await;
    let post = async |pipeline: &Pipeline, key: &str, body: &Value| {
        send(pipeline, 3001, "POST", "/analytics", &[("authorization", key)], body).await
    };
    assert_eq!(post(&pipeline, &limited, &event()).await.status, 200);
    // What is refused for another reason does not count.
    assert_eq!(post(&pipeline, &limited, &json!({})).await.status, 400);
    assert_eq!(post(&pipeline, &limited, &json!([event(), event(), {}])).await.status, 200);
    let answer = post(&pipeline, &limited, &event()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["reason"]), (429, &json!("quota_reached")), "{answer:?}");
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&wait), "{wait}");
    assert_eq!(post(&pipeline, &other, &event()).await.status, 200, "another site");
    sites.run(&["site", "add", "shop", "--events-per-day", "0"]).await;
    eventually("the limit is gone", SOON, async || post(&pipeline, &limited, &event()).await.status == 200).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events WHERE site = 'shop'", 4, SOON).await;
}
