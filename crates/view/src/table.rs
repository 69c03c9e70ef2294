//! PostgreSQL's answer to a question: named columns and rows of values.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Value>>,
}

impl Table {
    /// Converts rows. `columns` is separate because only rows name the columns, and there may be none.
    pub(crate) fn read(columns: Vec<String>, rows: &[Row]) -> Result<Self, tokio_postgres::Error> {
        let rows =
            rows.iter().map(|row| (0..row.len()).map(|index| cell(row, index)).collect()).collect::<Result<_, _>>()?;
        Ok(Self { columns, rows })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows, for access by column name.
    pub(crate) fn lines(&self) -> impl DoubleEndedIterator<Item = Line<'_>> {
        self.rows.iter().map(|row| Line { columns: &self.columns, row })
    }

    /// The rows as JSON objects.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let object = |row: &Vec<Value>| self.columns.iter().cloned().zip(row.iter().cloned()).collect::<Map<_, _>>();
        self.rows.iter().map(|row| Value::Object(object(row))).collect()
    }

    /// The rows with this text in this column.
    pub(crate) fn rows_with<'a>(&'a self, column: &'a str, text: &'a str) -> impl Iterator<Item = Line<'a>> {
        self.lines().filter(move |line| line.text(column) == Some(text))
    }
}

/// The first line of a CSV file as in RFC 4180.
pub(crate) fn csv_head(columns: &[String]) -> Vec<u8> {
    let mut writer = csv_writer();
    // Writing to a Vec cannot fail, and all records have the same length.
    let _ = writer.write_record(columns);
    writer.into_inner().unwrap_or_default()
}

/// Its other lines. Cells that a spreadsheet would run as formulas are escaped.
pub(crate) fn csv_lines(rows: &[Vec<Value>]) -> Vec<u8> {
    let mut writer = csv_writer();
    for row in rows {
        let _ = writer.write_record(row.iter().map(csv_cell));
    }
    writer.into_inner().unwrap_or_default()
}

fn csv_writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new())
}

fn csv_cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        // A negative number is not a formula.
        Value::Number(number) => number.to_string(),
        Value::String(text) => without_formula(text),
        other => without_formula(&other.to_string()),
    }
}

/// <https://owasp.org/www-community/attacks/CSV_Injection>, also where a spreadsheet that separates cells by another character would
/// begin one in the middle of ours.
fn without_formula(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 1);
    if text.starts_with(['\t', '\r', '\n']) {
        safe.push('\'');
    }
    let mut may_begin = true;
    for letter in text.chars() {
        if may_begin && matches!(letter, '=' | '+' | '-' | '@' | '\u{FF1D}' | '\u{FF0B}' | '\u{FF0D}' | '\u{FF20}') {
            safe.push('\'');
        }
        may_begin = matches!(letter, ';' | '|' | '\t' | '\r' | '\n')
            || (may_begin && (letter == '"' || letter.is_whitespace()));
        safe.push(letter);
    }
    safe
}

fn cell(row: &Row, index: usize) -> Result<Value, tokio_postgres::Error> {
    let kind = row.columns()[index].type_();
    Ok(match *kind {
        Type::INT2 => json!(row.try_get::<_, Option<i16>>(index)?),
        Type::INT4 => json!(row.try_get::<_, Option<i32>>(index)?),
        Type::INT8 => json!(row.try_get::<_, Option<i64>>(index)?),
        Type::FLOAT8 => json!(row.try_get::<_, Option<f64>>(index)?),
        Type::BOOL => json!(row.try_get::<_, Option<bool>>(index)?),
        Type::TIMESTAMPTZ => json!(row.try_get::<_, Option<Timestamp>>(index)?),
        Type::UUID => json!(row.try_get::<_, Option<uuid::Uuid>>(index)?),
        Type::JSONB | Type::JSON => row.try_get::<_, Option<Value>>(index)?.unwrap_or_default(),
        // Text. Any other type is an error that names the type.
        _ => json!(row.try_get::<_, Option<String>>(index)?),
    })
}

#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    columns: &'a [String],
    row: &'a [Value],
}

impl<'a> Line<'a> {
    pub(crate) fn value(&self, column: &str) -> &'a Value {
        let index = self.columns.iter().position(|name| name == column);
        index.and_then(|index| self.row.get(index)).unwrap_or(&Value::Null)
    }

    pub(crate) fn text(&self, column: &str) -> Option<&'a str> {
        self.value(column).as_str()
    }

    pub(crate) fn count(&self, column: &str) -> i64 {
        self.value(column).as_i64().unwrap_or_default()
    }

    pub(crate) fn number(&self, column: &str) -> Option<f64> {
        self.value(column).as_f64()
    }

    pub(crate) fn instant(&self, column: &str) -> Option<Timestamp> {
        self.text(column)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_quoted_by_rfc_4180_and_has_no_formulas() {
        let columns = ["page", "views", "change"].map(str::to_owned);
        let rows = [
            vec![json!("/a,\"b\"\n"), json!(3), json!(-0.5)],
            vec![json!("=HYPERLINK(\"x\")"), json!(null), json!(null)],
            vec![json!("+1"), json!(1), json!(null)],
            vec![json!("-1"), json!(1), json!(null)],
            vec![json!("@x"), json!(1), json!(null)],
        ];
        let text = String::from_utf8([csv_head(&columns), csv_lines(&rows)].concat()).unwrap();
        assert_eq!(
            text,
            "page,views,change\r\n\"/a,\"\"b\"\"\n\",3,-0.5\r\n\"'=HYPERLINK(\"\"x\"\")\",,\r\n'+1,1,\r\n'-1,1,\r\n'@x,1,\r\n"
        );
    }

    #[test]
    fn no_formula_begins_where_another_separator_would_end_a_cell() {
        for (text, safe) in [
            ("a;=1", "a;'=1"),
            ("a; \"@x\"", "a; \"'@x\""),
            ("a\tb\n+1", "a\tb\n'+1"),
            ("\r\n-1", "'\r\n'-1"),
            ("\u{FF1D}1", "'\u{FF1D}1"),
            (" =1", " '=1"),
            ("/a-b?c=d&e=@f", "/a-b?c=d&e=@f"),
            ("5 - 3", "5 - 3"),
        ] {
            assert_eq!(without_formula(text), safe, "{text:?}");
        }
    }
}
