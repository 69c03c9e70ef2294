//! `cargo xtask nix`: evaluates and builds the flake with the stand-in for nixpkgs in nixos/tests/stand-in, so that no
//! binary cache is needed. ARCHITECTURE.md says what that cannot show.

mod evaluator;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::command::step;
use crate::progress::{Step, Steps};
use evaluator::Evaluator;

const REFERENCE: &str = "docs/nixos-options.md";

/// Runs every check. The programs must have been built, because they check settings while a system is built. With
/// `write`, a stale reference of the options is updated instead of reported.
pub(crate) fn check(checkout: &Path, steps: &Steps, write: bool) -> Result<()> {
    let nix = step(steps, "nix", |step| Evaluator::prepare(checkout, step))?;
    step(steps, "flake check", |_| nix.flake_check())?;
    step(steps, "options reference", |_| reference(&nix, checkout, write))?;
    step(steps, "module system behaves as in nixpkgs", |_| module_system(&nix, checkout))?;
    step(steps, "values that hosts must have", |_| accepted(&nix))?;
    step(steps, "settings that must be refused", |step| refused(&nix, step))?;
    step(steps, "build packages and hosts", |_| nix.build_all())
}

fn reference(nix: &Evaluator, checkout: &Path, write: bool) -> Result<()> {
    let built = nix.build(&["packages", "options-reference"], None)?;
    let generated = fs::read_to_string(built)?;
    let path = checkout.join(REFERENCE);
    if fs::read_to_string(&path).is_ok_and(|committed| committed == generated) {
        return Ok(());
    }
    if write {
        return Ok(fs::write(path, generated)?);
    }
    bail!("{REFERENCE} is stale: run `cargo xtask nix --write` and commit it")
}

/// Compares the stand-in's answers with those recorded from the real lib.
fn module_system(nix: &Evaluator, checkout: &Path) -> Result<()> {
    let recorded = fs::read(checkout.join("nixos/tests/module-system.json"))?;
    let recorded: Value = serde_json::from_slice(&recorded)?;
    let cases = "import ./nixos/tests/module-system.nix { inherit lib; }";
    let values = nix.evaluate(&format!("({cases}).values"))?;
    for (name, expected) in object(&recorded["values"])? {
        if values.get(name) != Some(expected) {
            bail!("{name}: the stand-in answers {:?}, nixpkgs {expected}", values.get(name));
        }
    }
    let errors = object(&recorded["errors"])?;
    // A new case must also be recorded from the real lib.
    let asked = nix.evaluate(&format!("builtins.attrNames ({cases}).errors"))?;
    let (asked, values) = (asked.as_array().map_or(0, Vec::len), object(&values)?.len());
    if asked != errors.len() || values != object(&recorded["values"])?.len() {
        bail!("module-system.json does not hold the same cases as module-system.nix");
    }
    for (name, says) in errors {
        let says = says.as_str().context("an error is recorded as text")?;
        must_fail(name, says, nix.evaluate(&format!("({cases}).errors.{name}")).map(drop))?;
    }
    Ok(())
}

fn accepted(nix: &Evaluator) -> Result<()> {
    let answers = nix.evaluate("import ./nixos/tests/accepted.nix { inherit nixosSystem; }")?;
    let answers = object(&answers)?;
    let wrong: Vec<_> =
        answers.iter().filter(|(_, holds)| **holds != Value::Bool(true)).map(|(name, _)| name).collect();
    if answers.is_empty() || !wrong.is_empty() {
        bail!("nixos/tests/accepted.nix: of {} these do not hold: {wrong:?}", answers.len());
    }
    Ok(())
}

fn refused(nix: &Evaluator, step: &Step) -> Result<()> {
    let cases = "import ./nixos/tests/refused.nix { inherit nixosSystem; }";
    let list = nix.evaluate(&format!("builtins.mapAttrs (_: one: {{ inherit (one) says build; }}) ({cases})"))?;
    let list: BTreeMap<String, Refusal> =
        object(&list)?.iter().map(|(name, case)| Ok((name.clone(), Refusal::read(case)?))).collect::<Result<_>>()?;
    if list.is_empty() {
        bail!("nixos/tests/refused.nix holds no case");
    }
    for (name, case) in &list {
        step.note(name);
        let system = format!("({cases}).{name}.system");
        let outcome = if case.build {
            nix.build_expression(&system)
        } else {
            nix.evaluate(&format!("{system}.drvPath")).map(drop)
        };
        must_fail(name, &case.says, outcome)?;
    }
    Ok(())
}

struct Refusal {
    says: String,
    build: bool,
}

impl Refusal {
    fn read(case: &Value) -> Result<Self> {
        let says = case["says"].as_str().context("a refusal says why")?.to_owned();
        Ok(Self { says, build: case["build"] == true })
    }
}

/// Compares the message too, because a broken stand-in would fail for any reason.
fn must_fail(name: &str, says: &str, outcome: Result<()>) -> Result<()> {
    let Err(error) = outcome else { bail!("{name} was accepted, and should have been refused: {says}") };
    let said = error.to_string();
    if words(&said).contains(&words(says)) {
        Ok(())
    } else {
        bail!("{name} was refused, but not with {says:?}:\n{said}")
    }
}

/// Collapses white space, because Nix breaks and indents lines.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn object(value: &Value) -> Result<&serde_json::Map<String, Value>> {
    value.as_object().context("Nix did not answer a set")
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::must_fail;

    #[test]
    fn a_refusal_must_have_the_expected_reason() {
        assert!(must_fail("case", "is a secret", Err(anyhow!("error: x is a\n   secret, and"))).is_ok());
        assert!(must_fail("case", "is a secret", Err(anyhow!("error: infinite recursion"))).is_err());
        assert!(must_fail("case", "is a secret", Ok(())).is_err());
    }
}
