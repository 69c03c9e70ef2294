//! docs/fields.md is what the tables of fields and dimensions say.

use footfall_event::describe_fields;
use footfall_event::dimension::EVENT_FILTERS;

#[test]
fn the_document_of_fields_is_not_stale() {
    let written = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/fields.md")).unwrap();
    let described = describe_fields();
    assert!(written == described, "stale: cargo run -p footfall-event --example fields > docs/fields.md");
    assert!(EVENT_FILTERS.iter().all(|(name, _)| described.contains(&format!("`{name}`"))));
}
