//! What a version text says: the types that reading yields, and the order within a scheme.

use std::cmp::Ordering;
use std::fmt;

use super::commit::Commit;
use super::identifier::{Identifier, cmp_pre};
use super::levels::Levels;
use super::number::{Number, cmp_numbers};
use super::scheme::Scheme;
use super::system::parse_system_name;

/// A version text and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reading {
    body: Body,
    scheme: Scheme,
    text: String,
    /// Whether its product calls it a text that no release carries.
    sentinel: bool,
    counting: Counting,
}

/// For sets and sorting only: by kind of body first. Many instances share one reading, which is
/// equal to itself.
impl Ord for Reading {
    fn cmp(&self, other: &Self) -> Ordering {
        if std::ptr::eq(self, other) {
            return Ordering::Equal;
        }
        let rest = |of: &Self| (of.sentinel, of.counting);
        self.body
            .cmp(&other.body)
            .then_with(|| self.scheme.cmp(&other.scheme))
            .then_with(|| self.text.cmp(&other.text))
            .then_with(|| rest(self).cmp(&rest(other)))
    }
}

impl PartialOrd for Reading {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What the first number counts: two that count something else have no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Counting {
    /// Versions, and whatever has no numbers.
    Versions,
    /// Years: `2021.11.28`.
    Years,
    /// Builds: `9799770991`, `011`, `1041`.
    Builds,
}

impl Counting {
    /// As far as the text tells.
    #[inline]
    fn from_body(scheme: Scheme, body: &Body) -> Self {
        let Body::Version(version) = body else { return Self::Versions };
        if !matches!(scheme, Scheme::ImageTag | Scheme::Generic) {
            return Self::Versions;
        }
        if matches!(version.detail, Detail::BuildNumber | Detail::BuildId) {
            return Self::Builds;
        }
        match version.release.first().and_then(Number::to_u64) {
            Some(1970..2200) => Self::Years,
            _ => Self::Versions,
        }
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Body {
    /// Numbers, with whatever follows them.
    Version(Version),
    /// A calendar date, and what stands behind it.
    Date(Date),
    /// The version of a Kubernetes API group.
    Api(ApiVersion),
    /// An abbreviated or whole commit hash, or a digest written as a tag.
    Commit(Commit),
    /// A name that moves: `latest`, `alpine`, `stable-1`.
    Floating,
    /// A text of which the scheme can make nothing.
    Opaque,
}

/// Numbers and the parts of the tail, each in its own place.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The numeric components as written: `[7, 2]` for `7.2`.
    pub release: Vec<Number>,
    /// The pre-release, or none.
    pub pre: Vec<Identifier>,
    /// The pre-release as written: `rc1`, `RC.1`. Empty if none.
    pub pre_text: String,
    /// Build metadata: `dfsg1` of `+dfsg1`, `9` of `_9`. Empty if none.
    pub build: String,
    /// A distribution's or vendor's packaging: `0ubuntu2`, `gke.100`. Empty if none.
    pub packaging: String,
    /// Numbers of packaging that count up: `39` of `-r39`.
    pub revisions: Vec<Number>,
    /// What else is in the image: `alpine3.19`, `bookworm-slim`. Empty if none.
    pub variant: String,
    /// What few versions have.
    pub more: Option<Box<More>>,
    /// Whether it was written with a leading `v`.
    pub v_prefix: bool,
    /// What only some schemes say.
    pub detail: Detail,
}

/// What few versions have, apart so that the others stay small.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct More {
    /// The words before the version in a tag: `edge` of `edge-24.5.1`. Empty if none.
    pub channel: String,
    /// Whether the channel is the name of the environment that runs it, and so says nothing.
    pub is_own_channel: bool,
    /// Updates of the release, the weightiest kind first, each kind once. The packaging has them as
    /// they are written.
    pub updates: Vec<Update>,
    /// The version of the managed service around it: `3.05.2` of `8.0.mysql_aurora.3.05.2`.
    pub service: Vec<Number>,
}

/// What only some schemes say.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detail {
    /// Nothing.
    #[default]
    None,
    /// A package: deb, rpm.
    Package {
        /// Zero if none is written.
        epoch: Number,
        /// Without epoch and revision.
        upstream: String,
        /// Debian revision or RPM release; empty if none.
        revision: String,
    },
    /// What follows the numbers of a kernel, with its separator: `-18-amd64`.
    Suffix(String),
    /// Who made it: `MySQL`, `MariaDB`, `Percona`.
    Flavor(&'static str),
    /// Only the beginning of a version is said: `6.x`.
    Beginning,
    /// A bare number of three digits or more, which a company counts its builds by.
    BuildNumber,
    /// A single number of eight digits or more, or with a leading zero: what a CI counts by.
    BuildId,
}

/// One counter of updates behind a release: `CU18`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Update {
    /// What is counted.
    pub kind: UpdateKind,
    /// `18` of `CU18`.
    pub number: Number,
}

