//! Every query of the dashboards, with every kind of selection, returns what its panel, variable or annotation needs.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::database::{Answer, EMPTY, KNOWN, Kind, Reader};
use crate::expand::{Choice, Chosen};
use crate::files::{dashboards, list, name, panels, text};

/// Interval and milliseconds, as Grafana rounds them.
const INTERVALS: [(&str, u64); 6] =
    [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("3h", 10_800_000), ("1d", 86_400_000), ("7d", 604_800_000)];

/// Values that must not end a string or be interpreted.
const HOSTILE: [&str; 9] = [
    "O'Brien \"a\\b\"",
    "/a%5Cb\"c",
    "/it's",
    "'; DROP TABLE analytics_events; --",
    "\\'; SELECT 1; --",
    "$$ ${site} $site",
    "%_",
    "NULL",
    "a,b{c}[d]",
];

/// The selection with which a dashboard opens.
pub(crate) fn all(dashboard: &Value, from: &str, to: &str) -> Choice {
    let opens_with = |variable: &Value| {
        let name = text(&variable["name"], "a variable's name").to_owned();
        let chosen = match text(&variable["type"], &name) {
            "query" => {
                assert_eq!(variable["current"]["value"], serde_json::json!(["$__all"]), "{name} opens with All");
                Chosen::All(text(&variable["allValue"], &name).to_owned())
            }
            "textbox" => Chosen::Text(text(&variable["query"], &name).to_owned()),
            other => panic!("{name}: {other} variables are not understood here"),
        };
        (name, chosen)
    };
    Choice {
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        interval: "30m",
        interval_ms: 1_800_000,
        time_zone: "utc",
        variables: list(&dashboard["templating"]["list"]).iter().map(opens_with).collect(),
        double_quote: "\\\"",
    }
}

/// The same value, or values, for all variables.
fn everywhere(choice: &Choice, values: &[&str]) -> Choice {
    let mut choice = choice.clone();
    for chosen in choice.variables.values_mut() {
        *chosen = match chosen {
            Chosen::Text(_) => Chosen::Text(values.first().copied().unwrap_or_default().into()),
            _ => Chosen::Some(values.iter().map(|&value| value.into()).collect()),
        };
    }
    choice
}

fn choices(dashboard: &Value, database: &str) -> Vec<Choice> {
    let all = all(dashboard, "2026-03-10T10:00:00Z", "2026-03-10T12:00:00Z");
    let mut choices: Vec<_> = INTERVALS
        .iter()
        .map(|&(interval, interval_ms)| {
            // Grafana limits a panel to some hundreds of points.
            let seconds = (interval_ms * 300 / 1000).try_into().unwrap();
            let from = all.to - jiff::SignedDuration::from_secs(seconds);
            Choice { from, interval, interval_ms, time_zone: "Europe/Berlin", ..all.clone() }
        })
        .collect();
    choices.push(everywhere(&all, &["shop.example"]));
    choices.push(everywhere(&all, &["desktop", "mobile"]));
    // An empty selection.
    choices.push(everywhere(&all, &[]));
    if database == EMPTY {
        return choices;
    }
    for double_quote in ["\\\"", "\""] {
        choices.push(Choice { double_quote, ..everywhere(&all, &HOSTILE) });
        choices.extend(HOSTILE.iter().map(|&value| Choice { double_quote, ..everywhere(&all, &[value]) }));
    }
    choices
}

