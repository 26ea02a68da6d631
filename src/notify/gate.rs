//! Whether a run changes what people know of one gate or checklist. Pure.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::board::{GateState, SettledVerdict};
use super::notice::{Notice, NoticeKind, word};
use super::seen::{ObservedRun, ObservedSubject, SubjectVerdict};

/// Runs in a row that must be incomplete before that is told.
const INCOMPLETE_RUNS: u32 = 2;

/// Changes within a day that are told one by one.
const MOST_CHANGES: usize = 4;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long nothing must have changed before it is told again.
const STABLE: SignedDuration = SignedDuration::from_hours(6);

/// What is known then, and what is told.
pub(super) fn next(
    before: Option<&GateState>,
    subject: &ObservedSubject,
    seen: &ObservedRun,
) -> (GateState, Option<Notice>) {
    let now = seen.at;
    if let Some(before) = before.filter(|before| now < before.at) {
        // Somebody looks at the past again.
        return (before.clone(), None);
    }
    let mut state = before.cloned().unwrap_or_else(|| GateState::new(now));
    // It comes behind the last one, and not beside it.
    let is_next = before.is_none_or(|before| seen.began > before.at);
    let changed = state.learn(subject, is_next);
    state.at = now;
    let told = match changed {
        Some(Changed { kind: kind @ NoticeKind::RollBack, new }) => {
            state.note_change(now);
            Some((kind, new))
        }
        Some(Changed { kind, new }) if before.is_some() => {
            state.told_of_change(now, kind).map(|kind| (kind, new))
        }
        Some(Changed { kind, new }) => Some((kind, new)),
        None => state.settled(now).map(|kind| (kind, BTreeSet::new())),
    };
    let notice = told.map(|(kind, new)| {
        let title = title(kind, subject, &state);
        Notice::of_subject(kind, &title, subject, &|id| new.contains(id), seen)
    });
    (state, notice)
}

/// A change that is worth telling.
struct Changed {
    kind: NoticeKind,
    /// Ids that did not block before.
    new: BTreeSet<String>,
}

impl Changed {
    fn to(kind: NoticeKind) -> Self {
        Self { kind, new: BTreeSet::new() }
    }
}

impl GateState {
    fn new(at: Timestamp) -> Self {
        Self {
            known: None,
            blocking: BTreeSet::new(),
            incomplete_runs: 0,
            incomplete_told: false,
            changes: Vec::new(),
            last_change: None,
            unstable_since: None,
            at,
        }
    }

    /// Takes over what a run says.
    fn learn(&mut self, subject: &ObservedSubject, is_next: bool) -> Option<Changed> {
        let settled = match subject.verdict {
            SubjectVerdict::Incomplete => return self.learn_incomplete(is_next),
            SubjectVerdict::Go => SettledVerdict::Go,
            SubjectVerdict::NoGo => SettledVerdict::NoGo,
            SubjectVerdict::RollBack => SettledVerdict::RollBack,
        };
        let was_told = std::mem::take(&mut self.incomplete_told);
        self.incomplete_runs = 0;
        let before = self.known.replace(settled);
        let new: BTreeSet<String> = subject.blocking.difference(&self.blocking).cloned().collect();
        if subject.is_incomplete && settled != SettledVerdict::Go {
            // What is not among them may only be hidden.
            self.blocking.extend(new.iter().cloned());
        } else {
            self.blocking.clone_from(&subject.blocking);
        }
        let blocked = before.is_some_and(|before| before != SettledVerdict::Go);
        match settled {
            SettledVerdict::Go if blocked => Some(Changed::to(NoticeKind::Go)),
            SettledVerdict::Go if was_told => Some(Changed::to(NoticeKind::Recovered)),
            SettledVerdict::Go => None,
            SettledVerdict::RollBack if before != Some(settled) || !new.is_empty() => {
                Some(Changed { kind: NoticeKind::RollBack, new })
            }
            SettledVerdict::NoGo if !blocked => Some(Changed::to(NoticeKind::NoGo)),
            SettledVerdict::NoGo if !new.is_empty() => {
                Some(Changed { kind: NoticeKind::NewBlocking, new })
            }
            SettledVerdict::NoGo | SettledVerdict::RollBack => None,
        }
    }

