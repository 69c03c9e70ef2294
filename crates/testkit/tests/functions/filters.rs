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
        (r#"{"channel":"direct"}"#, 4, 2),
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
        (r#"{"entry_page":"/"}"#, 9, 2),
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
    let whole = format!(
        "(SELECT events, views FROM footfall.whole_visits({DAY}, '{{\"event_type\":\"signup\"}}') ORDER BY first_at LIMIT 1)"
    );
    day.answers(&whole, &["(7,2)"]).await;
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
