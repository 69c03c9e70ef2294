//! Checks that every alert has a runbook, and every runbook an alert.

use super::finding::Finding;
use super::markdown::{anchor, headings};
use super::tree::Tree;

const RUNBOOKS: &str = "docs/runbooks.md";
const RULES: &str = "grafana/provisioning/alerting/";

struct Rule<'a> {
    path: &'a str,
    line: usize,
    title: &'a str,
    /// The link to the runbook in the annotation.
    link: Option<&'a str>,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let rules: Vec<_> =
        tree.texts().filter(|(path, _)| path.starts_with(RULES)).flat_map(|(path, text)| rules(path, text)).collect();
    let runbooks = tree.text(RUNBOOKS).map(headings).unwrap_or_default();
    let mut findings = Vec::new();
    for rule in &rules {
        if !runbooks.iter().any(|heading| heading.text == rule.title) {
            let message =
                format!("the alert \"{}\" has no runbook: add a section with this heading to {RUNBOOKS}", rule.title);
            findings.push(Finding::new(rule.path, rule.line, message));
        }
        let link = format!("{RUNBOOKS}#{}", anchor(rule.title));
        if !rule.link.is_some_and(|other| other.ends_with(&link)) {
            let message = format!(
                "the alert \"{}\" does not link its runbook: end its `runbook` annotation with {link}",
                rule.title
            );
            findings.push(Finding::new(rule.path, rule.line, message));
        }
    }
    // The first heading is the document's title. Parts of a runbook are not headings.
    for heading in runbooks.iter().skip(1) {
        if !rules.iter().any(|rule| rule.title == heading.text) {
            let message = format!("no alert is called \"{}\": correct the heading or remove the runbook", heading.text);
            findings.push(Finding::new(RUNBOOKS, heading.line, message));
        }
    }
    findings
}

fn rules<'a>(path: &'a str, text: &'a str) -> Vec<Rule<'a>> {
    let mut rules: Vec<Rule<'a>> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim().trim_start_matches("- ");
        if let Some(title) = line.strip_prefix("title: ") {
            rules.push(Rule { path, line: index + 1, title: title.trim_matches('"'), link: None });
        }
        let link = line.find(RUNBOOKS).map(|at| line[at..].split_whitespace().next().unwrap_or_default());
        if let (Some(link), Some(rule)) = (link, rules.last_mut()) {
            rule.link = Some(link);
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::Tree;

    const RULES: &str = "groups:\n  - rules:\n      - uid: a\n        title: The sink is silent\n        annotations:\n          runbook: docs/runbooks.md#the-sink-is-silent\n";

    fn found(rules: &str, runbooks: &str) -> Vec<String> {
        let tree = Tree::with(&[("grafana/provisioning/alerting/a.yaml", rules), ("docs/runbooks.md", runbooks)]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_alert_and_its_runbook_belong_together() {
        assert!(found(RULES, "# Runbooks\n\n## The sink is silent\n").is_empty());
        assert!(found(RULES, "# Runbooks\n")[0].contains("has no runbook"));
        assert!(found("", "# Runbooks\n## The sink is silent\n")[0].contains("no alert is called"));
    }

    #[test]
    fn an_alert_that_does_not_name_its_runbook_is_found() {
        let rules = RULES.replace("runbook", "description");
        let found = found(&rules, "# Runbooks\n## The sink is silent\n");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("grafana/provisioning/alerting/a.yaml:4: "), "{found:?}");
    }
}
