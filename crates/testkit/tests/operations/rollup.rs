//! Closing days, adding the events of an earlier version, changing the time zone, and `footfall rollup`.

use footfall_store::{Closer, TimeZoneError, fill_in, migrate_to, prepare, set_time_zone};
use footfall_testkit::{SOON, add_to_visits, assert_counted, connect, eventually, new_database, postgres};
use jiff::Timestamp;
use jiff::civil::Date;
use tokio_postgres::{Client, Config};
use uuid::Uuid;

use crate::command::{Answered, footfall};

const TOTALS: &str = "SELECT format('%s %s %s %s', visitors, visits, views, events) FROM footfall.totals('2026-03-01Z', '2026-04-01Z', '{\"bot\": \"any\"}')";

struct Instance {
    admin: Config,
    owner_url: String,
    client: Client,
}

impl Instance {
    /// As the version before the visits left it, and brought up to date.
    async fn upgraded() -> Self {
        let (postgres, name) = (postgres().await, format!("test_{}", Uuid::now_v7().simple()));
        let admin = postgres.admin(&name);
        migrate_to(&admin, 14).await.unwrap();
        connect(&admin).await.batch_execute(include_str!("earlier.sql")).await.unwrap();
        prepare(&admin).await.unwrap();
        let client = connect(&admin).await;
        Self { admin, owner_url: postgres.url("footfall_owner", &name), client }
    }

    /// With events of 40 days, none of which is closed.
    async fn of_many_days() -> Self {
        let (postgres, name) = (postgres().await, new_database(postgres().await).await);
        let admin = postgres.admin(&name);
        let client = connect(&admin).await;
        let events = "INSERT INTO analytics_events (timestamp, event_type, page_url, page_path, session_id, event_id, received_at, schema_version, bot, metadata)
            SELECT at, (ARRAY['page_view', 'web_vitals', 'signup'])[1 + number % 3], 'https://a.b/' || number % 5, '/' || number % 5, 's' || number / 6,
                gen_random_uuid(), at, 1, number % 40 = 0,
                CASE number % 3 WHEN 1 THEN jsonb_build_object('lcp_ms', number) WHEN 2 THEN jsonb_build_object('plan', number % 7) END
            FROM generate_series(1, 960) AS number
            CROSS JOIN LATERAL (SELECT '2026-03-01 00:00Z'::timestamptz + number * INTERVAL '1 hour') AS moment (at)";
        client.batch_execute(events).await.unwrap();
        add_to_visits(&client, &admin).await;
        Self { admin, owner_url: postgres.url("footfall_owner", &name), client }
    }

    /// What several questions answer about a range that begins and ends within a day.
    async fn answers(&self) -> String {
        let range = "'2026-03-01 12:00Z', '2026-04-08 12:00Z'";
        let mut answers = String::new();
        for question in ["totals", "visits_by_all", "events_by_all", "web_vitals", "visits_by_hour"] {
            let answer = format!(
                "SELECT string_agg(one::text, ' ' ORDER BY one::text) FROM footfall.{question}({range}) AS one"
            );
            answers += &self.text(&answer).await;
        }
        answers
    }

    /// How many there are of each length.
    async fn periods(&self) -> String {
        let periods = "SELECT coalesce(string_agg(format('%s of %s', number, days), ', ' ORDER BY days), 'none')
            FROM (SELECT days, count(*) AS number FROM analytics_periods GROUP BY 1) AS period";
        self.text(periods).await
    }

    /// With all events added, and all days closed.
    async fn closed() -> Self {
        let instance = Self::upgraded().await;
        instance.rollup(&[]).await.assert(0, "5 days are closed");
        instance
    }

    async fn number(&self, query: &str) -> i64 {
        self.client.query_one(query, &[]).await.unwrap().get(0)
    }

    async fn text(&self, query: &str) -> String {
        self.client.query_one(query, &[]).await.unwrap().get(0)
    }

    async fn rollup(&self, arguments: &[&str]) -> Answered {
        footfall(&[&["rollup", "--database", &self.owner_url], arguments].concat()).await
    }

    async fn closer(&self) -> Closer {
        Closer::connect(&self.admin).await.unwrap()
    }

