//! What somebody is told, before any sink: plain words, bounded in length. What was read stands in
//! it as it is (untrusted): each sink escapes it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::seen::{ObservedReason, ObservedRun, ObservedSubject};

/// Why somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// A gate was GO and is NO-GO, or is NO-GO when it is first seen.
    NoGo,
    /// It was NO-GO and is GO.
    Go,
    /// Something blocks besides.
    NewBlocking,
    /// Twice in a row not everything was known.
    Incomplete,
    /// It is known again, and is GO as before.
    Recovered,
    /// A release is to be taken back.
    RollBack,
    /// It changes too often to be told each time.
    Unstable,
    /// It has not changed for a while.
    Stable,
    /// Something rose in a watched environment.
    Incident,
    /// That is over.
    IncidentEnd,
    /// Waivers end soon.
    WaiverExpiry,
    /// Runs of a schedule did not happen.
    MissedRuns,
    /// Somebody tries whether it works.
    Test,
}

impl NoticeKind {
    /// The word used in files and in the test's table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoGo => "no-go",
            Self::Go => "go",
            Self::NewBlocking => "new-blocking",
            Self::Incomplete => "incomplete",
            Self::Recovered => "recovered",
            Self::RollBack => "roll-back",
            Self::Unstable => "unstable",
            Self::Stable => "stable",
            Self::Incident => "incident",
            Self::IncidentEnd => "incident-end",
            Self::WaiverExpiry => "waiver-expiry",
            Self::MissedRuns => "missed-runs",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What somebody is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Notice {
    /// Why.
    pub kind: NoticeKind,
    /// The gate, the checklist, `waivers`, a schedule or an incident: what belongs together.
    pub about: String,
    /// `NO-GO qualif -> ovh-production`.
    pub title: String,
    /// Reasons, a line each.
    pub lines: Vec<String>,
    /// The word of the verdict: `no-go`.
    pub verdict: String,
    /// Environments that it concerns.
    pub environments: Vec<String>,
    /// The release that it concerns.
    pub release: Option<String>,
    /// The run that saw it, as `run:3f2a6c01` refers to it.
    pub run: Option<String>,
    /// When that ended.
    pub at: Timestamp,
}

/// Reasons that are told.
const REASONS: usize = 3;

/// Characters of one line.
const LINE: usize = 500;

impl Notice {
    /// One with nothing but a title.
    pub(super) fn new(kind: NoticeKind, about: &str, title: &str, seen: &ObservedRun) -> Self {
        Self {
            kind,
            about: bounded(about),
            title: bounded(title),
            lines: Vec::new(),
            verdict: kind.as_str().to_owned(),
            environments: Vec::new(),
            release: None,
            run: seen.run.clone(),
            at: seen.at,
        }
    }

    /// Of a gate or a checklist; `first` are the ids that stand before all others.
    pub(super) fn of_subject(
        kind: NoticeKind,
        title: &str,
        subject: &ObservedSubject,
        first: &dyn Fn(&str) -> bool,
        seen: &ObservedRun,
    ) -> Self {
        let (new, old): (Vec<_>, Vec<_>) =
            subject.reasons.iter().partition(|reason| first(&reason.id));
        let ordered: Vec<&ObservedReason> = new.into_iter().chain(old).collect();
        let mut lines: Vec<String> = ordered.iter().take(REASONS).map(|one| line(one)).collect();
        if ordered.len() > REASONS {
            lines.push(format!("and {} more", ordered.len() - REASONS));
        }
        Self {
            lines,
            verdict: word(subject).to_owned(),
            environments: subject.environments.clone(),
            release: subject.release.clone(),
            ..Self::new(kind, &subject.key, title, seen)
        }
    }

    /// The same with lines.
    #[must_use]
    pub(super) fn with_lines(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        let mut lines = lines.into_iter();
        self.lines = lines.by_ref().take(2 * REASONS).map(|line| bounded(&line)).collect();
        let more = lines.count();
        if more > 0 {
            self.lines.push(format!("and {more} more"));
        }
        self
    }
}

/// The verdict as files have it.
pub(super) fn word(subject: &ObservedSubject) -> &'static str {
    use super::seen::SubjectVerdict as V;
    match subject.verdict {
        V::Go => "go",
        V::NoGo => "no-go",
        V::Incomplete => "incomplete",
        V::RollBack => "roll-back",
    }
}

/// `cost-per-call: KEYS 12 ms (must be <= 5 ms)`.
fn line(reason: &ObservedReason) -> String {
    if reason.limit.is_empty() {
        return bounded(&reason.text);
    }
    let limit: String = reason.limit.chars().take(LINE / 4).collect();
    let text: String = bounded(&reason.text).chars().take(LINE * 3 / 4).collect();
    bounded(&format!("{text} (must be {limit})"))
}

/// One line without control characters, of bounded length.
fn bounded(text: &str) -> String {
    let is_hidden = |c: &char| c.is_control() || is_formatting(*c);
    let plain: String = text
        .chars()
        .take(LINE * 2)
        .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
        .filter(|c| !is_hidden(c))
        .collect();
    if plain.chars().count() <= LINE {
        return plain;
    }
    plain.chars().take(LINE - 1).chain(['…']).collect()
}

/// What turns the direction of a text, or is not seen.
fn is_formatting(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// A notice that tells that notices arrive.
pub fn test_notice(at: Timestamp) -> Notice {
    let seen = ObservedRun { began: at, at, ..ObservedRun::default() };
    let title = "TEST of envparity: notices arrive here";
    let line = "somebody ran envparity notify test; nothing was audited, and nothing is wrong";
    Notice::new(NoticeKind::Test, "envparity notify test", title, &seen)
        .with_lines([line.to_owned()])
}
