//! Expands a query as Grafana does before PostgreSQL sees it: first the browser substitutes variables, then the data
//! source's back end expands macros.
//!
//! Documented under "Variable syntax" (formats), "Global variables" and "PostgreSQL query editor, Macros".

use std::collections::BTreeMap;

use jiff::Timestamp;

/// The selection of a variable.
#[derive(Debug, Clone)]
pub(crate) enum Chosen {
    /// All, for a variable with a custom value for it: Grafana inserts that unchanged, in every format except those for
    /// display text and links.
    All(String),
    /// Some values of a variable with several.
    Some(Vec<String>),
    /// The content of a text box.
    Text(String),
}

/// The context in which a query is expanded.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// As Grafana writes it: 10s, 1m, 1d.
    pub(crate) interval: &'static str,
    pub(crate) interval_ms: u64,
    pub(crate) time_zone: &'static str,
    pub(crate) variables: BTreeMap<String, Chosen>,
    /// Since late 2023 Grafana writes a double quote as \" in sqlstring; earlier versions and other formats leave it.
    pub(crate) double_quote: &'static str,
}

impl Choice {
    /// The query as PostgreSQL sees it.
    pub(crate) fn expand(&self, query: &str) -> Result<String, String> {
        self.macros(&self.variables(query)?)
    }

    /// $name, ${name} and ${name:format}; an unknown name is left unchanged.
    fn variables(&self, query: &str) -> Result<String, String> {
        if query.contains("[[") {
            return Err("[[variable]] is deprecated".into());
        }
        let mut expanded = String::new();
        let mut rest = query;
        while let Some(dollar) = rest.find('$') {
            expanded.push_str(&rest[..dollar]);
            rest = &rest[dollar..];
            let (length, inner) = match rest.strip_prefix("${").and_then(|inner| inner.split_once('}')) {
                Some((inner, _)) => (inner.len() + 3, inner),
                None => {
                    let name = word(&rest[1..]);
                    (name.len() + 1, name)
                }
            };
            let (name, format) = inner.split_once(':').map_or((inner, None), |(name, format)| (name, Some(format)));
            match self.variable(name, format)? {
                Some(value) => expanded.push_str(&value),
                None => expanded.push_str(&rest[..length]),
            }
            rest = &rest[length..];
        }
        Ok(expanded + rest)
    }

    fn variable(&self, name: &str, format: Option<&str>) -> Result<Option<String>, String> {
        Ok(Some(match (name, format) {
            ("__interval", None) => self.interval.to_owned(),
            ("__interval_ms", None) => self.interval_ms.to_string(),
            ("__timezone", None) => self.time_zone.to_owned(),
            ("__from", None) => self.from.as_millisecond().to_string(),
            ("__to", None) => self.to.as_millisecond().to_string(),
            _ => match (self.variables.get(name), format) {
                (None, _) => return Ok(None),
                (Some(Chosen::All(value)), Some("sqlstring")) => value.clone(),
                (Some(Chosen::Some(values)), Some("sqlstring")) => {
                    values.iter().map(|value| self.sqlstring(value)).collect::<Vec<_>>().join(",")
                }
                (Some(Chosen::Text(value)), Some("sqlstring")) => self.sqlstring(value),
                (Some(_), None) => {
                    return Err(format!("${name}: without a format it expands differently between versions"));
                }
                (Some(_), Some(other)) => return Err(format!("${{{name}:{other}}} is not safe in SQL")),
            },
        }))
    }

    fn sqlstring(&self, value: &str) -> String {
        format!("'{}'", value.replace('\'', "''").replace('"', self.double_quote))
    }

    /// $__name(arguments). As in Grafana, every `$word(` is taken for a macro, and arguments end at the first parenthesis.
    fn macros(&self, query: &str) -> Result<String, String> {
        let query = query
            .replace("$__unixEpochFrom()", &self.from.as_second().to_string())
            .replace("$__unixEpochTo()", &self.to.as_second().to_string());
        let mut expanded = String::new();
        let mut rest = query.as_str();
        while let Some(dollar) = rest.find('$') {
            expanded.push_str(&rest[..dollar]);
            rest = &rest[dollar..];
            let name = word(&rest[1..]);
            let after = &rest[1 + name.len()..];
            match after.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
                Some((arguments, tail)) if !name.is_empty() => {
                    // The old form of $__timeGroupAlias.
                    let name = if name == "__timeGroup" && tail.starts_with(',') { "__timeGroupAlias" } else { name };
                    let arguments: Vec<_> = arguments.split(',').map(str::trim).collect();
                    expanded.push_str(&self.a_macro(name, &arguments)?);
                    rest = tail;
                }
                _ => {
                    expanded.push('$');
                    rest = &rest[1..];
                }
            }
        }
        Ok(expanded + rest)
    }

    fn a_macro(&self, name: &str, arguments: &[&str]) -> Result<String, String> {
        let column = arguments.first().copied().unwrap_or_default();
        let (from, to) = (self.from, self.to);
        Ok(match name {
            "__time" => format!("{column} AS \"time\""),
            "__timeEpoch" => format!("extract(epoch from {column}) as \"time\""),
            "__timeFilter" => format!("{column} BETWEEN '{from}' AND '{to}'"),
            "__timeFrom" => format!("'{from}'"),
            "__timeTo" => format!("'{to}'"),
            // A third argument fills gaps in the result, and does not change the query.
            "__timeGroup" => format!("time_bucket('{:.3}s',{column})", seconds(arguments.get(1))?),
            "__timeGroupAlias" => self.a_macro("__timeGroup", arguments)? + " AS \"time\"",
            "__unixEpochFilter" => format!("{column} >= {} AND {column} <= {}", from.as_second(), to.as_second()),
            "__unixEpochNanoFilter" => {
                format!("{column} >= {} AND {column} <= {}", from.as_nanosecond(), to.as_nanosecond())
            }
            "__unixEpochNanoFrom" => from.as_nanosecond().to_string(),
            "__unixEpochNanoTo" => to.as_nanosecond().to_string(),
            "__unixEpochGroup" => {
                let seconds = seconds(arguments.get(1))?;
                format!("floor(({column})/{seconds})*{seconds}")
            }
            "__unixEpochGroupAlias" => self.a_macro("__unixEpochGroup", arguments)? + " AS \"time\"",
            _ => return Err(format!("unknown macro ${name}")),
        })
    }
}