    /// As the writer does it when an event is added.
    async fn change_first_visit(&self, since: &str) {
        let first = format!(
            "SELECT visit_key, first_at FROM analytics_visits WHERE first_at >= '{since}' ORDER BY first_at LIMIT 1"
        );
        let first = self.client.query_one(&first, &[]).await.unwrap();
        let (key, at): (i64, Timestamp) = (first.get(0), first.get(1));
        let note = fill_in(include_str!("../../../../sql/writer/note_changes.sql"));
        self.client.batch_execute("BEGIN").await.unwrap();
        self.client.execute(&*note, &[&[key].as_slice(), &[at].as_slice(), &at, &at]).await.unwrap();
        let change = "UPDATE analytics_visits SET events = events + 1 WHERE visit_key = $1 AND first_at = $2";
        assert_eq!(self.client.execute(change, &[&key, &at]).await.unwrap(), 1);
        self.client.batch_execute("COMMIT").await.unwrap();
    }

    /// Until two connections wait for a lock.
    async fn until_two_wait(&self) {
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually("both wait", SOON, async || self.number(waiting).await == 2).await;
    }

    /// Those of which nothing has changed since.
    async fn closed_days(&self) -> i64 {
        self.number("SELECT count(*) FROM footfall.summed_days('-infinity', 'infinity') WHERE NOT has_changed").await
    }
}

async fn close_all(closer: &mut Closer) {
    for day in closer.days_to_close().await.unwrap() {
        closer.sum(day, None).await.unwrap();
    }
}

#[tokio::test]
async fn an_earlier_instance_is_taken_over_in_slices_and_its_half_hours_without_events_become_visits() {
    let instance = Instance::upgraded().await;
    let mut first = instance.closer().await;
    let progress = first.add_older_events().await.unwrap().unwrap();
    assert!((5_000..6_000).contains(&progress.events), "{progress:?}");
    drop(first);
    let shown = "SELECT format('%s %s', events, reached > oldest) FROM footfall.pipeline_backfill()";
    assert_eq!(instance.text(shown).await, format!("{} t", progress.events));
    assert!(instance.closer().await.days_due().await.unwrap().iter().all(|day| day.day() >= 10), "only complete days");
    instance.rollup(&["--verify"]).await.assert(1, "run `footfall rollup` first");

    let answer = instance.rollup(&[]).await;
    answer.assert(0, "5 days are closed");
    assert_eq!(instance.number("SELECT count(*) FROM footfall.pipeline_backfill()").await, 0);
    assert_eq!(instance.number("SELECT sum(events)::bigint FROM analytics_visits").await, 12_000 + 11);
    assert_eq!(assert_counted(&instance.admin).await.days, 5);
    let former = "SELECT string_agg(format('%s %s %s %s %s %s', to_char(first_at AT TIME ZONE 'UTC', 'DD HH24:MI'), entry_page, exit_page, browser, events, views), ', ' ORDER BY first_at)
        FROM footfall.visits('-infinity', 'infinity', '{\"site\": \"b\"}')";
    assert_eq!(
        instance.text(former).await,
        "05 10:05 /in /later Firefox 8 6, 06 23:31 /in /out Firefox 3 2",
        "10:05 to 10:25, 10:40 to 10:41 and 11:00 to 11:20 are one visit"
    );
}

#[tokio::test]
async fn what_is_stored_while_a_day_is_being_closed_leaves_it_open() {
    let instance = Instance::closed().await;
    instance.change_first_visit("-infinity").await;
    assert_eq!(instance.closed_days().await, 4);
    let before = instance.text(TOTALS).await;
    let mut other = connect(&instance.admin).await;
    let lock = other.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE analytics_days IN SHARE MODE").await.unwrap();
    // Two at the same moment, both with a snapshot of before.
    let (mut one, mut two) = (instance.closer().await, instance.closer().await);
    let day = one.days_to_close().await.unwrap()[0];
    let closing = tokio::spawn(async move { tokio::join!(one.sum(day, None), two.sum(day, None)) });
    instance.until_two_wait().await;
    instance.change_first_visit("-infinity").await;
    lock.commit().await.unwrap();
    let (one, two) = closing.await.unwrap();
    one.unwrap();
    two.unwrap();
    assert_eq!(instance.closed_days().await, 4, "the day is open");
    assert_ne!(instance.text(TOTALS).await, before);
    let mut closer = instance.closer().await;
    assert_eq!(closer.days_to_close().await.unwrap(), [day]);
    let exact = instance.text(TOTALS).await;
    closer.sum(day, None).await.unwrap();
    assert_eq!(instance.closed_days().await, 5);
    assert_eq!(instance.text(TOTALS).await, exact);
}

