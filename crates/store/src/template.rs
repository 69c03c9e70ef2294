//! Lists in SQL files, filled in from the tables of fields and dimensions.
//!
//! - `{{list NAMES: TEXT}}` repeats TEXT for each of NAMES, separated by commas.
//! - `{{each NAMES: TEXT}}` repeats TEXT for each of NAMES, without a separator.
//!
//! In TEXT, `@` is the name, and `#N` is N plus the name's position, counting from 1. Appending `; NAME: OTHER` uses
//! OTHER for that one name. NAMES is one of these, each in the order of declaration:
//!
//! | NAMES | |
//! |---|---|
//! | `columns` | columns of `analytics_events` that the writer fills |
//! | `attributes` | dimensions that are columns of both `analytics_events` and `analytics_visits` |
//! | `dimensions` | all dimensions |
//! | `sparse` | dimensions whose lists leave out visits without a value |
//! | `filters` | all filter keys |
//! | `click_ids` | parameters that advertisers, mailers and networks add to a link |

use std::borrow::Cow;

use footfall_event::CLICK_IDS;
use footfall_event::dimension::{DIMENSIONS, Dimension, filters};

use crate::columns::COLUMNS;

/// The SQL with all its lists filled in. A malformed list is left as it is, for PostgreSQL to refuse.
#[must_use]
pub fn fill_in(sql: &str) -> Cow<'_, str> {
    if !sql.contains("{{") {
        return sql.into();
    }
    let mut filled = String::with_capacity(2 * sql.len());
    let mut rest = sql;
    while let Some((before, from_list)) = rest.split_once("{{") {
        filled.push_str(before);
        match from_list.split_once("}}").and_then(|(list, after)| Some((filled_list(list)?, after))) {
            Some((list, after)) => {
                filled.push_str(&list);
                rest = after;
            }
            None => {
                filled.push_str("{{");
                rest = from_list;
            }
        }
    }
    filled.push_str(rest);
    filled.into()
}

fn filled_list(list: &str) -> Option<String> {
    let (head, text) = list.split_once(": ")?;
    let (separator, names) = match head.split_once(' ')? {
        ("list", names) => (", ", names_of(names)?),
        ("each", names) => ("", names_of(names)?),
        _ => return None,
    };
    let (text, exception) = text.split_once("; ").unwrap_or((text, ""));
    let exception = exception.split_once(": ");
    let text_for = |name| exception.filter(|(of, _)| *of == name).map_or(text, |(_, other)| other);
    let items = names.iter().zip(1..).map(|(name, place)| numbered(&text_for(*name).replace('@', name), place));
    Some(items.collect::<Vec<_>>().join(separator))
}

fn names_of(list: &str) -> Option<Vec<&'static str>> {
    let dimensions = |is_in: fn(&Dimension) -> bool| {
        Some(DIMENSIONS.iter().filter(|dimension| is_in(dimension)).map(|dimension| dimension.name).collect())
    };
    match list {
        "columns" => Some(COLUMNS.iter().map(|column| column.name).collect()),
        "attributes" => dimensions(|it| it.value().is_some()),
        "dimensions" => dimensions(|_| true),
        "sparse" => dimensions(|it| it.is_sparse),
        "click_ids" => Some(CLICK_IDS.iter().map(|(id, _)| *id).collect()),
        "filters" => Some(filters().map(|(name, _)| name).collect()),
        _ => None,
    }
}

/// The text with each `#N` replaced by N plus `place`.
fn numbered(text: &str, place: usize) -> String {
    let mut pieces = text.split('#');
    let mut numbered = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|first: char| first.is_ascii_digit()).len();
        match piece[..digits].parse::<usize>() {
            Ok(base) => numbered.push_str(&(base + place).to_string()),
            Err(_) => numbered.push('#'),
        }
        numbered.push_str(&piece[digits..]);
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_filled_in_and_the_rest_is_left_alone() {
        let sparse = names_of("sparse").unwrap();
        assert!(sparse.len() > 1);
        let filled = fill_in("SELECT $1, {{list sparse: x.@}} FROM {}");
        assert_eq!(filled, format!("SELECT $1, x.{} FROM {{}}", sparse.join(", x.")));
        let filled = fill_in("{{each sparse:  AND @ = $#7}}");
        assert!(filled.starts_with(&format!(" AND {} = $8 AND {} = $9", sparse[0], sparse[1])), "{filled}");
        let filled = fill_in("{{list sparse: @; utm_source: nullif(@, '')}}");
        assert!(filled.contains("referrer_host, nullif(utm_source, ''), utm_medium"), "{filled}");
        for plain in ["SELECT '@' #> '{a}'", "{{list colours: @}}", "{{some sparse: @}}", "{{list sparse}}", "{{list"] {
            assert_eq!(fill_in(plain), plain);
        }
    }

    #[test]
    fn every_dimension_is_in_each_list_that_it_belongs_to() {
        let all = names_of("dimensions").unwrap();
        let by_own_column = names_of("attributes").unwrap();
        assert_eq!(all.len(), by_own_column.len() + ["site", "entry_page", "exit_page"].len());
        assert!(all.iter().all(|name| names_of("filters").unwrap().contains(name)));
    }
}