/// The letters, digits and underscores that a text begins with.
fn word(text: &str) -> &str {
    let end = text.find(|other: char| !other.is_ascii_alphanumeric() && other != '_').unwrap_or(text.len());
    &text[..end]
}

/// '5m' in seconds.
fn seconds(interval: Option<&&str>) -> Result<f64, String> {
    let interval = interval.ok_or("a macro for groups needs an interval")?.trim_matches('\'');
    let (number, unit) = interval.split_at(interval.find(|other: char| !other.is_ascii_digit()).unwrap_or(0));
    let each = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        _ => return Err(format!("{interval:?} is not an interval")),
    };
    number.parse::<f64>().map(|number| number * each).map_err(|error| format!("{interval:?}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice() -> Choice {
        Choice {
            from: "2026-03-10T10:00:00Z".parse().unwrap(),
            to: "2026-03-10T12:00:00.5Z".parse().unwrap(),
            interval: "5m",
            interval_ms: 300_000,
            time_zone: "Europe/Berlin",
            variables: [
                ("site".into(), Chosen::Some(vec!["a".into(), "O'Brien".into()])),
                ("type".into(), Chosen::All("NULL".into())),
                ("prefix".into(), Chosen::Text("/x\"$site'".into())),
            ]
            .into(),
            double_quote: "\\\"",
        }
    }

    #[test]
    fn macros_expand_as_documented() {
        let expanded = |query| choice().expand(query).unwrap();
        assert_eq!(expanded("$__time(at)"), "at AS \"time\"");
        assert_eq!(expanded("$__timeEpoch(at)"), "extract(epoch from at) as \"time\"");
        assert_eq!(expanded("$__timeFilter(at)"), "at BETWEEN '2026-03-10T10:00:00Z' AND '2026-03-10T12:00:00.5Z'");
        assert_eq!(expanded("f($__timeFrom(), $__timeTo())"), "f('2026-03-10T10:00:00Z', '2026-03-10T12:00:00.5Z')");
        assert_eq!(expanded("$__timeGroup(at, '5m')"), "time_bucket('300.000s',at)");
        assert_eq!(expanded("$__timeGroup(at,$__interval), x"), "time_bucket('300.000s',at) AS \"time\", x");
        assert_eq!(expanded("$__timeGroupAlias(at,1h,NULL)"), "time_bucket('3600.000s',at) AS \"time\"");
        assert_eq!(expanded("'$__interval' $__interval_ms"), "'5m' 300000");
        assert_eq!(expanded("$__unixEpochFilter(at)"), "at >= 1773136800 AND at <= 1773144000");
        assert_eq!(expanded("$__unixEpochFrom() $__unixEpochTo()"), "1773136800 1773144000");
        assert_eq!(expanded("$__unixEpochNanoTo()"), "1773144000500000000");
        assert_eq!(expanded("$__unixEpochGroupAlias(at,1m,0)"), "floor((at)/60)*60 AS \"time\"");
        assert!(choice().expand("$__timefrom()").is_err(), "an unknown macro is an error, as in Grafana");
        assert!(choice().expand("$__timeGroup(at)").is_err());
    }

    #[test]
    fn variables_expand_as_documented() {
        let expanded = |query| choice().expand(query).unwrap();
        assert_eq!(expanded("ARRAY[${site:sqlstring}]"), "ARRAY['a','O''Brien']");
        assert_eq!(expanded("ARRAY[${type:sqlstring}]"), "ARRAY[NULL]");
        assert_eq!(expanded("${prefix:sqlstring}"), "'/x\\\"$site'''", "only once: a value is not expanded again");
        assert_eq!(expanded("'${__timezone}' $other"), "'Europe/Berlin' $other");
        assert!(choice().expand("$site").is_err());
        assert!(choice().expand("'${site:json}'").is_err());
    }
}
