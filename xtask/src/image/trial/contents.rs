//! Checks the files in the image: all are listed, all find their libraries, and none is setuid or setgid.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::command;
use crate::image::buildah::said;
use crate::image::{Image, SBOM, containerfile, debian, sbom};

pub(crate) fn check(image: &Image, root: &Path) -> Result<String> {
    let mut files = Vec::new();
    list(root, &mut files)?;
    let listed = is_accounted_for(image, root)?;
    let shells = ["bash", "zsh", "busybox", "ksh", "perl", "python3", "apt-get", "dpkg", "curl", "cat", "ls"];
    for program in shells {
        let found = files.iter().find(|file| file.file_name().is_some_and(|name| name == program));
        ensure!(
            found.is_none(),
            "{} is in the image",
            found.map_or_else(Default::default, |path| path.display().to_string())
        );
    }
    for file in &files {
        let mode = fs::symlink_metadata(file)?.permissions().mode();
        ensure!(mode & 0o6000 == 0, "{} is setuid or setgid", file.display());
    }
    let linked = find_their_libraries(root, &files)?;
    Ok(format!("{} files, {listed} components, {linked} linked programs and libraries", files.len()))
}

/// All files below a folder; links are not followed.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            list(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Checks that the list in the image matches its contents: the packages in dpkg's database, and the checksums of the
/// jars.
fn is_accounted_for(image: &Image, root: &Path) -> Result<usize> {
    let list: Value = serde_json::from_str(&fs::read_to_string(root.join(SBOM))?)?;
    let components = list["components"].as_array().context("no components")?;
    let texts = |pointer: &str| -> BTreeSet<String> {
        components.iter().filter_map(|each| each.pointer(pointer)?.as_str().map(str::to_owned)).collect()
    };
    let purls = texts("/purl");
    ensure!(purls.len() == components.len(), "a component is listed twice");
    let built: BTreeSet<_> = image.components.iter().map(|component| component.purl.clone()).collect();
    ensure!(purls == built, "the list belongs to another image");

    let of = |kind: &str| purls.iter().filter(|purl| purl.starts_with(kind)).cloned().collect::<BTreeSet<_>>();
    let mut installed = BTreeSet::new();
    for entry in fs::read_dir(root.join("var/lib/dpkg/status.d"))? {
        let stanza = fs::read_to_string(entry?.path())?;
        let package = debian::parse_stanza(&stanza).context("not a stanza of dpkg's")?;
        installed.insert(sbom::debian(&package, "trixie").purl);
    }
    ensure!(of("pkg:deb/") == installed, "the listed packages are not the installed ones");

    let jars = sbom::file_sums(&root.join(containerfile::KAFKA_LIBS.trim_start_matches('/')))?;
    let maven =
        components.iter().filter(|each| each["purl"].as_str().is_some_and(|purl| purl.starts_with("pkg:maven/")));
    let sums: BTreeSet<_> =
        maven.filter_map(|each| each.pointer("/hashes/0/content")?.as_str().map(str::to_owned)).collect();
    ensure!(sums == jars.into_values().collect(), "the listed jars are not the installed ones");
    ensure!(of("pkg:cargo/").len() > 50, "too few crates are listed");
    Ok(components.len())
}

/// Checks that the image's loader finds the libraries of each program and library.
fn find_their_libraries(root: &Path, files: &[PathBuf]) -> Result<usize> {
    let loader = ["usr/lib64/ld-linux-x86-64.so.2", "usr/lib/ld-linux-aarch64.so.1"];
    let loader = loader.iter().find(|path| root.join(path).exists()).context("the image has no loader")?;
    let inside = |path: &Path| path.strip_prefix(root).map(|path| Path::new("/").join(path));
    // Java has already loaded this one when its other libraries need it.
    let jvm = files.iter().find(|file| file.ends_with("server/libjvm.so")).context("no Java")?;
    let jvm = inside(jvm.parent().context("no folder")?)?;
    let mut linked = 0;
    for file in files {
        if !is_linked(file)? {
            continue;
        }
        let mut chroot = command::new("chroot");
        chroot
            .arg(root)
            .arg(Path::new("/").join(loader))
            .arg("--library-path")
            .arg(&jvm)
            .arg("--list")
            .arg(inside(file)?);
        said(&mut chroot).with_context(|| format!("{} does not find its libraries", file.display()))?;
        linked += 1;
    }
    Ok(linked)
}

/// Whether it is a dynamically linked ELF program or library.
fn is_linked(file: &Path) -> Result<bool> {
    let mut head = [0; 18];
    let read = fs::File::open(file)?.read(&mut head)?;
    // Types 2 and 3 are programs and libraries; 1 is an object file.
    let kind = head.get(16).copied().unwrap_or_default();
    let is_loader = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ld-linux"));
    Ok(read == head.len() && head.starts_with(b"\x7fELF") && (kind == 2 || kind == 3) && !is_loader)
}