#[tokio::test]
async fn every_query_returns_what_its_panel_needs() {
    let mut asked = 0;
    for database in [KNOWN, EMPTY] {
        let reader = Reader::of(database).await;
        for dashboard in &dashboards() {
            for choice in choices(dashboard, database) {
                for panel in panels(dashboard) {
                    let answers = ask_panel(&reader, panel, &choice).await;
                    asked += answers.len();
                    fits(panel, &answers).unwrap_or_else(|error| panic!("{}: {error}", name(dashboard, panel)));
                }
                for variable in list(&dashboard["templating"]["list"]).iter().filter(|it| it["type"] == "query") {
                    let query = choice.expand(text(&variable["query"], "a variable's query")).unwrap();
                    let answer = reader.ask(&query).await.unwrap();
                    fits_variable(&answer).unwrap_or_else(|error| panic!("variable {}: {error}", variable["name"]));
                    asked += 1;
                }
                for annotation in list(&dashboard["annotations"]["list"]).iter().filter(|it| it["builtIn"] != 1) {
                    let query = choice.expand(text(&annotation["target"]["rawSql"], "an annotation's query")).unwrap();
                    let answer = reader.ask(&query).await.unwrap();
                    assert_eq!(
                        answer.columns,
                        [("time", Kind::Time), ("text", Kind::Text), ("tags", Kind::Text)].map(|(n, k)| (n.into(), k))
                    );
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 1000, "{asked} queries were asked");
    let kept = Reader::of(KNOWN).await.ask("SELECT count(*) FROM analytics_events").await.unwrap();
    assert_eq!(kept.lines(), ["10"]);
}

/// The answers of a panel's queries.
pub(crate) async fn ask_panel(reader: &Reader, panel: &Value, choice: &Choice) -> Vec<Answer> {
    let mut answers = Vec::new();
    for target in list(&panel["targets"]) {
        let query = choice.expand(text(&target["rawSql"], "a query")).unwrap();
        answers.push(reader.ask(&query).await.unwrap_or_else(|error| panic!("{}: {error}", panel["title"])));
    }
    answers
}

/// Checks that a panel of this type can show the answers, and that they have the columns that its settings name.
fn fits(panel: &Value, answers: &[Answer]) -> Result<(), String> {
    let mut columns = BTreeSet::new();
    for answer in answers {
        let names: Vec<_> = answer.columns.iter().map(|(name, _)| name.as_str()).collect();
        let different: BTreeSet<_> = names.iter().copied().collect();
        if different.len() < names.len() {
            return Err(format!("a column comes twice: {names:?}"));
        }
        if let Some((name, _)) = answer.columns.iter().find(|(_, kind)| *kind == Kind::Other) {
            return Err(format!("column {name} has a type that Grafana does not support"));
        }
        columns.extend(different);
        match panel["type"].as_str() {
            Some("timeseries") => is_series(answer)?,
            Some("stat") => has_what_a_stat_shows(panel, answer)?,
            Some("geomap") => has_countries(panel, answer)?,
            Some("piechart") => is_names_and_numbers(panel, answer)?,
            Some("table") => {}
            _ => return Err(format!("panels of type {} are not understood here", panel["type"])),
        }
    }
    for over in list(&panel["fieldConfig"]["overrides"]) {
        let (matcher, properties) = (&over["matcher"], list(&over["properties"]));
        let wanted = text(&matcher["options"], "an override's column");
        // A series and a slice of a pie have the names of what was counted.
        let is_colour = properties.len() == 1 && properties[0]["id"] == "color";
        if matcher["id"] != "byName" || !(is_colour || columns.contains(wanted)) {
            return Err(format!("an override is for {wanted:?}, which is none of {columns:?}"));
        }
    }
    Ok(())
}

/// A column `time`, ascending and without nulls; numbers; and, if there are text columns, no two rows with the same time
/// and texts, because Grafana makes a series of each.
fn is_series(answer: &Answer) -> Result<(), String> {
    let [time] = answer.places(Kind::Time)[..] else {
        return Err(format!("not one time column: {:?}", answer.columns));
    };
    let texts = answer.places(Kind::Text);
    let numbers = answer.places(Kind::Number);
    if answer.columns[time].0 != "time" || numbers.is_empty() {
        return Err(format!("a column `time` and numbers are needed: {:?}", answer.columns));
    }
    if !texts.is_empty() && numbers.len() != 1 {
        return Err("in the long form there is one number in a row".into());
    }
    let times: Vec<_> = answer.rows.iter().map(|row| row[time].as_deref()).collect();
    if times.contains(&None) || !times.is_sorted() {
        return Err("times are null or do not ascend".into());
    }
    let keys: BTreeSet<Vec<_>> =
        answer.rows.iter().map(|row| [time].iter().chain(&texts).map(|&place| &row[place]).collect()).collect();
    if keys.len() < answer.rows.len() {
        return Err(format!("two rows are the same point of a series: {:#?}", answer.lines()));
    }
    Ok(())
}

/// A series, of which a value and the change are calculated; or one row, of which each column is a separate value. Texts
/// and times are only shown if all fields are.
fn has_what_a_stat_shows(panel: &Value, answer: &Answer) -> Result<(), String> {
    if panel["targets"][0]["format"] == "time_series" {
        if panel["options"]["showPercentChange"] == true && answer.rows.len() != 2 {
            return Err(format!("the change is that from the first row to the last: {:?}", answer.lines()));
        }
        return is_series(answer);
    }
    let all = panel["options"]["reduceOptions"]["fields"] == "/.*/";
    if answer.rows.len() != 1 || !(all || answer.places(Kind::Number).len() == answer.columns.len()) {
        return Err(format!("one row of numbers is needed: {:?} {:?}", answer.columns, answer.lines()));
    }
    Ok(())
}

/// The column that the map looks up, with codes of two letters, and the number that it draws.
fn has_countries(panel: &Value, answer: &Answer) -> Result<(), String> {
    let layer = &panel["options"]["layers"][0];
    let place = |name: &Value| answer.columns.iter().position(|(column, _)| *name == **column);
    let (Some(country), Some(_)) =
        (place(&layer["location"]["lookup"]), place(&layer["config"]["style"]["size"]["field"]))
    else {
        return Err(format!("the map asks for other columns: {:?}", answer.columns));
    };
    if answer.rows.iter().any(|row| row[country].as_ref().is_none_or(|code| code.len() != 2)) {
        return Err(format!("not a country: {:?}", answer.lines()));
    }
    Ok(())
}

/// Each row is a slice with its name and size.
fn is_names_and_numbers(panel: &Value, answer: &Answer) -> Result<(), String> {
    if panel["options"]["reduceOptions"]["values"] != true {
        return Err("only with `values` is each row a slice".into());
    }
    let (names, numbers) = (answer.places(Kind::Text), answer.places(Kind::Number));
    let ([name], [number], 2) = (&names[..], &numbers[..], answer.columns.len()) else {
        return Err(format!("a name and a number are needed: {:?}", answer.columns));
    };
    if answer.rows.iter().any(|row| row[*name].is_none() || row[*number].is_none()) {
        return Err("a slice without a name or a number".into());
    }
    Ok(())
}

/// One text column without empty values, for which Grafana would show the word null.
fn fits_variable(answer: &Answer) -> Result<(), String> {
    if !matches!(answer.columns[..], [(_, Kind::Text)]) {
        return Err(format!("one text column is needed: {:?}", answer.columns));
    }
    if answer.rows.iter().any(|row| row[0].as_deref().is_none_or(str::is_empty)) {
        return Err(format!("an empty value: {:?}", answer.lines()));
    }
    Ok(())
}
