//! What filters select.

use crate::calls::{CALLS, CALLS_WITHOUT_RANGE, call};
use crate::database::Database;
use crate::one_day::{DAY, one_day};

async fn chosen(day: &Database, filters: &str) -> (i64, i64) {
    let query = format!(
        "SELECT (SELECT count(*) FROM footfall.matching_events({DAY}, '{filters}')),
            (SELECT count(*) FROM footfall.visits({DAY}, '{filters}'))"
    );
    let row = day.reader.query_one(&query, &[]).await.unwrap_or_else(|error| panic!("{filters}: {error:?}"));
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn every_key_filters_events_and_visits() {
    let day = one_day().await;
    // Events: 7 of a, 2 of b, 5 of c, 2 of d, 3 on the blog, 1 of the server.
    for (filters, events, visits) in [
        ("{}", 20, 5),
        (r#"{"site":"shop"}"#, 16, 4),
        (r#"{"site":["shop","blog"]}"#, 19, 5),
        (r#"{"site":[]}"#, 20, 5),
        (r#"{"site":""}"#, 1, 0),
        (r#"{"page":"/pricing"}"#, 7, 2),
        (r#"{"page":["/pricing","/gone"]}"#, 8, 2),
        (r#"{"page_prefix":"/blog"}"#, 7, 3),
        (r#"{"page_prefix":["/blog","/pri"]}"#, 14, 4),
        (r#"{"page_prefix":"/p_icing"}"#, 0, 0),
        (r#"{"page_prefix":"%"}"#, 0, 0),
        (r#"{"event_type":"page_view"}"#, 7, 5),
        (r#"{"event_type":["signup","form_submit"]}"#, 2, 2),
        (r#"{"referrer_host":"google.com"}"#, 7, 1),
        // The event of the server names no channel either.
        (r#"{"channel":"direct"}"#, 5, 2),
        (r#"{"property":{"plan":"large"}}"#, 1, 1),
        (r#"{"property":{"plan":["small","large"],"seats":"3"}}"#, 1, 1),
        (r#"{"property":{"plan":"large"},"page":"/"}"#, 0, 0),
        (r#"{"property":{}}"#, 20, 5),
        (r#"{"channel":["paid","mail"]}"#, 8, 2),
        (r#"{"utm_source":"ads"}"#, 5, 1),
        (r#"{"utm_medium":"cpc"}"#, 5, 1),
        (r#"{"utm_campaign":"autumn"}"#, 5, 1),
        (r#"{"utm_term":"shoes"}"#, 5, 1),
        (r#"{"utm_content":"blue"}"#, 5, 1),
        (r#"{"utm_content":"red"}"#, 0, 0),
        (r#"{"hostname":"www.shop.example"}"#, 5, 1),
        (r#"{"hostname":["shop.example","www.shop.example"]}"#, 16, 4),
        (r#"{"browser":"Chrome"}"#, 9, 2),
        (r#"{"os":"Windows"}"#, 12, 3),
        (r#"{"device":"tablet"}"#, 3, 1),
        (r#"{"country":"US"}"#, 5, 1),
        (r#"{"country":""}"#, 1, 0),
        (r#"{"language":"de"}"#, 11, 3),
        (r#"{"screen":"xs"}"#, 5, 1),
        (r#"{"entry_page":"/"}"#, 10, 2),
        (r#"{"exit_page":"/gone"}"#, 5, 1),
        (r#"{"bot":"false"}"#, 20, 5),
        (r#"{"bot":"true"}"#, 1, 1),
        (r#"{"bot":"any"}"#, 21, 6),
        (r#"{"bot":["true","false"]}"#, 21, 6),
        (r#"{"channel":"search","page":"/pricing"}"#, 5, 1),
        (r#"{"browser":"Chrome","entry_page":"/blog/one"}"#, 2, 1),
        (r#"{"browser":"Chrome","entry_page":"/blog/one","site":"blog"}"#, 0, 0),
    ] {
        assert_eq!(chosen(&day, filters).await, (events, visits), "{filters}");
    }
}

/// The roll-ups know nothing of most filters: what they count is left out then, and does not come beside the events.
#[tokio::test]
async fn every_filter_chooses_as_many_events_over_time_as_events() {
    let day = one_day().await;
    for filters in [
        "{}",
        r#"{"site":"shop"}"#,
        r#"{"event_type":"signup"}"#,
        r#"{"bot":"any"}"#,
        r#"{"page":"/pricing"}"#,
        r#"{"page_prefix":"/blog"}"#,
        r#"{"property":{"plan":"large"}}"#,
        r#"{"country":"US"}"#,
        r#"{"entry_page":"/"}"#,
        r#"{"exit_page":"/gone"}"#,
    ] {
        let (events, _) = chosen(&day, filters).await;
        // From hours, from minutes, and from the events.
        for width in ["1 day", "5 minutes", "90 seconds"] {
            let counted = format!(
                "(SELECT sum(events)::bigint FROM footfall.event_totals_over_time({DAY}, '{width}', 'UTC', '{filters}'))"
            );
            day.answers(&counted, &[&format!("({events})")]).await;
        }
    }
}

#[tokio::test]
async fn filters_by_event_do_not_cut_a_visit() {
    let day = one_day().await;
    let visits = |filters: &str| {
        format!(
            "(SELECT entry_page, channel, events, views, bounced, last_at - first_at FROM footfall.visits({DAY}, '{filters}') ORDER BY first_at)"
        )
    };
    day.answers(&visits(r#"{"page":"/pricing"}"#), &["(/,search,5,1,f,00:02:00)", "(/pricing,paid,2,1,f,00:04:00)"])
        .await;
    day.answers(&visits(r#"{"event_type":"signup"}"#), &["(/,search,1,0,f,00:02:00)"]).await;
}

#[tokio::test]
async fn roll_ups_answer_for_sites_bots_and_types_only() {
    let day = one_day().await;
    for (filters, answer) in [
        (r#"{"site":"shop","bot":"any"}"#, "(t,t)"),
        (r#"{"site":"shop","bot":"any","event_type":"signup"}"#, "(t,f)"),
        (r#"{"country":[],"property":{}}"#, "(t,t)"),
        (r#"{"property":{"plan":"large"}}"#, "(f,f)"),
        (r#"{"page":"/"}"#, "(f,f)"),
        (r#"{"exit_page":""}"#, "(f,f)"),
    ] {
        let asked = format!("(SELECT footfall.is_of_sites('{filters}'), footfall.is_of_days('{filters}'))");
        day.answers(&asked, &[answer]).await;
    }
}

#[tokio::test]
async fn a_wrong_filter_is_refused_by_every_function() {
    let day = one_day().await;
    for asked in CALLS.iter().chain(CALLS_WITHOUT_RANGE) {
        let refusal = day.refusal(&call(asked, DAY, r#"'{"site":"shop","colour":"red"}'"#)).await;
        assert_eq!(refusal, r#"filters: unknown key "colour""#, "{asked}");
    }
    for (filters, refusal) in [
        (r#"{"os":1}"#, r#"filters: "os" needs a string or an array of strings"#),
        (r#"{"os":null}"#, r#"filters: "os" needs a string or an array of strings"#),
        (r#"{"os":["Linux",null]}"#, r#"filters: "os" needs a string or an array of strings"#),
        (r#"{"os":{"a":"b"}}"#, r#"filters: "os" needs a string or an array of strings"#),
        (r#"{"bot":"yes"}"#, r#"filters: "bot" is "true", "false" or "any""#),
        (r#"{"property":"plan"}"#, r#"filters: "property" needs an object of strings or arrays of strings"#),
        (r#"{"property":{"seats":3}}"#, r#"filters: "property" needs an object of strings or arrays of strings"#),
        (r#"{"property":{"seats":["3",4]}}"#, r#"filters: "property" needs an object of strings or arrays of strings"#),
        ("[]", "filters: an object is needed"),
        ("null", "filters: an object is needed"),
    ] {
        assert_eq!(day.refusal(&format!("footfall.totals({DAY}, '{filters}')")).await, refusal);
    }
    // The same if filters are not constant, as in a prepared query.
    let asked = format!("SELECT * FROM footfall.totals({DAY}, $1)");
    let error = day.reader.query(&asked, &[&serde_json::json!({"colour": "red"})]).await.expect_err("a refusal");
    assert_eq!(error.as_db_error().unwrap().message(), r#"filters: unknown key "colour""#);
}

#[tokio::test]
async fn a_key_is_read_as_an_array_of_text() {
    let day = one_day().await;
    for (key, answer) in
        [("site", "({a})"), ("page_prefix", r#"("{""/50\\\\%\\\\_%""}")"#), ("bot", "({false})"), ("os", "()")]
    {
        let values = format!(r#"(SELECT footfall.filter_values('{{"site":"a","page_prefix":"/50%_"}}', '{key}'))"#);
        day.answers(&values, &[answer]).await;
    }
    day.answers(
        "(SELECT footfall.filter_values('{\"bot\":\"any\"}', 'bot'), footfall.filter_values(NULL, 'os'))",
        &["(,)"],
    )
    .await;
    day.answers(
        "(SELECT footfall.filters_name('{\"os\":\"x\"}', '{os,page}'), footfall.filters_name('{\"os\":[]}', '{os}'))",
        &["(t,f)"],
    )
    .await;
    assert_eq!(day.refusal("footfall.filter_values('{}', 'colour')").await, r#"no filter is called "colour""#);
}

/// As PostgreSQL plans for tables that are large enough, and without what the leader would answer by itself before the workers are there.
const BY_WORKERS: &str =
    "SET max_parallel_workers_per_gather = 2; SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0;
    SET parallel_tuple_cost = 0; SET parallel_leader_participation = off; SET enable_indexscan = off";

#[tokio::test]
async fn parallel_workers_answer_as_one_process_does() {
    let day = one_day().await;
    let filters = r#"'{"channel":["search","paid"],"page_prefix":"/"}'"#;
    for asked in CALLS.iter().chain(CALLS_WITHOUT_RANGE) {
        for filters in [filters, r#"'{"channel":"search"}'"#] {
            let asked = call(asked, DAY, filters);
            day.reader.batch_execute("RESET ALL; SET max_parallel_workers_per_gather = 0").await.unwrap();
            let one = day.rows(&asked).await;
            day.reader.batch_execute(BY_WORKERS).await.unwrap();
            assert_eq!(day.rows(&asked).await, one, "{asked}");
        }
    }
}
