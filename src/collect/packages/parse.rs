//! The packages in what a package manager printed, or in an SBOM. Pure.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::collect::texts::MAX_FACT;
use crate::model::{Failure, FailureKind, Field, Globs};

/// Packages that are kept of one file.
const MAX_KEPT: usize = 2_000;

const ADVICE: &str = "record it again: dpkg-query -W > FILE, or rpm -qa --qf '%{NEVRA}\\n' > FILE; or \
    name a CycloneDX SBOM in JSON";

/// Names of kinds of packages, as the fields of evidence begin: how their versions are ordered.
const DEB: &str = "deb";
const RPM: &str = "rpm";
const APK: &str = "apk";
/// Of a language: ordered as libversion does.
const OTHER: &str = "other";

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FoundPackages {
    /// Kind and name, and version, of those that are selected.
    kept: BTreeSet<(String, String)>,
    /// All that it lists.
    listed: usize,
    /// When an SBOM says that it was made.
    pub(super) made: Option<Timestamp>,
}

impl FoundPackages {
    /// The packages in a text, as far as `include` selects them.
    ///
    /// # Errors
    /// If it is none of the known lists, or selects nothing.
    pub(super) fn read(text: &str, include: &Globs) -> Result<Self, Failure> {
        let mut found = Self::default();
        if text.trim().is_empty() {
            return Err(refuse("the file is empty".to_owned()));
        }
        if text.trim_start().starts_with('{') {
            found.read_sbom(text, include)?;
        } else {
            found.read_lines(text, include)?;
        }
        if found.kept.len() > MAX_KEPT {
            let message = format!("include: selects more than {MAX_KEPT} packages");
            return Err(
                Failure::new(FailureKind::TooLarge, message).advise("name those that matter")
            );
        }
        if found.kept.is_empty() {
            let message = format!("include: selects none of {} packages", found.listed);
            return Err(Failure::new(FailureKind::NothingSelected, message));
        }
        Ok(found)
    }

    /// As fields of evidence: `deb/openssl`. Several versions of one package, as kernels have, stand
    /// in one field, with blanks in between.
    pub(super) fn fields(self) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        for (name, version) in self.kept {
            match fields.last_mut().filter(|last| last.name == name) {
                Some(last) => last.value = format!("{} {version}", last.value),
                None => fields.push(Field::of_target(name, version)),
            }
        }
        fields
    }

    fn add(&mut self, kind: &str, name: &str, version: &str, include: &Globs) {
        self.listed += 1;
        if include.is_match(name) && self.kept.len() <= MAX_KEPT {
            self.kept.insert((format!("{kind}/{name}"), version.to_owned()));
        }
    }

    fn read_lines(&mut self, text: &str, include: &Globs) -> Result<(), Failure> {
        let is_dpkg = text.lines().next().is_some_and(|line| line.contains('\t'));
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if line.is_empty() {
                continue;
            }
            let wrong = || {
                let program = if is_dpkg { "dpkg-query -W" } else { "rpm -qa" };
                refuse(format!("line {} is not what {program} prints", index + 1))
            };
            let package = if is_dpkg { dpkg_line(line) } else { rpm_line(line) };
            match package.ok_or_else(wrong)? {
                Line::Package(name, version) => {
                    self.add(if is_dpkg { DEB } else { RPM }, name, version, include);
                }
                Line::Other => self.listed += 1,
            }
        }
        Ok(())
    }

    fn read_sbom(&mut self, text: &str, include: &Globs) -> Result<(), Failure> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let mut head = SbomHead::default();
        let read = Sbom { found: self, include, head: &mut head }.deserialize(&mut reader);
        read.and_then(|()| reader.end())
            .map_err(|error| refuse(format!("the file is not JSON in line {}", error.line())))?;
        if !head.is_cyclonedx {
            return Err(refuse("the file is JSON, and no CycloneDX SBOM".to_owned()));
        }
        if !head.has_components {
            return Err(refuse("the SBOM lists no components".to_owned()));
        }
        if head.is_odd {
            let what = "the SBOM has a component whose name or version is none";
            return Err(refuse(what.to_owned()));
        }
        Ok(())
    }
}

fn refuse(what: String) -> Failure {
    Failure::new(FailureKind::File, what).advise(ADVICE)
}

/// A line of a list.
enum Line<'t> {
    Package(&'t str, &'t str),
    /// What is no package that is installed.
    Other,
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-._:@~".contains(c);
    (1..=MAX_FACT).contains(&text.len()) && text.chars().all(fits)
}

fn is_version(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_graphic();
    (1..=MAX_FACT).contains(&text.len()) && text.chars().all(fits)
}

/// `libc6:amd64<TAB>2.36-9+deb12u4`. A package of which only settings are left has its version still;
/// one that was never there has none.
fn dpkg_line(line: &str) -> Option<Line<'_>> {
    let (name, version) = line.split_once('\t').unwrap_or((line, ""));
    let name = name.split(':').next().unwrap_or_default();
    if !is_name(name) {
        return None;
    }
    match version {
        "" => Some(Line::Other),
        version => is_version(version).then_some(Line::Package(name, version)),
    }
}

