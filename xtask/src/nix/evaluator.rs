//! Runs Nix without a binary cache or sandbox, and with the stand-in instead of nixpkgs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::progress::Step;
use crate::{apt, command, host};

/// No substitutes and no sandbox, so that builds use this machine's programs. One build per core.
const SETTINGS: &str = "experimental-features = nix-command flakes\nsubstitute = false\nsandbox = false\n\
    build-users-group =\nflake-registry =\nmax-jobs = auto\n";

pub(crate) struct Evaluator {
    checkout: PathBuf,
    /// The copy of the stand-in, which includes a file that says where the programs are.
    stand_in: PathBuf,
    /// Nix's name for this machine, such as x86_64-linux.
    system: String,
}

impl Evaluator {
    /// Installs Nix if it is missing, and copies the stand-in.
    pub(crate) fn prepare(checkout: &Path, step: &Step) -> Result<Self> {
        if host::program("nix").is_none() {
            step.note("installing nix-bin on this machine");
            apt::install(&["nix-bin"], "to evaluate the flake", step)?;
        }
        let stand_in = checkout.join("target/nix/stand-in");
        if stand_in.exists() {
            fs::remove_dir_all(&stand_in)?;
        }
        fs::create_dir_all(checkout.join("target/nix"))?;
        command::run(command::new("cp").arg("-r").arg(checkout.join("nixos/tests/stand-in")).arg(&stand_in), step)?;
        fs::write(stand_in.join("programs.json"), programs(checkout)?.to_string())?;
        let system = format!("{}-linux", std::env::consts::ARCH);
        Ok(Self { checkout: checkout.to_owned(), stand_in, system })
    }

    /// Evaluates every output for every system, including the machines of vm-tests, without building.
    pub(crate) fn flake_check(&self) -> Result<()> {
        let mut check = self.nix("nix");
        check.args(["flake", "check", "--no-build"]);
        // Before 2.16, Nix checked all systems without this option.
        if release(&output(self.nix("nix").arg("--version"))?) >= Some((2, 16)) {
            check.arg("--all-systems");
        }
        self.use_stand_in(&mut check);
        output(check.arg(&self.checkout)).map(drop)
    }

    /// The value of an expression. `lib` and `nixosSystem` are the stand-in's; paths are relative to the checkout.
    pub(crate) fn evaluate(&self, expression: &str) -> Result<Value> {
        let mut evaluate = self.nix("nix-instantiate");
        evaluate.args(["--eval", "--strict", "--json", "--expr", &self.with_names(expression)]);
        Ok(serde_json::from_str(&output(&mut evaluate)?)?)
    }

    /// Builds the value of an expression.
    pub(crate) fn build_expression(&self, expression: &str) -> Result<()> {
        let mut build = self.nix("nix-build");
        output(build.args(["--no-out-link", "--expr", &self.with_names(expression)])).map(drop)
    }

    /// Builds an output of the flake for this machine, and returns its path.
    pub(crate) fn build(&self, attribute: &[&str], link: Option<&Path>) -> Result<PathBuf> {
        let [kind, name] = attribute else { bail!("an output has a kind and a name") };
        let mut build = self.nix("nix");
        build.args(["build", "--json"]);
        match link {
            Some(link) => build.arg("--out-link").arg(link),
            None => build.arg("--no-link"),
        };
        self.use_stand_in(&mut build);
        build.arg(format!("{}#{kind}.{}.{name}", self.checkout.display(), self.system));
        let built: Value = serde_json::from_str(&output(&mut build)?)?;
        let path = built[0]["outputs"]["out"].as_str().context("nix build named no result")?;
        Ok(path.into())
    }

    /// Builds the package, the image's description and the hosts. target/nix/appliance links to the one that the lab
    /// boots.
    pub(crate) fn build_all(&self) -> Result<()> {
        self.build(&["packages", "default"], None)?;
        self.build(&["packages", "oci-image"], None)?;
        let hosts = self.evaluate("builtins.attrNames (import ./nixos/tests/hosts.nix)")?;
        for host in hosts.as_array().into_iter().flatten().filter_map(Value::as_str) {
            let link = self.checkout.join("target/nix/appliance");
            self.build(&["checks", &format!("host-{host}")], (host == "appliance").then_some(&*link))?;
        }
        Ok(())
    }

    fn nix(&self, program: &str) -> Command {
        let mut nix = command::new(host::program(program).unwrap_or_else(|| program.into()));
        nix.current_dir(&self.checkout).env("NIX_CONFIG", SETTINGS).env("NIX_USER_CONF_FILES", "");
        nix
    }

    /// Overrides nixpkgs without fetching it or changing the lock file.
    fn use_stand_in(&self, nix: &mut Command) {
        let stand_in = format!("path:{}", self.stand_in.display());
        nix.args(["--no-write-lock-file", "--override-input", "nixpkgs", &stand_in]);
    }

    fn with_names(&self, expression: &str) -> String {
        let flake = format!("(import {}/flake.nix).outputs {{ self = {{ }}; }}", self.stand_in.display());
        format!("let inherit (({flake}).lib) nixosSystem; inherit ({flake}) lib; in {expression}")
    }
}

/// Where the programs are, and a digest that changes when they do, so that Nix rebuilds.
fn programs(checkout: &Path) -> Result<Value> {
    let folder = checkout.join("target/debug");
    let mut digest = String::new();
    for name in ["footfall", "footfall-ingest", "footfall-sink", "footfall-view"] {
        let program = folder.join(name);
        let about = fs::metadata(&program).with_context(|| format!("{} is not built", program.display()))?;
        let age = about.modified()?.duration_since(UNIX_EPOCH)?.as_nanos();
        digest.push_str(&format!("{}-{age} ", about.len()));
    }
    Ok(json!({ "folder": folder, "digest": digest }))
}

/// Major and minor version in the output of `nix --version`: "nix (Nix) 2.26.3".
fn release(output: &str) -> Option<(u32, u32)> {
    let mut numbers = output.split_whitespace().next_back()?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Returns a command's standard output; if it fails, the error contains its standard error.
fn output(nix: &mut Command) -> Result<String> {
    let name = nix.get_program().to_string_lossy().into_owned();
    let output = nix.stdin(Stdio::null()).output().with_context(|| format!("{name} cannot be run"))?;
    if !output.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::release;

    #[test]
    fn the_release_of_nix_is_read_from_its_output() {
        assert_eq!(release("nix (Nix) 2.26.3\n"), Some((2, 26)));
        assert_eq!(release("nix (Nix) 2.8.0"), Some((2, 8)));
        assert_eq!(release("not found"), None);
        assert!(Some((2, 26)) >= Some((2, 16)) && None < Some((2, 16)));
    }
}
