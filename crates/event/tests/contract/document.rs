//! docs/fields.md and docs/reasons.md say what the code says.

use std::path::Path;

use footfall_event::dimension::EVENT_FILTERS;
use footfall_event::{Deferral, Reason, describe_fields, reasons_document};

fn written(document: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(document)).unwrap()
}

#[test]
fn the_document_of_fields_is_not_stale() {
    let described = describe_fields();
    let command = "stale: cargo run --package footfall-event --example fields > docs/fields.md";
    assert_eq!(written("fields.md"), described, "{command}");
    assert!(EVENT_FILTERS.iter().all(|(name, _)| described.contains(&format!("`{name}`"))));
}

#[test]
fn the_document_of_reasons_is_not_stale() {
    let command = "stale: cargo run --package footfall-event --example reasons > docs/reasons.md";
    assert_eq!(written("reasons.md"), reasons_document(), "{command}");
}

#[test]
fn every_reason_and_deferral_has_a_heading_a_cause_and_a_remedy_of_its_own() {
    let document = reasons_document();
    let reasons = Reason::ALL.iter().map(|reason| (reason.as_str(), reason.cause(), reason.remedy()));
    let deferrals = Deferral::ALL.iter().map(|deferral| (deferral.as_str(), deferral.cause(), deferral.remedy()));
    for (name, cause, remedy) in reasons.chain(deferrals) {
        assert_eq!(document.matches(&format!("\n### {name}\n")).count(), 1, "{name}");
        assert_eq!(document.matches(cause).count(), 1, "{name}: {cause}");
        assert!(document.contains(remedy) && remedy.ends_with('.') && cause.ends_with('.'), "{name}: {remedy}");
    }
}
