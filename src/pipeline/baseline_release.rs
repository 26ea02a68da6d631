//! Which release held an environment, and for how long: what load is compared with.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::past::Seer;
use crate::checklist::{ClusterMemory, EnvironmentState, seen_at, state_of};
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
    memory: &ClusterMemory,
) -> Result<BaselineRelease<'a>, String> {
    let spans = spans(seer, environment, release, (memory, rolled_back))?;
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
    (memory, rolled_back): (&ClusterMemory, &BTreeSet<String>),
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
    let mut found = Held { spans: Vec::new(), is_open: true };
    let current = state_of(snapshot);
    let current_release = of(&current.train);
    found.see(seen_at(snapshot), current_release, current.is_whole);
    let mut other: Option<Timestamp> = None;
    let mut last: Option<(Arc<EnvironmentState>, Option<&'a Release>)> = None;
    seer.walk_states(environment, &mut |at, state| {
        let same = last.as_ref().filter(|(last, _)| Arc::ptr_eq(last, state));
        let release = same.map_or_else(|| of(&state.train), |(_, release)| *release);
        last = Some((state.clone(), release));
        let is_other = release.map(|one| &one.name) != current_release.map(|one| &one.name);
        if state.is_whole && is_other {
            other = other.max(Some(at));
        }
        let before = found.spans.len();
        found.see(at, release, state.is_whole);
        before == found.spans.len() || !found.is_enough(rolled_back, &profiles.releases)
    })?;
    let mut spans = found.spans;
    // The capture is one more piece of evidence, of the first day mostly, and so are templates.
    if let (Some(first), Some(current)) = (spans.first_mut(), current_release) {
        let written = current.came.get(name).map(|at| CameTime { at: *at, by: CameSource::File });
        let made = made(current, memory).map(|at| CameTime { at, by: CameSource::Revision });
        let known = [made, written].into_iter().flatten();
        let is_of_it =
            |came: &CameTime| came.at <= seer.now && other.is_none_or(|other| came.at >= other);
        if let Some(came) = known.filter(is_of_it).min().filter(|came| *came < first.from) {
            first.from = came;
        }
    }
    Ok(spans)
}

/// When the newest of its templates was made, where templates tell of what runs.
fn made(release: &Release, memory: &ClusterMemory) -> Option<Timestamp> {
    let mut last = None;
    for (component, builds) in &release.train {
        // What has no templates (a CronJob) is not dated by any.
        if memory.of(component).next().is_none() {
            continue;
        }
        for build in builds {
            last = last.max(Some(memory.made(component, build)?.1));
        }
    }
    last
}

/// Spans as they are found, newest first.
struct Held<'a> {
    spans: Vec<HoldingSpan<'a>>,
    is_open: bool,
}

impl<'a> Held<'a> {
    fn see(&mut self, at: Timestamp, release: Option<&'a Release>, is_whole: bool) {
        let Some(release) = release else {
            // What was not read may have run all the same.
            self.is_open &= !is_whole;
            return;
        };
        let by = CameTime { at, by: CameSource::Evidence };
        let is_open = self.is_open;
        match self.spans.last_mut().filter(|last| is_open && last.release.name == release.name) {
            Some(last) => last.from = last.from.min(by),
            None => self.spans.push(HoldingSpan { release, from: by, to: at }),
        }
        self.is_open = true;
    }

    /// Whether one has held for long enough, and what was before it does not say that it was gone
    /// back from.
    fn is_enough(&self, rolled_back: &BTreeSet<String>, releases: &[Release]) -> bool {
        let back = gone_back(&self.spans, releases);
        let whole = self.spans.len().saturating_sub(1);
        self.spans[..whole].iter().any(|span| {
            let name = &span.release.name;
            let has_held = span.to.duration_since(span.from.at) >= HELD;
            has_held && !back.contains(name) && !rolled_back.contains(name)
        })
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
