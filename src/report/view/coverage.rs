//! Coverage: what the verdict rests on, what was not read, and what helps.

use std::fmt;
use std::time::Duration;

use crate::model::{
    Audit, AuditedEnvironment, Coverage, Failure, PartName, Source, count, length, staleness,
};

/// So many of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) struct Proportion {
    pub(in crate::report) count: usize,
    pub(in crate::report) of: usize,
}

impl fmt::Display for Proportion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.count, self.of)
    }
}

impl Proportion {
    /// `29 of 30 components`.
    pub(in crate::report) fn with_noun(self, noun: &str) -> String {
        format!("{} of {}", self.count, count(self.of, noun))
    }

    /// Rounded down, so that 100 means all.
    pub(in crate::report) fn percent(self) -> usize {
        (self.count * 100).checked_div(self.of).unwrap_or(0)
    }
}

/// An environment with what was read of it.
#[derive(Clone, Debug)]
pub(in crate::report) struct EnvironmentView<'a> {
    pub(in crate::report) audited: &'a AuditedEnvironment,
    pub(in crate::report) is_baseline: bool,
    /// Components that run there.
    pub(in crate::report) components: usize,
    pub(in crate::report) targets: Vec<TargetView<'a>>,
}

impl<'a> EnvironmentView<'a> {
    pub(super) fn new(audited: &'a AuditedEnvironment, audit: &Audit) -> Self {
        let components = audited.snapshot.components.values();
        let targets = audited.snapshot.coverage.iter();
        Self {
            audited,
            is_baseline: audited.snapshot.environment == audit.baseline,
            components: components.filter(|one| !one.instances.is_empty()).count(),
            targets: targets.map(|target| TargetView::new(target, audited, audit)).collect(),
        }
    }

    pub(in crate::report) fn name(&self) -> &'a str {
        self.audited.snapshot.environment.as_str()
    }

    /// Targets that were read completely and still count, of all.
    pub(in crate::report) fn complete_targets(&self) -> Proportion {
        let count = self.targets.iter().filter(|target| target.still_counts()).count();
        Proportion { count, of: self.targets.len() }
    }

    /// How old evidence may be, if there is a limit: `24h`.
    pub(in crate::report) fn max_age(&self) -> Option<String> {
        let limit = self.audited.max_age;
        (limit != Duration::MAX).then(|| length(limit))
    }

    /// What was not read or does not count any more, what the verdict needs first.
    pub(in crate::report) fn gaps(&self) -> Vec<Gap<'a>> {
        let mut gaps: Vec<Gap<'a>> = self.targets.iter().flat_map(TargetView::gaps).collect();
        gaps.sort_by_key(|gap| !gap.is_needed);
        gaps
    }
}

/// What became of one target.
#[derive(Clone, Debug)]
pub(in crate::report) struct TargetView<'a> {
    pub(in crate::report) coverage: &'a Coverage,
    /// Whether the verdict needs it.
    pub(in crate::report) is_needed: bool,
    /// Why what was read does not count any more.
    pub(in crate::report) stale: Option<Failure>,
    /// Since it answered; `None` if that is later than the end of the run.
    pub(in crate::report) age: Option<Duration>,
    environment: &'a AuditedEnvironment,
}

impl<'a> TargetView<'a> {
    fn new(coverage: &'a Coverage, environment: &'a AuditedEnvironment, audit: &Audit) -> Self {
        Self {
            coverage,
            is_needed: coverage.required,
            stale: staleness(coverage, environment.max_age, audit.run.at),
            age: Duration::try_from(audit.run.at.duration_since(coverage.taken)).ok(),
            environment,
        }
    }

    pub(in crate::report) fn name(&self) -> String {
        self.coverage.target.to_string()
    }

    /// Whether everything that the profile asks for was read, and still counts.
    pub(in crate::report) fn still_counts(&self) -> bool {
        self.coverage.is_complete() && self.stale.is_none()
    }