/// How lines of RPM end.
const ARCHITECTURES: [&str; 10] = [
    ".x86_64", ".noarch", ".aarch64", ".i686", ".i386", ".ppc64le", ".s390x", ".armv7hl",
    ".riscv64", ".src",
];

/// `openssl-libs-1:3.0.7-27.el9.x86_64`: name, version with its epoch, release, architecture.
fn rpm_line(line: &str) -> Option<Line<'_>> {
    // A key, which is no package.
    if line.starts_with("gpg-pubkey-") {
        return Some(Line::Other);
    }
    let rest = ARCHITECTURES.iter().find_map(|end| line.strip_suffix(end))?;
    let (before, _) = rest.rsplit_once('-')?;
    let (name, _) = before.rsplit_once('-')?;
    let version = &rest[name.len() + 1..];
    let has_digit = version.starts_with(|c: char| c.is_ascii_alphanumeric());
    (is_name(name) && is_version(version) && has_digit).then_some(Line::Package(name, version))
}

/// What an SBOM says of itself.
#[derive(Default)]
struct SbomHead {
    is_cyclonedx: bool,
    has_components: bool,
    is_odd: bool,
}

/// The SBOM, of which only what is selected is kept.
struct Sbom<'f, 'g> {
    found: &'f mut FoundPackages,
    include: &'g Globs,
    head: &'f mut SbomHead,
}

#[derive(Deserialize)]
struct SbomMetadata {
    #[serde(default)]
    timestamp: Option<String>,
}

impl<'de> DeserializeSeed<'de> for Sbom<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Sbom<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an SBOM")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { found, include, head } = self;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "bomFormat" => head.is_cyclonedx = map.next_value::<String>()? == "CycloneDX",
                "metadata" => {
                    let metadata = map.next_value::<SbomMetadata>()?;
                    found.made = metadata.timestamp.and_then(|text| text.parse().ok());
                }
                "components" => {
                    head.has_components = true;
                    map.next_value_seed(ComponentList { found, include, head })?;
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}

/// Components of an SBOM, or those within one.
struct ComponentList<'f, 'g> {
    found: &'f mut FoundPackages,
    include: &'g Globs,
    head: &'f mut SbomHead,
}

impl<'de> DeserializeSeed<'de> for ComponentList<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ComponentList<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of components")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { found, include, head } = self;
        while list.next_element_seed(OneComponent { found, include, head })?.is_some() {}
        Ok(())
    }
}

struct OneComponent<'f, 'g> {
    found: &'f mut FoundPackages,
    include: &'g Globs,
    head: &'f mut SbomHead,
}

impl<'de> DeserializeSeed<'de> for OneComponent<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneComponent<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a component")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { found, include, head } = self;
        let (mut kind, mut group, mut name, mut version, mut purl) =
            (String::new(), String::new(), String::new(), String::new(), String::new());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "type" => kind = map.next_value()?,
                "group" => group = map.next_value::<Option<String>>()?.unwrap_or_default(),
                "name" => name = map.next_value()?,
                "version" => version = map.next_value::<Option<String>>()?.unwrap_or_default(),
                "purl" => purl = map.next_value()?,
                "components" => map.next_value_seed(ComponentList { found, include, head })?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        // Files, and systems, are no packages; what has no version is told by others.
        if !matches!(kind.as_str(), "library" | "application" | "framework") || version.is_empty() {
            return Ok(());
        }
        let (scheme, version) = by_purl(&purl, version);
        if scheme == OTHER && !group.is_empty() {
            name = format!("{group}:{name}").replace('/', ":");
        }
        if is_name(&name) && is_version(&version) {
            found.add(scheme, &name, &version, include);
        } else if include.is_match(&name) {
            head.is_odd = true;
        }
        Ok(())
    }
}