#[tokio::test]
async fn days_are_added_up_to_periods_and_a_day_that_changes_removes_those_with_it() {
    let instance = Instance::of_many_days().await;
    let exact = instance.answers().await;
    let mut closer = instance.closer().await;
    close_all(&mut closer).await;
    assert_eq!(instance.answers().await, exact);
    closer.sum_periods(false).await.unwrap();
    assert_eq!(instance.periods().await, "none", "the days may change again soon");
    instance.rollup(&[]).await.assert(0, "0 days are closed");
    let periods = instance.periods().await;
    assert_eq!(periods, "10 of 4, 2 of 16");
    assert_eq!(instance.answers().await, exact);
    assert_eq!(assert_counted(&instance.admin).await.days, 41);
    // That the periods are what is read.
    instance.client.batch_execute("BEGIN; DELETE FROM analytics_rollup WHERE days = 16").await.unwrap();
    assert_ne!(instance.answers().await, exact);
    instance.client.batch_execute("ROLLBACK").await.unwrap();

    // One visit of a day within two periods.
    let day: Date = "2026-03-15".parse().unwrap();
    instance.client.batch_execute("UPDATE analytics_days SET summed_at = now() - INTERVAL '1 day'").await.unwrap();
    instance.change_first_visit("2026-03-15Z").await;
    let changed = instance.answers().await;
    assert_ne!(changed, exact);
    assert_eq!(instance.periods().await, periods, "with what has changed since, they still are of use");
    assert_eq!(closer.days_to_close().await.unwrap(), [day]);
    closer.sum(day, None).await.unwrap();
    assert_eq!(instance.periods().await, "9 of 4, 1 of 16");
    assert_eq!(instance.answers().await, changed);
    closer.sum_periods(false).await.unwrap();
    assert_eq!(instance.periods().await, "9 of 4, 1 of 16", "this day was summed a moment ago");
    closer.sum_periods(true).await.unwrap();
    assert_eq!((instance.periods().await, instance.answers().await), (periods, changed));

    instance.client.batch_execute("SELECT footfall.remove_periods('2026-03-15')").await.unwrap();
    assert_eq!(instance.periods().await, "9 of 4, 1 of 16");
    let left =
        "SELECT count(*) FROM analytics_rollup WHERE days > 1 AND day <= '2026-03-15' AND day + days > '2026-03-15'";
    assert_eq!(instance.number(left).await, 0);
    let change = "UPDATE analytics_rollup SET visits = visits + 1 WHERE days = 4 AND list = 'total'";
    instance.client.batch_execute(change).await.unwrap();
    instance.rollup(&["--verify"]).await.assert(1, "4 together, sums stored: {");
}

#[tokio::test]
async fn a_period_and_one_of_its_days_that_are_summed_at_the_same_moment_agree() {
    let instance = Instance::of_many_days().await;
    let mut closer = instance.closer().await;
    close_all(&mut closer).await;
    instance.change_first_visit("2026-03-15Z").await;
    let exact = instance.answers().await;
    let day = closer.days_to_close().await.unwrap()[0];
    let mut other = connect(&instance.admin).await;
    let lock = other.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE analytics_days IN SHARE MODE").await.unwrap();
    let period = "SELECT footfall.sum_period(day, days, of_days) FROM footfall.periods_to_sum() WHERE day <= '2026-03-15' AND day + days > '2026-03-15'";
    let adding = connect(&instance.admin).await;
    let period = format!("BEGIN ISOLATION LEVEL REPEATABLE READ; {period}; COMMIT");
    let both = async move { tokio::join!(closer.sum(day, None), adding.batch_execute(&period)) };
    let both = tokio::spawn(both);
    instance.until_two_wait().await;
    lock.commit().await.unwrap();
    let (summed, added) = both.await.unwrap();
    summed.unwrap();
    // One of the two has failed.
    let is_closed = instance.number("SELECT count(*) FROM footfall.days_to_close()").await == 0;
    assert_ne!(is_closed, added.is_ok(), "{added:?}");
    assert_eq!(instance.answers().await, exact);
    instance.rollup(&[]).await.assert(0, "days are closed");
    assert_eq!(instance.answers().await, exact);
    // The visit itself is not what its events say; all sums are what the visits say.
    instance.rollup(&["--verify"]).await.assert(1, "2 rows differ");
}

