//! Whether anything but the release changed since the freeze began.
//!
//! It is judged by stored evidence: what changed and was taken back between two pieces of it is
//! not seen, so that gaps make it INCOMPLETE.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::changes::{ChangeDoubt, Changed, FoundChange, changes_since};
use super::freeze_revisions::{RememberedChanges, remembered_changes};
use super::trial::FreezePast;
use super::{Item, ItemMeta, Trial};
use crate::model::{
    Build, ChecklistItem, Freeze, FreezeException, ItemFigure, ItemLine, ItemOutcome, ItemSection,
    Settle, count, length,
};

pub(super) struct FreezeKept;

static META: ItemMeta = ItemMeta {
    id: "freeze",
    section: ItemSection::Release,
    summary: "nothing but the release changed since the freeze began",
    why: "what changed on the side was tried with the release, or makes its trial worthless",
    judges_rollbacks: false,
};

/// Changes that are taken back sooner may not be seen.
const LONGEST_GAP: SignedDuration = SignedDuration::from_hours(1);

impl Item for FreezeKept {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let (Some(freeze), Some(past)) = (&trial.release.freeze, trial.freeze) else {
            let name = &trial.release.name;
            let seen = format!(
                "{name} has no freeze: it does not say since when nothing else may change (freeze:)"
            );
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
            let key = format!("freeze: {{environment: {}, from: TIME}}", trial.gate.from);
            let write =
                format!("write {key} into the file of {name}, then {}", trial.judge_again());
            item.settle = Some(Settle::by(write, "a minute"));
            return item;
        };
        let found = judged_changes(past, freeze, trial);
        let is_clear = found.not_allowed.is_empty();
        for change in found.not_allowed {
            item.lines.push(ItemLine::new(ItemOutcome::NoGo, change).must("none"));
        }
        for change in found.doubtful {
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, change).must("none"));
        }
        for change in found.excepted {
            item.lines.push(ItemLine::new(ItemOutcome::Go, change));
        }
        let (times, gap) = largest_gap(past, freeze, trial.now);
        if is_clear {
            add_nothing_changed(&mut item, freeze, (times, gap), trial);
        }
        for (target, failure) in &trial.freeze_memory.refused {
            let seen = format!(
                "{target} does not tell its ReplicaSets ({failure}): judged by stored evidence; {}",
                failure.advice
            );
            item.lines.push(ItemLine::new(ItemOutcome::Go, seen));
        }
        if let Some(why) = looks_elsewhere(freeze, trial) {
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, why));
        }
        item.figures.push(ItemFigure {
            name: "largest gap".to_owned(),
            value: Some(gap.as_secs_f64()),
            unit: "s",
            limit: Some(LONGEST_GAP.as_secs_f64()),
            baseline: None,
            source: "history".to_owned(),
        });
        item.settle = settle_freeze(&item, trial, freeze);
        item
    }
}

/// That nothing is known to have changed, and by what.
fn add_nothing_changed(
    item: &mut ChecklistItem,
    freeze: &Freeze,
    (times, gap): (usize, SignedDuration),
    trial: &Trial<'_>,
) {
    let is_dense = gap <= LONGEST_GAP && times > 1;
    let covered = is_covered_by_revisions(freeze, trial);
    let outcome = if is_dense || covered { ItemOutcome::Go } else { ItemOutcome::Incomplete };
    let by = if covered { "ReplicaSets, " } else { "" };
    let seen = format!(
        "{}: nothing else is known to have changed since {}, by {by}{}, largest gap {}",
        freeze.environment,
        freeze.from,
        count(times, "piece") + " of evidence",
        in_words(gap)
    );
    let must = if covered { "none" } else { "gap <= 1h" };
    item.lines.insert(0, ItemLine::new(outcome, seen).must(must));
    let blind = "a moved tag that was not pulled and what a ConfigMap holds are not seen";
    let sparse = "between pieces of evidence, a moved tag and what a ConfigMap holds are not seen";
    item.lines.push(ItemLine::new(outcome, if is_dense { blind } else { sparse }));
}

