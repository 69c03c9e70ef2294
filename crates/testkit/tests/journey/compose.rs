//! compose.yaml, as far as it can be checked without Docker: programs accept every command and setting, and addresses
//! match. `cargo xtask image --test` tests the image itself.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use footfall_testkit::checkout;
use serde_json::{Map, Value};

fn read() -> Value {
    let text = std::fs::read_to_string(checkout().join("compose.yaml")).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

fn services(compose: &Value) -> &Map<String, Value> {
    compose["services"].as_object().unwrap()
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|word| word.as_str().unwrap()).collect()
}

/// One of our programs, which is in the folder above the tests.
fn program(name: &str) -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join(name)
}

/// Runs one of our programs with only these variables.
fn run(name: &str, arguments: &[&str], variables: &[(&str, &str)]) {
    let mut command = Command::new(program(name));
    let output = command.args(arguments).env_clear().envs(variables.iter().copied()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?} with {variables:?}: {error}");
}

#[test]
fn every_command_is_accepted_by_its_program() {
    let compose = read();
    let secrets = tempfile::tempdir().unwrap();
    let folder = secrets.path().to_str().unwrap();
    run("footfall", &["secrets", "--dir", folder], &[]);
    for (name, service) in services(&compose) {
        let variables: Vec<_> = service["environment"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.as_str(), value.as_str().unwrap()))
            .map(|(key, value)| if key == "CREDENTIALS_DIRECTORY" { (key, folder) } else { (key, value) })
            .collect();
        let command = words(&service["entrypoint"]);
        let test = words(&service["healthcheck"]["test"]);
        for command in [command.as_slice(), test.get(1..).unwrap_or_default()] {
            match command {
                ["footfall", timed @ ("retain" | "backup"), "--daily"] => {
                    run("footfall", &[timed, "check-config"], &variables);
                }
                // Arguments before --help are parsed first.
                ["footfall", arguments @ ..] => run("footfall", &[arguments, &["--help"]].concat(), &variables),
                [daemon @ ("footfall-ingest" | "footfall-sink" | "footfall-view")] => {
                    run(daemon, &["check-config"], &variables);
                }
                ["nginx" | "pg_isready", ..] | [] => {}
                other => panic!("{name}: {other:?} is not in the image"),
            }
        }
        assert!(!command.is_empty(), "{name} would run the whole appliance");
        let is_disabled = service["healthcheck"]["disable"] == Value::Bool(true);
        assert!(is_disabled || !test.is_empty(), "{name} would be asked for the whole appliance's health");
    }
}

#[test]
fn every_service_is_as_restricted_as_the_single_container() {
    let compose = read();
    for (name, service) in services(&compose) {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(words(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(words(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert_eq!(service["image"], compose["x-footfall"]["image"], "{name}");
        assert!(service["mem_limit"].is_string() && service["logging"]["driver"] == "local", "{name}");
        assert_eq!(service.get("ports").is_some(), name == "site", "{name}");
    }
    // The socket gives full access to the data.
    let with_socket = services(&compose)
        .iter()
        .filter(|(_, service)| words(&service["volumes"]).iter().any(|volume| volume.starts_with("socket:")));
    let with_socket: Vec<_> = with_socket.map(|(name, _)| name.as_str()).collect();
    let of_secrets = |name: &str| {
        words(&services(&compose)[name]["volumes"]).iter().filter(|volume| volume.contains("secret")).count()
    };
    assert_eq!((of_secrets("ingest"), of_secrets("view"), of_secrets("sink")), (1, 1, 0));
    assert_eq!(
        with_socket.iter().collect::<BTreeSet<_>>(),
        ["backup", "migrate", "postgres", "retention", "sink", "view"].iter().collect()
    );
}

#[test]
fn every_name_that_is_referred_to_exists() {
    let compose = read();
    let services = services(&compose);
    let image = compose["x-footfall"]["image"].as_str().unwrap();
    assert!(image.contains(concat!("footfall:", env!("CARGO_PKG_VERSION"))), "{image}");
    let mut used = BTreeSet::new();
    for (name, service) in services {
        for volume in words(&service["volumes"]) {
            let source = volume.split(':').next().unwrap();
            if source.starts_with("./") {
                assert!(checkout().join(source).is_file(), "{name}: {source}");
            } else {
                used.insert(source.to_owned());
            }
        }
        for (other, how) in service["depends_on"].as_object().into_iter().flatten() {
            let there = services.get(other).unwrap_or_else(|| panic!("{name} depends on {other}"));
            let is_once = there["restart"] == "on-failure";
            match how["condition"].as_str().unwrap() {
                "service_completed_successfully" => assert!(is_once, "{name} waits for {other} to end"),
                "service_healthy" => assert!(there["healthcheck"]["test"].is_array(), "{other} has no health check"),
                "service_started" => assert!(!is_once, "{name} does not wait for {other} to end"),
                condition => panic!("{name}: {condition}"),
            }
        }
    }
    let named: BTreeSet<_> = compose["volumes"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(used, named);
}

#[test]
fn nginx_and_the_daemons_have_each_others_addresses() {
    let compose = read();
    let services = services(&compose);
    let address = |name: &str| services[name]["networks"]["inside"]["ipv4_address"].as_str().unwrap().to_owned();
    let nginx = std::fs::read_to_string(checkout().join("nixos/container/nginx.conf")).unwrap();
    for (upstream, port) in [("ingest", 3001), ("view", 3003)] {
        let server = format!("upstream footfall_{upstream} {{\n        server {}:{port};", address(upstream));
        assert!(nginx.contains(&server), "{server}");
        assert_eq!(services[upstream]["environment"]["FOOTFALL_LISTEN"], format!("0.0.0.0:{port}"));
    }
    let site = format!("[\"{}\"]", address("site"));
    assert_eq!(services["ingest"]["environment"]["FOOTFALL_PRIVACY__TRUSTED_PROXIES"], site);
    assert_eq!(services["view"]["environment"]["FOOTFALL_HTTP__TRUSTED_PROXIES"], site);
    for path in nginx.lines().filter_map(|line| line.trim().strip_prefix("include /usr/share/footfall/")) {
        assert!(checkout().join(path.trim_end_matches(';')).is_file(), "{path}");
    }
}
