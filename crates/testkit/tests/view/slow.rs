//! A slow question delays neither the page nor anyone else's, and ends once its answer is not awaited any more.

use footfall_testkit::{SOON, eventually};
use serde_json::{Value, json};

use crate::view::View;

/// Parts that the slow question does not answer, and one that it does.
const OTHERS: [&str; 6] = ["now", "totals", "curve", "recent_events", "event_types", "top_pages"];
const SLOW: &str = "browser";

const GATE: &str = "CREATE TABLE gate AS SELECT true AS is_open; GRANT SELECT ON gate TO footfall_reader";

/// With a filter by browser, the function does not answer while the gate is closed.
const GATED: &str = "
    ALTER FUNCTION footfall.{name} RENAME TO {name}_at_once;
    CREATE FUNCTION footfall.{name}(since timestamptz, until timestamptz, filters jsonb, {further})
    RETURNS TABLE ({columns})
    LANGUAGE plpgsql VOLATILE AS $$
    BEGIN
        WHILE filters ? 'browser' AND NOT (SELECT is_open FROM gate) LOOP
            PERFORM pg_sleep(0.02);
        END LOOP;
        RETURN QUERY SELECT * FROM footfall.{name}_at_once($1, $2, $3, {arguments});
    END
    $$;
    GRANT EXECUTE ON FUNCTION footfall.{name} TO footfall_reader";

fn gated(name: &str, further: &str, arguments: &str, columns: &str) -> String {
    GATED
        .replace("{name}", name)
        .replace("{further}", further)
        .replace("{arguments}", arguments)
        .replace("{columns}", columns)
}

/// A view whose gate is open, with a visit.
async fn with_gate(lines: &str) -> View {
    let view = View::start(&format!("access.public = true\n{lines}"), &[]).await;
    view.database.batch_execute(GATE).await.unwrap();
    let columns = "dimension text, value text, visitors bigint, visits bigint, views bigint,
        bounce_rate double precision, visit_seconds_mean double precision, share double precision";
    let visits = gated("visits_by_all", "row_limit integer", "$4", columns);
    view.database.batch_execute(&visits).await.unwrap();
    view.store(visit("first")).await;
    view
}

fn visit(session: &str) -> Value {
    json!([{ "event_type": "page_view", "page_path": format!("/{session}"), "session_id": session, "browser": "Firefox" }])
}

async fn open(view: &View, is_open: bool) {
    view.database.execute("UPDATE gate SET is_open = $1", &[&is_open]).await.unwrap();
}

/// How many slow questions PostgreSQL works on.
async fn at_work(view: &View) -> i64 {
    at_work_on(view, "visits_by_all|totals_compared").await
}

/// The same for some questions only.
async fn at_work_on(view: &View, questions: &str) -> i64 {
    let count = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'footfall_reader' AND state = 'active'
            AND query ~ ('footfall.(' || $1 || ')[(]')";
    view.database.query_one(count, &[&questions]).await.unwrap().get(0)
}

#[tokio::test]
async fn the_page_is_shown_at_once_and_a_slow_part_follows() {
    let view = with_gate("database.query_ms_max = 600000").await;
    open(&view, false).await;
    let path = "/live/?period=24h&browser=Firefox";
    let page = view.first_paint(path).await;
    assert!(page.contains("aria-busy=\"true\"><p class=\"none\">Being worked out"), "{page}");
    assert!(page.contains("<noscript><meta http-equiv=\"refresh\"") && page.contains("Reload now"), "{page}");
    let mut open_page = view.watch("/live/events?period=24h&browser=Firefox").await;
    open_page.until_complete(&OTHERS, SOON).await;
    open_page.until(SLOW, "Being worked out", SOON).await;
    open(&view, true).await;
    open_page.until(SLOW, "Firefox", SOON).await;
    assert!(view.page(path).await.contains("Reload to update the numbers"));
}

