//! Functions of an older version, whose arguments or result columns were others.

use footfall_testkit::postgres;

use crate::database::Database;
use crate::one_day::DAY;

/// The columns that `footfall.visits` had before a dimension was added, in short.
const OLDER: &str = "
    DROP FUNCTION footfall.visits;
    CREATE FUNCTION footfall.visits(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
    RETURNS TABLE (site text) LANGUAGE sql AS $$ SELECT 'a' $$;
    GRANT EXECUTE ON FUNCTION footfall.visits TO footfall_reader;
    ALTER FUNCTION footfall.visits OWNER TO footfall_owner";

#[tokio::test]
async fn a_function_with_other_result_columns_is_replaced() {
    let database = Database::empty().await;
    database.owner.batch_execute(OLDER).await.unwrap();
    footfall_store::prepare(&postgres().await.admin(&database.name)).await.unwrap();
    database.answers(&format!("(SELECT count(hostname) FROM footfall.visits({DAY}))"), &["(0)"]).await;
}

/// A second function beside each, as one with fewer arguments was before it got another.
const OTHER_ARGUMENTS: &str = "
    DO $$
    DECLARE
        name text;
    BEGIN
        FOR name IN SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'footfall'::regnamespace LOOP
            EXECUTE format('CREATE FUNCTION footfall.%I(older boolean) RETURNS boolean LANGUAGE sql RETURN older', name);
        END LOOP;
    END
    $$";

#[tokio::test]
async fn each_function_whose_arguments_were_others_is_replaced() {
    let database = Database::empty().await;
    database.owner.batch_execute(OTHER_ARGUMENTS).await.unwrap();
    footfall_store::prepare(&postgres().await.admin(&database.name)).await.unwrap();
    let functions = "SELECT count(DISTINCT proname) > 80, count(*) - count(DISTINCT proname), count(*) FILTER (WHERE proargnames = '{older}')
        FROM pg_proc WHERE pronamespace = 'footfall'::regnamespace";
    let row = database.owner.query_one(functions, &[]).await.unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), (true, 0_i64, 0_i64));
}

#[tokio::test]
async fn a_view_of_the_operators_is_never_dropped_with_a_function() {
    let database = Database::empty().await;
    database.owner.batch_execute(OLDER).await.unwrap();
    let view = format!("CREATE VIEW public.mine AS SELECT site FROM footfall.visits({DAY})");
    database.owner.batch_execute(&view).await.unwrap();
    let refused = footfall_store::prepare(&postgres().await.admin(&database.name)).await.unwrap_err();
    assert!(refused.to_string().contains("view mine depends on function"), "{refused}");
    let kept: String = database.owner.query_one("SELECT site FROM public.mine", &[]).await.unwrap().get(0);
    assert_eq!(kept, "a");
}
