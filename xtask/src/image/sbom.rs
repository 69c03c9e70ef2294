//! The components of the image, as CycloneDX 1.6: Debian's packages from dpkg, crates from cargo and Cargo.lock, jars
//! from Maven and parts/pom.xml.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::buildah::said;
use super::debian::Package;
use crate::command;

/// A component, our own or third-party.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Component {
    /// The package URL, its globally unique name.
    pub(crate) purl: String,
    group: Option<String>,
    name: String,
    version: String,
    /// An SPDX expression, if known.
    licence: Option<String>,
    pub(crate) sha256: Option<String>,
}

/// The complete document.
pub(crate) fn document(name: &str, version: &str, components: &[Component]) -> Value {
    let list: Vec<_> = components.iter().map(Component::to_json).collect();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": { "type": "container", "bom-ref": name, "name": name, "version": version } },
        "components": list,
    })
}

impl Component {
    fn to_json(&self) -> Value {
        let mut json = json!({
            "type": "library",
            "bom-ref": self.purl,
            "name": self.name,
            "version": self.version,
            "purl": self.purl,
        });
        if let Some(group) = &self.group {
            json["group"] = json!(group);
        }
        if let Some(licence) = &self.licence {
            json["licenses"] = json!([{ "expression": licence }]);
        }
        if let Some(sha256) = &self.sha256 {
            json["hashes"] = json!([{ "alg": "SHA-256", "content": sha256 }]);
        }
        json
    }
}

pub(crate) fn debian(package: &Package, release: &str) -> Component {
    let Package { name, version, architecture, .. } = package;
    Component {
        purl: format!("pkg:deb/debian/{}@{}?arch={architecture}&distro={release}", encoded(name), encoded(version)),
        group: None,
        name: name.clone(),
        version: version.clone(),
        licence: None,
        sha256: None,
    }
}

/// The crates that are compiled into the programs, without those that only tests, build scripts and macros need.
pub(crate) fn crates(checkout: &Path, programs: &[String]) -> Result<Vec<Component>> {
    let mut tree = command::cargo(checkout);
    tree.args(["tree", "--locked", "--edges=normal,no-proc-macro", "--prefix=none", "--format={p}|{l}"]);
    for program in programs {
        tree.args(["--package", program]);
    }
    let lock = fs::read_to_string(checkout.join("Cargo.lock"))?;
    let mut found: Vec<_> = said(&mut tree)?.lines().filter_map(parse_crate).collect();
    found.sort();
    found.dedup();
    let checksums = checksums(&lock);
    for one in &mut found {
        one.sha256 = checksums.get(&(one.name.as_str(), one.version.as_str())).map(|sum| (*sum).to_owned());
    }
    if found.is_empty() {
        bail!("cargo tree names no crate");
    }
    Ok(found)
}

/// Parses `serde v1.0.229|MIT OR Apache-2.0`; some lines have a `(path)` after the version or end with `(*)`.
fn parse_crate(line: &str) -> Option<Component> {
    let (package, licence) = line.split_once('|')?;
    let mut words = package.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    // Some crates still use the old notation.
    let licence = licence.trim_end_matches(" (*)").replace('/', " OR ");
    Some(Component {
        purl: format!("pkg:cargo/{}@{}", encoded(name), encoded(version)),
        group: None,
        name: name.to_owned(),
        version: version.to_owned(),
        licence: Some(licence).filter(|licence| !licence.is_empty()),
        sha256: None,
    })
}

/// The checksums in Cargo.lock, by name and version.
fn checksums(lock: &str) -> BTreeMap<(&str, &str), &str> {
    let field = |block: &'_ str, name: &str| -> Option<(usize, usize)> {
        let begin = block.find(&format!("\n{name} = \""))? + name.len() + 5;
        Some((begin, begin + block.get(begin..)?.find('"')?))
    };
    lock.split("[[package]]")
        .filter_map(|block| {
            let get = |name| field(block, name).and_then(|(begin, end)| block.get(begin..end));
            Some(((get("name")?, get("version")?), get("checksum")?))
        })
        .collect()
}

