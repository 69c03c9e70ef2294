//! Markdown tables of a daemon's configuration and metrics, generated so that they cannot drift from the code.

use std::fmt::Write;

use serde_json::Value as Json;

use crate::Configuration;
use crate::config::Keys;

/// Both tables, under second-level headings.
pub(crate) fn describe<C: Configuration>(name: &str, metrics_text: &str) -> anyhow::Result<String> {
    Ok(format!(
        "# {name}\n\n## Configuration\n\n{}\n## Metrics\n\n{}",
        configuration(&Keys::of::<C>()?),
        metrics(metrics_text)
    ))
}

pub(crate) fn configuration(keys: &Keys) -> String {
    let mut table = String::from("| Key | Type | Default | Meaning |\n|---|---|---|---|\n");
    for (path, key) in &keys.0 {
        let default = match &key.default {
            Json::Null => "none".into(),
            Json::String(text) if text.is_empty() => "none".into(),
            Json::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        };
        row(&mut table, &[&format!("`{path}`"), &key.type_name, &default, &key.meaning]);
    }
    table
}

/// Built from the HELP and TYPE lines before each metric's samples.
fn metrics(text: &str) -> String {
    let mut table = String::from("| Metric | Type | Meaning |\n|---|---|---|\n");
    let mut help = ("", "");
    let mut rows = Vec::new();
    for line in text.lines() {
        if let Some((name, words)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            help = (name, words);
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            let suffix = match kind {
                "counter" => "_total",
                "info" => "_info",
                _ => "",
            };
            let meaning = if help.0 == name { help.1 } else { "" };
            rows.push((format!("`{name}{suffix}`"), kind, meaning));
        }
    }
    rows.sort();
    for (name, kind, meaning) in rows {
        row(&mut table, &[&name, kind, meaning]);
    }
    table
}

pub(crate) fn row(table: &mut String, cells: &[&str]) {
    for cell in cells {
        // Writing to a String cannot fail.
        let _ = write!(table, "| {} ", cell.replace('|', "\\|"));
    }
    table.push_str("|\n");
}
