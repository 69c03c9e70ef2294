//! Checks the licences and versions of dependencies against deny.toml, like cargo-deny but without building it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::finding::Finding;
use crate::command;

const POLICY: &str = "deny.toml";

#[derive(Deserialize)]
struct Policy {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    skip: Vec<Named>,
    deny: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    /// `name` or `name@version`; the version may be shortened, such as to `0.1`.
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    /// An SPDX expression.
    licence: String,
    from_git: bool,
}

/// # Errors
/// Fails if a package in Cargo.lock has not been fetched yet: no registry is contacted.
pub(super) fn check(checkout: &Path) -> Result<Vec<Finding>> {
    let text = std::fs::read_to_string(checkout.join(POLICY)).context(POLICY)?;
    let policy: Policy = toml::from_str(&text).context(POLICY)?;
    let mut tree = command::cargo(checkout);
    tree.args(["tree", "--locked", "--offline", "--workspace", "--edges=normal,build,dev", "--prefix=none"]);
    let output = tree.arg("--format={p}|{l}").output()?;
    if !output.status.success() {
        bail!("cargo tree ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    let packages: BTreeSet<_> = String::from_utf8_lossy(&output.stdout).lines().filter_map(parse).collect();
    Ok(held_to(&policy, &packages).into_iter().map(|message| Finding::new(POLICY, 1, message)).collect())
}

/// Parses `serde v1.0.229|MIT OR Apache-2.0`; some lines also have `(path)`, `(proc-macro)` or `(*)`.
fn parse(line: &str) -> Option<Package> {
    let (package, licence) = line.split_once('|')?;
    let mut words = package.split(' ');
    Some(Package {
        name: words.next()?.to_owned(),
        version: words.next()?.strip_prefix('v')?.to_owned(),
        licence: licence.trim_end_matches(" (*)").to_owned(),
        from_git: words.any(|word| word.contains("://")),
    })
}

fn held_to(policy: &Policy, packages: &BTreeSet<Package>) -> Vec<String> {
    let mut messages = Vec::new();
    for package in packages {
        let Package { name, version, licence, from_git } = package;
        if !is_allowed(licence, &policy.licenses.allow) {
            messages
                .push(format!("{name} {version} is licensed as \"{licence}\": use another crate, or allow it here"));
        }
        if *from_git {
            messages.push(format!("{name} {version} comes from a git repository: use a release from crates.io"));
        }
        for denied in policy.bans.deny.iter().filter(|denied| denied.names(package)) {
            messages.push(format!("{name} {version} must not be used: {}", denied.reason));
        }
    }
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages.iter().filter(|package| !policy.bans.skip.iter().any(|skip| skip.names(package))) {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    messages.extend(versions.iter().filter(|(_, versions)| versions.len() > 1).map(|(name, versions)| {
        format!(
            "{name} is compiled in {} versions ({}): update one, or add one to `skip` with a reason",
            versions.len(),
            versions.join(", ")
        )
    }));
    let unneeded = policy.bans.skip.iter().filter(|skip| !packages.iter().any(|package| skip.names(package)));
    messages.extend(unneeded.map(|skip| format!("{} is no longer compiled: remove it from `skip`", skip.name)));
    messages
}

impl Named {
    fn names(&self, package: &Package) -> bool {
        let (name, version) = self.name.split_once('@').unwrap_or((&self.name, ""));
        let rest = package.version.strip_prefix(version);
        name == package.name && rest.is_some_and(|rest| version.is_empty() || rest.starts_with('.') || rest.is_empty())
    }
}

/// Whether an SPDX expression can be satisfied by allowed licences alone. `/` is an old notation for OR.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.trim();
    if let Some(parts) = split(expression, &[" AND "]) {
        return parts.into_iter().all(|part| is_allowed(part, allowed));
    }
    if let Some(parts) = split(expression, &[" OR ", "/"]) {
        return parts.into_iter().any(|part| is_allowed(part, allowed));
    }
    match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => is_allowed(inner, allowed),
        None => allowed.iter().any(|licence| licence == expression),
    }
}

/// Splits an expression at the signs outside parentheses; `None` if there is no such sign.
fn split<'a>(expression: &'a str, signs: &[&str]) -> Option<Vec<&'a str>> {
    let (mut parts, mut depth, mut begin) = (Vec::new(), 0_i32, 0);
    for (at, character) in expression.char_indices() {
        depth += i32::from(character == '(') - i32::from(character == ')');
        if let Some(sign) = signs.iter().find(|sign| depth == 0 && at >= begin && expression[at..].starts_with(**sign))
        {
            parts.push(&expression[begin..at]);
            begin = at + sign.len();
        }
    }
    parts.push(&expression[begin..]);
    (parts.len() > 1).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::{Policy, held_to, is_allowed, parse};

    const POLICY: &str = r#"
        [licenses]
        allow = ["MIT", "Apache-2.0"]
        [bans]
        skip = [{ crate = "old@0.1", reason = "a reason" }]
        deny = [{ crate = "chrono", reason = "times are jiff's" }]
    "#;

    fn found(lines: &[&str]) -> Vec<String> {
        let policy: Policy = toml::from_str(POLICY).unwrap();
        held_to(&policy, &lines.iter().filter_map(|line| parse(line)).collect())
    }

    #[test]
    fn a_licence_is_allowed_where_a_choice_is() {
        let allowed = ["MIT", "Apache-2.0"].map(str::to_owned);
        for expression in ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "(GPL-3.0 OR MIT) AND Apache-2.0", "MIT / GPL-3.0"] {
            assert!(is_allowed(expression, &allowed), "{expression}");
        }
        for expression in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR GPL-3.0) AND GPL-3.0", ""] {
            assert!(!is_allowed(expression, &allowed), "{expression}");
        }
    }

    #[test]
    fn a_package_that_the_policy_refuses_is_found() {
        let old = "old v0.1.3|MIT";
        assert!(found(&[old, "old v0.2.0|MIT", "a v1.0.0 (proc-macro)|MIT (*)"]).is_empty());
        assert_eq!(found(&[old, "a v1.0.0|GPL-3.0"]).len(), 1);
        assert_eq!(found(&[old, "a v1.0.0 (https://a.example/a?branch=main#abc)|MIT"]).len(), 1);
        assert!(found(&[old, "chrono v0.4.0|MIT"])[0].contains("times are jiff's"));
    }

    #[test]
    fn two_versions_are_found_and_so_is_a_skip_that_is_not_needed() {
        let two = found(&["old v0.1.3|MIT", "a v1.0.0|MIT", "a v2.0.0|MIT", "a v2.0.0|MIT (*)"]);
        assert_eq!(two, ["a is compiled in 2 versions (1.0.0, 2.0.0): update one, or add one to `skip` with a reason"]);
        assert_eq!(found(&["old v0.10.0|MIT"]), ["old@0.1 is no longer compiled: remove it from `skip`"]);
    }
}
