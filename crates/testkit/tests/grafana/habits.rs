//! The rules of Grafana's dashboard linter, and our own.

use std::collections::BTreeSet;

use footfall_testkit::checkout;
use serde_json::{Value, json};

use crate::files::{dashboards, list, name, panels, rules, text};

/// The units in use, as Grafana names them. Grafana silently shows a misspelled one as text after the number.
const UNITS: [&str; 15] = [
    "locale",
    "none",
    "string",
    "percentunit",
    "s",
    "dtdurations",
    "bytes",
    "reqps",
    "suffix:events/s",
    "suffix:transactions/s",
    "suffix:/s",
    "dateTimeAsIso",
    "dateTimeAsIsoNoDateIfToday",
    "time:MM-DD HH:mm:ss",
    "time:YYYY-MM-DD",
];
const COLUMNS: u64 = 24;

fn source() -> Value {
    json!({ "type": "grafana-postgresql-datasource", "uid": "footfall" })
}

#[test]
fn dashboards_have_stable_ids_and_refresh_as_their_range_needs() {
    let known: Vec<_> = dashboards()
        .iter()
        .map(|it| (text(&it["uid"], "uid").to_owned(), text(&it["title"], "title").to_owned()))
        .collect();
    let expected = [("footfall-analytics", "Analytics Platform Dashboard"), ("footfall-pipeline", "Footfall Pipeline")];
    assert_eq!(known, expected.map(|(uid, title)| (uid.to_owned(), title.to_owned())));
    for dashboard in dashboards() {
        // Every 5 seconds on the range with which it opens, and slower on longer ones.
        assert_eq!((&dashboard["refresh"], &dashboard["time"]["from"]), (&json!("auto"), &json!("now-1h")));
        assert_eq!(dashboard["editable"], false, "a provisioned dashboard cannot be saved");
        assert_eq!(dashboard["schemaVersion"], 42);
        assert_eq!(dashboard["timezone"], "browser");
        assert!(dashboard.get("id").is_none(), "Grafana assigns the id");
        assert!(!text(&dashboard["description"], "description").is_empty());
        // Each dashboard links to the other; a data link stays on its own.
        let whole = dashboard.to_string();
        for uid in whole.split("\"/d/").skip(1).map(|rest| rest.split(['"', '?', '/']).next().unwrap()) {
            assert!(known.iter().any(|(known, _)| known == uid), "a link to {uid}");
        }
    }
}

#[test]
fn panels_have_a_description_and_a_unit() {
    for dashboard in dashboards() {
        let mut titles = BTreeSet::new();
        for panel in panels(&dashboard) {
            let name = name(&dashboard, panel);
            assert!(titles.insert(text(&panel["title"], &name).to_owned()), "{name}: twice");
            assert!(text(&panel["description"], &name).ends_with('.'), "{name}: a sentence says what it shows");
            assert_eq!(panel["datasource"], source(), "{name}");
            let overridden = list(&panel["fieldConfig"]["overrides"]).iter().flat_map(|it| list(&it["properties"]));
            let mut units: Vec<_> =
                overridden.filter(|it| it["id"] == "unit").map(|it| text(&it["value"], &name)).collect();
            units.push(text(&panel["fieldConfig"]["defaults"]["unit"], &name));
            assert!(units.iter().all(|unit| UNITS.contains(unit)), "{name}: {units:?}");
        }
    }
}

/// The places of these panels: nothing twice, and no hole between the first line and the last.
fn fill<'a>(panels: impl Iterator<Item = &'a Value>, place: &str) {
    let mut taken = BTreeSet::new();
    for panel in panels {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(w > 0 && h > 0 && x + w <= COLUMNS, "{place}: {} is beyond the 24 columns", panel["title"]);
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{place}: {} overlaps another at {cell:?}", panel["title"]);
        }
    }
    let lines: BTreeSet<_> = taken.iter().map(|(_, y)| *y).collect();
    let height = lines.last().unwrap() - lines.first().unwrap() + 1;
    assert_eq!(u64::try_from(taken.len()).unwrap(), COLUMNS * height, "{place}: a gap");
}

#[test]
fn panels_fill_the_grid_without_overlapping() {
    for dashboard in dashboards() {
        let title = text(&dashboard["title"], "title");
        let rows = list(&dashboard["panels"]);
        fill(rows.iter(), title);
        for row in rows.iter().filter(|row| row["collapsed"] == true) {
            // A collapsed row holds its panels, which are laid out below it.
            fill(list(&row["panels"]).iter(), &name(&dashboard, row));
        }
        let all = rows.iter().chain(rows.iter().flat_map(|row| list(&row["panels"])));
        let ids: Vec<_> = all.map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{title}: a duplicate id");
    }
}