    /// What blocked stays known: an outage of what is asked is no change of it.
    fn learn_incomplete(&mut self, is_next: bool) -> Option<Changed> {
        if is_next || self.incomplete_runs == 0 {
            self.incomplete_runs = self.incomplete_runs.saturating_add(1).min(INCOMPLETE_RUNS);
        }
        if self.incomplete_runs < INCOMPLETE_RUNS || self.incomplete_told {
            return None;
        }
        self.incomplete_told = true;
        Some(Changed::to(NoticeKind::Incomplete))
    }

    fn note_change(&mut self, now: Timestamp) {
        self.changes.retain(|at| now.duration_since(*at) < DAY);
        self.changes.push(now);
        self.last_change = Some(now);
    }

    /// What is told of a change: of too many, that there are too many, once.
    fn told_of_change(&mut self, now: Timestamp, kind: NoticeKind) -> Option<NoticeKind> {
        if self.is_calm(now) {
            self.unstable_since = None;
            self.changes.clear();
        }
        self.note_change(now);
        // More are not needed to know that there are too many.
        let kept = self.changes.len().saturating_sub(MOST_CHANGES + 1);
        self.changes.drain(..kept);
        if self.unstable_since.is_some() {
            return None;
        }
        if self.changes.len() <= MOST_CHANGES {
            return Some(kind);
        }
        self.unstable_since = Some(now);
        Some(NoticeKind::Unstable)
    }

    /// Whether the silence ends here, and how it has turned out.
    fn settled(&mut self, now: Timestamp) -> Option<NoticeKind> {
        let is_known = self.incomplete_runs == 0 || self.incomplete_told;
        if !self.is_calm(now) || !is_known {
            return None;
        }
        self.unstable_since = None;
        self.changes.clear();
        Some(NoticeKind::Stable)
    }

    /// Whether nothing is told any more, and nothing has changed for long enough.
    fn is_calm(&self, now: Timestamp) -> bool {
        let last = self.last_change.filter(|_| self.unstable_since.is_some());
        last.is_some_and(|last| now.duration_since(last) >= STABLE)
    }
}

fn title(kind: NoticeKind, subject: &ObservedSubject, state: &GateState) -> String {
    let key = &subject.key;
    let verdict = word(subject).to_uppercase().replace("ROLL-BACK", "ROLL BACK");
    match kind {
        NoticeKind::NewBlocking => format!("{verdict} {key}: something new blocks"),
        NoticeKind::Go => format!("{verdict} {key}: nothing blocks any more"),
        NoticeKind::Recovered => format!("{verdict} {key}: everything is read again"),
        NoticeKind::Incomplete => match state.known {
            Some(SettledVerdict::NoGo) => {
                format!("{verdict} {key}: twice in a row; it was NO-GO before")
            }
            Some(SettledVerdict::RollBack) => {
                format!("{verdict} {key}: twice in a row; it was ROLL BACK before")
            }
            Some(SettledVerdict::Go) => {
                format!("{verdict} {key}: twice in a row; it was GO before")
            }
            None => format!("{verdict} {key}: twice in a row"),
        },
        NoticeKind::Unstable => format!(
            "UNSTABLE {key}: more than {MOST_CHANGES} changes in 24 h, now {verdict}; nothing more \
             is told until it is stable for {} h, but a ROLL BACK",
            STABLE.as_hours()
        ),
        NoticeKind::Stable => {
            format!("{verdict} {key}: stable for {} h again", STABLE.as_hours())
        }
        _ => format!("{verdict} {key}"),
    }
}
