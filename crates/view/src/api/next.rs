//! Where the rows after those of an answer are.

use url::form_urlencoded;

use crate::table::Table;

pub(super) type Next = Vec<(&'static str, String)>;

/// The parameters for the events before the last one.
pub(super) fn cursor(table: &Table) -> Next {
    let Some(last) = table.lines().next_back() else { return Next::new() };
    let of = |column: &str| last.text(column).unwrap_or_default().to_owned();
    vec![("before", of("happened_at")), ("before_id", of("event_id"))]
}

/// The address of the rows after these, relative to that of the API.
pub(super) fn further(name: &str, query: &str, next: &Next) -> String {
    let mut further = form_urlencoded::Serializer::new(String::new());
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if !next.iter().any(|(replaced, _)| *replaced == key) {
            further.append_pair(&key, &value);
        }
    }
    further.extend_pairs(next);
    format!("{name}?{}", further.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_rows_are_asked_for_with_the_same_parameters() {
        let next = vec![("offset", "200".to_owned())];
        let address = further("top_pages", "limit=100&offset=100&page=%2Fa%26b", &next);
        assert_eq!(address, "top_pages?limit=100&page=%2Fa%26b&offset=200");
    }
}
