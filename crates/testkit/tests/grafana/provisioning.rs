//! What Grafana reads when it starts.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};

use crate::files::{dashboard, folder, list, panels, provisioned, provisioning, rules, text};

/// All names after a $ in the strings of a file.
fn environment(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(words) => {
            for rest in words.split('$').skip(1) {
                let end = rest.find(|other: char| !other.is_ascii_alphanumeric() && other != '_');
                names.insert(rest[..end.unwrap_or(rest.len())].to_owned());
            }
        }
        Value::Array(values) => values.iter().for_each(|value| environment(value, names)),
        Value::Object(fields) => fields.values().for_each(|value| environment(value, names)),
        _ => {}
    }
}

#[test]
fn the_data_source_uses_the_reader_and_contains_no_secret() {
    let file = provisioning("datasources/footfall.yaml");
    assert_eq!(file["apiVersion"], 1);
    let [source] = list(&file["datasources"]) else { panic!("one data source: {file}") };
    let expected = [
        ("uid", json!("footfall")),
        ("type", json!("grafana-postgresql-datasource")),
        ("access", json!("proxy")),
        ("user", json!("footfall_reader")),
        ("url", json!("$GRAFANA_FOOTFALL_POSTGRES")),
        ("secureJsonData", json!({ "password": "$GRAFANA_FOOTFALL_PASSWORD" })),
    ];
    for (key, value) in expected {
        assert_eq!(source[key], value, "{key}");
    }
    let options = &source["jsonData"];
    assert_eq!(options["database"], "analytics");
    assert_eq!(options["sslmode"], "$GRAFANA_FOOTFALL_SSLMODE");
    assert_eq!(options["sslRootCertFile"], "$GRAFANA_FOOTFALL_CA_FILE");
    assert_eq!((&options["timescaledb"], &options["postgresVersion"]), (&json!(true), &json!(1700)));
}

#[test]
fn the_dashboards_folder_comes_from_the_environment_and_is_none_without_it() {
    let file = provisioning("dashboards/footfall.yaml");
    let [provider] = list(&file["providers"]) else { panic!("one provider: {file}") };
    assert_eq!((&file["apiVersion"], &provider["type"]), (&json!(1), &json!("file")));
    let path = text(&provider["options"]["path"], "path");
    // Grafana substitutes the variable, and makes the path absolute from its own folder.
    let expanded = |value: &str| {
        let path = Path::new("/usr/share/grafana").join(path.replace("$GRAFANA_FOOTFALL_DASHBOARDS", value));
        path.components().fold(PathBuf::new(), |whole, part| match part {
            Component::ParentDir => whole.parent().map_or(PathBuf::from("/"), Path::to_path_buf),
            part => whole.join(part),
        })
    };
    let real = folder().join("dashboards");
    assert_eq!(expanded(real.to_str().unwrap()), real);
    assert_eq!(expanded("/footfall/dashboards"), Path::new("/footfall/dashboards"));
    let without = expanded("");
    assert_eq!(without, Path::new("/dashboards"), "not Grafana's own folder, nor one above it");
    // Grafana may create the folder first for the alert rules, with its own uid: a uid here would be another folder.
    assert_eq!((&provider["folder"], provider.get("folderUid")), (&json!("Footfall"), None));
}

#[test]
fn every_environment_variable_is_documented() {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let mut names = BTreeSet::new();
    for file in ["datasources", "dashboards"].iter().flat_map(|folder| provisioned(folder)) {
        environment(&provisioning(&file), &mut names);
    }
    assert_eq!(names.len(), 5, "{names:?}");
    for name in names {
        assert!(readme.contains(&format!("| `{name}` |")), "{name}");
    }
}

#[test]
fn alert_rules_are_complete() {
    let pipeline = dashboard("footfall-pipeline");
    let mut uids = BTreeSet::new();
    for rule in rules() {
        let uid = text(&rule["uid"], "a uid").to_owned();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        assert!(uid.len() <= 40 && uid.chars().all(plain), "{uid}");
        for key in ["title", "for", "condition"] {
            assert!(!text(&rule[key], &uid).is_empty(), "{uid}: {key}");
        }
        for key in ["summary", "description", "runbook"] {
            assert!(text(&rule["annotations"][key], &uid).len() > 20, "{uid}: {key}");
        }
        assert!(["critical", "warning"].contains(&text(&rule["labels"]["severity"], &uid)), "{uid}");
        assert!(["OK", "Alerting"].contains(&text(&rule["noDataState"], &uid)), "{uid}: noDataState must be explicit");
        assert!(["Alerting", "KeepLast"].contains(&text(&rule["execErrState"], &uid)), "{uid}");
        assert_eq!(rule["dashboardUid"], pipeline["uid"], "{uid}");
        assert!(panels(&pipeline).any(|panel| panel["id"] == rule["panelId"]), "{uid}: no such panel");

        let nodes = list(&rule["data"]);
        let letters: Vec<_> = nodes.iter().map(|node| text(&node["refId"], &uid)).collect();
        assert!(letters.contains(&text(&rule["condition"], &uid)), "{uid}");
        for (place, node) in nodes.iter().enumerate() {
            let model = &node["model"];
            assert_eq!(model["refId"], node["refId"], "{uid}");
            assert_eq!(model["datasource"]["uid"], node["datasourceUid"], "{uid}");
            let range = &node["relativeTimeRange"];
            assert_eq!(range["to"], 0, "{uid}");
            if node["datasourceUid"] == "footfall" {
                assert!(range["from"].as_u64().unwrap() > 0, "{uid}");
                continue;
            }
            assert_eq!(node["datasourceUid"], "__expr__", "{uid}");
            let expression = text(&model["expression"], &uid);
            let asked = letters.iter().filter(|letter| expression.contains(**letter));
            let asked: Vec<_> = asked.collect();
            assert!(!asked.is_empty() && asked.iter().all(|it| letters[..place].contains(*it)), "{uid}: {expression}");
        }
        assert!(uids.insert(uid), "a duplicate uid");
    }
    for file in provisioned("alerting") {
        let file = provisioning(&file);
        assert_eq!(file["apiVersion"], 1);
        for group in list(&file["groups"]) {
            assert_eq!(group["folder"], "Footfall", "the dashboards' folder");
            assert!(["1m", "1h"].contains(&text(&group["interval"], "interval")));
        }
    }
}