#[tokio::test]
async fn two_hundred_slow_filters_leave_the_plain_page_and_the_api_their_turns() {
    let view = with_gate("database.query_ms_max = 600000").await;
    // The first heavy question of a page.
    let columns = "measure text, value double precision, previous_value double precision, change double precision";
    let totals = gated("totals_compared", "before_since timestamptz, before_until timestamptz", "$4, $5", columns);
    view.database.batch_execute(&totals).await.unwrap();
    open(&view, false).await;
    let mut filtered = Vec::new();
    for number in 0..200 {
        filtered.push(view.watch(&format!("/live/events?period=24h&browser=B{number}")).await);
    }
    eventually("slow questions are asked", SOON, async || at_work(&view).await >= 1).await;
    let began = std::time::Instant::now();
    let mut plain = view.watch("/live/events?period=24h").await;
    plain.until_complete(&[&OTHERS[..], &[SLOW]].concat(), SOON).await;
    eprintln!("plain page beside 200 filters: {:?}", began.elapsed());
    assert_eq!(view.ask("totals?period=24h").await["rows"][0]["visits"], 1);
    // The quick questions of the filtered pages have their turns too.
    filtered[199].until_complete(&["now", "recent_events"], SOON).await;
    assert!((1..=2).contains(&at_work(&view).await), "the slow ones are still at work");
    open(&view, true).await;
    for page in &mut filtered {
        page.until_complete(&["totals"], SOON).await;
    }
}

#[tokio::test]
async fn an_answer_that_is_not_awaited_any_more_is_cancelled_in_postgresql() {
    let view = with_gate("database.query_ms_max = 600000\nlive.linger_ms = 0").await;
    open(&view, false).await;
    let page = view.watch("/live/events?period=24h&browser=Firefox").await;
    // The question that waits, and not one of those that are answered before it.
    eventually("the page asks", SOON, async || at_work_on(&view, "visits_by_all").await == 1).await;
    drop(page);
    eventually("it is cancelled", SOON, async || at_work(&view).await == 0).await;
    for path in ["visits_by_all?browser=Firefox", "visits_by_all.csv?browser=Firefox"] {
        let requests =
            [view.send(&format!("/live/api/v1/{path}")).await, view.send(&format!("/live/api/v1/{path}")).await];
        eventually("the program asks", SOON, async || at_work_on(&view, "visits_by_all").await >= 1).await;
        drop(requests);
        eventually("it is cancelled", SOON, async || at_work(&view).await == 0).await;
    }
    eventually("none waits", SOON, async || view.metric("footfall_view_questions_waiting").await == 0.0).await;
    assert!(view.metric("footfall_view_queries_cancelled_total").await >= 3.0);
    // The connections are used again.
    open(&view, true).await;
    view.page("/live/?period=24h&browser=Firefox").await;
}

#[tokio::test]
async fn an_answer_that_takes_too_long_leaves_the_last_one_with_its_time() {
    let view = with_gate("database.query_ms_max = 2000\nlive.rest_factor = 0\nlive.tick_ms = 500").await;
    let mut page = view.watch("/live/events?period=24h&browser=Firefox").await;
    page.until(SLOW, "Firefox", SOON).await;
    open(&view, false).await;
    view.store(visit("second")).await;
    page.until(SLOW, "Newer numbers took too long", SOON).await;
    page.until(SLOW, "Firefox", SOON).await;
    page.until("recent_events", "/second", SOON).await;
    let mut other = view.watch("/live/events?period=7d&browser=Firefox").await;
    other.until(SLOW, "took too long to answer. Choose a shorter period", SOON).await;
    open(&view, true).await;
    page.until_without(SLOW, "too long", SOON).await;
}

#[tokio::test]
async fn when_all_places_are_taken_one_that_no_page_shows_makes_room() {
    let view = View::start("access.public = true\nlive.views_max = 4\nlive.linger_ms = 600000", &[]).await;
    for number in 0..10 {
        assert_eq!(view.get(&format!("/live/?browser=B{number}"), &[]).await.status, 200);
    }
    let filtered = async |number: u32| view.watch(&format!("/live/events?browser=B{number}")).await;
    let _open = [filtered(1).await, filtered(2).await, filtered(3).await];
    // The last place is kept for a page without filters.
    assert_eq!(view.get("/live/?browser=B4", &[]).await.status, 503);
    assert_eq!(view.get("/live/", &[]).await.status, 200);
}