    /// `live`, `recorded`, `declared`.
    pub(in crate::report) fn source(&self) -> &'static str {
        match self.coverage.source {
            Source::Live => "live",
            Source::Recorded { .. } => "recorded",
            Source::Declared => "declared",
        }
    }

    /// The file, if recorded.
    pub(in crate::report) fn path(&self) -> Option<&'a str> {
        match &self.coverage.source {
            Source::Recorded { path, .. } => Some(path),
            Source::Live | Source::Declared => None,
        }
    }

    /// Why the live target was not read, where a file stands in for it.
    pub(in crate::report) fn instead_of(&self) -> Option<&'a Failure> {
        match &self.coverage.source {
            Source::Recorded { instead_of, .. } => instead_of.as_ref(),
            Source::Live | Source::Declared => None,
        }
    }

    /// That a file stands in for the live target, and why, where one does.
    pub(in crate::report) fn stand_in(&self) -> Option<String> {
        let (path, failure) = (self.path()?, self.instead_of()?);
        Some(format!("{path} stands in for the live target: {}", failure.message))
    }

    /// Components of other environments that this part could have shown.
    pub(in crate::report) fn hidden_by(&self, part: &PartName) -> usize {
        let key = (self.name(), part.to_string());
        self.environment.hides.get(&key).copied().unwrap_or_default()
    }

    /// What of it was not read or does not count any more.
    pub(in crate::report) fn gaps(&self) -> Vec<Gap<'a>> {
        let hidden_by_all = || self.coverage.parts.keys().map(|part| self.hidden_by(part)).sum();
        let gap = |of, failure, hides| Gap {
            target: self.coverage,
            of,
            failure,
            is_needed: self.is_needed,
            hides,
        };
        let failures = self.coverage.failures().into_iter();
        let unread = failures.map(|(part, failure)| match part {
            Some(part) => gap(GapOf::Part(part), failure.clone(), self.hidden_by(part)),
            None => gap(GapOf::Target, failure.clone(), hidden_by_all()),
        });
        let stale = self.stale.clone().map(|failure| gap(GapOf::Time, failure, 0));
        unread.chain(stale).collect()
    }
}

/// What a gap is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum GapOf<'a> {
    /// One part was not read.
    Part(&'a PartName),
    /// Nothing was read, for one reason.
    Target,
    /// What was read is too old, expired or from the future.
    Time,
}

/// What was not read of one target, or is stale.
#[derive(Clone, Debug)]
pub(in crate::report) struct Gap<'a> {
    pub(in crate::report) target: &'a Coverage,
    pub(in crate::report) of: GapOf<'a>,
    pub(in crate::report) failure: Failure,
    /// Whether the verdict needs it.
    pub(in crate::report) is_needed: bool,
    /// Components that it hides.
    pub(in crate::report) hides: usize,
}

impl Gap<'_> {
    /// Whether both are of the same part of two targets, for one reason.
    pub(in crate::report) fn is_alike(&self, other: &Self) -> bool {
        self.of == other.of
            && self.is_needed == other.is_needed
            && self.failure.kind == other.failure.kind
            && self.failure.advice == other.failure.advice
    }

    /// `kubernetes/mks nodes: the answer was 403 [hides 2] -> allow list on nodes`: what was not
    /// read, why, and what helps. A format that has little room shortens what a server said.
    pub(in crate::report) fn gap_line(&self, shorten: impl Fn(&str) -> String) -> String {
        let part = match self.of {
            GapOf::Part(part) => format!(" {part}"),
            GapOf::Target | GapOf::Time => String::new(),
        };
        format!("{}{part}: {}", self.target.target, self.why(shorten))
    }

    /// `kubernetes/mks part nodes not read: the answer was 403 [hides 2] -> allow list on nodes`: the
    /// same where no heading says that it was not read.
    pub(in crate::report) fn sentence(&self) -> String {
        let what = match self.of {
            GapOf::Part(part) => format!(" part {part} not read"),
            GapOf::Target => " not read".to_owned(),
            GapOf::Time => String::new(),
        };
        format!("{}{what}: {}", self.target.target, self.why(str::to_owned))
    }

    fn why(&self, shorten: impl Fn(&str) -> String) -> String {
        let hidden =
            if self.hides > 0 { format!(" [{}]", hides_words(self.hides)) } else { String::new() };
        let optional = if self.is_needed { String::new() } else { format!(" ({NOT_REQUIRED})") };
        let Failure { message, advice, .. } = &self.failure;
        format!("{}{hidden}; help: {advice}{optional}", shorten(message))
    }

    /// `images, hides 2`, `everything`, `stale`.
    pub(in crate::report) fn what(&self) -> String {
        let of = match self.of {
            GapOf::Part(part) => part.as_str(),
            GapOf::Target => "everything",
            GapOf::Time => "stale",
        };
        match self.hides {
            0 => of.to_owned(),
            n => format!("{of}, {}", hides_words(n)),
        }
    }
}

/// `hides 2`: components of other environments that it could have shown.
pub(in crate::report) fn hides_words(components: usize) -> String {
    format!("hides {components}")
}

/// Behind what the verdict does not need.
pub(in crate::report) const NOT_REQUIRED: &str = "not required";

/// To the largest unit: `6 min`, `3 h`, `2 d`.
pub(crate) fn age_words(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proportion_of_nothing_is_nothing() {
        let percent = |count, of| Proportion { count, of }.percent();
        assert_eq!((percent(7, 9), percent(0, 0), percent(9, 9)), (77, 0, 100));
        assert_eq!(Proportion { count: 1, of: 1 }.with_noun("target"), "1 of 1 target");
        assert_eq!(Proportion { count: 0, of: 2 }.with_noun("target"), "0 of 2 targets");
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let told = [0, 119, 120, 7_199, 7_200, 172_799, 172_800]
            .map(|seconds| age_words(Duration::from_secs(seconds)));
        assert_eq!(told, ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 d"]);
    }
}
