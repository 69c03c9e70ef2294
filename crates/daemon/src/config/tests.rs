//! Tests of the configuration loader, on a configuration with one key of every kind.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;
use crate::Secret;

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    admin: AdminConfig,
    log: LogConfig,
    /// Milliseconds for the drain.
    drain_ms_max: u64,
    kafka: Kafka,
    privacy: Privacy,
    /// Has no schema.
    #[schemars(with = "serde_json::Value")]
    foreign: Foreign,
    /// The operator's own labels.
    labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Kafka {
    /// Waits this long for a batch
    /// to fill.
    linger_ms: u32,
    group_id: String,
    client_id: Option<String>,
    brokers: Vec<String>,
    is_idempotent: bool,
    rate: f64,
    tls: Option<Tls>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Tls {
    ca_path: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Privacy {
    visitor_secret: Secret,
    former_secret: Option<Secret>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Foreign {
    depth_max: u8,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            admin: AdminConfig::on_port(3002),
            log: LogConfig::default(),
            drain_ms_max: 10_000,
            kafka: Kafka {
                linger_ms: 5,
                group_id: "footfall".into(),
                client_id: None,
                brokers: vec!["localhost:9092".into()],
                is_idempotent: true,
                rate: 1.5,
                tls: None,
            },
            privacy: Privacy::default(),
            foreign: Foreign { depth_max: 16 },
            labels: BTreeMap::new(),
        }
    }
}

impl Configuration for Config {
    fn common(&self) -> Common<'_> {
        Common { admin: &self.admin, log: &self.log, drain_ms_max: self.drain_ms_max }
    }

    fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = Vec::new();
        if self.kafka.linger_ms > 1000 {
            errors.push(FieldError::new("kafka.linger_ms", "must be at most 1000"));
        }
        if self.kafka.group_id.is_empty() {
            errors.push(FieldError::new("kafka.group_id", "must not be empty"));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

const SECRETS: &[&str] = &["privacy.visitor_secret", "privacy.former_secret"];

/// Sources in their own directory.
struct Fixture {
    directory: tempfile::TempDir,
    sources: Sources,
}

impl Fixture {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), sources: Sources::default() }
    }

    fn toml(mut self, text: &str) -> Self {
        let path = self.path().join("footfall.toml");
        fs::write(&path, text).unwrap();
        self.sources.file = Some(path);
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.push((name.into(), value.into()));
        self
    }

    fn credential(mut self, key: &str, text: &str) -> Self {
        fs::write(self.path().join(key), text).unwrap();
        self.sources.credentials_directory = Some(self.path().into());
        self
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn load(&self) -> Result<Config, ConfigErrors> {
        load(&self.sources, SECRETS)
    }

    /// The messages, one per line.
    fn errors(&self) -> String {
        self.load().unwrap_err().to_string()
    }
}

#[test]
fn without_sources_the_defaults_hold() {
    let config = Fixture::new().load().unwrap();
    assert_eq!(config.kafka.linger_ms, 5);
    assert_eq!(config.admin.address.to_string(), "127.0.0.1:3002");
    assert!(config.privacy.visitor_secret.is_empty());
}

#[test]
fn each_source_overrides_the_one_before() {
    let key = "privacy.visitor_secret";
    let file = || Fixture::new().toml("[kafka]\nlinger_ms = 6\n[privacy]\nvisitor_secret = 'from the file'");
    let config = file().load().unwrap();
    assert_eq!(config.kafka.linger_ms, 6);
    assert_eq!(config.kafka.group_id, "footfall", "a key beside an overridden one keeps its default");
    assert_eq!(config.privacy.visitor_secret.expose(), "from the file");

    let environment = || {
        file()
            .variable("FOOTFALL_KAFKA__LINGER_MS", "7")
            .variable("FOOTFALL_PRIVACY__VISITOR_SECRET", "from a variable")
    };
    let config = environment().load().unwrap();
    assert_eq!(config.kafka.linger_ms, 7);
    assert_eq!(config.privacy.visitor_secret.expose(), "from a variable");

    let config = environment().credential(key, "from a credential\n").load().unwrap();
    assert_eq!(config.privacy.visitor_secret.expose(), "from a credential");
}

#[test]
fn a_variable_names_the_file_unless_the_command_line_does() {
    let fixture = Fixture::new().toml("drain_ms_max = 1");
    let file = fixture.sources.file.clone().unwrap();
    let named =
        Fixture::new().variable("FOOTFALL_CONFIG", file.to_str().unwrap()).variable("FOOTFALL_KAFKA_LIBS", "/jars");
    assert_eq!(named.load().unwrap().drain_ms_max, 1);

    let both = Fixture::new().toml("drain_ms_max = 2").variable("FOOTFALL_CONFIG", file.to_str().unwrap());
    assert_eq!(both.load().unwrap().drain_ms_max, 2);
}

