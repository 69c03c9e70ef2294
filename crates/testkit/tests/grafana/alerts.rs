//! An alert rule fires only for its cause: its queries and expressions are evaluated as Grafana does.
//!
//! Documented under "Alerting on numeric data" (a table of one number and some labels), and "Query and transform data".

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::database::{Answer, EMPTY, KNOWN, Kind, Reader};
use crate::expand::Choice;
use crate::files::{list, rules, text};

type Labels = BTreeMap<String, String>;
/// The values of a query or an expression, by labels. Null is NaN, for which every comparison is false.
type Numbers = BTreeMap<Labels, f64>;

fn rule(uid: &str) -> Value {
    rules().into_iter().find(|rule| rule["uid"] == uid).unwrap_or_else(|| panic!("no rule {uid}"))
}

/// The values of each of a rule's queries and expressions at a moment.
async fn work_out(rule: &Value, reader: &Reader, now: Timestamp) -> BTreeMap<String, Numbers> {
    let mut known = BTreeMap::new();
    for node in list(&rule["data"]) {
        let model = &node["model"];
        let seconds = |end: &str| SignedDuration::from_secs(node["relativeTimeRange"][end].as_i64().unwrap());
        let numbers = if node["datasourceUid"] == "footfall" {
            let choice = Choice {
                from: now - seconds("from"),
                to: now - seconds("to"),
                interval: "1s",
                interval_ms: 1000,
                time_zone: "a rule has no time zone",
                variables: BTreeMap::new(),
                double_quote: "\"",
            };
            let query = choice.expand(text(&model["rawSql"], "a query")).unwrap();
            assert!(!query.contains('$'), "a rule has no variables: {query}");
            numbers(&reader.ask(&query).await.unwrap())
        } else {
            let expression = text(&model["expression"], "an expression");
            match text(&model["type"], "an expression's type") {
                "math" => math(expression, &known),
                "threshold" => threshold(&model["conditions"], &known[expression]),
                other => panic!("expressions of type {other} are not understood here"),
            }
        };
        known.insert(text(&node["refId"], "a refId").to_owned(), numbers);
    }
    known
}

/// One number in each row, with texts as labels.
fn numbers(answer: &Answer) -> Numbers {
    let [number] = answer.places(Kind::Number)[..] else { panic!("one number is needed: {:?}", answer.columns) };
    let texts = answer.places(Kind::Text);
    assert_eq!(texts.len() + 1, answer.columns.len(), "all other columns are text: {:?}", answer.columns);
    let rows = answer.rows.iter().map(|row| {
        let labels =
            texts.iter().map(|&place| (answer.columns[place].0.clone(), row[place].clone().unwrap_or_default()));
        (labels.collect(), row[number].as_ref().map_or(f64::NAN, |number| number.parse().unwrap()))
    });
    let rows: Vec<_> = rows.collect();
    let by_label: Numbers = rows.iter().cloned().collect();
    assert_eq!(by_label.len(), rows.len(), "two rows have the same labels: {rows:?}");
    by_label
}

/// Comparisons joined by &&, of numbers with the same labels.
fn math(expression: &str, known: &BTreeMap<String, Numbers>) -> Numbers {
    let compared = expression.split("&&").map(|comparison| {
        let [left, operator, right] = comparison.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{comparison:?} is not understood here")
        };
        let left = &known[left.strip_prefix('$').unwrap()];
        let holds = left.iter().map(|(labels, &number)| {
            let other = right.strip_prefix('$').map_or_else(|| right.parse().unwrap(), |name| known[name][labels]);
            let holds = match operator {
                "==" => number == other,
                ">" => number > other,
                ">=" => number >= other,
                _ => panic!("{operator:?} is not understood here"),
            };
            (labels.clone(), holds)
        });
        holds.collect::<BTreeMap<_, _>>()
    });
    let all = compared.reduce(|left, right| {
        assert!(left.keys().eq(right.keys()), "labels differ");
        left.into_iter().map(|(labels, holds)| (labels.clone(), holds && right[&labels])).collect()
    });
    all.unwrap().into_iter().map(|(labels, holds)| (labels, f64::from(u8::from(holds)))).collect()
}

fn threshold(conditions: &Value, numbers: &Numbers) -> Numbers {
    let [condition] = list(conditions) else { panic!("one condition is needed: {conditions}") };
    let evaluator = &condition["evaluator"];
    let limit = evaluator["params"][0].as_f64().unwrap();
    let holds = |number: f64| match evaluator["type"].as_str() {
        Some("gt") => number > limit,
        Some("lt") => number < limit,
        _ => panic!("{evaluator} is not understood here"),
    };
    numbers.iter().map(|(labels, &number)| (labels.clone(), f64::from(u8::from(holds(number))))).collect()
}

/// The labels for which a rule fires; "nothing" if it has no data.
async fn fires(rule: &Value, database: &str, now: &str) -> Vec<String> {
    let known = work_out(rule, &Reader::of(database).await, now.parse().unwrap()).await;
    let condition = &known[text(&rule["condition"], "a condition")];
    if known.values().any(BTreeMap::is_empty) {
        return vec!["nothing".into()];
    }
    let labels = condition.iter().filter(|(_, number)| **number != 0.0).map(|(labels, _)| {
        let shown: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        shown.join(" ")
    });
    labels.collect()
}

const FINE: &str = "2026-03-10T12:00:00Z";
const WRONG: &str = "2026-03-10T13:00:00Z";

