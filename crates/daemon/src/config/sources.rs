//! Where configuration comes from and how the sources are merged: defaults, a TOML file, the environment and systemd
//! credentials, each overriding the one before.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use figment::error::Kind;
use figment::providers::Serialized;
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::keys::nearest;
use super::{ConfigError, ConfigErrors, Configuration, Described, FieldError, Keys};

const ENVIRONMENT_PREFIX: &str = "FOOTFALL_";
/// Names the configuration file.
const FILE_VARIABLE: &str = "FOOTFALL_CONFIG";
/// Variables with the prefix that are not keys; a container image sets the latter for all of its programs.
const NOT_KEYS: [&str; 2] = [FILE_VARIABLE, "FOOTFALL_KAFKA_LIBS"];
/// Set by systemd's `LoadCredential=`, see systemd.exec(5).
const CREDENTIALS_VARIABLE: &str = "CREDENTIALS_DIRECTORY";
const DEFAULTS: &str = "the defaults";

/// The sources on top of the defaults. Tests fill it in by hand; a process uses [`Sources::of_process`].
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The TOML file named on the command line. If None, `FOOTFALL_CONFIG` in `environment` may name one.
    pub file: Option<PathBuf>,
    /// All variables; those that do not start with `FOOTFALL_` are ignored.
    pub environment: Vec<(OsString, OsString)>,
    /// Holds one file per secret, named after its dotted key.
    pub credentials_directory: Option<PathBuf>,
}

impl Sources {
    /// This process's sources, with the file named on its command line.
    pub fn of_process(file: Option<PathBuf>) -> Self {
        Self {
            file,
            environment: env::vars_os().collect(),
            credentials_directory: env::var_os(CREDENTIALS_VARIABLE).map(PathBuf::from),
        }
    }

    fn file(&self) -> Option<PathBuf> {
        let variable = || self.environment.iter().find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
        self.file.clone().or_else(|| variable().map(|(_, value)| PathBuf::from(value)))
    }
}

/// Reads the configuration from all sources. `secrets` lists the dotted keys that may come from credentials: those of
/// all [`Secret`](crate::Secret) fields.
///
/// # Errors
/// All errors: unreadable sources, unknown keys, values of the wrong type, and what [`Configuration::validate`] and the
/// shared sections reject. No message reveals a secret.
pub fn load<C: Configuration>(sources: &Sources, secrets: &[&str]) -> Result<C, ConfigErrors> {
    load_checked(sources, secrets, |config: &C| {
        config.common().validate().into_iter().chain(config.validate().err().unwrap_or_default()).collect()
    })
}

/// Like [`load`], for any type. `refused` checks the values as a whole.
pub(crate) fn load_checked<C: Described>(
    sources: &Sources,
    secrets: &[&str],
    refused: impl FnOnce(&C) -> Vec<FieldError>,
) -> Result<C, ConfigErrors> {
    let mut errors = Vec::new();
    let keys = match Keys::of::<C>() {
        Ok(keys) => keys,
        Err(error) => return Err(ConfigErrors(vec![unusable(DEFAULTS, &error)])),
    };
    check_secrets(&keys, secrets, &mut errors);

    let mut figment = Figment::from(Serialized::defaults(C::default()));
    for layer in layers(sources, secrets, &keys, &mut errors) {
        figment = figment.merge(layer);
    }
    match extract::<C>(figment.clone(), &mut errors) {
        Some(config) => {
            let wrong = |key: &String| errors.iter().any(|error| error.key.as_ref() == Some(key));
            let refused: Vec<_> = refused(&config).into_iter().filter(|refused| !wrong(&refused.field)).collect();
            errors.extend(refused.into_iter().map(|refused| ConfigError {
                source_name: source_of(figment.find_metadata(&refused.field)),
                key: Some(refused.field),
                message: refused.message,
            }));
            if errors.is_empty() { Ok(config) } else { Err(ConfigErrors(errors)) }
        }
        None => Err(ConfigErrors(errors)),
    }
}

/// Secrets are listed in `Program` as well as marked in the type; the credential of one missing from the list would be
/// ignored.
fn check_secrets(keys: &Keys, secrets: &[&str], errors: &mut Vec<ConfigError>) {
    let typed = keys.secrets();
    let unlisted = typed.iter().filter(|key| !secrets.contains(key)).map(|key| (key, "is a Secret but not listed"));
    let untyped = secrets.iter().filter(|key| !typed.contains(key)).map(|key| (key, "is listed but not a Secret"));
    errors.extend(unlisted.chain(untyped).map(|(key, what)| ConfigError {
        key: Some((*key).to_owned()),
        message: format!("{what} in Program::secrets"),
        source_name: "the program itself".into(),
    }));
}

/// One source's values.
struct Layer {
    source_name: String,
    values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.source_name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

fn layers(sources: &Sources, secrets: &[&str], keys: &Keys, errors: &mut Vec<ConfigError>) -> Vec<Layer> {
    let mut layers = Vec::new();
    if let Some(path) = sources.file() {
        match file_layer(&path) {
            Ok(layer) => layers.push(layer),
            Err(error) => errors.push(error),
        }
    }
    let environment = sources.environment.iter().filter(|(name, _)| NOT_KEYS.iter().all(|other| name != other));
    layers.extend(environment.filter_map(|(name, value)| variable_layer(name, value, keys, errors)));
    if let Some(directory) = &sources.credentials_directory {
        layers.extend(secrets.iter().filter_map(|key| credential_layer(directory, key, errors)));
    }
    for layer in &mut layers {
        for (path, key) in &keys.0 {
            if let Some(former) = &key.former_name {
                rename(&mut layer.values, path, former);
            }
        }
        refuse_unknown(&mut layer.values, "", &layer.source_name, keys, errors);
    }
    layers
}

fn file_layer(path: &Path) -> Result<Layer, ConfigError> {
    let source_name = format!("file {}", path.display());
    let text = fs::read_to_string(path).map_err(|error| unusable(&source_name, &error))?;
    let text = without_mark(&text);
    // Omit the parser's quotation of the line, which may hold a secret.
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let line = error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
        let place = line.map(|line| format!(" in line {line}")).unwrap_or_default();
        unusable(&source_name, &format!("not TOML{place}: {}", error.message()))
    })?;
    let values = Value::serialize(&table).map_err(|error| unusable(&source_name, &error.kind))?;
    Ok(Layer { source_name, values: values.into_dict().unwrap_or_default() })
}

