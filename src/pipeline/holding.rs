//! Which release held an environment, and for how long: what load is compared with.

use std::collections::BTreeSet;
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};

use super::past::Seer;
use crate::checklist::{EnvironmentState, seen_at, state_of};
use crate::model::{
    AuditedEnvironment, BaselineRelease, CameSource, CameTime, Release, ReleaseType, Train,
    TrainDifference, differences,
};

/// A release that held production for less was never proven there.
const HELD: SignedDuration = SignedDuration::from_hours(24);

/// A release without a break.
#[derive(Clone, Debug)]
struct HoldingSpan<'a> {
    release: &'a Release,
    from: CameTime,
    to: Timestamp,
}

/// The release that load is compared with: what the file of the release says, else the newest one
/// that held production for 24 hours. One that was rolled back is none.
pub(super) fn baseline<'a>(
    seer: &mut Seer<'a, '_>,
    environment: &AuditedEnvironment,
    release: &Release,
    rolled_back: &BTreeSet<String>,
) -> Result<BaselineRelease<'a>, String> {
    let spans = spans(seer, environment, release)?;
    let mut back: BTreeSet<String> = rolled_back.clone();
    back.extend(gone_back(&spans, seer.profiles.releases.as_slice()));
    let of = |span: &HoldingSpan<'a>, why: String| BaselineRelease {
        release: Some(span.release),
        since: Some(span.from),
        told: why,
    };
    if let Some(name) = &release.baseline {
        let found = seer.profiles.releases.iter().find(|one| one.name == *name);
        let nothing = |told: String| BaselineRelease { release: None, since: None, told };
        return Ok(match (found, spans.iter().find(|span| span.release.name == *name)) {
            (None, _) => nothing(format!("{name}, the baseline of its file, has no file itself")),
            _ if back.contains(name) => {
                nothing(format!("{name}, the baseline of its file, was rolled back"))
            }
            (_, Some(span)) => of(span, "by its file".to_owned()),
            (release, None) => {
                let told = "by its file; when it came is not known".to_owned();
                BaselineRelease { release, since: None, told }
            }
        });
    }
    let held = |span: &&HoldingSpan<'_>| span.to.duration_since(span.from.at) >= HELD;
    let is_stable = |span: &&HoldingSpan<'_>| !back.contains(&span.release.name);
    let found = spans.iter().position(|span| is_stable(&span) && held(&span));
    let Some(index) = found else {
        let told = "no release is known to have held production for 24 h".to_owned();
        return Ok(BaselineRelease { release: None, since: None, told });
    };
    let span = &spans[index];
    let length = span.to.duration_since(span.from.at).as_hours();
    let mut told = format!("held {} for {length} h", environment.snapshot.environment);
    let newer = spans[..index].iter().map(|newer| newer.release.name.as_str());
    let newer: BTreeSet<&str> = newer.filter(|name| *name != span.release.name).collect();
    for name in newer {
        let why = if back.contains(name) { "was rolled back" } else { "has not held it for 24 h" };
        told.push_str(&format!("; {name} {why}"));
    }
    Ok(of(span, told))
}

/// Spans, newest first, as far back as the first that counts and the one before it.
fn spans<'a>(
    seer: &mut Seer<'a, '_>,
    environment: &AuditedEnvironment,
    own: &Release,
) -> Result<Vec<HoldingSpan<'a>>, String> {
    let profiles = seer.profiles;
    let known: Vec<&Release> = profiles
        .releases
        .iter()
        .filter(|one| one.name != own.name && one.kind != Some(ReleaseType::Rollback))
        .filter(|one| !one.train.is_empty())
        .collect();
    let (snapshot, name) = (&environment.snapshot, &environment.snapshot.environment);
    let of = |train: &Train| known.iter().copied().find(|one| runs_all(&one.train, train));
    let mut spans: Vec<HoldingSpan<'a>> = Vec::new();
    let mut is_open = true;
    let mut see = |at: Timestamp, release: Option<&'a Release>, is_whole: bool| {
        let Some(release) = release else {
            // What was not read may have run all the same.
            is_open &= !is_whole;
            return;
        };
        let by = CameTime { at, by: CameSource::Evidence };
        match spans.last_mut().filter(|last| is_open && last.release.name == release.name) {
            Some(last) => last.from = last.from.min(by),
            None => spans.push(HoldingSpan { release, from: by, to: at }),
        }
        is_open = true;
    };
    let current = state_of(snapshot);
    let current_release = of(&current.train);
    see(seen_at(snapshot), current_release, current.is_whole);
    let mut others = false;
    let mut last: Option<(Rc<EnvironmentState>, Option<&'a Release>)> = None;
    let mut enough = EnoughSpans::default();
    seer.walk(environment, &mut |at, state| {
        let same = last.as_ref().filter(|(last, _)| Rc::ptr_eq(last, state));
        let release = same.map_or_else(|| of(&state.train), |(_, release)| *release);
        last = Some((state.clone(), release));
        others |=
            state.is_whole && release.map(|one| &one.name) != current_release.map(|r| &r.name);
        see(at, release, state.is_whole);
        enough.look(at, release)
    })?;
    // The capture is one more piece of evidence, of the first day mostly.
    if let (Some(first), false) = (spans.first_mut(), others) {
        let came = first.release.came.get(name).copied().filter(|came| *came <= seer.now);
        if let Some(at) = came.filter(|at| *at < first.from.at) {
            first.from = CameTime { at, by: CameSource::File };
        }
    }
    Ok(spans)
}

/// How far to look back: to a release that held for long enough, and to what was before it, since
/// that tells whether it was gone back from.
#[derive(Default)]
struct EnoughSpans {
    newest: Option<(String, Timestamp)>,
    has_held: bool,
}

impl EnoughSpans {
    fn look(&mut self, at: Timestamp, release: Option<&Release>) -> bool {
        let Some(release) = release else { return true };
        match &self.newest {
            Some((name, to)) if *name == release.name => {
                self.has_held |= to.duration_since(at) >= HELD;
                true
            }
            _ if self.has_held => false,
            _ => {
                self.newest = Some((release.name.clone(), at));
                true
            }
        }
    }
}

/// Releases that were followed by one that had been there before, or that they came after.
fn gone_back(spans: &[HoldingSpan<'_>], releases: &[Release]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (index, pair) in spans.windows(2).enumerate() {
        let (next, own) = (&pair[0], &pair[1]);
        if next.release.name == own.release.name {
            continue;
        }
        let was_before = spans[index + 2..].iter().any(|s| s.release.name == next.release.name);
        if was_before || comes_after(own.release, &next.release.name, releases) {
            found.insert(own.release.name.clone());
        }
    }
    found
}

/// Whether a release was made after another one.
fn comes_after(release: &Release, other: &str, releases: &[Release]) -> bool {
    let mut name = release.previous.as_deref();
    for _ in 0..=releases.len() {
        match name {
            None => return false,
            Some(found) if found == other => return true,
            Some(found) => {
                let file = releases.iter().find(|one| one.name == found);
                name = file.and_then(|one| one.previous.as_deref());
            }
        }
    }
    false
}

fn runs_all(wanted: &Train, found: &Train) -> bool {
    differences(wanted, found).values().all(|found| *found == TrainDifference::Same)
}