#[tokio::test]
async fn each_rule_fires_only_for_its_cause() {
    // An hour after the last event; and a day after an hour with many events.
    for (now, expected) in [(FINE, vec![]), ("2026-03-10T14:00:00Z", vec![]), ("2026-03-11T12:00:00Z", vec![""])] {
        assert_eq!(fires(&rule("footfall-silence"), KNOWN, now).await, expected, "silence at {now}");
    }
    // What is silent, and what is not ready: ingest alone; the sink, through which ingest reports; Kafka, likewise.
    for (now, silent, not_ready) in [
        (FINE, vec![], vec![]),
        ("2026-03-10T13:05:00Z", vec!["source=ingest"], vec![]),
        ("2026-03-10T13:20:00Z", vec!["source=sink"], vec!["nothing"]),
        ("2026-03-10T13:35:00Z", vec![], vec!["condition=kafka source=sink"]),
    ] {
        assert_eq!(fires(&rule("footfall-daemon-silent"), KNOWN, now).await, silent, "silent daemons at {now}");
        assert_eq!(
            fires(&rule("footfall-not-ready"), KNOWN, now).await,
            not_ready,
            "daemons that are not ready at {now}"
        );
    }
    assert_eq!(fires(&rule("footfall-database"), KNOWN, WRONG).await, Vec::<String>::new(), "it answers");
    for (uid, label) in [
        ("footfall-unavailable", ""),
        ("footfall-lag", "partition=0 topic=analytics-events"),
        ("footfall-quarantine", ""),
    ] {
        assert_eq!(fires(&rule(uid), KNOWN, FINE).await, Vec::<String>::new(), "{uid} when all is well");
        assert_eq!(fires(&rule(uid), KNOWN, WRONG).await, [label], "{uid} when it is not");
    }
    let lost = rule("footfall-lost");
    for (now, expected) in [(FINE, vec![]), (WRONG, vec![]), ("2026-03-12T10:05:00Z", vec![""])] {
        assert_eq!(fires(&lost, KNOWN, now).await, expected, "lost events at {now}");
    }
    let mut disk = rule("footfall-disk");
    assert_eq!(fires(&disk, KNOWN, FINE).await, Vec::<String>::new());
    let limit = &mut disk["data"][2]["model"]["conditions"][0]["evaluator"]["params"][0];
    *limit = 1.into();
    assert_eq!(fires(&disk, KNOWN, FINE).await, [""], "a byte is too much");
    let credential = rule("footfall-credential");
    assert_eq!(fires(&credential, KNOWN, FINE).await, ["role=footfall_writer"]);
    assert_eq!(fires(&credential, KNOWN, "2026-03-01T12:00:00Z").await, Vec::<String>::new());
    assert_eq!(rules().len(), 10, "a new rule needs a moment at which it fires");
}

#[tokio::test]
async fn in_an_empty_database_only_the_expected_rules_fire() {
    let mut fire = BTreeMap::new();
    for rule in rules() {
        for label in fires(&rule, EMPTY, FINE).await {
            let state = if label == "nothing" { text(&rule["noDataState"], "noDataState") } else { "fires" };
            fire.insert(text(&rule["uid"], "a uid").to_owned(), (label, state.to_owned()));
        }
    }
    // The role with an expiry exists on the whole server; no daemon and no sink ever reported.
    let expected = [
        ("footfall-credential", "role=footfall_writer", "fires"),
        ("footfall-daemon-silent", "nothing", "Alerting"),
        ("footfall-lag", "nothing", "OK"),
        ("footfall-not-ready", "nothing", "OK"),
    ];
    assert_eq!(fire, expected.map(|(uid, label, state)| (uid.into(), (label.into(), state.into()))).into());
}

/// Without an answer no rule knows anything, so one speaks, and only of that.
#[test]
fn without_an_answer_one_rule_fires_and_its_text_is_about_the_database() {
    let fire: Vec<_> = rules().into_iter().filter(|rule| rule["execErrState"] != "KeepLast").collect();
    let [rule] = &fire[..] else { panic!("one rule: {fire:?}") };
    assert_eq!((&rule["uid"], &rule["execErrState"]), (&"footfall-database".into(), &"Alerting".into()));
    for (key, words) in rule["annotations"].as_object().unwrap() {
        let words = text(words, key);
        assert!(words.contains("database"), "{key}: {words}");
        assert!(!words.contains("{{"), "{key}: an alert about an error has no values: {words}");
    }
}

#[tokio::test]
async fn the_text_of_a_rule_refers_only_to_its_own_values() {
    let reader = Reader::of(KNOWN).await;
    for rule in rules() {
        let known = work_out(&rule, &reader, WRONG.parse().unwrap()).await;
        let condition = &known[text(&rule["condition"], "a condition")];
        let labels: BTreeSet<_> = condition.keys().flat_map(BTreeMap::keys).cloned().collect();
        for (key, words) in rule["annotations"].as_object().unwrap() {
            let words = text(words, key);
            assert!(!words.contains('$'), "Grafana takes it for its environment: {words}");
            for inside in words.split("{{").skip(1).map(|rest| rest.split_once("}}").unwrap().0) {
                for path in inside.split_whitespace().filter(|word| word.starts_with('.')) {
                    let found = match path.split('.').collect::<Vec<_>>()[..] {
                        ["", "Labels", label] => labels.contains(label),
                        ["", "Values", name] | ["", "Values", name, "Value"] => known.contains_key(name),
                        _ => false,
                    };
                    assert!(found, "{}: {path}", rule["uid"]);
                }
            }
        }
    }
}
