//! `cargo xtask image`: the container image, built by buildah from Debian's packages, Kafka's jars and the installed
//! tree.

mod buildah;
mod containerfile;
mod debian;
mod layers;
mod sbom;
mod statement;
pub(crate) mod trial;

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, Result, bail};

use crate::install::{self, Install};
use crate::package_list::PackageList;
use crate::progress::{Step, Steps};
use crate::setup::{self, For};
use crate::{apt, command, host, kafka_libs};

use buildah::{Buildah, said};
use debian::{Debian, Package, make_parent};
use layers::{Age, Layer, Weight};
use sbom::Component;
use statement::Statement;

/// The list of the image's components, within the image.
const SBOM: &str = "usr/share/footfall/sbom.cdx.json";

/// An image in buildah's store.
struct Image {
    /// Its folder: target/image.
    folder: PathBuf,
    /// Its name in the store.
    name: String,
    statement: Statement,
    buildah: Buildah,
    components: Vec<Component>,
    layers: Vec<Layer>,
}

/// Builds the image for distribution, target/image/footfall.tar, and prints its size.
pub(crate) fn release(checkout: &Path, steps: &Steps) -> Result<()> {
    let image = build(checkout, steps, false)?;
    let archive = image.folder.join(format!("{}.tar", image.statement.name));
    let step = steps.begin(format!("write {}", archive.display()));
    let tag = format!("{}:{}", image.statement.name, version());
    image.buildah.write(&image.name, &archive, &tag, &step)?;
    let weights = image.layers.iter().map(|layer| layer.weigh(&image.context())).collect::<Result<Vec<_>>>()?;
    step.done("");
    steps.say(&table(&weights));
    steps.say(&format!(
        "\nTo use it: docker load --input {0}   (or podman load --input {0})\nIts components: {1}",
        archive.display(),
        image.folder.join("sbom.cdx.json").display()
    ));
    Ok(())
}

impl Image {
    /// buildah's context.
    fn context(&self) -> PathBuf {
        self.folder.join("context")
    }
}

fn build(checkout: &Path, steps: &Steps, dev_profile: bool) -> Result<Image> {
    if !apt::is_root() {
        bail!("the files of an image have different owners: run this as root");
    }
    let list = PackageList::read(checkout)?;
    let statement = Statement::read(checkout)?;
    let debian = Debian::read(checkout)?;
    need(&["buildah"], &list.packages("buildah")?, "to build an image", steps)?;
    setup::set_up(checkout, steps, For::Image, true)?;
    let root = checkout.join(".parts/root");
    let installed = debian::installed(&root)?;
    let package = |name: &str| installed.get(name).with_context(|| format!("{name} is not in {}", root.display()));

    let folder = checkout.join("target/image");
    let context = folder.join("context");
    fs::create_dir_all(&context)?;
    let mut layers = Vec::new();

    let ours = Layer::new(&context, "footfall")?;
    let programs = Install { prefix: &ours.folder.join("usr"), dev_profile, with_kafka: false };
    programs.run(checkout, steps)?;

    let step = steps.begin("layers");
    for layer in &debian.layers {
        let staged = Layer::new(&context, &layer.name)?;
        for name in &layer.packages {
            step.note(name.clone());
            debian.stage(&root, package(name)?, &staged.folder)?;
        }
        layers.push(staged);
    }
    let base = layers.first().context("parts/image.txt names no layer")?;
    frame(&base.folder)?;
    let kafka = Layer::new(&context, "kafka")?;
    let jars = kafka.folder.join(containerfile::KAFKA_LIBS.trim_start_matches('/'));
    install::copy(&checkout.join(".parts/kafka/libs"), &jars)?;
    layers.push(kafka);

    let program_names = install::programs(checkout)?;
    let mut components = debian
        .packages()
        .map(|name| Ok(sbom::debian(package(name)?, list.release()?.name)))
        .collect::<Result<Vec<_>>>()?;
    components.extend(sbom::crates(checkout, &program_names)?);
    components.extend(sbom::jars(&kafka_libs::pom(checkout), &jars, &folder)?);
    let document = sbom::document(&statement.name, &version(), &components);
    fs::write(folder.join("sbom.cdx.json"), format!("{document:#}\n"))?;
    own_files(&ours.folder, &folder, &statement, package("openjdk-21-jre-headless")?, &program_names, &step)?;
    layers.push(ours);

    // Archives are reproducible, so buildah reuses the layer of an unchanged one.
    let (committed_s, rooted_s) = (committed_s(checkout)?, modified_s(&root.join("var/lib/dpkg/status"))?);
    for layer in &layers {
        step.note(layer.archive());
        let age = match layer.name.as_str() {
            "footfall" => Age::All(committed_s),
            "kafka" => Age::All(0),
            _ => Age::NoYounger(rooted_s),
        };
        layer.pack(&context, age, &step)?;
    }
    step.done("");

    let step = steps.begin("image");
    let labels =
        [("org.opencontainers.image.version", version()), ("org.opencontainers.image.revision", revision(checkout)?)];
    let archives: Vec<_> = layers.iter().map(Layer::archive).collect();
    fs::write(context.join("Containerfile"), containerfile::text(&statement, &archives, &labels))?;
    let buildah = Buildah::in_folder(&folder.join("store"));
    let name = format!("localhost/{}:{}", statement.name, if dev_profile { "test" } else { "release" });
    buildah.build(&context, &name, &step)?;
    step.done("");
    Ok(Image { folder, name, statement, buildah, components, layers })
}