/// What counts updates, the weightiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UpdateKind {
    /// Service packs, service releases, fix packs.
    ServicePack,
    /// Cumulative updates.
    Cumulative,
    /// Patches, hotfixes, post-releases.
    Fix,
    /// Levels within the release: `p5`, `u7`.
    PatchLevel,
    /// Security updates of what goes before.
    Security,
}

/// The version of a Kubernetes API group: `v1beta2`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiVersion {
    /// Alpha below beta below generally available.
    pub stage: Stage,
    /// `1` of `v1beta2`.
    pub major: Number,
    /// `2` of `v1beta2`; zero when generally available.
    pub stage_number: Number,
    /// `apps` of `apps/v1`; empty for the core group.
    pub group: String,
}

/// How stable an API is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// May vanish.
    Alpha,
    /// May change.
    Beta,
    /// Generally available.
    Ga,
}

/// A calendar date; the parser has checked that it exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// As written: four digits, or two.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31; zero where only a month is written.
    pub day: u8,
    /// What counts within the day: a number, or a time as digits.
    pub micro: Option<Number>,
    /// A stage, or none.
    pub pre: Vec<Identifier>,
    /// What stands before it in a tag: `jammy` of `jammy-20240427`.
    pub before: String,
    /// What stands behind it in a tag.
    pub behind: String,
}

/// A reading brought onto semver, with what did not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Semver {
    /// Major, minor, patch (zero where nothing was written), pre-release and build.
    pub version: semver::Version,
    /// What semver has no place for, in words: `4th number 5`, `variant alpine`.
    pub lost: Vec<String>,
}

impl Reading {
    pub(super) fn new(scheme: Scheme, text: &str, body: Body) -> Self {
        let counting = Counting::from_body(scheme, &body);
        Self { body, scheme, text: text.to_owned(), sentinel: false, counting }
    }

    /// The same, unreleased if the text is one of `sentinels`, of whatever case.
    #[must_use]
    pub fn with_sentinels(self, sentinels: &[String]) -> Self {
        let text = self.text.trim();
        let sentinel = sentinels.iter().any(|sentinel| sentinel.eq_ignore_ascii_case(text));
        Self { sentinel, ..self }
    }

    /// Marks the channel of a tag as the environment's own if it is `name`, in whatever case: an
    /// environment that is named in its own tags says nothing of the version.
    pub fn mark_own_channel(&mut self, name: &str) {
        let is_own = |channel: &str| !channel.is_empty() && channel.eq_ignore_ascii_case(name);
        match &mut self.body {
            Body::Version(Version { more: Some(more), .. }) if is_own(&more.channel) => {
                more.is_own_channel = true;
            }
            Body::Commit(commit) if is_own(&commit.channel) => commit.is_own_channel = true,
            _ => {}
        }
    }

