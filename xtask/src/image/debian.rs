//! parts/image.txt: which of Debian's files go into the image. They are copied from a root with everything installed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The layers of the image with Debian's files.
pub(crate) struct Debian {
    pub(crate) layers: Vec<DebianLayer>,
    without: Vec<String>,
}

pub(crate) struct DebianLayer {
    pub(crate) name: String,
    pub(crate) packages: Vec<String>,
}

/// A package in dpkg's database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) architecture: String,
    /// dpkg's complete stanza.
    pub(crate) stanza: String,
}

impl Debian {
    pub(crate) fn read(checkout: &Path) -> Result<Self> {
        let path = checkout.join("parts/image.txt");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        let (mut layers, mut without) = (Vec::new(), Vec::new());
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, words) = line.split_once(':').with_context(|| format!("{line:?} names no layer"))?;
            let words = words.split_whitespace();
            if name == "without" {
                without.extend(words.map(str::to_owned));
            } else {
                layers.push(DebianLayer { name: name.to_owned(), packages: words.map(str::to_owned).collect() });
            }
        }
        Ok(Self { layers, without })
    }

    /// Every package of every layer.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().flat_map(|layer| layer.packages.iter().map(String::as_str))
    }

    /// Copies the files of one package into `stage`, with dpkg's stanza and the licences for scanners.
    pub(crate) fn stage(&self, root: &Path, package: &Package, stage: &Path) -> Result<()> {
        let name = &package.name;
        for path in self.files(root, package)? {
            put(root, &path, stage).with_context(|| format!("{name}: {}", path.display()))?;
        }
        let copyright = Path::new("usr/share/doc").join(name).join("copyright");
        let copied = make_parent(&stage.join(&copyright))
            .and_then(|()| Ok(fs::copy(root.join(&copyright), stage.join(&copyright))?));
        copied.with_context(|| format!("{name} has no {}", copyright.display()))?;
        let stanza = stage.join("var/lib/dpkg/status.d").join(name);
        make_parent(&stanza)?;
        Ok(fs::write(stanza, &package.stanza)?)
    }

    /// The files and links of a package that go into the image, relative to the root.
    fn files(&self, root: &Path, package: &Package) -> Result<Vec<PathBuf>> {
        let info = root.join("var/lib/dpkg/info");
        let names = [package.name.clone(), format!("{}:{}", package.name, package.architecture)];
        let list = names.iter().find_map(|name| fs::read_to_string(info.join(format!("{name}.list"))).ok());
        let list = list.with_context(|| format!("dpkg has no list of {}", package.name))?;
        let mut files = Vec::new();
        for path in list.lines().map(Path::new) {
            if self.without.iter().any(|without| is_meant(path, without)) {
                continue;
            }
            let Ok(inside) = path.strip_prefix("/") else { bail!("{} is not an absolute path", path.display()) };
            // dpkg also lists files that its configuration excluded.
            let Ok(kind) = fs::symlink_metadata(root.join(inside)) else { continue };
            if !kind.is_dir() {
                files.push(inside.to_owned());
            }
        }
        Ok(files)
    }
}

/// Whether the path is in the folder `without`, or its file name begins with `without`.
fn is_meant(path: &Path, without: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if without.starts_with('/') { path.starts_with(without) } else { name.starts_with(without) }
}

/// Every installed package of a root, by name.
pub(crate) fn installed(root: &Path) -> Result<BTreeMap<String, Package>> {
    let path = root.join("var/lib/dpkg/status");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(text.split("\n\n").filter_map(parse_stanza).map(|package| (package.name.clone(), package)).collect())
}

pub(crate) fn parse_stanza(stanza: &str) -> Option<Package> {
    let field = |name: &str| {
        let value = stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.map(|value| value.trim().to_owned())
    };
    Some(Package {
        name: field("Package")?,
        version: field("Version")?,
        architecture: field("Architecture")?,
        stanza: format!("{}\n", stanza.trim_end()),
    })
}

/// Copies a file or link to its real path under `stage`: in the root, its folder may be reached through a link.
fn put(root: &Path, path: &Path, stage: &Path) -> Result<()> {
    let (root, name) = (root.canonicalize()?, path.file_name().context("it has no name")?);
    let folder = root.join(path).parent().context("it has no folder")?.canonicalize()?;
    let (from, to) = (folder.join(name), stage.join(folder.strip_prefix(&root)?).join(name));
    make_parent(&to)?;
    if fs::symlink_metadata(&from)?.is_symlink() {
        return link(&fs::read_link(&from)?, &to);
    }
    // A hard link if possible, since the file is only read.
    if fs::hard_link(&from, &to).is_err() {
        fs::copy(&from, &to)?;
    }
    Ok(())
}

/// Creates a symbolic link and the folders above it.
pub(crate) fn link(target: &Path, at: &Path) -> Result<()> {
    debug_assert!(!at.components().any(|part| part == Component::ParentDir));
    make_parent(at)?;
    symlink(target, at).with_context(|| at.display().to_string())
}

pub(crate) fn make_parent(path: &Path) -> Result<()> {
    Ok(fs::create_dir_all(path.parent().context("it has no folder")?)?)
}

#[cfg(test)]
mod tests {
    use super::{Debian, installed};
    use std::fs;
    use std::path::Path;

    const STATUS: &str = "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2.3-4\nDescription: x\n y\n\nPackage: b\nArchitecture: all\nVersion: 5\n";

    #[test]
    fn a_package_brings_its_files_its_licence_and_what_scanners_read() {
        let folder = tempfile::tempdir().unwrap();
        let (root, stage) = (folder.path().join("root"), folder.path().join("stage"));
        for (path, text) in [
            ("var/lib/dpkg/status", STATUS),
            ("var/lib/dpkg/info/a:amd64.list", "/.\n/usr\n/lib/a.so\n/usr/lib/a.so.1\n/usr/share/man/a\n/gone\n"),
            ("usr/lib/a.so.1", "code"),
            ("usr/share/man/a", "manual"),
            ("usr/share/doc/gcc/copyright", "licence"),
        ] {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        for (target, at) in [("usr/lib", "lib"), ("a.so.1", "usr/lib/a.so"), ("gcc", "usr/share/doc/a")] {
            std::os::unix::fs::symlink(target, root.join(at)).unwrap();
        }
        let debian = Debian::parse("# c\nbase: a\nwithout: /usr/share/man /usr/share/doc\n").unwrap();
        let packages = installed(&root).unwrap();
        assert_eq!(packages["a"].version, "1:2.3-4");
        debian.stage(&root, &packages["a"], &stage).unwrap();

        assert_eq!(fs::read_to_string(stage.join("usr/lib/a.so.1")).unwrap(), "code");
        assert_eq!(fs::read_link(stage.join("usr/lib/a.so")).unwrap(), Path::new("a.so.1"));
        assert_eq!(fs::read_to_string(stage.join("usr/share/doc/a/copyright")).unwrap(), "licence");
        assert!(fs::read_to_string(stage.join("var/lib/dpkg/status.d/a")).unwrap().ends_with("Description: x\n y\n"));
        assert!(!stage.join("usr/share/man").exists() && !stage.join("lib").exists());
    }
}
