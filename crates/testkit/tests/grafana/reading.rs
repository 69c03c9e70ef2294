//! What a person sees: numbers that can be read, on a laptop and on a phone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::database::{KNOWN, Kind, Reader};
use crate::files::{dashboard, dashboards, list, name, panels, text};
use crate::panels::{all, ask_panel};

/// What is left for panels of a screen of 1366 pixels beside an open menu, and of a phone.
const LAPTOP_PX: u64 = 1100;
const PHONE_PX: u64 = 343;
const COLUMNS: u64 = 24;

/// The settings of a field: the panel's, and those of its override.
fn settings(panel: &Value, field: &str) -> BTreeMap<String, Value> {
    let defaults = &panel["fieldConfig"]["defaults"];
    let mut settings: BTreeMap<_, _> = defaults.as_object().unwrap().clone().into_iter().collect();
    for (key, value) in defaults["custom"].as_object().into_iter().flatten() {
        settings.insert(format!("custom.{key}"), value.clone());
    }
    let overrides = list(&panel["fieldConfig"]["overrides"]);
    for property in
        overrides.iter().filter(|it| it["matcher"]["options"] == field).flat_map(|it| list(&it["properties"]))
    {
        settings.insert(text(&property["id"], "a property").to_owned(), property["value"].clone());
    }
    settings
}

/// Columns that count something, by their names in the functions and in the panels.
const COUNTS: [&str; 15] = [
    "accepted",
    "stored",
    "duplicate",
    "quarantined",
    "rejected",
    "waiting",
    "unexplained",
    "events",
    "visits",
    "visitors",
    "visitors now",
    "views",
    "page views",
    "samples",
    "restarts",
];

#[tokio::test]
async fn a_count_is_shown_with_all_its_digits_and_without_decimals() {
    let mut counts = 0;
    for dashboard in dashboards() {
        let choice = all(&dashboard, "2026-03-10T10:00:00Z", "2026-03-10T12:00:00Z");
        for panel in panels(&dashboard) {
            for answer in ask_panel(&Reader::of(KNOWN).await, panel, &choice).await {
                for (column, kind) in &answer.columns {
                    let is_gauge_of_bytes = panel["fieldConfig"]["defaults"]["unit"] == "bytes";
                    if *kind != Kind::Number || is_gauge_of_bytes || !COUNTS.contains(&&*column.to_lowercase()) {
                        continue;
                    }
                    let settings = settings(panel, column);
                    let place = format!("{}, {column}", name(&dashboard, panel));
                    assert_eq!((&settings["unit"], &settings["decimals"]), (&json!("locale"), &json!(0)), "{place}");
                    counts += 1;
                }
            }
            // No panel abbreviates: 2 K visitors hide the next click.
            assert!(!panel["fieldConfig"].to_string().contains("\"short\""), "{}", name(&dashboard, panel));
        }
    }
    assert!(counts > 40, "{counts}");
    // A gauge of messages or rows, too.
    let pipeline = dashboard("footfall-pipeline");
    for title in ["Lag by partition", "Rows per batch"] {
        let panel = panels(&pipeline).find(|panel| panel["title"] == title).unwrap();
        let settings = settings(panel, "value");
        assert_eq!((&settings["unit"], &settings["decimals"]), (&json!("locale"), &json!(0)), "{title}");
    }
}

