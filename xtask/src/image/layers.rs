//! A layer: a folder with its files, which becomes an archive.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};

use crate::command;
use crate::progress::Step;

/// A layer under construction.
pub(crate) struct Layer {
    pub(crate) name: String,
    /// Its files, as they will lie below `/`.
    pub(crate) folder: PathBuf,
}

/// How old the files of a layer say that they are, in seconds since 1970.
#[derive(Clone, Copy)]
pub(crate) enum Age {
    /// All as old as this: nginx tells a page from its next version by that, and a checkout's files are as old as the
    /// checkout.
    All(u64),
    /// As old as they are, but none younger than this: the packages' files keep their age, by which Java knows what its
    /// shared classes were made of, and what was made for the layer gets one.
    NoYounger(u64),
}

/// What a layer weighs, in bytes.
pub(crate) struct Weight {
    pub(crate) name: String,
    /// Unpacked, as an archive.
    pub(crate) plain: u64,
    /// As it is passed on: packed with gzip.
    pub(crate) packed: u64,
}

impl Layer {
    /// An empty one.
    pub(crate) fn new(context: &Path, name: &str) -> Result<Self> {
        let folder = context.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self { name: name.to_owned(), folder })
    }

    /// The archive's name within the context.
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