/// How a version is ordered, by the kind of the package's URL; and the version with the epoch that
/// only the URL tells.
fn by_purl(purl: &str, version: String) -> (&'static str, String) {
    let kind = purl.strip_prefix("pkg:").and_then(|rest| rest.split('/').next());
    let scheme = match kind {
        Some("deb") => DEB,
        Some("rpm") => RPM,
        Some("apk") => APK,
        _ => OTHER,
    };
    let qualifiers = purl.split_once('?').map_or("", |(_, rest)| rest);
    let epoch = qualifiers.split(['&', '#']).find_map(|pair| pair.strip_prefix("epoch="));
    match epoch {
        Some(epoch)
            if matches!(scheme, DEB | RPM)
                && !version.contains(':')
                && !epoch.is_empty()
                && epoch.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            (scheme, format!("{epoch}:{version}"))
        }
        _ => (scheme, version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Glob;

    fn globs(patterns: &[&str]) -> Globs {
        let globs: Vec<Glob> = patterns.iter().map(|text| Glob::new(text).unwrap()).collect();
        Globs::new(&globs)
    }

    fn read(text: &str, include: &[&str]) -> Result<Vec<String>, String> {
        let found = FoundPackages::read(text, &globs(include)).map_err(|f| f.message)?;
        Ok(found.fields().into_iter().map(|f| format!("{} {}", f.name, f.value)).collect())
    }

    const DPKG: &str = "libc6:amd64\t2.36-9+deb12u4\nlibc6:i386\t2.36-9+deb12u4\nopenssl\t3.0.11-1~deb12u2\nredis\t5:7.0.15-1\nthunderbird\t\n";
    const RPMS: &str = "openssl-libs-1:3.0.7-27.el9.x86_64\ngpg-pubkey-fd431d51-4ae0493b\nkernel-core-5.14.0-427.el9.x86_64\nkernel-core-5.14.0-503.el9.x86_64\ntzdata-2024a-1.el9.noarch\njava-17-openjdk-headless-17.0.11.0.9-2.el9.x86_64\n";
    const SBOM: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"timestamp":"2026-11-20T10:00:00Z"},
        "components":[{"type":"library","name":"openssl","version":"3.0.11-1","purl":"pkg:deb/debian/openssl@3.0.11-1?arch=amd64&epoch=1"},
        {"type":"library","group":"org.apache","name":"commons","version":"1.2","purl":"pkg:maven/org.apache/commons@1.2",
         "components":[{"type":"library","name":"inner","version":"4.5","purl":"pkg:apk/alpine/inner@4.5"}]},
        {"type":"operating-system","name":"debian","version":"12"},{"type":"file","name":"/etc/passwd"}]}"#;

    #[test]
    fn each_list_is_read() {
        assert_eq!(
            read(DPKG, &["libc6", "redis"]).unwrap(),
            ["deb/libc6 2.36-9+deb12u4", "deb/redis 5:7.0.15-1"]
        );
        assert_eq!(
            read(RPMS, &["openssl*", "kernel-core", "java-17-*"]).unwrap(),
            [
                "rpm/java-17-openjdk-headless 17.0.11.0.9-2.el9",
                "rpm/kernel-core 5.14.0-427.el9 5.14.0-503.el9",
                "rpm/openssl-libs 1:3.0.7-27.el9",
            ]
        );
        assert_eq!(
            read(SBOM, &["*ssl", "org.apache:*", "inner", "debian"]).unwrap(),
            ["apk/inner 4.5", "deb/openssl 1:3.0.11-1", "other/org.apache:commons 1.2"]
        );
        let made = FoundPackages::read(SBOM, &globs(&["openssl"])).unwrap().made;
        assert_eq!(made, Some("2026-11-20T10:00:00Z".parse().unwrap()));
    }

    #[test]
    fn what_is_no_list_is_told() {
        for (text, told) in [
            ("", "is empty"),
            ("\n \n", "is empty"),
            ("openssl 3.0\n", "line 1 is not what rpm -qa"),
            ("a\t1\nb c\t2\n", "line 2 is not what dpkg-query -W"),
            ("a\t1\nb\t2 3\n", "line 2 is not what dpkg-query -W"),
            ("ii  openssl  3.0.11  amd64  x\n", "line 1"),
            ("{\"bomFormat\":\"CycloneDX\"", "not JSON"),
            ("{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[]}", "no CycloneDX"),
            ("{\"bomFormat\":\"CycloneDX\"}", "no components"),
            ("{\"bomFormat\":\"CycloneDX\",\"components\":[]}", "selects none of 0"),
            ("bash\t5.2\n", "selects none of 1"),
        ] {
            let message = read(text, &["openssl"]).unwrap_err();
            assert!(message.contains(told), "{text}: {message}");
        }
        let many: String = (0..3_000).map(|n| format!("p{n}\t1\n")).collect();
        assert!(read(&many, &["p*"]).unwrap_err().contains("more than"));
    }

    #[test]
    fn mutated_lists_of_packages() {
        use crate::mutation::{MUTATIONS, attacks, enter};
        let seeds = [DPKG, RPMS, SBOM].map(|text| text.as_bytes().to_vec());
        let seeds = [seeds.into(), attacks()].concat();
        let include = globs(&["*ssl*", "lib*", "org*"]);
        let entry = |data: &[u8]| {
            let text = String::from_utf8_lossy(data);
            if let Ok(found) = FoundPackages::read(&text, &include) {
                for field in found.fields() {
                    assert!(
                        !field.value.is_empty() && field.name.len() <= 2 * MAX_FACT,
                        "{field:?}"
                    );
                    assert!(!field.value.chars().any(char::is_control), "{field:?}");
                }
            }
        };
        enter(entry, &seeds, MUTATIONS);
    }
}
