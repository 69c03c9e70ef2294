//! The generated files in docs/ match the output of the daemons and commands.

use std::process::Command;

use footfall_testkit::checkout;

#[test]
fn the_generated_documents_are_up_to_date() {
    for (document, command) in [
        ("footfall-ingest", "footfall-ingest describe"),
        ("footfall-sink", "footfall-sink describe"),
        ("footfall-view", "footfall-view describe"),
        ("footfall-retention", "footfall retain describe"),
        ("footfall-backup", "footfall backup describe"),
    ] {
        let mut words = command.split(' ');
        let program = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join(words.next().unwrap());
        let described = Command::new(program).args(words).output().unwrap();
        assert!(described.status.success());
        let file = checkout().join("docs").join(format!("{document}.md"));
        let written = std::fs::read_to_string(&file).unwrap();
        let command = format!("stale: target/debug/{command} > docs/{document}.md");
        assert_eq!(written, String::from_utf8(described.stdout).unwrap(), "{command}");
    }
}