/// Installs programs that the task itself runs, if this machine lacks them.
fn need(programs: &[&str], packages: &[&str], what_for: &str, steps: &Steps) -> Result<()> {
    if programs.iter().all(|program| host::program(program).is_some()) {
        return Ok(());
    }
    let step = steps.begin(format!("install {}", packages.join(", ")));
    apt::install(packages, what_for, &step)?;
    step.done("");
    Ok(())
}

/// What every Linux system has: mount points, and the links of a merged /usr.
fn frame(base: &Path) -> Result<()> {
    for folder in ["dev", "etc", "proc", "root", "run", "sys", "tmp", "usr/sbin", "var/tmp"] {
        fs::create_dir_all(base.join(folder))?;
    }
    fs::set_permissions(base.join("tmp"), Permissions::from_mode(0o1777))?;
    for link in ["bin", "lib", "lib64", "sbin"] {
        if base.join("usr").join(link).is_dir() && fs::symlink_metadata(base.join(link)).is_err() {
            debian::link(&Path::new("usr").join(link), &base.join(link))?;
        }
    }
    if fs::symlink_metadata(base.join("usr/bin/sh")).is_err() {
        debian::link(Path::new("dash"), &base.join("usr/bin/sh"))?;
    }
    Ok(())
}

/// What maintainer scripts would have created, the volumes, and the list of components.
fn own_files(
    ours: &Path,
    folder: &Path,
    statement: &Statement,
    java: &Package,
    programs: &[String],
    step: &Step,
) -> Result<()> {
    let user = &statement.user;
    let (name, uid, gid) = (&user.name, user.uid, user.gid);
    let home = &statement.working_directory;
    for (path, text) in [
        (
            "etc/passwd",
            format!("root:x:0:0::/root:/usr/sbin/nologin\n{name}:x:{uid}:{gid}::{home}:/usr/sbin/nologin\n"),
        ),
        ("etc/group", format!("root:x:0:\n{name}:x:{gid}:\n")),
        ("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n".to_owned()),
    ] {
        make_parent(&ours.join(path))?;
        fs::write(ours.join(path), text)?;
    }
    let jvm = format!("/usr/lib/jvm/java-21-openjdk-{}/bin/java", java.architecture);
    debian::link(Path::new(&jvm), &ours.join("usr/bin/java"))?;
    for path in statement.volumes.iter().chain(&statement.folders).filter(|path| *path != "/tmp") {
        let path = ours.join(path.trim_start_matches('/'));
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o700))?;
        chown(&path, Some(uid), Some(gid))?;
    }
    fs::copy(folder.join("sbom.cdx.json"), ours.join(SBOM))?;
    for program in programs {
        step.note(format!("strip {program}"));
        command::run(command::new("strip").arg("--strip-debug").arg(ours.join("usr/bin").join(program)), step)?;
    }
    Ok(())
}

fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

fn revision(checkout: &Path) -> Result<String> {
    git(checkout, &["rev-parse", "HEAD"])
}

fn modified_s(file: &Path) -> Result<u64> {
    Ok(fs::metadata(file)?.modified()?.duration_since(UNIX_EPOCH)?.as_secs())
}

/// The time of the checked-out commit.
fn committed_s(checkout: &Path) -> Result<u64> {
    Ok(git(checkout, &["log", "-1", "--format=%ct"])?.parse()?)
}

fn git(checkout: &Path, arguments: &[&str]) -> Result<String> {
    let said = said(command::new("git").arg("-C").arg(checkout).args(arguments))?;
    Ok(said.trim().to_owned())
}

/// Megabytes of each layer and in total.
fn table(weights: &[Weight]) -> String {
    let all = Weight {
        name: "all".into(),
        plain: weights.iter().map(|weight| weight.plain).sum(),
        packed: weights.iter().map(|weight| weight.packed).sum(),
    };
    let mut text = format!("{:12}{:>10}{:>14}", "layer", "MB", "MB, packed");
    for Weight { name, plain, packed } in weights.iter().chain([&all]) {
        let _ = write!(text, "\n{name:12}{:>10.1}{:>14.1}", megabytes(*plain), megabytes(*packed));
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
