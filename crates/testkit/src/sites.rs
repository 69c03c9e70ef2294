//! A file of sites, as `footfall site` and `footfall key` keep it.

use std::path::PathBuf;

use crate::{footfall, run_dir};

/// A file of sites, as `footfall site` and `footfall key` keep it.
#[derive(Debug, Clone)]
pub struct SitesFile {
    /// Where it is.
    pub path: PathBuf,
}

impl SitesFile {
    /// A new file, without a site.
    pub fn new() -> Self {
        Self { path: run_dir("sites").join("sites.toml") }
    }

    /// A new file that lets everybody write.
    pub fn open() -> Self {
        let sites = Self::new();
        std::fs::write(&sites.path, "anyone_may_write = true\n").unwrap();
        sites
    }

    /// Runs a command that changes the file; returns the first line that it prints.
    pub async fn run(&self, arguments: &[&str]) -> String {
        let (command, rest) = arguments.split_first().unwrap();
        let file = self.path.display().to_string();
        let output = footfall().arg(command).args(["--file", &file]).args(rest).output().await.unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().next().unwrap_or_default().to_owned()
    }
}

impl Default for SitesFile {
    fn default() -> Self {
        Self::new()
    }
}
