//! The roll-ups against the rows that they roll up.

use footfall_testkit::Pipeline;

/// How many rows of the summary, and of the visits' parts, are missing, too many or other than a recount of all events
/// makes them.
pub(crate) async fn differing(pipeline: &mut Pipeline) -> [i64; 2] {
    [
        pipeline.number(include_str!("recount_summary.sql")).await,
        pipeline.number(include_str!("recount_visits.sql")).await,
    ]
}
