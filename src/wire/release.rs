//! `kind: Release`: what a release consists of, as people and `envparity release capture` write it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::header::{FileKind, FormatVersion};
use super::yaml::{self, Located};
use crate::model::{Build, Digest, FreezeException, OfPlatform, Release, ReleaseType, Train};

/// `kind: Release`: what a release consists of. `envparity release capture` writes it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseConfig {
    /// `envparity/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: FormatVersion,
    /// `Release`.
    pub kind: FileKind,
    /// Its name: `v22`.
    pub name: Located<String>,
    /// The release that production runs until then: `v21`.
    #[serde(default)]
    pub previous: Option<Located<String>>,
    /// What kind of release it is (default: standard).
    #[serde(default, rename = "type")]
    pub release_type: Option<ReleaseTypeWord>,
    /// Where it comes from and where it goes to (default: the only gate): `[qualif, production]`.
    #[serde(default)]
    pub gate: Option<(Located<String>, Located<String>)>,
    /// The release that load is compared with (default: the one that production ran last).
    #[serde(default)]
    pub baseline: Option<Located<String>>,
    /// Builds that the previous release does not have, by component.
    #[serde(default)]
    pub changed: BTreeMap<String, BuildConfig>,
    /// All builds of own services, by component (default: those of the previous release, and what
    /// changed).
    #[serde(default)]
    pub train: BTreeMap<String, BuildConfig>,
    /// Where nothing else may change, and since when.
    #[serde(default)]
    pub freeze: Option<FreezeConfig>,
    /// What may change nevertheless.
    #[serde(default)]
    pub exceptions: Vec<ExceptionConfig>,
    /// When it came to each environment: `{qualif: 2026-04-09T14:02:00+02:00}`.
    #[serde(default)]
    pub came: BTreeMap<String, Located<String>>,
}

/// The words of [`ReleaseType`].
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ReleaseTypeWord {
    /// Everything is judged.
    Standard,
    /// The way to production is shorter.
    Hotfix,
    /// Back to builds that production has run before.
    Rollback,
}

impl From<ReleaseTypeWord> for ReleaseType {
    fn from(word: ReleaseTypeWord) -> Self {
        match word {
            ReleaseTypeWord::Standard => Self::Standard,
            ReleaseTypeWord::Hotfix => Self::Hotfix,
            ReleaseTypeWord::Rollback => Self::Rollback,
        }
    }
}

/// One build, and others of the same component that run beside it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BuildConfig {
    /// The tag: `v22`.
    pub version: Located<String>,
    /// Digest of what the tag stands for in its repository: `sha256:…`.
    #[serde(default)]
    pub digest: Option<Located<String>>,
    /// Digest of the manifest for one platform, where only that is told.
    #[serde(default)]
    pub manifest: Option<Located<String>>,
    /// Digest of the image's configuration: the engine's image ID.
    #[serde(default)]
    pub configuration: Option<Located<String>>,
    /// The platform that these two are of: `amd64`.
    #[serde(default)]
    pub architecture: Option<String>,
    /// Further builds of the component.
    #[serde(default)]
    pub others: Vec<BuildConfig>,
}

/// Where nothing else may change, and since when.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeConfig {
    /// The environment: `qualif`.
    pub environment: Located<String>,
    /// The first moment of the freeze, with its offset: `2026-04-09T18:00:00+02:00`.
    pub from: Located<String>,
}

/// A change in a freeze that somebody allowed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionConfig {
    /// What changed: `image/label-printer`.
    pub component: Located<String>,
    /// Digest of the build that it changed to, in its repository: `sha256:…`.
    pub digest: Located<String>,
    /// Why.
    pub reason: Located<String>,
    /// Who changed it.
    pub by: Located<String>,
    /// Who allowed it.
    #[serde(rename = "approved-by")]
    pub approved_by: Located<String>,
    /// When, with its offset.
    pub at: Located<String>,
}