    /// Channel and variant in one: what differs between two builds of one version or commit.
    /// `None` of what is neither. A channel that is the environment's own counts only if
    /// `is_whole`.
    pub fn variant(&self, is_whole: bool) -> Option<String> {
        let (channel, is_own, variant) = match &self.body {
            Body::Version(Version { more: Some(more), variant, .. }) => {
                (more.channel.as_str(), more.is_own_channel, variant)
            }
            Body::Version(version) => ("", false, &version.variant),
            Body::Commit(commit) => {
                (commit.channel.as_str(), commit.is_own_channel, &commit.variant)
            }
            Body::Date(_) | Body::Api(_) | Body::Floating | Body::Opaque => return None,
        };
        let channel = if is_own && !is_whole { "" } else { channel };
        let parts = [channel, variant.as_str()].into_iter().filter(|part| !part.is_empty());
        Some(parts.collect::<Vec<_>>().join("-"))
    }

    /// The text as it was said.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The grammar that read it.
    #[inline]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    #[inline]
    pub(super) fn counting(&self) -> Counting {
        self.counting
    }

    /// What it says.
    #[inline]
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// What an operating system calls itself in front of its number, in lower case: `debian
    /// gnu/linux`. `None` for whatever is not a system's name.
    pub fn system_name(&self) -> Option<String> {
        let name = (self.scheme == Scheme::OsImage).then(|| parse_system_name(&self.text))?;
        (!name.is_empty()).then_some(name)
    }

    /// The numbers and tail, if it is a version.
    pub fn version(&self) -> Option<&Version> {
        match &self.body {
            Body::Version(version) => Some(version),
            _ => None,
        }
    }

    /// A version that nobody released: a sentinel that unstable branches and unset builds carry.
    pub fn is_unreleased(&self) -> bool {
        if self.sentinel {
            return true;
        }
        if let Some(version) = self.version() {
            let is = |numbers: &[u64]| {
                version.release.len() == numbers.len()
                    && version.release.iter().zip(numbers).all(|(n, m)| n.to_u64() == Some(*m))
            };
            return version.pre.is_empty()
                && (is(&[255, 255, 255])
                    || is(&[999, 999, 999])
                    || is(&[0, 0, 0])
                    || self.scheme == Scheme::RedisModule && is(&[99, 99, 99]));
        }
        matches!(
            self.text.trim().to_ascii_lowercase().as_str(),
            "unknown" | "dev" | "(devel)" | "unset"
        )
    }

    /// Whether the text proves which version it is: one that was released and can be ordered.
    pub fn is_proven(&self) -> bool {
        matches!(self.body, Body::Version(_) | Body::Date(_) | Body::Api(_))
            && !self.is_unreleased()
            && self.version().is_none_or(|version| version.detail != Detail::Beginning)
    }

    /// Whether the tag of an image says as many numbers as a whole version has, by its `levels`.
    /// A company's release (`v22`) is whole with one number; dates and commits always are.
    pub fn is_full_precision(&self, levels: &Levels) -> bool {
        match &self.body {
            Body::Version(v) => match v.detail {
                Detail::Beginning => false,
                Detail::BuildNumber | Detail::BuildId => true,
                _ => {
                    v.release.len() >= levels.whole_length(&v.release)
                        || v.is_company_release()
                        || !v.updates().is_empty()
                }
            },
            Body::Date(_) | Body::Commit(_) | Body::Api(_) => true,
            Body::Floating | Body::Opaque => false,
        }
    }

    /// Whether it may be the beginning of a longer one although it is whole, or no tag: `v22` of
    /// `v22.1.3`, `6.x` of `6.2.6`.
    pub fn may_begin_longer(&self) -> bool {
        let begins = |v: &Version| v.is_company_release() || v.detail == Detail::Beginning;
        self.version().is_some_and(begins)
    }

    /// The same, which says no version if it has fewer numbers than a whole one: a program that is
    /// asked for its own version leaves none out.
    #[must_use]
    pub fn if_whole(self, levels: &Levels) -> Self {
        let is_short = matches!(&self.body, Body::Version(v) if v.release.len() < levels.whole_length(&v.release));
        if is_short && !self.sentinel { Self { body: Body::Opaque, ..self } } else { self }
    }

