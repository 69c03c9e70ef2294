//! The roll-ups against the rows that they roll up.

use footfall_testkit::Stack;

/// How many rows of the summary, and of the visits' parts, are missing, too many or other than a recount of all events
/// makes them.
pub(crate) async fn differing(stack: &mut Stack) -> [i64; 2] {
    [stack.number(include_str!("recount_summary.sql")).await, stack.number(include_str!("recount_visits.sql")).await]
}
