//! What was measured, and on what.

use std::process::Command;

use tokio_postgres::Client;

/// Prints the head of the document.
pub(crate) async fn describe(owner: &Client) {
    println!("# Performance\n");
    println!("Measured by `cargo xtask bench questions`, which writes this file.\n");
    println!("| | |\n|---|---|");
    println!("| Commit | {} |", commit());
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "| Machine | {processors} processors ({}), {} GiB |",
        file_value("/proc/cpuinfo", "model name"),
        memory_gib()
    );
    println!("| Load before | {} |", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    let version = "SELECT current_setting('server_version') || ', TimescaleDB ' || extversion FROM pg_extension WHERE extname = 'timescaledb'";
    println!("| PostgreSQL | {} |", owner.query_one(version, &[]).await.unwrap().get::<_, String>(0));
    let settings = "SELECT string_agg(name || ' ' || current_setting(name), ', ' ORDER BY name) FROM pg_settings
        WHERE name IN ('shared_buffers', 'work_mem', 'jit', 'max_parallel_workers_per_gather')";
    println!("| Its settings | {} |", owner.query_one(settings, &[]).await.unwrap().get::<_, String>(0));
    let build = if cfg!(debug_assertions) { "**debug: the figures of the daemons mean nothing**" } else { "release" };
    println!("| Build | {build} |\n");
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".into() };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit} with changes"),
    }
}

fn memory_gib() -> u64 {
    let kib = file_value("/proc/meminfo", "MemTotal");
    kib.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() >> 20
}

/// The value of the first line `NAME: VALUE`.
pub(crate) fn file_value(file: &str, name: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.split_once(':').filter(|(key, _)| key.trim() == name));
    line.map_or_else(|| "unknown".into(), |(_, value)| value.trim().into())
}