impl BuildConfig {
    /// This build and the others, one after another.
    pub fn all(&self) -> Vec<&Self> {
        let mut found = vec![self];
        for other in &self.others {
            found.extend(other.all());
        }
        found
    }

    /// What identifies its content.
    pub fn digests(&self) -> Vec<Digest> {
        let of = |digest: &Located<String>| OfPlatform {
            digest: digest.value.clone(),
            architecture: self.architecture.clone(),
        };
        let repository = self.digest.iter().map(|one| Digest::Repository(one.value.clone()));
        let manifest = self.manifest.iter().map(|one| Digest::Manifest(of(one)));
        let configuration = self.configuration.iter().map(|one| Digest::Configuration(of(one)));
        repository.chain(manifest).chain(configuration).collect()
    }
}

#[derive(Serialize)]
struct ReleaseText<'a> {
    #[serde(rename = "apiVersion")]
    api_version: FormatVersion,
    kind: FileKind,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    release_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gate: Option<[&'a str; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    came: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    freeze: Option<BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exceptions: Vec<BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    changed: BTreeMap<&'a str, BuildText<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    train: BTreeMap<&'a str, BuildText<'a>>,
}

#[derive(Serialize)]
struct BuildText<'a> {
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    architecture: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<BuildText<'a>>,
}

impl<'a> BuildText<'a> {
    fn new(build: &'a Build) -> Self {
        let of = |is: fn(&Digest) -> bool| build.digests.iter().find(|one| is(one));
        Self {
            version: &build.version,
            digest: of(|one| matches!(one, Digest::Repository(_))).map(Digest::as_str),
            manifest: of(|one| matches!(one, Digest::Manifest(_))).map(Digest::as_str),
            configuration: of(|one| matches!(one, Digest::Configuration(_))).map(Digest::as_str),
            architecture: build.digests.iter().find_map(Digest::architecture),
            others: Vec::new(),
        }
    }

    fn from_builds(builds: &'a [Build]) -> Option<Self> {
        let (first, others) = builds.split_first()?;
        Some(Self { others: others.iter().map(Self::new).collect(), ..Self::new(first) })
    }
}

fn train_text(train: &Train) -> BTreeMap<&str, BuildText<'_>> {
    train
        .iter()
        .filter_map(|(name, builds)| Some((name.as_str(), BuildText::from_builds(builds)?)))
        .collect()
}

fn exception_text(one: &FreezeException) -> BTreeMap<&'static str, String> {
    let digest = one.build.digests.first().map_or("", Digest::as_str);
    BTreeMap::from([
        ("component", one.component.to_string()),
        ("digest", digest.to_owned()),
        ("reason", one.reason.clone()),
        ("by", one.by.clone()),
        ("approved-by", one.approved_by.clone()),
        ("at", one.at.to_string()),
    ])
}

/// A release as its file.
///
/// # Errors
/// If it has no YAML form.
pub fn write(release: &Release) -> Result<String, serde_yaml::SerializeError> {
    let freeze = release.freeze.as_ref().map(|freeze| {
        BTreeMap::from([
            ("environment", freeze.environment.to_string()),
            ("from", freeze.from.to_string()),
        ])
    });
    let came = release.came.iter().map(|(name, at)| (name.as_str(), at.to_string()));
    yaml::write(&ReleaseText {
        api_version: FormatVersion::V1,
        kind: FileKind::Release,
        name: &release.name,
        previous: release.previous.as_deref(),
        release_type: release.kind.map(ReleaseType::as_str),
        gate: release.gate.as_ref().map(|gate| [gate.from.as_str(), gate.to.as_str()]),
        baseline: release.baseline.as_deref(),
        came: came.collect(),
        freeze,
        exceptions: release.exceptions.iter().map(exception_text).collect(),
        changed: train_text(&release.changed),
        train: train_text(&release.train),
    })
}
