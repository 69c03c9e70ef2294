//! Only those with access see the live page.

use footfall_testkit::{Answer, SOON};
use serde_json::json;

use crate::view::View;

const PASSWORD: &str = "correct horse battery";
const PATHS: [&str; 4] = ["/live/", "/live/events", "/live/api/v1/totals", "/live/api/v1/top_pages.csv"];

fn body(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// The cookie of a logged-in user.
async fn log_in(view: &View) -> String {
    let answer =
        view.post("/live/login", &[], &format!("password={}&next=%3Fperiod%3D7d", PASSWORD.replace(' ', "+"))).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, Some("/live/?period=7d")),
        "{}",
        body(&answer)
    );
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn by_default_it_is_closed_and_says_how_to_open_it() {
    let view = View::start("", &[]).await;
    for path in PATHS {
        let answer = view.get(path, &[]).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(body(&answer).contains("access.password"), "{path}");
    }
    assert_eq!(view.get("/live/login", &[]).await.status, 403);
    assert_eq!(view.get("/live/shares", &[]).await.status, 403);
}

#[tokio::test]
async fn a_password_opens_everything_in_that_browser_until_it_logs_out() {
    let view = View::start("live.heartbeat_ms = 200", &[("access.password", PASSWORD)]).await;
    let answer = view.get("/live/?period=7d", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("/live/login?next=%3Fperiod%3D7d")));
    for path in &PATHS[1..] {
        assert_eq!(view.get(path, &[]).await.status, 401, "{path}");
    }
    let cookie = log_in(&view).await;
    for path in ["/live/", "/live/api/v1/totals", "/live/api/v1/top_pages.csv", "/live/shares"] {
        assert_eq!(view.get(path, &[("cookie", &cookie)]).await.status, 200, "{path}");
    }
    let mut page = view.watch_with("/live/events", &format!("cookie: {cookie}\r\n")).await;
    let answer = view.post("/live/logout", &[("cookie", &cookie)], "").await;
    assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"));
    for path in &PATHS[1..] {
        assert_eq!(view.get(path, &[("cookie", &cookie)]).await.status, 401, "{path}: the cookie still opens it");
    }
    // An open page is disconnected at the next heartbeat.
    page.until_ended(std::time::Duration::from_secs(5)).await;
}

#[tokio::test]
async fn guessing_is_blocked_after_a_few_attempts_and_redirects_only_to_the_page() {
    let view = View::start("", &[("access.password", PASSWORD)]).await;
    for _ in 0..5 {
        assert_eq!(view.post("/live/login", &[], "password=guess").await.status, 403);
    }
    assert_eq!(view.post("/live/login", &[], "password=guess").await.status, 429);
    let other = View::start("", &[("access.password", PASSWORD)]).await;
    let form = format!("password={}&next=https://evil.example/", PASSWORD.replace(' ', "+"));
    assert_eq!(other.post("/live/login", &[], &form).await.header("location"), Some("/live/"));
}

#[tokio::test]
async fn a_token_gives_access_to_programs() {
    let view = View::start("", &[("access.tokens", "0123456789abcdef\nfedcba9876543210\n")]).await;
    assert_eq!(view.get("/live/", &[]).await.status, 401);
    let answer = view.get("/live/api/v1/totals", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, Some("Bearer")));
    let token = [("authorization", "Bearer fedcba9876543210")];
    assert_eq!(view.get("/live/api/v1/totals", &token).await.status, 200);
    assert_eq!(view.get("/live/shares", &token).await.status, 403, "a token cannot create links");
}

