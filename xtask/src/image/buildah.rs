//! buildah, with its store under target/.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::command;
use crate::progress::Step;

pub(crate) struct Buildah {
    folder: PathBuf,
}

impl Buildah {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn command(&self, subcommand: &str) -> Command {
        let mut buildah = command::new("buildah");
        let option = |name: &str| format!("--{name}={}", self.folder.join(name).display());
        buildah.args([option("root"), option("runroot"), subcommand.to_owned()]);
        buildah
    }

    /// Builds `context`/Containerfile, in Docker's format because OCI's has no health check.
    pub(crate) fn build(&self, context: &Path, name: &str, step: &Step) -> Result<()> {
        let mut build = self.command("bud");
        build.args(["--isolation=chroot", "--format=docker", "--layers", "--pull=never", "--tag", name, "--file"]);
        command::run(build.arg(context.join("Containerfile")).arg(context), step)
    }

    /// Writes the image as an archive for `docker load` and `podman load`.
    pub(crate) fn write(&self, name: &str, archive: &Path, tag: &str, step: &Step) -> Result<()> {
        if archive.exists() {
            std::fs::remove_file(archive)?;
        }
        let to = format!("docker-archive:{}:{tag}", archive.display());
        command::run(self.command("push").args([name, &to]), step)
    }

    /// The image's configuration, as container engines read it.
    pub(crate) fn inspect(&self, name: &str) -> Result<serde_json::Value> {
        let said = said(self.command("inspect").args(["--type=image", name]))?;
        Ok(serde_json::from_str(&said)?)
    }

    /// Creates a container of the image, mounts it, and returns the path.
    pub(crate) fn mount(&self, image: &str, container: &str) -> Result<PathBuf> {
        self.forget(container);
        said(self.command("from").args(["--pull-never", "--name", container, image]))?;
        Ok(said(self.command("mount").arg(container))?.trim().into())
    }

    /// Removes a container, if there is one.
    pub(crate) fn forget(&self, container: &str) {
        let mut remove = self.command("rm");
        // Usually it does not exist.
        let _ = remove.arg(container).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Returns what a command prints. Fails if the command does.
pub(crate) fn said(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{name} cannot be run"))?;
    if !output.status.success() {
        let [out, error] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        bail!("{command:?} ended with {}:\n{out}{error}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}
