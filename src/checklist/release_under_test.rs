//! Whether what was tried is the release, and what it replaces is the release before.

use std::collections::BTreeSet;

use super::{Item, ItemMeta, Trial, train_of};
use crate::model::{
    AuditedEnvironment, ChecklistItem, ComponentName, ItemLine, ItemOutcome, ItemSection, Release,
    Settle, Train, TrainDifference, count, differences, first_three,
};

pub(super) struct ReleaseUnderTest;

static META: ItemMeta = ItemMeta {
    id: "release-under-test",
    section: ItemSection::Release,
    summary: "the earlier side runs the release, and the later side the one before, by digest",
    why: "a test of other builds says nothing about these",
    judges_rollbacks: false,
};

impl Item for ReleaseUnderTest {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let release = trial.release;
        let wanted = whole_train(trial);
        match &wanted {
            Some(wanted) => {
                item.lines.extend(compare_builds(trial.from, wanted, &release.name));
            }
            None => {
                let seen =
                    format!("{} has no train:, and the release before no file", release.name);
                item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
            }
        }
        item.lines.extend(double_builds(trial));
        item.lines.extend(unlisted_changes(trial));
        let previous = previous_builds(trial);
        let worst = previous.iter().map(|line| line.outcome).max();
        let lacking = Lacking {
            release: item.outcome(),
            previous: worst.unwrap_or(ItemOutcome::NotApplicable),
        };
        item.lines.extend(previous);
        item.settle = settle_builds(trial, &lacking);
        item
    }
}

/// What the two sides lack.
struct Lacking {
    /// Where the release comes from, or in its own file.
    release: ItemOutcome,
    /// Where it goes to.
    previous: ItemOutcome,
}

fn settle_builds(trial: &Trial<'_>, lacking: &Lacking) -> Option<Settle> {
    let (name, from, to) = (&trial.release.name, &trial.gate.from, &trial.gate.to);
    let again = trial.capture_again();
    if lacking.release.max(lacking.previous) < ItemOutcome::Incomplete {
        return None;
    }
    if trial.previous.is_none() {
        let write = match &trial.release.previous {
            Some(_) => String::new(),
            None => format!("write previous: NAME into the file of {name}, and "),
        };
        let command = format!("{write}{}", trial.capture_previous());
        return Some(Settle::by(command, format!("a minute, while {to} runs it")));
    }
    let before = trial.release.previous.as_deref().unwrap_or("NAME");
    Some(match (lacking.release, lacking.previous) {
        (ItemOutcome::NoGo, _) => Settle::by(
            format!("deploy {name} to {from}; if {from} runs {name} now: {again}"),
            "a minute, and everything that was tried counts from then on",
        ),
        (_, ItemOutcome::NoGo) => Settle::by(
            format!(
                "deploy {before} to {to}; if {to} runs {before} now: {} --force",
                trial.capture_previous()
            ),
            "a minute, or a rollout",
        ),
        (ItemOutcome::Incomplete, _) => Settle::by(
            format!(
                "deploy one build of each to {from}, from a registry, which tells its digest; then \
                 {again}"
            ),
            "a rollout and a minute",
        ),
        _ => Settle::by(
            format!(
                "deploy {before} to {to} from a registry, which tells digests; then {} --force",
                trial.capture_previous()
            ),
            "a rollout and a minute",
        ),
    })
}

/// Components of which the release has more than one build: nobody knows which of them goes.
fn double_builds(trial: &Trial<'_>) -> Option<ItemLine> {
    let release = trial.release;
    let all = release.train.iter().chain(&release.changed);
    let names: BTreeSet<&str> =
        all.filter(|(_, builds)| builds.len() > 1).map(|(name, _)| name.as_str()).collect();
    let seen = format!(
        "{} has more than one build of {}",
        release.name,
        first_three(names.iter().copied(), ", ")
    );
    (!names.is_empty()).then(|| ItemLine::new(ItemOutcome::Incomplete, seen).must("one of each"))
}

