//! The configuration of timed jobs is checked before anything is done, and errors are named.

use footfall_testkit::{checkout, run_dir};

use crate::command::footfall;

#[tokio::test]
async fn an_invalid_field_is_named_and_nothing_is_done() {
    let file = run_dir("configuration").join("some.toml");
    for (command, lines, wanted) in [
        ("retain", "keep_days.analytics_ledger = 7", "keep_days.analytics_ledger: 7 is not more than 7"),
        (
            "retain",
            "keep_days.analytics_summary = 400",
            "keep_days.analytics_summary: 400 is less than keep_days.analytics_events",
        ),
        (
            "retain",
            "keep_days.analytics_event = 9",
            "keep_days.analytics_event: unknown key; did you mean keep_days.analytics_events?",
        ),
        ("retain", "keep_days.pipeline_samples = -1", "keep_days.pipeline_samples: "),
        ("retain", "columnstore.after_days = 40000", "columnstore.after_days: 40000 lies outside of"),
        ("retain", "batch.rows_max = 0", "batch.rows_max: 0 lies outside of"),
        ("retain", "database.url = \"hos\"", "database.url: "),
        ("retain", "log.level = \"loud\"", "log.level: "),
        ("backup", "keep = 0", "keep: 0 lies outside of"),
        ("backup", "dir = \"here\"", "dir: is not an absolute path"),
        ("backup", "compression = \"zstd --file=x\"", "compression: is none of"),
        ("backup", "database.url = \"host=/run\"", "database.url: names no database"),
    ] {
        std::fs::write(&file, lines).unwrap();
        let file = file.to_str().unwrap();
        for arguments in [vec![command, "--config", file], vec![command, "check-config", "--config", file]] {
            let answered = footfall(&arguments).await;
            answered.assert(64, wanted);
            assert!(answered.text.contains(file), "{answered:?}");
        }
    }
}

#[tokio::test]
async fn the_installed_configuration_equals_the_defaults() {
    for (command, file) in [("retain", "retention.toml"), ("backup", "backup.toml")] {
        let path = checkout().join("nixos/footfall").join(file);
        let installed = footfall(&[command, "print-config", "--config", path.to_str().unwrap()]).await;
        let defaults = footfall(&[command, "print-config"]).await;
        installed.assert(0, "[database]");
        assert_eq!(installed.text, defaults.text);
    }
}
