//! docs/reasons.md, made from the code so that it cannot fall behind it.

use std::fmt::Write as _;

use crate::{Deferral, Reason};

const HEAD: &str = "\
# Why an event was refused, or has to be sent again

<!-- Generated: cargo run --package footfall-event --example reasons > docs/reasons.md -->

An answer of footfall-ingest that is not a success says why in `reason`, for a program, and in `message`, for a person.
The names below never change their meaning.
";
const DEFERRALS: &str = "
## Not taken now

The client keeps these events and sends them again; the tracker does so by itself. Events with an `event_id` are stored
once however often they come. The counter `footfall_ingest_events_deferred_total{reason=\"...\"}` counts events, and
requests for `bodies_full` and `body_incomplete`, whose bodies were not read. `unavailable` is answered in front of
ingest, which cannot count it.

    SELECT * FROM footfall.pipeline_counter_rate(now() - interval '1 hour', now(), '1 minute',
        'footfall_ingest_events_deferred_total', 'reason');
";
const REASONS: &str = "
## Refused

Sending these events again does not help. The status is that of a single event's answer; a batch of which at least one
event was accepted is answered 200, with the others under `rejected`. Refusals are counted in `analytics_outcomes` with
`outcome = 'rejected'`, and in `footfall_ingest_events_rejected_total`. An event that another program wrote into the Kafka
topic is checked by the same rules: it is kept in `analytics_quarantine` with its reason, field and bytes, and counted with
`outcome = 'quarantined'`.

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
