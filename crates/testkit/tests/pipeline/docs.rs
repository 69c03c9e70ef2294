//! What docs/ says of the daemons is what the daemons say of themselves.

use std::process::Command;

use footfall_testkit::checkout;

#[test]
fn the_tables_of_configuration_and_metrics_are_not_stale() {
    for daemon in ["footfall-ingest", "footfall-sink", "footfall-view"] {
        let program = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join(daemon);
        let described = Command::new(program).arg("describe").output().unwrap();
        assert!(described.status.success());
        let file = checkout().join("docs").join(format!("{daemon}.md"));
        let written = std::fs::read_to_string(&file).unwrap();
        let command = format!("stale: target/debug/{daemon} describe > docs/{daemon}.md");
        assert_eq!(written, String::from_utf8(described.stdout).unwrap(), "{command}");
    }
}