/// Kafka and its dependencies: Maven's names, and the checksums of the jars in `libs`.
pub(crate) fn jars(pom: &Path, libs: &Path, scratch: &Path) -> Result<Vec<Component>> {
    let list = scratch.join("jars.txt");
    said(
        command::new("mvn")
            .args(["-q", "-B", "-f"])
            .arg(pom)
            .arg("dependency:list")
            .args(["-DincludeScope=runtime", "-DoutputAbsoluteArtifactFilename=false"])
            .arg(format!("-DoutputFile={}", list.display())),
    )?;
    let text = fs::read_to_string(&list)?;
    let mut sums = file_sums(libs)?;
    let mut found = Vec::new();
    for mut jar in text.lines().filter_map(parse_jar) {
        let file = format!("{}-{}.jar", jar.name, jar.version);
        jar.sha256 = Some(sums.remove(&file).with_context(|| format!("{file} is not in {}", libs.display()))?);
        found.push(jar);
    }
    if let Some((file, _)) = sums.first_key_value() {
        bail!("{file} is in {}, but Maven does not list it", libs.display());
    }
    found.sort();
    Ok(found)
}

/// `   org.apache.kafka:kafka_2.13:jar:4.3.1:compile -- module kafka.server`
fn parse_jar(line: &str) -> Option<Component> {
    let mut fields = line.split_whitespace().next()?.split(':');
    let (group, name, "jar", version) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?) else {
        return None;
    };
    Some(Component {
        purl: format!("pkg:maven/{}/{}@{}", encoded(group), encoded(name), encoded(version)),
        group: Some(group.to_owned()),
        name: name.to_owned(),
        version: version.to_owned(),
        licence: None,
        sha256: None,
    })
}

/// The SHA-256 of each file in a folder, by name.
pub(crate) fn file_sums(folder: &Path) -> Result<BTreeMap<String, String>> {
    let names: Vec<_> = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<Result<_>>()?;
    let sums = said(command::new("sha256sum").arg("--").args(&names).current_dir(folder))?;
    let sums = sums.lines().filter_map(|line| line.split_once("  "));
    Ok(sums.map(|(sum, name)| (name.to_owned(), sum.to_owned())).collect())
}

/// Percent-encoded as in a package URL.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::{checksums, debian, parse_crate, parse_jar};
    use crate::image::debian::parse_stanza;

    #[test]
    fn each_source_gives_names_that_scanners_know() {
        let package = parse_stanza("Package: libstdc++6\nArchitecture: amd64\nVersion: 1:14.2.0-19~x\n").unwrap();
        let purl = debian(&package, "trixie").purl;
        assert_eq!(purl, "pkg:deb/debian/libstdc%2B%2B6@1%3A14.2.0-19~x?arch=amd64&distro=trixie");
        let ours = parse_crate("footfall v0.1.0 (/checkout/crates/footfall)|Apache-2.0").unwrap();
        assert_eq!((ours.purl.as_str(), ours.licence.as_deref()), ("pkg:cargo/footfall@0.1.0", Some("Apache-2.0")));
        let other = parse_crate("libz-sys v1.1.2+z|MIT/Apache-2.0 (*)").unwrap();
        assert_eq!(other.purl, "pkg:cargo/libz-sys@1.1.2%2Bz");
        assert_eq!(other.licence.unwrap(), "MIT OR Apache-2.0");
        let jar = parse_jar("   org.apache.kafka:kafka_2.13:jar:4.3.1:compile -- module kafka").unwrap();
        assert_eq!(jar.purl, "pkg:maven/org.apache.kafka/kafka_2.13@4.3.1");
        assert_eq!(parse_jar("The following files have been resolved:"), None);
    }

    #[test]
    fn a_checksum_is_that_of_its_own_crate() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"b\"\nversion = \"2.0.0\"\nsource = \"x\"\nchecksum = \"abc\"\n";
        let found = checksums(lock);
        assert_eq!(found.get(&("b", "2.0.0")), Some(&"abc"));
        assert_eq!(found.len(), 1);
    }
}
