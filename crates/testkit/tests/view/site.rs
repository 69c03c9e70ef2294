//! In the light profile view serves the site exactly as nginx does: the same headers, the same bodies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use footfall::processes::SecondName;
use footfall_testkit::{Answer, Pipeline, PipelineOptions, SOON, checkout, eventually, shared};
use jiff::Timestamp;

const NGINX: u16 = 8080;
const VIEW: u16 = 3003;
const VIEW_ADMIN: u16 = 3004;
const EVENT: &str = r#"{"event_type":"x","page_url":"http://a.b/"}"#;
/// Headers that are irrelevant, or that view does not send: Accept-Ranges and the file's age.
const INCIDENTAL: [&str; 9] = [
    "accept-ranges",
    "connection",
    "content-length",
    "date",
    "expires",
    "etag",
    "last-modified",
    "server",
    "transfer-encoding",
];

/// The same site served by nginx and by view.
async fn both() -> (Pipeline, Pipeline) {
    let second_names: Vec<SecondName> =
        ["/s.js=/analytics.js", "/e=/analytics", "/p=/page2"].iter().map(|name| name.parse().unwrap()).collect();
    let options = PipelineOptions { site: true, view: Some(String::new()), second_names, ..PipelineOptions::default() };
    let backends = shared().await;
    tokio::join!(Pipeline::start_with(backends, options.clone()), Pipeline::start_light(&backends.postgres, options))
}

async fn ask(pipeline: &Pipeline, port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    pipeline.http.send(method, &pipeline.url(port, path), headers, body.to_owned()).await.expect("an answer")
}

/// The headers, with Expires as whole minutes from now, so that two moments can be compared.
fn told(answer: &Answer) -> BTreeMap<String, Vec<String>> {
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in &answer.headers {
        if !INCIDENTAL.contains(&name.as_str()) {
            told.entry(name.to_string()).or_default().push(value.to_str().unwrap().to_owned());
        }
    }
    if let Some(expires) = answer.header("expires") {
        let expires = Timestamp::strptime("%a, %d %b %Y %H:%M:%S GMT %z", format!("{expires} +0000")).unwrap();
        let minutes = (expires.duration_since(Timestamp::now()).as_secs_f64() / 60.0).round();
        told.insert("expires".into(), vec![format!("{minutes}")]);
    }
    told
}

fn scripts() -> Vec<String> {
    let folder = checkout().join("web/tracker/dist");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let scripts: Vec<_> = names.filter(|name| name.ends_with(".js")).map(|name| format!("/{name}")).collect();
    assert!(scripts.len() >= 4, "{scripts:?}");
    scripts
}

