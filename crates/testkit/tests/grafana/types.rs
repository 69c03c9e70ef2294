//! The dashboards match the types that Grafana publishes in @grafana/schema.

use std::process::Command;

use crate::files::{dashboards, folder, panels};

#[test]
fn the_dashboards_match_the_published_types() {
    let output = Command::new("node").arg(folder().join("tests/check-types.mjs")).output().expect("node is on PATH");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let panels: usize = dashboards().iter().map(|dashboard| panels(dashboard).count()).sum();
    assert_eq!(said.trim(), format!("{panels} panels"));
}
