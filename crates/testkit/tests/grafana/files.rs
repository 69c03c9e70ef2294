//! The files under grafana/.

use std::path::PathBuf;

use footfall_testkit::checkout;
use serde_json::Value;

/// `grafana/` of the checkout.
pub(crate) fn folder() -> PathBuf {
    checkout().join("grafana")
}

/// Both dashboards, the visitors' first.
pub(crate) fn dashboards() -> Vec<Value> {
    let folder = folder().join("dashboards");
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    names.iter().map(|path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()).collect()
}

/// The dashboard with this uid.
pub(crate) fn dashboard(uid: &str) -> Value {
    dashboards().into_iter().find(|dashboard| dashboard["uid"] == uid).unwrap_or_else(|| panic!("no dashboard {uid}"))
}

/// A file of `grafana/provisioning`.
pub(crate) fn provisioning(path: &str) -> Value {
    let path = folder().join("provisioning").join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the files in a folder of `grafana/provisioning`.
pub(crate) fn provisioned(folder_name: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder().join("provisioning").join(folder_name)).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| format!("{folder_name}/{}", entry.unwrap().file_name().to_str().unwrap())).collect();
    names.sort();
    names
}

/// All alert rules.
pub(crate) fn rules() -> Vec<Value> {
    let files: Vec<_> = provisioned("alerting").iter().map(|file| provisioning(file)).collect();
    let groups = files.iter().flat_map(|file| list(&file["groups"]));
    groups.flat_map(|group| list(&group["rules"])).cloned().collect()
}

/// The elements of an array; none if it is missing.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A string; panics with its description if it is not one.
pub(crate) fn text<'a>(value: &'a Value, what: &str) -> &'a str {
    value.as_str().unwrap_or_else(|| panic!("{what}: {value}"))
}

/// The panels of a dashboard that show something, including those in collapsed rows.
pub(crate) fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    let all = list(&dashboard["panels"]).iter().flat_map(|panel| std::iter::once(panel).chain(list(&panel["panels"])));
    all.filter(|panel| panel["type"] != "row")
}

/// "dashboard: panel", for messages.
pub(crate) fn name(dashboard: &Value, panel: &Value) -> String {
    format!("{}: {}", dashboard["title"], panel["title"])
}