fn files() -> Vec<String> {
    let names = |folder: &Path| -> Vec<String> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    names(&checkout().join("web/site")).into_iter().map(|name| format!("/{name}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_is_served_as_nginx_serves_it() {
    let (nginx, light) = both().await;
    let mut paths: BTreeSet<String> = scripts().into_iter().chain(files()).collect();
    paths.extend(
        [
            "/",
            "/?a=b",
            "/page2",
            "/more",
            "/shop",
            "/shop/",
            "/shop/cart/17",
            "//shop/",
            "//s.js",
            "/s.js",
            "/p",
            "/nowhere",
            "/nowhere.html",
            "/nowhere/",
            "/analytics.0123456789ab.js",
            "/analytics.core.0123456789ab.js",
            "/analytics.0123456789AB.js",
            "/analytics.js.gz",
            "/site/index.html",
            "/tracker/dist/analytics.js",
            "/page2%2ehtml",
            "/README.md",
            "/..%2fREADME.md",
        ]
        .map(str::to_owned),
    );
    let mut compared = 0;
    for path in &paths {
        for (method, encoding) in [("GET", "identity"), ("GET", "gzip"), ("HEAD", "gzip"), ("GET", "gzip;q=0")] {
            let asked = [("accept-encoding", encoding)];
            let theirs = ask(&nginx, NGINX, method, path, &asked, "").await;
            let ours = ask(&light, VIEW, method, path, &asked, "").await;
            // nginx rejects a bad path with 400; view answers 404.
            let status = if theirs.status == 400 { 404 } else { theirs.status.as_u16() };
            assert_eq!(ours.status.as_u16(), status, "{method} {path}");
            if theirs.status == 400 {
                continue;
            }
            assert_eq!(told(&ours), told(&theirs), "{method} {path} {encoding}");
            if !encoding.starts_with("gzip") || encoding.ends_with('0') {
                assert_eq!(ours.body, theirs.body, "{method} {path} {encoding}");
            }
            compared += 1;
            if theirs.status == 200 {
                let tagged = |answer: &Answer| answer.header("etag").expect("a tag").to_owned();
                let theirs = [asked[0], ("if-none-match", &tagged(&theirs))];
                let ours = [asked[0], ("if-none-match", &tagged(&ours))];
                let theirs = ask(&nginx, NGINX, method, path, &theirs, "").await;
                let ours = ask(&light, VIEW, method, path, &ours, "").await;
                assert_eq!((theirs.status.as_u16(), ours.status.as_u16()), (304, 304), "{method} {path}");
                assert!(ours.body.is_empty());
                let caching = |answer: &Answer| {
                    let mut told = told(answer);
                    told.retain(|name, _| ["cache-control", "expires", "content-security-policy"].contains(&&**name));
                    told
                };
                assert_eq!(caching(&ours), caching(&theirs), "304 of {method} {path}");
            }
        }
    }
    assert!(compared > 100, "{compared}");
    for (method, path) in [("POST", "/"), ("DELETE", "/analytics.js"), ("POST", "/nowhere")] {
        let theirs = ask(&nginx, NGINX, method, path, &[], "").await.status;
        assert_eq!(ask(&light, VIEW, method, path, &[], "").await.status, theirs, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ingests_paths_are_proxied_as_by_nginx_also_while_ingest_is_down() {
    let (mut nginx, mut light) = both().await;
    let json = [("content-type", "application/json")];
    let large = format!(r#"{{"event_type":"x","page_url":"http://a.b/","filler":"{}"}}"#, "x".repeat(1024 * 1024));
    let fits = format!(r#"{{"event_type":"x","page_url":"http://a.b/","filler":"{}"}}"#, "x".repeat(900 * 1024));
    let with_origin = [json[0], ("origin", "https://shop.example")];
    let requests: [(&str, &str, &str); 20] = [
        ("POST", "/analytics", EVENT),
        ("POST", "/e", EVENT),
        ("POST", "/analytics?x=1", "[]"),
        ("OPTIONS", "/analytics", ""),
        ("GET", "/analytics", ""),
        ("GET", "/pixel.gif?u=http://a.b/", ""),
        ("HEAD", "/health", ""),
        ("GET", "/health", ""),
        ("POST", "/analytics", &large),
        ("POST", "/analytics/", &large),
        ("POST", "/e", &large),
        ("POST", "/analytics", &fits),
        ("POST", "/analytics/", EVENT),
        ("POST", "//analytics", EVENT),
        ("POST", "/%61nalytics", EVENT),
        ("POST", "/e/", EVENT),
        ("OPTIONS", "/analytics/", ""),
        ("OPTIONS", "/pixel.gif/", ""),
        ("HEAD", "/pixel.gif", ""),
        ("GET", "/health/", ""),
    ];
    for is_away in [false, true] {
        if is_away {
            nginx.ingest.kill().await;
            light.ingest.kill().await;
        }
        for (method, path, body) in &requests {
            let theirs = ask(&nginx, NGINX, method, path, &json, body).await;
            let ours = ask(&light, VIEW, method, path, &json, body).await;
            assert_eq!(ours.status, theirs.status, "{method} {path} {is_away}");
            assert_eq!(told(&ours), told(&theirs), "{method} {path} {is_away}");
            let is_new_each_time = theirs.status == 200 && (path.contains("health") || body.len() > 2);
            if !is_new_each_time {
                assert_eq!(ours.body, theirs.body, "{method} {path} {is_away}");
            }
            assert_eq!(theirs.status == 503, is_away && body.len() != large.len(), "{method} {path} {is_away}");
            let theirs = ask(&nginx, NGINX, method, path, &with_origin, body).await;
            let ours = ask(&light, VIEW, method, path, &with_origin, body).await;
            assert_eq!((ours.status, told(&ours)), (theirs.status, told(&theirs)), "{method} {path} {is_away}");
            let named =
                ["access-control-allow-origin", "access-control-allow-credentials", "vary"].map(|it| ours.header(it));
            assert_eq!(
                named,
                [Some("https://shop.example"), Some("true"), Some("Origin")],
                "{method} {path} {is_away}"
            );
        }
    }
    let away = ask(&light, VIEW, "POST", "/analytics", &json, EVENT).await;
    assert_eq!(away.json()["reason"], "unavailable", "{away:?}");
    let metrics = ask(&light, VIEW_ADMIN, "GET", "/metrics", &[], "").await;
    let counted = r#"footfall_view_forwards_deferred_total{reason="unavailable"} 35"#;
    assert!(String::from_utf8_lossy(&metrics.body).lines().any(|line| line == counted), "{metrics:?}");
    // No other path of ingest is proxied.
    light.ingest.start_again().await.unwrap();
    for path in ["/analytics/x", "/metrics", "/ready", "/pixel.gif/x", "/%61nalytics/x"] {
        assert_eq!(ask(&light, VIEW, "GET", path, &[], "").await.status, 404, "{path}");
    }
    let stored = "SELECT count(*) FROM analytics_events";
    light.wait_for(stored, 16, SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ingest_gets_the_visitors_real_address_and_not_a_claimed_one() {
    let view = Some("http.trusted_proxies = []".to_owned());
    let options = PipelineOptions { site: true, view, ..PipelineOptions::default() };
    let mut light = Pipeline::start_light(&shared().await.postgres, options).await;
    let visitors = "SELECT count(DISTINCT visitor_id) FROM analytics_events";
    for (port, visitors_then) in [(VIEW, 1), (3001, 3)] {
        for address in ["192.0.2.1", "192.0.2.2"] {
            let claimed = [("content-type", "application/json"), ("x-forwarded-for", address), ("user-agent", "a")];
            let answer = ask(&light, port, "POST", "/analytics", &claimed, EVENT).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        eventually("the number of visitors", SOON, async || light.number(visitors).await == visitors_then).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_two_proxies_each_visitor_has_an_address_and_a_country_of_its_own() {
    let countries = checkout().join("crates/testkit/testdata/countries/first.mmdb");
    let options = PipelineOptions {
        site: true,
        ingest: format!("privacy.country_database = \"{}\"", countries.display()),
        // This test is the inner proxy; the outer one is 10.0.0.7.
        view: Some("http.trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]".to_owned()),
        ..PipelineOptions::default()
    };
    let mut light = Pipeline::start_light(&shared().await.postgres, options).await;
    for (session, forwarded) in [
        ("br", "[2001:db8::c11e:9247], 10.0.0.7"),
        ("ch", "203.0.113.77, 10.0.0.7"),
        ("ch again", "203.0.113.77:5678,, 10.0.0.7"),
        ("ch with a forged address", "198.51.100.9, 203.0.113.77, 10.0.0.7"),
        ("jp", "198.51.100.9, 10.0.0.7"),
    ] {
        let headers = [("content-type", "application/json"), ("x-forwarded-for", forwarded), ("user-agent", "a")];
        let event = format!(r#"{{"event_type":"x","page_url":"http://a.b/","session_id":"{session}"}}"#);
        let answer = ask(&light, VIEW, "POST", "/analytics", &headers, &event).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let countries = "SELECT string_agg(coalesce(country, '-'), ' ' ORDER BY session_id) FROM analytics_events";
    let countries: String = light.database.query_one(countries, &[]).await.unwrap().get(0);
    assert_eq!(countries, "BR CH CH CH JP");
    assert_eq!(light.number("SELECT count(DISTINCT visitor_id) FROM analytics_events").await, 3);
}
