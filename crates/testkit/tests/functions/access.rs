//! Who may call the functions, and that every function is called in a test.

use std::collections::BTreeSet;
use std::path::Path;

use footfall_testkit::checkout;

use crate::calls::{CALLS, CALLS_WITHOUT_FILTERS, CALLS_WITHOUT_RANGE};
use crate::one_day::one_day;

/// The names of the files in sql/functions.
fn functions() -> BTreeSet<String> {
    let files = std::fs::read_dir(checkout().join("sql/functions")).unwrap();
    files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn only_the_reader_may_execute_the_functions() {
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
        assert_eq!((reader, writer), (true, false), "{name}");
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
    assert_eq!(error.as_db_error().unwrap().message(), "permission denied for schema footfall");
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
            // buckets reads no table; tests/pipeline covers the pipeline's functions.
            assert!(is_listed || name == "buckets" || name.starts_with("pipeline_"), "{name} is not in calls.rs");
        }
    }
}