/// All builds of the release: what its file says, else those of the release before and what
/// changed.
pub(super) fn whole_train(trial: &Trial<'_>) -> Option<Train> {
    let release = trial.release;
    if !release.train.is_empty() {
        return Some(release.train.clone());
    }
    let mut train = trial.previous?.train.clone();
    train.extend(release.changed.clone());
    Some(train)
}

/// What an environment runs beside what it should.
fn compare_builds(environment: &AuditedEnvironment, wanted: &Train, name: &str) -> Vec<ItemLine> {
    let snapshot = &environment.snapshot;
    let at = &snapshot.environment;
    let (mut differing, mut unproven, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    let mut same = 0;
    for (component, found) in differences(wanted, &train_of(snapshot)) {
        match found {
            TrainDifference::Same => same += 1,
            TrainDifference::Differs(want, is) => {
                differing.push(format!("{component} is {is}, and {name} has {want}"));
            }
            TrainDifference::Unexpected(is) => {
                differing.push(format!("{component} {is} is not in {name}"));
            }
            TrainDifference::Missing(_) if is_unread(environment, &component) => {
                unread.push(component.to_string());
            }
            TrainDifference::Missing(want) => {
                differing.push(format!("{component} {want} does not run"))
            }
            TrainDifference::NotProven(is) => unproven.push(format!("{component} {is}")),
        }
    }
    let equal = format!("{at} runs {same} of {} of {name}", count(wanted.len(), "build"));
    let all = [&differing, &unproven, &unread].iter().all(|list| list.is_empty());
    let outcome = if all && same > 0 { ItemOutcome::Go } else { ItemOutcome::Incomplete };
    let mut lines = vec![ItemLine::new(outcome, equal).must("all, by digest")];
    let told = |outcome, what: &str, list: &[String]| {
        let seen = format!("{at}: {what}{}", first_three(list, "; "));
        (!list.is_empty()).then(|| ItemLine::new(outcome, seen))
    };
    lines.extend(told(ItemOutcome::NoGo, "", &differing));
    lines.extend(told(ItemOutcome::Incomplete, "not proven by a digest: ", &unproven));
    lines.extend(told(ItemOutcome::Incomplete, "not read: ", &unread));
    lines
}

/// Whether a component may run in what was not read.
fn is_unread(environment: &AuditedEnvironment, component: &ComponentName) -> bool {
    environment.snapshot.coverage.iter().any(|target| {
        let parts = target.parts.iter();
        let mut unread = parts.filter(|(_, outcome)| outcome.failure().is_some());
        unread.any(|(part, _)| target.could_hold(part, component))
    })
}

/// What production runs beside the release before.
fn previous_builds(trial: &Trial<'_>) -> Vec<ItemLine> {
    let to = &trial.gate.to;
    match (&trial.release.previous, trial.previous) {
        (_, Some(previous)) => compare_builds(trial.to, &previous.train, &previous.name),
        (Some(name), None) => {
            let seen = format!("{name}, which {to} should run, has no file");
            vec![ItemLine::new(ItemOutcome::Incomplete, seen)]
        }
        (None, None) => {
            let seen =
                format!("{} does not say which release {to} runs (previous:)", trial.release.name);
            vec![ItemLine::new(ItemOutcome::Incomplete, seen)]
        }
    }
}

/// What did not change must be as before.
fn unlisted_changes(trial: &Trial<'_>) -> Option<ItemLine> {
    let Release { train, changed, name, .. } = trial.release;
    let previous = trial.previous.filter(|_| !train.is_empty())?;
    let found = differences(&previous.train, train).into_iter().filter(|(component, found)| {
        !changed.contains_key(component)
            && matches!(found, TrainDifference::Differs(..) | TrainDifference::Unexpected(_))
    });
    let names: Vec<String> = found.map(|(component, _)| component.to_string()).collect();
    let what = if names.len() == 1 { "differs" } else { "differ" };
    let seen = format!(
        "{} {what} from {} and is not under changed: of {name}",
        first_three(&names, ", "),
        previous.name
    );
    (!names.is_empty()).then(|| ItemLine::new(ItemOutcome::NoGo, seen))
}
