//! One day of two small sites; every expected result was calculated by hand from this table.

use tokio::sync::OnceCell;

use crate::database::Database;

/// since and until of the day.
pub(crate) const DAY: &str = "timestamptz '2026-10-20 00:00Z', timestamptz '2026-10-21 00:00Z'";

/// Five visits by people: a (120 s), b (5 s, bounced), c (240 s), d (40 s, bounced, by the visitor of a), and one on the
/// blog without a session (50 s). One bot, e. One event of a server, without session and visitor.
const TABLE: &str = r#"
    session a {"site":"shop","hostname":"shop.example","browser":"Chrome","os":"Windows","device":"desktop","language":"de","screen":"lg","country":"DE"}
    session b {"site":"shop","hostname":"shop.example","browser":"Firefox","os":"Linux","device":"desktop","language":"de","screen":"md","country":"AT"}
    session c {"site":"shop","hostname":"www.shop.example","browser":"Safari","os":"iOS","device":"mobile","language":"en","screen":"xs","country":"US"}
    session d {"site":"shop","hostname":"shop.example","browser":"Chrome","os":"Windows","device":"desktop","language":"de","screen":"lg","country":"DE"}
    session e {"site":"shop","browser":"Chrome","os":"Linux","device":"other","bot":true}
    session - {"site":"blog","browser":"Edge","os":"Windows","device":"tablet","language":"fr","screen":"sm","country":"CH"}
    2026-10-20 10:00:00Z | a | 1 | page_view      | /         | {"channel":"search","referrer_host":"google.com","referrer":"https://google.com/","page_title":"Shop"}
    2026-10-20 10:00:30Z | a | 1 | engagement     | /         | {"metadata":{"scroll_percent":50,"engaged_ms":20000}}
    2026-10-20 10:01:00Z | a | 1 | page_view      | /pricing  | {}
    2026-10-20 10:01:10Z | a | 1 | engagement     | /pricing  | {"metadata":{"scroll_percent":40,"engaged_ms":4000}}
    2026-10-20 10:01:20Z | a | 1 | engagement     | /pricing  | {"metadata":{"scroll_percent":100,"engaged_ms":6000}}
    2026-10-20 10:01:30Z | a | 1 | button_click   | /pricing  | {"button_id":"buy"}
    2026-10-20 10:02:00Z | a | 1 | signup         | /pricing  | {"metadata":{"plan":"large","seats":3}}
    2026-10-20 10:10:00Z | b | 2 | page_view      | /         | {}
    2026-10-20 10:10:05Z | b | 2 | web_vitals     | /         | {"metadata":{"lcp_ms":2000,"cls":0.05,"inp_ms":"fast"}}
    2026-10-20 11:00:00Z | c | 3 | page_view      | /pricing  | {"channel":"paid","referrer_host":"ads.example","utm_source":"ads","utm_medium":"cpc","utm_campaign":"autumn","utm_term":"shoes","utm_content":"blue"}
    2026-10-20 11:01:00Z | c | 3 | outbound_click | /pricing  | {"metadata":{"url":"https://other.example/"}}
    2026-10-20 11:02:00Z | c | 3 | page_view      | /blog/one | {}
    2026-10-20 11:02:10Z | c | 3 | web_vitals     | /blog/one | {"metadata":{"lcp_ms":3000,"inp_ms":600}}
    2026-10-20 11:04:00Z | c | 3 | page_not_found | /gone     | {"referrer":"https://shop.example/blog/one"}
    2026-10-20 12:00:00Z | d | 1 | page_view      | /blog/one | {}
    2026-10-20 12:00:40Z | d | 1 | engagement     | /blog/one | {"metadata":{"scroll_percent":25,"engaged_ms":30000}}
    2026-10-20 12:10:00Z | e | 4 | page_view      | /         | {}
    2026-10-20 13:00:00Z | - | 5 | page_view      | /blog/one | {"channel":"mail"}
    2026-10-20 13:00:30Z | - | 5 | file_download  | /blog/one | {"metadata":{"url":"https://shop.example/a.pdf"}}
    2026-10-20 13:00:50Z | - | 5 | form_submit    | /blog/one | {"metadata":{"form":"newsletter"}}
    2026-10-20 14:00:00Z | - | - | job_done       | /         | {"site":null,"browser":null,"os":null,"device":null,"language":null,"screen":null,"country":null,"metadata":{"plan":null,"plan_b":1}}
"#;

/// A shared read-only database with that day.
pub(crate) async fn one_day() -> Database {
    static NAME: OnceCell<String> = OnceCell::const_new();
    let name = NAME.get_or_init(|| async { Database::with(TABLE).await.closed_copy().await }).await;
    Database::open_with_copy(name).await
}
