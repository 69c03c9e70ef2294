//! A layer: a folder of files that becomes an archive.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};

use crate::command;
use crate::progress::Step;

/// A layer under construction.
pub(crate) struct Layer {
    pub(crate) name: String,
    /// Its files, at their paths below `/`.
    pub(crate) folder: PathBuf,
}

/// The modification times of a layer's files, in seconds since 1970.
#[derive(Clone, Copy)]
pub(crate) enum Age {
    /// The same for all. nginx recognises a new version of a page by its time, and in a checkout that is only the time
    /// of the checkout.
    All(u64),
    /// Each file's own, but no later than this. Java validates its shared class archive by the times of packaged files,
    /// so those are kept; files created for the layer get this time.
    NoYounger(u64),
}

/// The size of a layer, in bytes.
pub(crate) struct Weight {
    pub(crate) name: String,
    /// As an uncompressed archive.
    pub(crate) plain: u64,
    /// Compressed with gzip, as it is distributed.
    pub(crate) packed: u64,
}

impl Layer {
    /// An empty layer.
    pub(crate) fn new(context: &Path, name: &str) -> Result<Self> {
        let folder = context.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self { name: name.to_owned(), folder })
    }

    /// The archive's path in the context.
    pub(crate) fn archive(&self) -> String {
        format!("{}.tar", self.name)
    }

    pub(crate) fn pack(&self, context: &Path, age: Age, step: &Step) -> Result<()> {
        let mut tar = command::new("tar");
        tar.args(["--create", "--sort=name", "--numeric-owner", "--format=gnu", "--file"]);
        tar.arg(context.join(self.archive())).arg("--directory").arg(&self.folder);
        match age {
            Age::All(seconds) => tar.arg(format!("--mtime=@{seconds}")),
            Age::NoYounger(seconds) => tar.args(["--clamp-mtime".to_owned(), format!("--mtime=@{seconds}")]),
        };
        command::run(tar.arg("."), step)
    }

    pub(crate) fn weigh(&self, context: &Path) -> Result<Weight> {
        let archive = context.join(self.archive());
        let mut gzip = command::new("gzip");
        let gzip = gzip.args(["--stdout", "--no-name"]).arg(&archive).stdout(Stdio::piped());
        let mut child = gzip.spawn().context("gzip cannot be run")?;
        let mut out = child.stdout.take().context("gzip has no output")?;
        let packed = std::io::copy(&mut out, &mut std::io::sink())?;
        if !child.wait()?.success() {
            bail!("gzip failed on {}", archive.display());
        }
        Ok(Weight { name: self.name.clone(), plain: fs::metadata(&archive)?.len(), packed })
    }
}