fn variable_layer(name: &OsStr, value: &OsStr, keys: &Keys, errors: &mut Vec<ConfigError>) -> Option<Layer> {
    let name = name.to_str()?;
    let key = name.strip_prefix(ENVIRONMENT_PREFIX)?.to_lowercase().replace("__", ".");
    let source_name = format!("environment variable {name}");
    let Some(text) = value.to_str() else {
        errors.push(ConfigError { key: Some(key), message: "is not UTF-8".into(), source_name });
        return None;
    };
    let is_string = keys.0.get(&key).is_some_and(|known| known.is_string);
    // The parser never fails: anything but a number, boolean, list or table is a string.
    let value = if is_string { Value::from(text) } else { text.parse().unwrap_or_else(|_| Value::from(text)) };
    Some(Layer { source_name, values: nest(&key, value) })
}

fn credential_layer(directory: &Path, key: &str, errors: &mut Vec<ConfigError>) -> Option<Layer> {
    let path = directory.join(key);
    let source_name = format!("credential {}", path.display());
    match fs::read_to_string(&path) {
        Ok(text) => {
            let text = without_mark(&text);
            let secret = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
            Some(Layer { source_name, values: nest(key, Value::from(secret)) })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            errors.push(ConfigError { key: Some(key.to_owned()), ..unusable(&source_name, &error) });
            None
        }
    }
}

/// Without the byte order mark that some editors write, which is not part of a key or a secret.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn nest(key: &str, value: Value) -> Dict {
    match key.split_once('.') {
        Some((first, rest)) => Dict::from([(first.to_owned(), Value::from(nest(rest, value)))]),
        None => Dict::from([(key.to_owned(), value)]),
    }
}

/// Takes a value that is set by the key's former name, even beside one by its name: that is from a package's defaults.
fn rename(values: &mut Dict, path: &str, former: &str) {
    match path.split_once('.') {
        Some((section, rest)) => {
            if let Some(Value::Dict(_, inner)) = values.get_mut(section) {
                rename(inner, rest, former);
            }
        }
        None => {
            if let Some(value) = values.remove(former) {
                values.insert(path.to_owned(), value);
            }
        }
    }
}

/// Reports unknown keys and removes them, so that the rest can be checked.
fn refuse_unknown(values: &mut Dict, path: &str, source_name: &str, keys: &Keys, errors: &mut Vec<ConfigError>) {
    values.retain(|name, value| {
        let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let message = match value {
            Value::Dict(_, inner) if !inner.is_empty() => {
                refuse_unknown(inner, &key, source_name, keys, errors);
                return !inner.is_empty();
            }
            Value::Dict(..) if keys.knows(&key) => return true,
            // Reported here, because serde's message would quote the value, and the section may hold secrets.
            _ if keys.is_section(&key) => "is a section with keys of its own, not a value".to_owned(),
            _ if keys.knows(&key) => return true,
            _ => match keys.nearest(&key) {
                Some(known) => format!("unknown key; did you mean {known}?"),
                None => "unknown key".to_owned(),
            },
        };
        errors.push(ConfigError { key: Some(key), message, source_name: source_name.to_owned() });
        false
    });
}

/// Serde stops at the first error, so each value it rejects is recorded and replaced by its default, until the rest is
/// accepted or an error repeats.
fn extract<C: Described>(mut figment: Figment, errors: &mut Vec<ConfigError>) -> Option<C> {
    let defaults = Figment::from(Serialized::defaults(C::default()));
    let mut replaced = Vec::new();
    loop {
        let error = match figment.extract::<C>() {
            Ok(config) => return Some(config),
            Err(error) => error,
        };
        let path = error.path.clone();
        errors.push(ConfigError {
            key: (!path.is_empty()).then(|| path.join(".")),
            message: explain(&error.kind),
            source_name: source_of(error.metadata.as_ref()),
        });
        // A path into a list has no default, but the list does.
        let default = (1..=path.len()).rev().find_map(|depth| {
            let key = path.get(..depth)?.join(".");
            defaults.find_value(&key).ok().map(|value| (key, value))
        });
        match default {
            Some((key, value)) if !replaced.contains(&key) => {
                figment = figment.merge(Serialized::default(&key, value));
                replaced.push(key);
            }
            _ => return None,
        }
    }
}

fn explain(kind: &Kind) -> String {
    match kind {
        Kind::UnknownField(name, known) => match nearest(name, known.iter().copied()) {
            Some(known) => format!("unknown key {name}; did you mean {known}?"),
            None => format!("unknown key {name}"),
        },
        other => other.to_string(),
    }
}

fn source_of(metadata: Option<&Metadata>) -> String {
    match metadata {
        // Serialized names the type and a line in this file, which is of no use to an operator.
        Some(metadata) if metadata.source.is_none() => metadata.name.to_string(),
        _ => DEFAULTS.into(),
    }
}

fn unusable(source_name: &str, error: &dyn std::fmt::Display) -> ConfigError {
    ConfigError { key: None, message: error.to_string(), source_name: source_name.to_owned() }
}
