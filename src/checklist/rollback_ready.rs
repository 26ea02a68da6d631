//! Whether there is something to go back to.

use jiff::Timestamp;

use super::memory::{ClusterMemory, is_same};
use super::{Item, ItemMeta, Trial, train_of};
use crate::model::{
    Build, ChecklistItem, ComponentName, ItemLine, ItemOutcome, ItemSection, Release, ReleaseType,
    Settle, Train, count, first_three,
};

pub(super) struct RollbackReady;

static META: ItemMeta = ItemMeta {
    id: "rollback-ready",
    section: ItemSection::Release,
    summary: "every build of the release before was seen running where this one goes",
    why: "half an hour of an outage is spent on finding out what ran before",
    judges_rollbacks: true,
};

impl Item for RollbackReady {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let to = &trial.gate.to;
        let Some(target) = way_back(trial) else {
            let what =
                trial.release.previous.as_deref().unwrap_or("the release before (previous:)");
            let seen = format!("the builds of {what} are not known: it has no file");
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
            let takes = format!("a minute, while {to} runs it");
            item.settle = Some(Settle::by(trial.capture_previous(), takes));
            return item;
        };
        let now = train_of(&trial.to.snapshot);
        let (mut seen_now, mut earlier, mut unseen) = (0, 0, Vec::new());
        let (mut kept, mut gone) = (0, Vec::new());
        for (component, builds) in &target.train {
            for build in builds {
                let ran = |train: &Train| runs(train, component.as_str(), build);
                match keeps(trial.to_memory, component, build) {
                    Some(true) => kept += 1,
                    Some(false) if !ran(&now) => {
                        gone.push(format!("{component} {}", build.in_words()));
                    }
                    Some(false) | None => {}
                }
                if ran(&now) {
                    seen_now += 1;
                } else if trial.seen_before.iter().any(|(_, train): &(Timestamp, _)| ran(train)) {
                    earlier += 1;
                } else {
                    unseen.push(format!("{component} {}", build.in_words()));
                }
            }
        }
        let all = seen_now + earlier + unseen.len();
        let before = match earlier {
            0 => String::new(),
            n => format!(", {n} of them earlier"),
        };
        let revisions = match trial.to_memory.told.is_empty() {
            true => "whether their ReplicaSets are kept was not checked".to_owned(),
            false => format!("ReplicaSets of {kept} kept"),
        };
        let seen = format!(
            "{} of {} of {} seen in {to}{before}; {revisions}",
            seen_now + earlier,
            count(all, "build"),
            target.name
        );
        let is_ready = unseen.is_empty() && all > 0;
        let outcome = if is_ready { ItemOutcome::Go } else { ItemOutcome::Incomplete };
        item.lines.push(ItemLine::new(outcome, seen).must("all"));
        if !unseen.is_empty() {
            let seen = format!("never seen there: {}", first_three(&unseen, "; "));
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
        }
        if !gone.is_empty() {
            let seen = format!("no ReplicaSet of {to} keeps {}", first_three(&gone, "; "));
            item.lines.push(ItemLine::new(ItemOutcome::NoGo, seen).must("kept"));
            item.settle = Some(Settle::by(
                format!(
                    "deploy {} to {to} once and the release before it back, with a larger \
                     revisionHistoryLimit, or check that its manifests and images are at hand and \
                     name a release before that {to} still keeps (previous:)",
                    target.name
                ),
                "two rollouts",
            ));
            return item;
        }
        if !is_ready {
            item.settle = Some(Settle::by(
                format!(
                    "check that {to} can pull these builds; if it runs others now: {} --force",
                    trial.capture_previous()
                ),
                "a minute",
            ));
        }
        item
    }
}

/// Whether a template with a build is kept; `None` where that is not told, or what runs it keeps
/// none (a CronJob).
fn keeps(memory: &ClusterMemory, component: &ComponentName, build: &Build) -> Option<bool> {
    if memory.told.is_empty() || !memory.refused.is_empty() {
        return None;
    }
    let mut known = memory.of(component).peekable();
    known.peek()?;
    Some(known.any(|(_, own)| is_same(own, build)))
}

/// What would be gone back to: of a rollback the release itself.
fn way_back<'a>(trial: &Trial<'a>) -> Option<&'a Release> {
    let target =
        if trial.kind == ReleaseType::Rollback { Some(trial.release) } else { trial.previous };
    target.filter(|release| !release.train.is_empty())
}

/// Whether a build is proven to be among those of a train.
pub(crate) fn runs(train: &Train, component: &str, build: &Build) -> bool {
    let builds = train.get(&component.into());
    builds.is_some_and(|known| known.iter().any(|one| one.same_content(build) == Some(true)))
}
