//! The roll-ups compared with the rows that they summarize.

use footfall_testkit::Pipeline;

/// How many rows of the summary, and of the visits' parts, are missing, superfluous or different from a recount of all
/// events.
pub(crate) async fn differing(pipeline: &mut Pipeline) -> [i64; 2] {
    [
        pipeline.number(include_str!("recount_summary.sql")).await,
        pipeline.number(include_str!("recount_visits.sql")).await,
    ]
}