#[test]
fn a_credential_loses_one_line_break_and_nothing_else() {
    for (text, secret) in [(" a b \n", " a b "), ("x\n\n", "x\n"), ("x\r\n", "x"), ("12345", "12345"), ("x\r", "x\r")] {
        let config = Fixture::new().credential("privacy.former_secret", text).load().unwrap();
        assert_eq!(config.privacy.former_secret.unwrap().expose(), secret);
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_file_or_a_secret() {
    let fixture =
        Fixture::new().toml("\u{feff}drain_ms_max = 1234\n").credential("privacy.former_secret", "\u{feff}x\r\n");
    let config = fixture.load().unwrap();
    assert_eq!((config.drain_ms_max, config.privacy.former_secret.unwrap().expose()), (1234, "x"));
}

#[test]
fn an_unreadable_credential_is_an_error_and_a_missing_one_is_not() {
    let fixture = Fixture::new().credential("something.else", "x");
    assert!(fixture.load().unwrap().privacy.visitor_secret.is_empty());
    fs::write(fixture.path().join(SECRETS[0]), [0xff]).unwrap();
    let errors = fixture.errors();
    assert!(errors.starts_with("privacy.visitor_secret: ") && errors.contains("(from credential /"), "{errors}");
}

#[test]
fn the_environment_gives_every_kind_of_value() {
    let config = Fixture::new()
        .variable("FOOTFALL_KAFKA__LINGER_MS", "12")
        .variable("FOOTFALL_KAFKA__GROUP_ID", "5")
        .variable("FOOTFALL_KAFKA__CLIENT_ID", "true")
        .variable("FOOTFALL_KAFKA__BROKERS", "[a:9092, b:9092]")
        .variable("FOOTFALL_KAFKA__IS_IDEMPOTENT", "false")
        .variable("FOOTFALL_KAFKA__RATE", "2")
        .variable("FOOTFALL_KAFKA__TLS__CA_PATH", "/etc/ca.pem")
        .variable("FOOTFALL_LOG__FORMAT", "json")
        .variable("FOOTFALL_ADMIN__ADDRESS", "[::1]:0")
        .variable("FOOTFALL_PRIVACY__VISITOR_SECRET", "\"0123\"")
        .variable("FOOTFALL_FOREIGN__DEPTH_MAX", "3")
        .variable("FOOTFALL_LABELS__REGION", "north")
        .variable("OTHER_KAFKA__NO_SUCH", "1")
        .load()
        .unwrap();
    assert_eq!(config.kafka.linger_ms, 12);
    assert_eq!(config.kafka.group_id, "5", "what looks like a number is a string where one is wanted");
    assert_eq!(config.kafka.client_id.as_deref(), Some("true"));
    assert_eq!(config.kafka.brokers, ["a:9092", "b:9092"]);
    assert!(!config.kafka.is_idempotent);
    assert_eq!(config.kafka.rate, 2.0);
    assert_eq!(config.kafka.tls.unwrap().ca_path, "/etc/ca.pem");
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.admin.address.to_string(), "[::1]:0");
    assert_eq!(config.privacy.visitor_secret.expose(), "\"0123\"");
    assert_eq!(config.foreign.depth_max, 3);
    assert_eq!(config.labels["region"], "north");
}

#[test]
fn an_unknown_key_names_its_source_and_the_nearest_known_key() {
    let fixture = Fixture::new()
        .toml("drain_max = 1\n[kafak]\nlinger_ms = 6\n[foreign]\ndepth = 1\n[kafka.tls]\nca = 'x'")
        .variable("FOOTFALL_KAFKA__LINGER", "7");
    let file = fixture.sources.file.clone().unwrap().display().to_string();
    let mut errors: Vec<_> = fixture.errors().lines().map(str::to_owned).collect();
    errors.sort();
    assert_eq!(
        errors,
        [
            format!("drain_max: unknown key; did you mean drain_ms_max? (from file {file})"),
            format!("foreign.depth: unknown key; did you mean foreign.depth_max? (from file {file})"),
            format!("kafak.linger_ms: unknown key; did you mean kafka.linger_ms? (from file {file})"),
            "kafka.linger: unknown key; did you mean kafka.linger_ms? (from environment variable FOOTFALL_KAFKA__LINGER)"
                .to_owned(),
            format!("kafka.tls.ca: unknown key; did you mean kafka.tls.ca_path? (from file {file})"),
        ]
    );
}

#[test]
fn every_error_is_listed() {
    let fixture = Fixture::new()
        .toml("drain_ms_max = 0\nno_such = 1\n[kafka]\nlinger_ms = 'soon'\ngroup_id = ''\nbrokers = [1]\n[log]\nlevel = 'debg'")
        .variable("FOOTFALL_KAFKA__RATE", "fast")
        .variable("FOOTFALL_ADMIN__ADDRESS", "localhost");
    let errors = fixture.load().unwrap_err();
    let mut keys: Vec<_> = errors.0.iter().filter_map(|error| error.key.as_deref()).collect();
    keys.sort_unstable();
    let expected = [
        "admin.address",
        "drain_ms_max",
        "kafka.brokers.0",
        "kafka.group_id",
        "kafka.linger_ms",
        "kafka.rate",
        "log.level",
        "no_such",
    ];
    assert_eq!(keys, expected, "{errors}");
    for error in &errors.0 {
        let from_variable = ["kafka.rate", "admin.address"].contains(&error.key.as_deref().unwrap());
        let source = if from_variable { "environment variable FOOTFALL_" } else { "file /" };
        assert!(error.source_name.starts_with(source), "{error}");
    }
}

#[test]
fn a_value_that_the_daemon_refuses_names_its_source() {
    let errors = Fixture::new().variable("FOOTFALL_KAFKA__LINGER_MS", "1001").errors();
    assert_eq!(errors, "kafka.linger_ms: must be at most 1000 (from environment variable FOOTFALL_KAFKA__LINGER_MS)");
}

#[test]
fn a_missing_or_malformed_file_is_an_error() {
    let mut missing = Fixture::new();
    missing.sources.file = Some("/no/such.toml".into());
    assert!(missing.errors().contains("(from file /no/such.toml)"));
    let errors = Fixture::new().toml("drain_ms_max = 1\n[kafka\n").errors();
    assert!(errors.starts_with("not TOML in line 2: "), "{errors}");
}

#[test]
fn no_error_repeats_a_secret() {
    for toml in [
        "[privacy]\nvisitor_secret = 'hunter2\n",
        "[privacy]\nvisitor_secret = ['hunter2']",
        "[privacy]\nvisitor_secret = { hunter = 'hunter2' }",
        "privacy = 'hunter2'",
        "[privacy]\nvisitor_secert = 'hunter2'",
        "[privacy]\nvisitor_secret = 'hunter2'\n[kafka]\nlinger_ms = 1001",
    ] {
        let errors = Fixture::new().toml(toml).load().unwrap_err();
        assert!(!format!("{errors} {errors:?}").contains("hunter2"), "{toml}: {errors:?}");
    }
    let number = Fixture::new().toml("[privacy]\nvisitor_secret = 4711").load().unwrap_err();
    assert!(!format!("{number} {number:?}").contains("4711"), "{number:?}");
}

#[test]
fn a_loaded_configuration_does_not_show_its_secrets() {
    let config = Fixture::new().credential("privacy.visitor_secret", "hunter2\n").load().unwrap();
    let printed = toml::to_string(&config).unwrap();
    assert!(printed.contains("visitor_secret = \"***\""), "{printed}");
    assert!(!format!("{printed} {config:?}").contains("hunter2"));
}

#[test]
fn what_is_printed_can_be_loaded_again() {
    let config = Fixture::new().variable("FOOTFALL_LABELS__REGION", "north").load().unwrap();
    let printed = toml::to_string(&config).unwrap();
    let again = Fixture::new().toml(&printed).load().unwrap();
    assert_eq!(toml::to_string(&again).unwrap(), printed);
}

#[test]
fn a_secret_that_the_program_does_not_list_is_an_error() {
    let unlisted = load::<Config>(&Sources::default(), &SECRETS[..1]).unwrap_err().to_string();
    assert!(unlisted.starts_with("privacy.former_secret: is a Secret but not listed"), "{unlisted}");
    let untyped =
        load::<Config>(&Sources::default(), &[SECRETS[0], SECRETS[1], "kafka.group_id"]).unwrap_err().to_string();
    assert!(untyped.starts_with("kafka.group_id: is listed but not a Secret"), "{untyped}");
}

#[test]
fn every_key_has_a_type_a_default_and_a_meaning_for_the_tables() {
    let keys = Keys::of::<Config>().unwrap();
    let type_of = |path: &str| keys.0[path].type_name.as_str();
    assert_eq!(type_of("kafka.linger_ms"), "integer");
    assert_eq!(type_of("kafka.client_id"), "string");
    assert_eq!(type_of("kafka.brokers"), "list of string");
    assert_eq!(type_of("kafka.is_idempotent"), "boolean");
    assert_eq!(type_of("kafka.rate"), "number");
    assert_eq!(type_of("kafka.tls.ca_path"), "string");
    assert_eq!(type_of("log.format"), "auto | human | json | journald");
    assert_eq!(type_of("privacy.former_secret"), "secret");
    assert_eq!(type_of("foreign.depth_max"), "integer");
    assert_eq!(type_of("labels"), "table");
    assert_eq!(keys.0["kafka.linger_ms"].meaning, "Waits this long for a batch to fill.");
    assert_eq!(keys.0["kafka.linger_ms"].default, 5);
}