#[tokio::test]
async fn a_number_that_is_no_count_has_a_unit() {
    for dashboard in dashboards() {
        let choice = all(&dashboard, "2026-03-10T10:00:00Z", "2026-03-10T12:00:00Z");
        for panel in panels(&dashboard) {
            for answer in ask_panel(&Reader::of(KNOWN).await, panel, &choice).await {
                for (column, kind) in &answer.columns {
                    let (settings, place) = (settings(panel, column), format!("{}, {column}", name(&dashboard, panel)));
                    let unit = text(&settings["unit"], &place);
                    let column = column.to_lowercase();
                    if column.contains("rate") || column.contains("share") {
                        assert_eq!((unit, &settings["decimals"]), ("percentunit", &json!(0)), "{place}");
                    } else if column.contains("seconds") || column.contains("time per") {
                        assert!(["s", "dtdurations"].contains(&unit), "{place}: {unit}");
                    } else if column.contains("bytes") {
                        assert_eq!(unit, "bytes", "{place}");
                    } else if column == "per_second" {
                        assert!(unit.ends_with("/s") || ["reqps", "percentunit"].contains(&unit), "{place}: {unit}");
                    } else if *kind == Kind::Time && column != "time" {
                        assert!(unit.starts_with("dateTime") || unit.starts_with("time:"), "{place}: {unit}");
                    } else if *kind == Kind::Flag {
                        let words = &settings["mappings"][0]["options"];
                        assert_eq!(
                            (&words["true"]["text"], &words["false"]["text"]),
                            (&json!("yes"), &json!("no")),
                            "{place}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_bar_begins_at_zero_and_is_measured_by_its_own_column() {
    let mut bars = 0;
    for dashboard in dashboards() {
        for panel in panels(&dashboard) {
            assert_ne!(panel["type"], "gauge", "{}: a total has no maximum", name(&dashboard, panel));
            for over in list(&panel["fieldConfig"]["overrides"]) {
                let column = text(&over["matcher"]["options"], "a column");
                let settings = settings(panel, column);
                if settings.get("custom.cellOptions").is_some_and(|cell| cell["type"] == "gauge") {
                    let place = format!("{}, {column}", name(&dashboard, panel));
                    assert_eq!((&settings["min"], &settings["fieldMinMax"]), (&json!(0), &json!(true)), "{place}");
                    bars += 1;
                }
            }
            if panel["type"] == "timeseries" {
                assert_eq!(panel["fieldConfig"]["defaults"]["min"], 0, "{}", name(&dashboard, panel));
            }
        }
    }
    assert!(bars >= 9, "{bars}");
}

#[tokio::test]
async fn every_table_keeps_its_columns() {
    for dashboard in dashboards() {
        let choice = all(&dashboard, "2026-03-10T10:00:00Z", "2026-03-10T12:00:00Z");
        for panel in panels(&dashboard).filter(|panel| panel["type"] == "table") {
            let answer = ask_panel(&Reader::of(KNOWN).await, panel, &choice).await.remove(0);
            let widths = answer.columns.iter().map(|(column, _)| {
                let settings = settings(panel, column);
                settings.get("custom.width").unwrap_or(&settings["custom.minWidth"]).as_u64().unwrap()
            });
            let widths: Vec<_> = widths.collect();
            let place = name(&dashboard, panel);
            // Below 50 pixels not even a number can be read.
            assert!(widths.iter().all(|width| *width >= 50), "{place}: {widths:?}");
            let room = LAPTOP_PX * panel["gridPos"]["w"].as_u64().unwrap() / COLUMNS;
            let is_log = panel["title"] == "Recent events";
            let beyond = if is_log { 100 } else { 0 };
            assert!(widths.iter().sum::<u64>() <= room + beyond, "{place}: {widths:?} in {room}");
            // A phone shows a panel at full width: what matters most stands in the first three columns.
            assert!(widths.iter().take(3).sum::<u64>() <= PHONE_PX, "{place}: {widths:?} on a phone");
        }
    }
}

#[test]
fn legends_stand_below_and_say_how_many() {
    for dashboard in dashboards() {
        for panel in panels(&dashboard) {
            let legend = &panel["options"]["legend"];
            if legend.is_null() {
                continue;
            }
            assert_eq!(legend["placement"], "bottom", "{}: beside, a phone has no room", name(&dashboard, panel));
            if panel["type"] == "piechart" {
                let wanted = (&json!("table"), &json!(["value", "percent"]));
                assert_eq!((&legend["displayMode"], &legend["values"]), wanted, "{}", name(&dashboard, panel));
            }
        }
    }
}

#[test]
fn the_first_generations_panels_come_first() {
    let visitors = dashboard("footfall-analytics");
    let titles: Vec<_> = panels(&visitors).map(|panel| text(&panel["title"], "title")).take(4).collect();
    assert_eq!(titles, ["Events by type", "All events", "Events by type, shares", "Recent events"]);
    let pipeline = dashboard("footfall-pipeline");
    let titles: Vec<_> = panels(&pipeline).map(|panel| text(&panel["title"], "title")).take(3).collect();
    assert_eq!(titles, ["Does it add up?", "Events by outcome", "Daemons"]);
    for (dashboard, collapsed) in
        [(visitors, ["Devices", "Now, and page speed"]), (pipeline, ["Database", "Processes"])]
    {
        let rows =
            list(&dashboard["panels"]).iter().filter(|panel| panel["type"] == "row" && panel["collapsed"] == true);
        assert_eq!(rows.map(|row| text(&row["title"], "title")).collect::<Vec<_>>(), collapsed);
    }
}

/// The types that the tracker sends, and `footfall.custom_events` leaves out, have the same colour in every panel.
#[test]
fn event_types_keep_their_colours() {
    let source = std::fs::read_to_string(footfall_testkit::checkout().join("sql/functions/custom_events.sql")).unwrap();
    let known = source.split_once("NOT IN (").unwrap().1.split_once(')').unwrap().0;
    let known: Vec<_> = known.split(',').map(|kind| kind.trim().trim_matches('\'')).collect();
    assert_eq!(known.len(), 10, "{known:?}");
    let visitors = dashboard("footfall-analytics");
    let colours = |title: &str| {
        let panel = panels(&visitors).find(|panel| panel["title"] == title).unwrap();
        let colours = known.iter().map(|kind| settings(panel, kind)["color"].clone());
        colours.collect::<Vec<_>>()
    };
    let first = colours("Events by type");
    assert!(first.iter().all(|colour| colour["mode"] == "fixed"), "{first:?}");
    let mut different: Vec<_> = first.iter().map(Value::to_string).collect();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), known.len(), "{different:?}");
    assert_eq!(colours("Events by type, shares"), first);
}

#[test]
fn an_outage_is_a_gap_and_not_the_value_before_it() {
    for panel in panels(&dashboard("footfall-pipeline")).filter(|panel| panel["type"] == "timeseries") {
        let custom = &panel["fieldConfig"]["defaults"]["custom"];
        // A single value between two gaps is a point.
        assert_eq!(
            (&custom["spanNulls"], &custom["showPoints"]),
            (&json!(false), &json!("auto")),
            "{}",
            panel["title"]
        );
        let calculated = panel["options"]["legend"]["calcs"].to_string();
        assert!(!calculated.contains("NotNull"), "{}: after an outage it shows what was before it", panel["title"]);
    }
}

#[test]
fn a_map_asks_no_other_server() {
    let visitors = dashboard("footfall-analytics");
    let map = panels(&visitors).find(|panel| panel["type"] == "geomap").unwrap();
    assert_eq!(map["options"]["basemap"]["type"], "geojson");
    assert_eq!(map["options"]["basemap"]["config"]["src"], "public/maps/countries.geojson");
    assert!(!dashboards().iter().any(|dashboard| dashboard.to_string().contains("http")), "no address outside Grafana");
}

#[test]
fn clicking_a_value_forgets_no_other_filter() {
    let visitors = dashboard("footfall-analytics");
    let names = ["site", "event_type", "page", "page_prefix", "device"];
    let mut links = 0;
    for panel in panels(&visitors) {
        for link in list(&panel["fieldConfig"]["overrides"]).iter().flat_map(|over| list(&over["properties"])) {
            for link in list(&link["value"]).iter().filter(|_| link["id"] == "links") {
                let url = text(&link["url"], "a link");
                for name in names {
                    let kept =
                        url.contains(&format!("${{{name}:queryparam}}")) || url.contains(&format!("var-{name}="));
                    assert!(kept, "{}: {url} forgets {name}", panel["title"]);
                }
                links += 1;
            }
        }
    }
    assert!(links >= 4, "{links}");
}