#[tokio::test]
async fn a_change_of_time_zone_divides_all_days_anew() {
    let instance = Instance::closed().await;
    let before = instance.text(TOTALS).await;
    instance.rollup(&["--time-zone", "Europe/Atlantis"]).await.assert(1, "not a time zone that PostgreSQL knows");
    let refused = set_time_zone(&instance.admin, "+05:00").await;
    assert!(matches!(refused, Err(TimeZoneError::Unknown(_))), "{refused:?}");
    assert_eq!(instance.closed_days().await, 5);
    assert_eq!(set_time_zone(&instance.admin, "Pacific/Auckland").await.unwrap(), "UTC");
    assert_eq!(instance.closed_days().await, 0);
    let open = instance.text(TOTALS).await;
    assert_ne!(open, before, "other days have other visitors");
    instance.rollup(&[]).await.assert(0, "6 days are closed");
    assert_eq!(instance.text(TOTALS).await, open);
    assert_eq!(assert_counted(&instance.admin).await.days, 6);
    let midnights = "SELECT count(*) FROM analytics_days WHERE to_char(starts_at AT TIME ZONE 'Pacific/Auckland', 'HH24:MI') = '00:00'";
    assert_eq!(instance.number(midnights).await, 6);
    instance.rollup(&["--time-zone", "UTC"]).await.assert(0, "before, they were those of Pacific/Auckland");
    assert_eq!(instance.text(TOTALS).await, before);
}

#[tokio::test]
async fn a_row_that_was_changed_by_hand_is_found() {
    let instance = Instance::closed().await;
    let verify = ["--verify", "--since", "2026-03-09", "--until", "2026-03-09"];
    instance.rollup(&verify).await.assert(0, "from 2026-03-09T00:00:00Z to 2026-03-10T00:00:00Z");
    for (day, change, back, says) in [
        ("2026-03-09 15:00Z", "visits SET views = views + 1", "visits SET views = views - 1", "counted: {"),
        (
            "2026-03-09 15:00Z",
            "visits SET kinds = kinds || 7::bigint",
            "visits SET kinds = trim_array(kinds, 1)",
            "stored: {",
        ),
    ] {
        let one = format!(
            "WHERE (visit_key, first_at) = (SELECT visit_key, first_at FROM analytics_visits WHERE first_at > '{day}' AND visitor IS NOT NULL ORDER BY 2 LIMIT 1)"
        );
        instance.client.batch_execute(&format!("UPDATE analytics_{change} {one}")).await.unwrap();
        instance.rollup(&verify).await.assert(1, says);
        // Another day is as it was.
        let other = ["--verify", "--since", "2026-03-10", "--until", "2026-03-10"];
        instance.rollup(&other).await.assert(0, "0 rows differ");
        instance.client.batch_execute(&format!("UPDATE analytics_{back} {one}")).await.unwrap();
    }
    instance.rollup(&verify).await.assert(0, "0 rows differ");
    let change = "UPDATE analytics_rollup SET visits = visits + 1 WHERE day = '2026-03-09' AND list = 'browser'";
    instance.client.batch_execute(change).await.unwrap();
    instance.rollup(&verify).await.assert(1, "2026-03-09, sums stored: {");
    // A row without a key, of a day that is not closed.
    let gone = "DELETE FROM analytics_days; DELETE FROM analytics_visits WHERE first_at =
        (SELECT min(first_at) FROM analytics_visits WHERE visitor IS NULL AND first_at >= '2026-03-10Z')";
    instance.client.batch_execute(gone).await.unwrap();
    let first = ["--verify", "--since", "2026-03-10", "--until", "2026-03-10"];
    instance.rollup(&first).await.assert(1, "counted: {");
}

#[tokio::test]
async fn visits_of_a_day_that_is_open_are_kept() {
    let instance = Instance::upgraded().await;
    let drop_all = "SELECT footfall.drop_visits('2026-03-05Z', '2026-03-06Z')";
    let refused = instance.client.query(drop_all, &[]).await.unwrap_err();
    assert!(refused.as_db_error().unwrap().message().contains("is not closed"), "{refused:?}");
    assert_eq!(instance.number("SELECT count(*) FROM analytics_visits").await, 2);
    instance.rollup(&[]).await.assert(0, "5 days are closed");
    let before = instance.text(TOTALS).await;
    assert_eq!(instance.number(drop_all).await, 1);
    assert_eq!(instance.text(TOTALS).await, before);
    assert_eq!(instance.number("SELECT count(*) FROM analytics_days WHERE is_final").await, 1);
    // A day that spans two chunks is final with the first of them.
    set_time_zone(&instance.admin, "America/New_York").await.unwrap();
    assert_eq!(instance.number("SELECT count(*) FROM analytics_days").await, 1, "the day without visits stays");
}
