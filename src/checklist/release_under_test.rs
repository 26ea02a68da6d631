//! Whether what was tried is the release, and what it replaces is the release before.

use super::{Item, ItemMeta, Trial, train_of};
use crate::model::{
    AuditedEnvironment, ChecklistItem, ComponentName, ItemLine, ItemOutcome, ItemSection, Release,
    Settle, Train, TrainDifference, count, first_three, train_differences,
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
                item.lines.extend(beside(trial.from, wanted, &release.name));
            }
            None => {
                let seen =
                    format!("{} has no train:, and the release before no file", release.name);
                item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
            }
        }
        item.lines.extend(before(trial));
        item.lines.extend(unchanged(trial));
        item.settle = settle(trial, item.outcome());
        item
    }
}

fn settle(trial: &Trial<'_>, outcome: ItemOutcome) -> Option<Settle> {
    let (name, from) = (&trial.release.name, &trial.gate.from);
    let again = format!("envparity release capture {name} --from {from} --force");
    match outcome {
        _ if outcome < ItemOutcome::Incomplete => None,
        _ if trial.previous.is_none() && trial.release.previous.is_some() => {
            Some(Settle::by_command(
                trial.capture_previous(),
                format!("a minute, while {} runs it", trial.gate.to),
            ))
        }
        ItemOutcome::NoGo => Some(Settle::by_command(
            format!("deploy {name} to {from}; if that is {name} now: {again}"),
            "a minute, and everything that was tried counts from then on",
        )),
        _ => Some(Settle::by_command(again, "a minute")),
    }
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
fn beside(environment: &AuditedEnvironment, wanted: &Train, name: &str) -> Vec<ItemLine> {
    let snapshot = &environment.snapshot;
    let at = &snapshot.environment;
    let (mut differing, mut unproven, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    let mut same = 0;
    for (component, found) in train_differences(wanted, &train_of(snapshot)) {
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
fn before(trial: &Trial<'_>) -> Vec<ItemLine> {
    let to = &trial.gate.to;
    match (&trial.release.previous, trial.previous) {
        (_, Some(previous)) => beside(trial.to, &previous.train, &previous.name),
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
fn unchanged(trial: &Trial<'_>) -> Option<ItemLine> {
    let Release { train, changed, name, .. } = trial.release;
    let previous = trial.previous.filter(|_| !train.is_empty())?;
    let found =
        train_differences(&previous.train, train).into_iter().filter(|(component, found)| {
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
