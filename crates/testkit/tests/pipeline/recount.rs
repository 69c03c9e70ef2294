//! The roll-ups and the visits compared with the rows that they summarize.

use footfall_store::recount;
use footfall_testkit::Pipeline;

/// How many rows of the summary, and of the visits and the sums of closed days, are missing, superfluous or different from a recount of all
/// events.
pub(crate) async fn differing(pipeline: &mut Pipeline) -> [i64; 2] {
    let summary = pipeline.number(include_str!("recount_summary.sql")).await;
    let visits = recount(pipeline.admin(), (None, None), |_| ()).await.unwrap();
    let events = pipeline.number("SELECT count(*) FROM analytics_events").await;
    assert_eq!(visits.events, events, "all events are counted again");
    if visits.differing > 0 {
        println!("{visits:#?}");
    }
    [summary, visits.differing]
}
