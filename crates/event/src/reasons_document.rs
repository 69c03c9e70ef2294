//! docs/reasons.md, generated from the code so that it cannot become stale.

use std::fmt::Write as _;

use crate::{Deferral, Reason};

const HEAD: &str = "\
# Why an event was refused, or has to be sent again

<!-- Generated: cargo run --package footfall-event --example reasons > docs/reasons.md -->

An answer of footfall-ingest that is not a success says why: in `reason` for programs, and in `message` for people. The
names below never change their meaning.
";
const DEFERRALS: &str = "
## Not taken now

The client keeps these events and sends them again; the tracker does so by itself. Events with an `event_id` are stored
once, however often they are sent. The counter `footfall_ingest_events_deferred_total{reason=\"...\"}` counts events;
for `bodies_full` and `body_incomplete` it counts requests, because their bodies were not read. It does not include
`unavailable` and `too_many_at_once`, which are answered in front of ingest.

    SELECT * FROM footfall.pipeline_counter_rate(now() - interval '1 hour', now(), '1 minute',
        'footfall_ingest_events_deferred_total', 'reason');
";
const REASONS: &str = "
## Refused

Sending these events again does not help. The status is the answer to a single event; a batch with at least one accepted
event is answered 200, and lists the others under `rejected`. Refusals are counted in `analytics_outcomes` with
`outcome = 'rejected'`, and in `footfall_ingest_events_rejected_total`. An event that another program wrote to the Kafka
topic is checked by the same rules: if refused, it is kept in `analytics_quarantine` with its reason, field and bytes, and
counted with `outcome = 'quarantined'`.

    SELECT source, reason, sum(event_count) FROM analytics_outcomes
    WHERE outcome IN ('rejected', 'quarantined') AND time_bucket > now() - interval '1 day' GROUP BY 1, 2 ORDER BY 3 DESC;
";

/// The whole document.
#[must_use]
pub fn reasons_document() -> String {
    let mut document = String::from(HEAD);
    document.push_str(DEFERRALS);
    for deferral in Deferral::ALL {
        let status = Some(deferral.http_status());
        entry(&mut document, deferral.as_str(), status, deferral.cause(), deferral.remedy());
    }
    document.push_str(REASONS);
    for reason in Reason::ALL {
        entry(&mut document, reason.as_str(), reason.http_status(), reason.cause(), reason.remedy());
    }
    document
}

fn entry(document: &mut String, name: &str, status: Option<u16>, cause: &str, remedy: &str) {
    let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    // Writing to a String cannot fail.
    let _ = write!(document, "\n### {name}\n\nStatus: {status}.\n\n**Cause.** {cause}\n\n**Remedy.** {remedy}\n");
}
