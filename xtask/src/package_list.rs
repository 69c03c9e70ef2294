//! parts/debian.txt: the Debian release, and the packages for programs that a host lacks.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::debian_root::Release;

pub(crate) struct PackageList {
    text: String,
}

impl PackageList {
    pub(crate) fn read(checkout: &Path) -> Result<Self> {
        let path = checkout.join("parts/debian.txt");
        let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        Ok(Self { text })
    }

    pub(crate) fn release(&self) -> Result<Release<'_>> {
        let one =
            |name: &str| self.words(name)?.next().with_context(|| format!("`{name}:` of parts/debian.txt is empty"));
        Ok(Release { name: one("release")?, day: one("packages-of")? })
    }

    pub(crate) fn packages(&self, name: &str) -> Result<Vec<&str>> {
        Ok(self.words(name)?.collect())
    }

    fn words(&self, name: &str) -> Result<std::str::SplitWhitespace<'_>> {
        self.text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| *key == name)
            .map(|(_, words)| words.split_whitespace())
            .with_context(|| format!("parts/debian.txt has no line `{name}:`"))
    }
}