/// Why the freeze says nothing about the release's trial.
fn looks_elsewhere(freeze: &Freeze, trial: &Trial<'_>) -> Option<String> {
    let from = &trial.gate.from;
    if freeze.environment != *from {
        let other = &freeze.environment;
        return Some(format!("the freeze is of {other}: what changed in {from} is not looked at"));
    }
    (freeze.from > trial.now).then(|| format!("the freeze begins later, at {}", freeze.from))
}

fn settle_freeze(item: &ChecklistItem, trial: &Trial<'_>, freeze: &Freeze) -> Option<Settle> {
    match item.outcome() {
        ItemOutcome::NoGo => Some(Settle::by(
            format!(
                "add it to exceptions: of {} with approved-by, or take it back, try the release \
                 anew, and move from:; then {}",
                trial.release.name,
                trial.judge_again()
            ),
            "a minute for an exception, else as long as the trial",
        )),
        ItemOutcome::Incomplete => {
            let (name, environment) = (&trial.release.name, &freeze.environment);
            let allow = trial.freeze_memory.refused.first();
            let allow = allow.map_or(String::new(), |(_, failure)| {
                format!("{}, which settles it at once; or ", failure.advice)
            });
            Some(Settle::by(
                format!(
                    "{allow}run envparity audit each hour and move from: of {name} to when that \
                     began; what was not seen of {environment} stays so, and whoever knows of it \
                     answers for it: envparity checklist override"
                ),
                "an hour and a trial anew from then on",
            ))
        }
        _ => None,
    }
}

fn in_words(gap: SignedDuration) -> String {
    let seconds = u64::try_from(gap.as_secs()).unwrap_or(0);
    let rounded = match seconds {
        0..60 => seconds,
        60..7200 => seconds / 60 * 60,
        _ => seconds / 3600 * 3600,
    };
    length(Duration::from_secs(rounded))
}

/// Pieces of whole evidence, and the longest time without one from the freeze's beginning to now.
fn largest_gap(past: &FreezePast, freeze: &Freeze, now: Timestamp) -> (usize, SignedDuration) {
    let whole: Vec<Timestamp> =
        past.states.iter().filter(|(_, state)| state.is_whole).map(|(at, _)| *at).collect();
    // What is older than the freeze tells how it began, as long as it is not far from it.
    let mut last = whole.iter().copied().rfind(|at| *at <= freeze.from);
    let mut longest = SignedDuration::ZERO;
    for at in whole.iter().copied().filter(|at| *at > freeze.from).chain([now]) {
        longest = longest.max(at.duration_since(last.unwrap_or(freeze.from)));
        last = Some(at);
    }
    (whole.len(), longest)
}

/// What changed in the freeze, in words.
#[derive(Default)]
struct JudgedChanges {
    /// What nobody allowed.
    not_allowed: Vec<String>,
    /// What may be a change that nobody allowed.
    doubtful: Vec<String>,
    /// What somebody allowed.
    excepted: Vec<String>,
}

fn judged_changes(past: &FreezePast, freeze: &Freeze, trial: &Trial<'_>) -> JudgedChanges {
    let RememberedChanges { not_allowed, doubtful, excepted } =
        remembered_changes(past, freeze, trial);
    let mut found = JudgedChanges { not_allowed, doubtful, excepted };
    for change in changes_since(&past.states, freeze.from) {
        if is_dated_before(&change, freeze, trial) {
            continue;
        }
        match what_allows(&change, trial) {
            Allowed::AsRelease => {}
            Allowed::AsException(why) => {
                found.excepted.push(format!("{}: {why}", words_of(&change)));
            }
            Allowed::No => match change.doubt {
                None => found.not_allowed.push(words_of(&change)),
                Some(doubt) => {
                    let told = doubt_of(&change, doubt, freeze);
                    // Evidence without digests tells the same again and again.
                    if !found.doubtful.contains(&told) {
                        found.doubtful.push(told);
                    }
                }
            },
        }
    }
    found
}

