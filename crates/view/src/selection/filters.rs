//! The filters of an address. Each is a parameter of its own, and that of a property has the property's name in its own:
//! `?browser=Firefox&property.plan=large`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use footfall_event::dimension;
use serde_json::{Map, Value, json};

use super::problem::{FieldProblem, VALUE_CHARACTERS_MAX};

pub(super) const BOT: [&str; 3] = ["false", "true", "any"];

/// What a parameter's name begins with if it filters by a property of custom events.
pub(crate) const PROPERTY_PREFIX: &str = "property.";

/// The filters that roll-ups by day can answer.
pub(super) const KEYS_FROM_ROLL_UPS: [&str; 2] = ["site", "bot"];

/// Per filter.
const VALUES_MAX: usize = 20;
const PROPERTIES_MAX: usize = 10;

/// From the parameter's name to the values, any of which will do.
pub(crate) type Filters = BTreeMap<String, Vec<String>>;

/// Whether a parameter of this name is a filter.
pub(crate) fn is_filter(name: &str) -> bool {
    property_of(name).is_some() || dimension::filters().any(|(key, _)| key == name)
}

/// The property that a filter chooses by.
pub(crate) fn property_of(name: &str) -> Option<&str> {
    name.strip_prefix(PROPERTY_PREFIX).filter(|property| !property.is_empty())
}

/// The filter's name for people.
pub(crate) fn filter_label(name: &str) -> Cow<'_, str> {
    match property_of(name) {
        Some(property) => format!("Property {property}").into(),
        None => dimension::filters().find(|(key, _)| *key == name).map_or(name, |(_, label)| label).into(),
    }
}

/// The filters, in the form that the SQL functions take.
pub(crate) fn filters_json(filters: &Filters) -> Value {
    let (mut plain, mut properties) = (Map::new(), Map::new());
    for (name, values) in filters {
        match property_of(name) {
            Some(property) => properties.insert(property.to_owned(), json!(values)),
            None => plain.insert(name.clone(), json!(values)),
        };
    }
    if !properties.is_empty() {
        plain.insert("property".to_owned(), properties.into());
    }
    plain.into()
}

pub(super) fn add_value(filters: &mut Filters, name: &str, value: String) -> Result<(), FieldProblem> {
    if name.chars().count() > VALUE_CHARACTERS_MAX || name.contains('\0') {
        return Err(FieldProblem::new("property", "has a name that no property can have"));
    }
    let properties = filters.keys().filter(|key| property_of(key).is_some()).count();
    if property_of(name).is_some() && properties == PROPERTIES_MAX && !filters.contains_key(name) {
        return Err(FieldProblem::new(name, format!("is one of more than {PROPERTIES_MAX} properties")));
    }
    let values = filters.entry(name.to_owned()).or_default();
    if values.len() == VALUES_MAX {
        return Err(FieldProblem::new(name, format!("has more than {VALUES_MAX} values")));
    }
    values.push(value);
    Ok(())
}