    /// Brings a version onto semver; `None` if it is not a version or a number exceeds `u64`.
    pub fn to_semver(&self) -> Option<Semver> {
        let v = self.version()?;
        let number = |i: usize| v.release.get(i).map_or(Some(0), Number::to_u64);
        let mut version = semver::Version::new(number(0)?, number(1)?, number(2)?);
        let mut lost = Vec::new();
        for (i, extra) in v.release.iter().enumerate().skip(3) {
            lost.push(format!("number {} is {extra}", i + 1));
        }
        if !v.pre.is_empty() {
            match semver::Prerelease::new(&v.pre_canonical()) {
                Ok(pre) => version.pre = pre,
                Err(_) => lost.push(format!("pre-release {}", v.pre_canonical())),
            }
        }
        if !v.build.is_empty() {
            match semver::BuildMetadata::new(&v.build) {
                Ok(build) => version.build = build,
                Err(_) => lost.push(format!("build {}", v.build)),
            }
        }
        let channel = v.channel().to_owned();
        let others = [("packaging", &v.packaging), ("variant", &v.variant), ("channel", &channel)];
        for (what, text) in others {
            if !text.is_empty() {
                lost.push(format!("{what} {text}"));
            }
        }
        Some(Semver { version, lost })
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.trim())
    }
}

impl Version {
    /// Precedence: numbers (missing ones are zero), then pre-release below release, then the
    /// service's numbers and the updates. Build, packaging, variant and channel have none.
    #[inline]
    pub fn cmp_precedence(&self, other: &Self) -> Ordering {
        cmp_numbers(&self.release, &other.release).then_with(|| self.cmp_pre(other)).then_with(
            || match (&self.more, &other.more) {
                (None, None) => Ordering::Equal,
                _ => cmp_numbers(self.service_numbers(), other.service_numbers())
                    .then_with(|| self.cmp_updates(other)),
            },
        )
    }

    /// The words before the version in a tag, or nothing.
    pub fn channel(&self) -> &str {
        self.more.as_ref().map_or("", |more| &more.channel)
    }

    /// Updates of the release, the weightiest kind first.
    pub fn updates(&self) -> &[Update] {
        self.more.as_ref().map_or(&[], |more| &more.updates)
    }

    /// The version of the managed service around it; empty if none.
    pub fn service_numbers(&self) -> &[Number] {
        self.more.as_ref().map_or(&[], |more| &more.service)
    }

    /// What few versions have, to be filled.
    pub(super) fn more_mut(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// The weightiest kind of update first; none is below any.
    pub(super) fn cmp_updates(&self, other: &Self) -> Ordering {
        use UpdateKind::{Cumulative, Fix, PatchLevel, Security, ServicePack};
        // `RTM` is before the first cumulative update, as is what names none.
        let counts = |update: &Update| !update.number.is_zero() || update.kind != Cumulative;
        let number = |version: &Self, kind| {
            let mut updates = version.updates().iter().filter(|update| counts(update));
            updates.find(|update| update.kind == kind).map(|u| u.number.clone())
        };
        [ServicePack, Cumulative, Fix, PatchLevel, Security]
            .into_iter()
            .map(|kind| number(self, kind).cmp(&number(other, kind)))
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// Adds an update; a second of its kind does not count.
    pub(super) fn add_update(&mut self, update: Update) {
        let updates = &mut self.more_mut().updates;
        if updates.iter().all(|known| known.kind != update.kind) {
            updates.push(update);
            updates.sort();
        }
    }

    /// `v22`: as precise as `v23` and `v22.1`.
    pub(super) fn is_company_release(&self) -> bool {
        self.v_prefix && self.release.len() == 1
    }

    /// Pre-release precedence alone: none is above any.
    pub(super) fn cmp_pre(&self, other: &Self) -> Ordering {
        cmp_pre(&self.pre, &other.pre)
    }

    /// The pre-release in semver's spelling: `rc.1`.
    pub fn pre_canonical(&self) -> String {
        let parts: Vec<String> = self.pre.iter().map(ToString::to_string).collect();
        parts.join(".")
    }
}
