//! The keys that a configuration type knows, derived from its JSON Schema and its serialised default rather than
//! maintained by hand.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Described;
use crate::secret;

/// One key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Key {
    /// Human-readable: `integer`, `string`, `auto | human`, `list of string`.
    pub(crate) type_name: String,
    pub(crate) meaning: String,
    pub(crate) default: Json,
    /// A value from the environment stays text, even if it looks like a number.
    pub(crate) is_string: bool,
    pub(crate) is_secret: bool,
    /// A map whose keys the operator chooses, or a value whose inner keys are not known here.
    pub(crate) is_open: bool,
    /// What it was called before, in the same section: `#[schemars(extend("x-former-name" = "..."))]`.
    pub(crate) former_name: Option<String>,
}

/// All keys by dotted path, excluding sections, which only hold other keys.
#[derive(Debug)]
pub(crate) struct Keys(pub(crate) BTreeMap<String, Key>);

impl Keys {
    pub(crate) fn of<C: Described>() -> Result<Self, serde_json::Error> {
        let schema = schemars::schema_for!(C).to_value();
        let default = serde_json::to_value(C::default())?;
        let mut keys = BTreeMap::new();
        collect(&schema, &schema, &default, "", &mut keys);
        Ok(Self(keys))
    }

    pub(crate) fn secrets(&self) -> Vec<&str> {
        self.0.iter().filter(|(_, key)| key.is_secret).map(|(path, _)| path.as_str()).collect()
    }

    /// Whether there may be a value at this path.
    pub(crate) fn knows(&self, path: &str) -> bool {
        self.0.contains_key(path) || self.is_section(path) || self.is_inside_open(path)
    }

    /// Whether the path only holds other keys.
    pub(crate) fn is_section(&self, path: &str) -> bool {
        let start = format!("{path}.");
        self.0.keys().any(|known| known.starts_with(&start))
    }

    fn is_inside_open(&self, path: &str) -> bool {
        path.match_indices('.').any(|(at, _)| self.0.get(&path[..at]).is_some_and(|key| key.is_open))
    }

    /// The known key most similar to this one. None only if there are no keys at all.
    pub(crate) fn nearest(&self, path: &str) -> Option<&str> {
        nearest(path, self.0.keys().map(String::as_str))
    }
}

/// The candidate most similar to `name`.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |candidate: &str| strsim::normalized_damerau_levenshtein(name, candidate);
    candidates.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

fn collect(root: &Json, schema: &Json, default: &Json, path: &str, keys: &mut BTreeMap<String, Key>) {
    let node = resolve(root, schema);
    let children = child_names(node, default);
    if !children.is_empty() && !is_open(node) {
        for name in children {
            let child_path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            collect(root, &node["properties"][&name], &default[&name], &child_path, keys);
        }
        return;
    }
    let is_string = node["type"] == "string" || has_type(node, "string");
    let key = Key {
        type_name: type_name(root, node, default),
        meaning: meaning(schema, node),
        default: default.clone(),
        is_string: is_string || (node["type"].is_null() && default.is_string()),
        is_secret: node["format"] == secret::SCHEMA_FORMAT,
        former_name: schema["x-former-name"].as_str().map(ToOwned::to_owned),
        is_open: is_open(node) || node["type"] == "object" || default.is_object(),
    };
    keys.insert(path.to_owned(), key);
}

/// A map whose keys the operator chooses, or an enum whose variants have keys: only serde knows what is allowed there.
fn is_open(node: &Json) -> bool {
    let is_map = node["properties"].is_null() && node["additionalProperties"].is_object();
    let has_variants = node["oneOf"].as_array().is_some_and(|any| any.iter().any(|one| one["properties"].is_object()));
    is_map || has_variants
}

fn child_names(node: &Json, default: &Json) -> Vec<String> {
    let mut names: Vec<String> = [&node["properties"], default]
        .into_iter()
        .filter_map(Json::as_object)
        .flat_map(|object| object.keys().cloned())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Follows `$ref`, and looks through the null that an `Option` adds.
fn resolve<'a>(root: &'a Json, schema: &'a Json) -> &'a Json {
    let mut node = schema;
    loop {
        let next = if let Some(reference) = node["$ref"].as_str() {
            root.pointer(reference.trim_start_matches('#'))
        } else {
            node["anyOf"].as_array().and_then(|any| any.iter().find(|one| one["type"] != "null"))
        };
        match next {
            Some(next) => node = next,
            None => return node,
        }
    }
}

fn has_type(node: &Json, name: &str) -> bool {
    node["type"].as_array().is_some_and(|types| types.iter().any(|one| one == name))
}

/// The field's own description, else that of its type.
fn meaning(schema: &Json, node: &Json) -> String {
    let text = schema["description"].as_str().or_else(|| node["description"].as_str()).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn type_name(root: &Json, node: &Json, default: &Json) -> String {
    if node["format"] == secret::SCHEMA_FORMAT {
        return "secret".into();
    }
    if let Some(variants) = node["enum"].as_array() {
        return variants.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" | ");
    }
    if let Some(variants) = node["oneOf"].as_array() {
        return variants.iter().filter_map(|one| one["const"].as_str()).collect::<Vec<_>>().join(" | ");
    }
    let named = node["type"].as_str().or_else(|| {
        node["type"].as_array().and_then(|types| types.iter().filter_map(Json::as_str).find(|one| *one != "null"))
    });
    match (named, default) {
        (Some("array"), _) => format!("list of {}", type_name(root, resolve(root, &node["items"]), &Json::Null)),
        (Some("object"), _) | (None, Json::Object(_)) => "table".into(),
        (Some(name), _) => name.into(),
        (None, Json::String(_)) => "string".into(),
        (None, Json::Bool(_)) => "boolean".into(),
        (None, Json::Number(number)) => if number.is_f64() { "number" } else { "integer" }.into(),
        (None, Json::Array(_)) => "list".into(),
        (None, Json::Null) => "any".into(),
    }
}