/// `image/team/web -> v21 c9900000, seen at …`
fn words_of(change: &FoundChange) -> String {
    format!("{}, seen at {}", what_of(change), change.seen)
}

fn what_of(FoundChange { component, what, .. }: &FoundChange) -> String {
    match what {
        Changed::Build(build) => format!("{component} -> {}", build.in_words()),
        Changed::Gone => format!("{component} stopped"),
        Changed::Fact(words) => format!("{component} {words}"),
    }
}

fn doubt_of(change: &FoundChange, doubt: ChangeDoubt, freeze: &Freeze) -> String {
    match doubt {
        ChangeDoubt::Straddles => {
            let last = change.after.map_or(String::new(), |after| format!(" after {after} and"));
            format!(
                "{} came{last} by {}: whether before the freeze ({}) is not known",
                what_of(change),
                change.seen,
                freeze.from
            )
        }
        ChangeDoubt::NoDigest => {
            let Changed::Build(build) = &change.what else { return what_of(change) };
            format!(
                "{} {}: whether it is another build than before is not known, no digest of one \
                 kind is told",
                change.component, build.version
            )
        }
        ChangeDoubt::NotReadBefore => {
            format!(
                "{} was seen at {}: whether it was there before was not read",
                what_of(change),
                change.seen
            )
        }
    }
}

/// Whether the cluster tells that a change between two pieces of evidence was made before the
/// freeze.
fn is_dated_before(change: &FoundChange, freeze: &Freeze, trial: &Trial<'_>) -> bool {
    let (Some(ChangeDoubt::Straddles), Changed::Build(build)) = (change.doubt, &change.what) else {
        return false;
    };
    let made = trial.freeze_memory.made(&change.component, build);
    made.is_some_and(|(_, last)| last < freeze.from) && is_covered_by_revisions(freeze, trial)
}

/// Whether all that runs there tells its ReplicaSets.
fn is_covered_by_revisions(freeze: &Freeze, trial: &Trial<'_>) -> bool {
    let mut environments = trial.audit.environments.iter();
    let own = environments.find(|one| one.snapshot.environment == freeze.environment);
    own.is_some_and(|own| trial.freeze_memory.covers(&own.snapshot))
}

enum Allowed {
    AsRelease,
    AsException(String),
    No,
}

fn what_allows(change: &FoundChange, trial: &Trial<'_>) -> Allowed {
    let (name, release) = (&change.component, trial.release);
    let build = match &change.what {
        Changed::Build(build) => build,
        Changed::Fact(_) => return Allowed::No,
        Changed::Gone => {
            // A service that the release does not have any more.
            let was_of_train = trial.previous.is_some_and(|one| one.train.contains_key(name));
            let is_gone =
                was_of_train && !release.train.is_empty() && !release.train.contains_key(name);
            return if is_gone { Allowed::AsRelease } else { Allowed::No };
        }
    };
    let same = |one: &Build| one.same_content(build) == Some(true);
    let is_in = |builds: Option<&Vec<Build>>| builds.is_some_and(|known| known.iter().any(same));
    if is_in(release.changed.get(name)) {
        return Allowed::AsRelease;
    }
    let exceptions = release.exceptions.iter().chain(&trial.rules.exceptions);
    let of_component: Vec<_> = exceptions.filter(|one| one.component == *name).collect();
    if let Some(one) = of_component.iter().find(|one| same(&one.build)) {
        let why = format!("{} ({}, approved by {})", one.reason, one.by, one.approved_by);
        return Allowed::AsException(why);
    }
    // Taking back what an exception allowed is covered by it, and nothing else is.
    let is_previous = trial.previous.is_some_and(|previous| is_in(previous.train.get(name)));
    let ran = |one: &&&FreezeException| {
        change.before.iter().any(|build| one.build.same_content(build) == Some(true))
    };
    match of_component.iter().find(ran) {
        Some(one) if is_previous => Allowed::AsException(format!("{} taken back", one.reason)),
        _ => Allowed::No,
    }
}