/// Every query in every file, with its location.
fn queries() -> Vec<(String, String)> {
    let mut queries = Vec::new();
    let mut add = |place: String, model: &Value, format: &str| {
        assert_eq!(model["datasource"], source(), "{place}");
        assert_eq!((&model["rawQuery"], &model["editorMode"]), (&json!(true), &json!("code")), "{place}");
        assert_eq!(model["format"], format, "{place}");
        queries.push((place, text(&model["rawSql"], "a query").to_owned()));
    };
    for dashboard in dashboards() {
        for panel in panels(&dashboard) {
            let place = name(&dashboard, panel);
            let targets = list(&panel["targets"]);
            assert!(!targets.is_empty(), "{place}: no query");
            let letters: BTreeSet<_> = targets.iter().map(|target| text(&target["refId"], &place)).collect();
            assert_eq!(letters.len(), targets.len(), "{place}: a refId comes twice");
            for target in targets {
                let is_series = panel["type"] == "timeseries" || panel["type"] == "stat" && target["format"] != "table";
                add(place.clone(), target, if is_series { "time_series" } else { "table" });
            }
        }
        for annotation in list(&dashboard["annotations"]["list"]).iter().filter(|it| it["builtIn"] != 1) {
            add(format!("annotation {}", annotation["name"]), &annotation["target"], "table");
        }
    }
    for rule in rules() {
        for node in list(&rule["data"]).iter().filter(|node| node["datasourceUid"] == "footfall") {
            add(format!("rule {}", rule["uid"]), &node["model"], "table");
        }
    }
    for dashboard in dashboards() {
        for variable in list(&dashboard["templating"]["list"]).iter().filter(|it| it["type"] == "query") {
            let query = text(&variable["query"], "a variable's query");
            queries.push((format!("variable {}", variable["name"]), query.to_owned()));
        }
    }
    queries
}

#[test]
fn queries_call_functions_for_the_selected_time_range() {
    for (place, query) in queries() {
        let words: Vec<_> = query.split_whitespace().collect();
        let sources = words.iter().zip(words.iter().skip(1)).filter(|(word, _)| ["FROM", "JOIN"].contains(*word));
        let sources: Vec<_> = sources.map(|(_, source)| *source).collect();
        assert_eq!(sources.len(), 1, "{place}: {query}");
        assert!(sources[0].starts_with("footfall."), "{place}: every number must come from a function: {query}");
        for computed in ["sum(", "avg(", "count(", " + ", " - ", " / ", "GROUP BY"] {
            // A variable computes where its range begins.
            let calculates = query.contains(computed) && !(computed == " - " && place.starts_with("variable "));
            assert!(!calculates, "{place}: it calculates ({computed}): {query}");
        }
        let lower = query.to_lowercase();
        if place.starts_with("variable ") {
            // A range of its own, so that a selection which the time range does not hold stays.
            assert!(lower.contains("now() - interval '30 days', now()"), "{place}: {query}");
            assert!(!query.contains('$'), "{place}: it depends on the time range or another variable: {query}");
            continue;
        }
        for fixed in ["now()", "interval '", "current_"] {
            assert!(!lower.contains(fixed), "{place}: it has its own time ({fixed}): {query}");
        }
        if query.contains("_over_time(") || query.contains("pipeline_balance(") {
            assert!(query.contains("'${__timezone}'"), "{place}: not in the dashboard's time zone: {query}");
        }
        if query.contains("pipeline_storage()") || query.contains("pipeline_answers()") {
            continue; // The current disk usage; whether there is an answer.
        }
        assert!(query.contains("$__timeTo()"), "{place}: not for the selected time range: {query}");
        if query.contains("time_bucket") || query.contains("bucket AS") {
            assert!(query.contains("'$__interval'"), "{place}: it has its own intervals: {query}");
        }
    }
}

#[test]
fn every_panel_of_the_visitors_dashboard_uses_every_variable() {
    let dashboard = &dashboards()[0];
    let names: Vec<_> = list(&dashboard["templating"]["list"]).iter().map(|it| text(&it["name"], "name")).collect();
    assert_eq!(names, ["site", "event_type", "page", "page_prefix", "device"]);
    for panel in panels(dashboard) {
        for target in list(&panel["targets"]) {
            for name in &names {
                let wanted = format!("${{{name}:sqlstring}}");
                assert!(text(&target["rawSql"], "a query").contains(&wanted), "{}: not {name}", panel["title"]);
            }
        }
    }
    for variable in list(&dashboard["templating"]["list"]).iter().filter(|it| it["type"] == "query") {
        assert_eq!(variable["refresh"], 1, "refreshed on load only, or a selection may vanish: {}", variable["name"]);
        assert_eq!(variable["datasource"], source());
        assert_eq!((&variable["multi"], &variable["includeAll"]), (&json!(true), &json!(true)));
        // With an empty custom value, All would be a list of all options, and exclude rows without a value.
        assert_eq!(variable["allValue"], "NULL");
    }
}

#[test]
fn the_pipeline_dashboards_queries_name_existing_metrics() {
    let documents = ["ingest", "sink"]
        .map(|daemon| std::fs::read_to_string(checkout().join(format!("docs/footfall-{daemon}.md"))).unwrap());
    let mut named = 0;
    for (place, query) in queries() {
        for metric in query.split('\'').filter(|it| it.starts_with("footfall_") || it.starts_with("process_")) {
            assert!(documents.iter().any(|it| it.contains(&format!("| `{metric}` |"))), "{place}: no metric {metric}");
            named += 1;
        }
    }
    assert!(named >= 15, "{named}");
}
