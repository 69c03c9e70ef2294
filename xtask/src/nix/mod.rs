//! `cargo xtask nix`: evaluates the flake and builds what it says, against the stand-in for nixpkgs that lies in
//! nixos/tests/stand-in, so that no binary cache is needed. What that cannot show stands in ARCHITECTURE.md.

mod evaluator;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::progress::{Step, Steps};
use evaluator::Evaluator;

const REFERENCE: &str = "docs/nixos-options.md";

/// Runs every check. The programs must be built: they check settings while a system is built. With `write`, a reference
/// of the options that is stale is written anew instead of being an error.
pub(crate) fn check(checkout: &Path, steps: &Steps, write: bool) -> Result<()> {
    let nix = step(steps, "nix", |step| Evaluator::prepare(checkout, step))?;
    step(steps, "flake check", |_| nix.flake_check())?;
    step(steps, "options reference", |_| reference(&nix, checkout, write))?;
    step(steps, "the module system answers as nixpkgs' does", |_| module_system(&nix, checkout))?;
    step(steps, "what hosts come to", |_| accepted(&nix))?;
    step(steps, "what must be refused", |step| refused(&nix, step))?;
    step(steps, "packages and hosts are built", |_| nix.build_all())
}

fn step<T>(steps: &Steps, name: &str, run: impl FnOnce(&Step) -> Result<T>) -> Result<T> {
    let step = steps.begin(name);
    let result = run(&step);
    match &result {
        Ok(_) => step.done(""),
        Err(_) => step.failed("see below"),
    }
    result
}

fn reference(nix: &Evaluator, checkout: &Path, write: bool) -> Result<()> {
    let built = nix.build(&["packages", "options-reference"], None)?;
    let made = fs::read_to_string(built)?;
    let path = checkout.join(REFERENCE);
    if fs::read_to_string(&path).is_ok_and(|there| there == made) {
        return Ok(());
    }
    if write {
        return Ok(fs::write(path, made)?);
    }
    bail!("{REFERENCE} is stale: run `cargo xtask nix --write` and commit it")
}

/// The same cases as the real lib was asked, whose answers were recorded.
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
    // A case that was added is to be asked of the real lib too.
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

/// Any error would do for a stand-in that is itself broken, so the words are compared too.
fn must_fail(name: &str, says: &str, outcome: Result<()>) -> Result<()> {
    let Err(error) = outcome else { bail!("{name} was accepted, and should have been refused: {says}") };
    let said = error.to_string();
    if words(&said).contains(&words(says)) {
        Ok(())
    } else {
        bail!("{name} was refused, but not with {says:?}:\n{said}")
    }
}

/// Text with each run of white space as one blank: Nix breaks and indents lines.
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
    fn a_refusal_must_be_for_the_reason_that_is_meant() {
        assert!(must_fail("case", "is a secret", Err(anyhow!("error: x is a\n   secret, and"))).is_ok());
        assert!(must_fail("case", "is a secret", Err(anyhow!("error: infinite recursion"))).is_err());
        assert!(must_fail("case", "is a secret", Ok(())).is_err());
    }
}
