//! Releases: which builds of our own services one consists of, and what changed with it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{ComponentName, Digest, EnvironmentName, Gate, same_content};

/// Builds by component: mostly one of each.
pub type Train = BTreeMap<ComponentName, Vec<Build>>;

/// What a release is, as its file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// `v22`.
    pub name: String,
    /// The release that production runs until then.
    pub previous: Option<String>,
    /// What kind of release it is, if its file says so.
    pub kind: Option<ReleaseType>,
    /// Where it comes from and where it goes to; `None` for the only gate of the profiles.
    pub gate: Option<Gate>,
    /// The release that load is compared with, if it is not the one that production ran last.
    pub baseline: Option<String>,
    /// Builds that the previous release does not have.
    pub changed: Train,
    /// All builds of own services.
    pub train: Train,
    /// From when on nothing else may change.
    pub freeze: Option<Freeze>,
    /// What may change nevertheless.
    pub exceptions: Vec<FreezeException>,
    /// When it came to each environment.
    pub came: BTreeMap<EnvironmentName, Timestamp>,
}

/// What kind of release it is: it decides which items are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReleaseType {
    /// Everything is judged.
    #[default]
    Standard,
    /// The way to production is shorter.
    Hotfix,
    /// Back to builds that production has run before.
    Rollback,
}

impl ReleaseType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Hotfix, Self::Rollback];

    /// The word used in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Hotfix => "hotfix",
            Self::Rollback => "rollback",
        }
    }
}

/// Where nothing else may change, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// The environment.
    pub environment: EnvironmentName,
    /// The first moment of the freeze.
    pub from: Timestamp,
}

/// A change in a freeze that somebody allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreezeException {
    /// What changed.
    pub component: ComponentName,
    /// The build that it changed to.
    pub build: Build,
    /// Why.
    pub reason: String,
    /// Who changed it.
    pub by: String,
    /// Who allowed it.
    pub approved_by: String,
    /// When.
    pub at: Timestamp,
}

/// One build of one service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Build {
    /// The tag: `v22`.
    pub version: String,
    /// What identifies its content; empty where nobody knows.
    pub digests: Vec<Digest>,
}

impl Build {
    /// Whether two builds have the same content: `None` where no digests of one type are known.
    pub fn same_content(&self, other: &Self) -> Option<bool> {
        same_content(&self.digests, &other.digests)
    }

    /// Version and the beginning of its digest: `v22 3f2a9bc1`.
    pub fn in_words(&self) -> String {
        match self.digests.first() {
            Some(digest) => {
                let hex = digest.as_str().trim_start_matches("sha256:");
                format!("{} {}", self.version, hex.get(..8).unwrap_or(hex))
            }
            None => format!("{} (digest not known)", self.version),
        }
    }
}

/// How one component of a train stands to what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrainDifference {
    /// Proven to be the same builds.
    Same,
    /// Proven to be others: what is wanted, and what is there.
    Differs(String, String),
    /// No digests of one type are known on both sides.
    NotProven(String),
    /// It is wanted and not there.
    Missing(String),
    /// It is there and not wanted.
    Unexpected(String),
}

/// Each component of two trains, and how what is there stands to what is wanted.
pub fn train_differences(
    wanted: &Train,
    found: &Train,
) -> BTreeMap<ComponentName, TrainDifference> {
    let names = wanted.keys().chain(found.keys());
    let of = |name: &ComponentName| match (wanted.get(name), found.get(name)) {
        (Some(wanted), Some(found)) => build_difference(wanted, found),
        (Some(wanted), None) => TrainDifference::Missing(in_words(wanted)),
        (None, found) => TrainDifference::Unexpected(in_words(found.map_or(&[], Vec::as_slice))),
    };
    names.map(|name| (name.clone(), of(name))).collect()
}

fn build_difference(wanted: &[Build], found: &[Build]) -> TrainDifference {
    let is_in = |build: &Build, others: &[Build]| {
        let known: Vec<Option<bool>> = others.iter().map(|o| build.same_content(o)).collect();
        if known.contains(&Some(true)) {
            Some(true)
        } else if known.contains(&None) {
            None
        } else {
            Some(false)
        }
    };
    let there = found.iter().map(|build| is_in(build, wanted));
    let here = wanted.iter().map(|build| is_in(build, found));
    let all: Vec<Option<bool>> = there.chain(here).collect();
    if all.contains(&Some(false)) {
        TrainDifference::Differs(in_words(wanted), in_words(found))
    } else if all.contains(&None) {
        TrainDifference::NotProven(in_words(found))
    } else {
        TrainDifference::Same
    }
}

fn in_words(builds: &[Build]) -> String {
    let words: Vec<String> = builds.iter().map(Build::in_words).collect();
    words.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(version: &str, digest: &str) -> Build {
        let digests = match digest {
            "" => Vec::new(),
            digest => vec![Digest::Repository(format!("sha256:{digest}"))],
        };
        Build { version: version.to_owned(), digests }
    }

    fn told(wanted: &[Build], found: &[Build]) -> TrainDifference {
        let train = |builds: &[Build]| Train::from([("image/a".into(), builds.to_vec())]);
        train_differences(&train(wanted), &train(found)).remove(&"image/a".into()).unwrap()
    }

    #[test]
    fn builds_are_told_apart_by_digest_and_never_by_tag() {
        use TrainDifference as D;
        let (one, other, bare) = (build("v22", "aa"), build("v22", "bb"), build("v22", ""));
        let alone = std::slice::from_ref(&one);
        let both = [one.clone(), other.clone()];
        assert_eq!(told(alone, &[build("v23", "aa")]), D::Same);
        assert!(matches!(told(alone, &[other]), D::Differs(..)));
        assert!(matches!(told(alone, std::slice::from_ref(&bare)), D::NotProven(_)));
        // A second build on either side is a difference, whatever the first is.
        assert!(matches!(told(alone, &both), D::Differs(..)));
        assert!(matches!(told(&both, alone), D::Differs(..)));
        assert!(matches!(told(alone, &[one.clone(), bare]), D::NotProven(_)));
        let digest = |text: &str| {
            Digest::Configuration(super::super::OfPlatform {
                digest: text.to_owned(),
                architecture: Some("amd64".to_owned()),
            })
        };
        let typed = Build { version: "v22".to_owned(), digests: vec![digest("sha256:aa")] };
        assert!(matches!(told(alone, &[typed]), D::NotProven(_)), "digests have types");
    }
}