#[tokio::test]
async fn a_shared_link_shows_only_its_selection_until_it_is_revoked() {
    let view = View::start("live.heartbeat_ms = 200", &[("access.password", PASSWORD)]).await;
    view.store(json!([
        { "event_type": "page_view", "page_path": "/shop", "session_id": "a", "site": "shop" },
        { "event_type": "page_view", "page_path": "/secret", "session_id": "b", "site": "other" },
    ]))
    .await;
    let cookie = log_in(&view).await;
    let form = "name=Board&days=7&filter=site&value=shop&period=24h";
    assert_eq!(view.post("/live/shares", &[], form).await.status, 303, "not without the password");
    let foreign = [("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site")];
    assert_eq!(view.post("/live/shares", &foreign, form).await.status, 403, "not from another site");
    let made = view.post("/live/shares", &[("cookie", &cookie)], form).await;
    let page = body(&made);
    let address = page.split('"').find(|text| text.contains("/live/shared/")).unwrap_or_else(|| panic!("{page}"));
    let link = &address[address.find("/live/").unwrap()..address.find("?period").unwrap()];

    let shown = view.page(&format!("{link}?period=24h")).await;
    assert!(shown.contains("/shop") && !shown.contains("/secret"));
    assert!(!shown.contains("All sites") && !shown.contains("site=other"), "{shown}");
    let pages = view.get(&format!("{link}api/v1/top_pages?period=24h&site=other"), &[]).await.json();
    assert_eq!(pages["rows"], json!([{ "page": "/shop", "views": 1, "visitors": 1 }]));
    assert_eq!(view.get(&format!("{link}api/v1/sites"), &[]).await.status, 403);
    assert!(!view.page(&format!("{link}?site=other")).await.contains("/secret"));
    let older = body(&view.get(&format!("{link}older?site=other"), &[]).await);
    assert!(older.contains("/shop") && !older.contains("/secret"));
    for closed in ["shares", "login"] {
        assert_eq!(view.get(&format!("{link}{closed}"), &[]).await.status, 404);
    }
    assert_eq!(view.get("/live/", &[]).await.status, 303, "the link gives access to nothing else");

    let mut open = view.watch(&format!("{link}events?period=24h")).await;
    open.until("recent_events", "/shop", SOON).await;
    open.until_complete(&["sites"], SOON).await;
    assert!(!open.shows("site=other"));
    let list = body(&view.get("/live/shares", &[("cookie", &cookie)]).await);
    let id = list.split("name=\"id\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(!list.contains(&link[link.find('-').unwrap()..]), "the secret is not shown again");
    let withdrawn = view.post("/live/shares/withdraw", &[("cookie", &cookie)], &format!("id={id}")).await;
    assert_eq!(withdrawn.status, 303);
    assert_eq!(view.get(link, &[]).await.status, 404);
    // An open page is disconnected at the next heartbeat.
    open.until_ended(std::time::Duration::from_secs(5)).await;
}

#[tokio::test]
async fn single_events_are_the_owners_unless_readers_may_see_them() {
    let secrets = [("access.password", PASSWORD), ("access.tokens", "0123456789abcdef")];
    let view = View::start("access.readers_see_events = false", &secrets).await;
    view.store(
        json!([{ "event_type": "signup", "page_path": "/in", "session_id": "a", "metadata": { "plan": "large" } }]),
    )
    .await;
    let cookie = log_in(&view).await;
    let owner = [("cookie", cookie.as_str())];
    let made = body(&view.post("/live/shares", &owner, "name=Board&days=7&period=24h").await);
    let address = made.split('"').find(|text| text.contains("/live/shared/")).unwrap_or_else(|| panic!("{made}"));
    let link = &address[address.find("/live/").unwrap()..address.find("?period").unwrap()];
    let reader = [("authorization", "Bearer 0123456789abcdef")];
    for path in ["older", "api/v1/recent_events", "api/v1/recent_events.csv"] {
        assert_eq!(view.get(&format!("/live/{path}"), &owner).await.status, 200, "{path}");
        assert_eq!(view.get(&format!("/live/{path}"), &reader).await.status, 403, "{path}");
        let answer = view.get(&format!("{link}{path}"), &[]).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(body(&answer).contains("access.readers_see_events"), "{path}");
    }
    let page = view.page(&format!("{link}?period=24h")).await;
    assert!(page.contains("signup") && !page.contains("Recent events") && !page.contains("older?"), "{page}");
    let mut open = view.watch(&format!("{link}events?period=24h")).await;
    open.until("event_types", "signup", SOON).await;
    assert!(!open.shows("plan: large"));
}

#[tokio::test]
async fn a_shared_link_can_be_restricted_to_a_property() {
    let view = View::start("", &[("access.password", PASSWORD)]).await;
    let signup = |session: &str, plan: &str| json!({ "event_type": "signup", "page_path": "/", "session_id": session, "metadata": { "plan": plan } });
    view.store(json!([signup("a", "large"), signup("b", "small")])).await;
    let cookie = log_in(&view).await;
    let form = |value: &str| format!("name=Board&days=7&filter=property&value={value}&period=24h");
    assert_eq!(view.post("/live/shares", &[("cookie", &cookie)], &form("large")).await.status, 400);
    let made = body(&view.post("/live/shares", &[("cookie", &cookie)], &form("plan%3Dlarge")).await);
    assert!(made.contains("Property plan: large"), "{made}");
    let address = made.split('"').find(|text| text.contains("/live/shared/")).unwrap_or_else(|| panic!("{made}"));
    let link = &address[address.find("/live/").unwrap()..address.find("?period").unwrap()];
    for query in ["", "?property.plan=small"] {
        let rows = view.get(&format!("{link}api/v1/recent_events{query}"), &[]).await.json()["rows"].clone();
        assert_eq!((rows.as_array().unwrap().len(), &rows[0]["metadata"]["plan"]), (1, &json!("large")), "{query}");
    }
}

#[tokio::test]
async fn no_secret_and_no_selection_is_logged() {
    let view = View::start("log.level = \"debug\"", &[("access.password", PASSWORD)]).await;
    let cookie = log_in(&view).await;
    view.post("/live/login", &[], "password=a-guessed-password").await;
    view.get("/live/?page=/a-private-page", &[("cookie", &cookie)]).await;
    view.get("/live/api/v1/totals?page=/a-private-page&tz=Nowhere", &[("cookie", &cookie)]).await;
    let log = std::fs::read_to_string(view.part.log()).unwrap();
    for text in [PASSWORD, "a-guessed-password", "a-private-page", &cookie] {
        assert!(!log.contains(text), "{text} is in the log");
    }
}

#[tokio::test]
async fn readers_leave_room_for_the_owner() {
    let secrets = [("access.password", PASSWORD), ("access.tokens", "0123456789abcdef")];
    let view = View::start("live.views_max = 8\nlive.watchers_max = 8", &secrets).await;
    let reader = "Bearer 0123456789abcdef";
    let mut open = Vec::new();
    for site in 0..6 {
        let line = format!("authorization: {reader}\r\n");
        open.push(view.watch_with(&format!("/live/events?site={site}"), &line).await);
    }
    for path in ["/live/events?site=0", "/live/events?site=6", "/live/?site=6"] {
        assert_eq!(view.get(path, &[("authorization", reader)]).await.status, 503, "{path}");
    }
    let cookie = log_in(&view).await;
    assert_eq!(view.get("/live/?site=6", &[("cookie", &cookie)]).await.status, 200);
    let page = view.watch_with("/live/events?site=7", &format!("cookie: {cookie}\r\n")).await;
    assert!(page.head.starts_with("HTTP/1.1 200 "), "{}", page.head);
}
