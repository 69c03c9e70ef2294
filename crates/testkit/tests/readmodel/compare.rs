//! Asks the database, and compares its answer with the definition's.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio_postgres::Client;

use crate::definition::{Answer, Cell, Row};
use crate::question::Question;

/// Rounding of sums of floating-point numbers.
const TOLERANCE: f64 = 1e-9;

/// The rows of one answer that the other lacks, if any.
pub(crate) async fn difference(client: &Client, question: &Question, defined: &Answer) -> Option<String> {
    let sql = question.sql();
    let query = format!("SELECT to_jsonb(answer) FROM (SELECT * FROM {sql}) AS answer");
    let rows = match client.query(&query, &[]).await {
        Ok(rows) => rows,
        Err(error) => return Some(format!("{sql}\n{}", footfall_store::error_text(&error))),
    };
    let mut given: Vec<Value> = rows.iter().map(|row| row.get(0)).collect();
    let mut missing = Vec::new();
    for row in defined {
        match given.iter().position(|answer| is_same(row, answer)) {
            Some(place) => drop(given.swap_remove(place)),
            None => missing.push(readable(row)),
        }
    }
    let given: Vec<String> = given.iter().map(Value::to_string).collect();
    (!missing.is_empty() || !given.is_empty()).then(|| {
        format!("{sql}\n  defined: {}\n  given:   {}", missing.join("\n           "), given.join("\n           "))
    })
}

/// Columns that the definition does not name, such as a rating, are not compared.
fn is_same(row: &Row, answer: &Value) -> bool {
    row.iter().all(|(name, cell)| answer.get(name).is_some_and(|value| is_same_value(cell, value)))
}

fn is_same_value(cell: &Cell, value: &Value) -> bool {
    let is_near = |low: f64, high: f64| value.as_f64().is_some_and(|number| low <= number && number <= high);
    match cell {
        Cell::None => value.is_null(),
        Cell::Text(text) => value.as_str() == Some(text),
        Cell::Time(time) => value.as_str().and_then(|text| text.parse().ok()) == Some(*time),
        Cell::Number(number) => {
            let tolerance = TOLERANCE * number.abs().max(1.0);
            is_near(number - tolerance, number + tolerance)
        }
        Cell::Between(low, high) => is_near(low - TOLERANCE, high + TOLERANCE),
    }
}

fn readable(row: &Row) -> String {
    let cells: BTreeMap<_, _> = row
        .iter()
        .map(|(name, cell)| {
            let text = match cell {
                Cell::None => "null".to_owned(),
                Cell::Text(text) => format!("{text:?}"),
                Cell::Number(number) => number.to_string(),
                Cell::Time(time) => time.to_string(),
                Cell::Between(low, high) => format!("{low}..={high}"),
            };
            (*name, text)
        })
        .collect();
    format!("{cells:?}").replace('\\', "").replace("\"\"", "\"")
}
