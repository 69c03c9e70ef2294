//! Who may call the functions, and that every function is called in a test.

use std::collections::BTreeSet;
use std::path::Path;

use footfall_testkit::checkout;
use tokio_postgres::Config;

use crate::calls::{CALLS, CALLS_WITHOUT_FILTERS, CALLS_WITHOUT_RANGE};
use crate::one_day::one_day;

/// Those that `footfall retain` and `sum_day` call, as the owner.
const OF_THE_OWNER: [&str; 4] = ["drop_events_keeping_summary", "drop_visits", "narrow_summary", "remove_periods"];

/// The names of the files in sql/functions.
fn functions() -> BTreeSet<String> {
    let files = std::fs::read_dir(checkout().join("sql/functions")).unwrap();
    files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn only_the_reader_may_execute_the_functions_but_for_closing_days() {
    let database = one_day().await;
    let query = "
        SELECT proname::text,
            has_function_privilege('footfall_reader', oid, 'EXECUTE'),
            has_function_privilege('footfall_writer', oid, 'EXECUTE'),
            proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0)
        FROM pg_proc
        WHERE pronamespace = 'footfall'::regnamespace";
    let mut made = BTreeSet::new();
    for row in database.owner.query(query, &[]).await.unwrap() {
        let (name, reader, writer, public): (String, bool, bool, bool) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        let expected = match &*name {
            "sum_day" | "periods_to_sum" | "sum_period" => (false, true),
            "days_to_close" | "changed_days" | "day_start" => (true, true),
            name => (!OF_THE_OWNER.contains(&name), false),
        };
        assert_eq!((reader, writer), expected, "{name}");
        assert!(!public, "PUBLIC may execute {name}");
        made.insert(name);
    }
    assert_eq!(made, functions(), "each file of sql/functions defines the function after which it is named");
}

#[tokio::test]
async fn another_role_is_refused() {
    let database = one_day().await;
    let stranger = "SET ROLE footfall_writer; SELECT * FROM footfall.totals(now(), now())";
    let error = database.owner.batch_execute(stranger).await.expect_err("footfall_writer was not refused");
    assert_eq!(error.as_db_error().unwrap().message(), "permission denied for function totals");
}

/// What every role may do in a new database, and a role for reading must not.
#[tokio::test]
async fn the_reader_cannot_fill_the_disk_or_hold_a_lock() {
    let database = one_day().await;
    let settings = "SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout',
        'default_transaction_read_only', 'idle_in_transaction_session_timeout', 'temp_file_limit') ORDER BY name";
    let settings = database.reader.query(settings, &[]).await.unwrap();
    let settings: Vec<(String, String)> = settings.iter().map(|row| (row.get(0), row.get(1))).collect();
    let wanted = [
        ("default_transaction_read_only", "on"),
        ("idle_in_transaction_session_timeout", "600000"),
        ("statement_timeout", "30000"),
        ("temp_file_limit", "4194304"),
    ];
    assert_eq!(settings, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    for statement in [
        "CREATE TEMP TABLE t (a int)",
        "CREATE TABLE public.t (a int)",
        "CREATE TABLE footfall.t (a int)",
        "CREATE SCHEMA s",
        "SELECT lo_create(0)",
        "SELECT lo_creat(-1)",
        "SELECT lo_from_bytea(0, 'x')",
        "SELECT lo_import('/etc/hostname')",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_try_advisory_lock(1, 2)",
        "SELECT pg_advisory_xact_lock_shared(1)",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT pg_ls_dir('.')",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY (SELECT 1) TO '/tmp/footfall_reader'",
        "SET temp_file_limit = -1",
        "SET ROLE footfall_owner",
        "ALTER ROLE footfall_owner PASSWORD 'x'",
        "LOCK TABLE analytics_events IN SHARE MODE",
        "TRUNCATE analytics_events",
        "SELECT * FROM analytics_events FOR UPDATE",
        "SELECT footfall.narrow_summary()",
        "SELECT footfall.drop_events_keeping_summary(now(), now())",
    ] {
        // Even if it takes back that its transactions only read.
        database.reader.batch_execute("BEGIN READ WRITE").await.unwrap();
        let refused = database.reader.batch_execute(statement).await.expect_err(statement);
        assert_eq!(refused.code().unwrap().code(), "42501", "{statement}: {refused:?}");
        database.reader.batch_execute("ROLLBACK").await.unwrap();
    }
    let refused = database.reader.batch_execute("SET statement_timeout = '50ms'; SELECT pg_sleep(60)").await;
    assert_eq!(refused.unwrap_err().code().unwrap().code(), "57014", "a query that takes too long is cancelled");
    database.reader.batch_execute("RESET statement_timeout").await.unwrap();
    // footfall-view sets its own for each connection (database.query_ms_max, up to ten minutes).
    let mut view = footfall_testkit::postgres().await.url("footfall_reader", &database.name).parse::<Config>().unwrap();
    let view = footfall_testkit::connect(view.options("-c statement_timeout=600000")).await;
    let timeout = view.query_one("SHOW statement_timeout", &[]).await.unwrap();
    assert_eq!(timeout.get::<_, String>(0), "10min");
}

fn sources_under(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { sources_under(&path) } else { std::fs::read_to_string(path).unwrap() })
        .collect()
}

#[test]
fn every_function_has_a_test() {
    let sources = sources_under(&checkout().join("crates/testkit/tests"));
    let untested: Vec<_> =
        functions().into_iter().filter(|name| !sources.contains(&format!("footfall.{name}("))).collect();
    assert!(untested.is_empty(), "no test calls {untested:?}");
}

/// The lists of [`crate::calls`] are complete, so that tests of all functions really cover all.
#[tokio::test]
async fn every_function_with_a_range_or_filters_is_listed() {
    let database = one_day().await;
    for (argument, lists) in [("since", [CALLS, CALLS_WITHOUT_FILTERS]), ("filters", [CALLS, CALLS_WITHOUT_RANGE])] {
        let query = "
            SELECT proname::text FROM pg_proc
            WHERE pronamespace = 'footfall'::regnamespace AND $1 = ANY (proargnames[:pronargs]) AND proretset AND provolatile = 's'";
        for row in database.owner.query(query, &[&argument]).await.unwrap() {
            let name: String = row.get(0);
            let is_listed = lists.concat().iter().any(|call| call.starts_with(&format!("footfall.{name}(")));
            // These read no events; tests/pipeline covers the pipeline's functions.
            assert!(
                is_listed
                    || matches!(&*name, "buckets" | "summed_days" | "open_spans" | "days_with_visits")
                    || name.starts_with("pipeline_"),
                "{name} is not in calls.rs"
            );
        }
    }
}
