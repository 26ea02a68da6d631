//! Whether there is something to go back to.

use jiff::Timestamp;

use super::cluster_memory::{ClusterMemory, is_same};
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
        let Some(target) = release_to_return_to(trial) else {
            let what =
                trial.release.previous.as_deref().unwrap_or("the release before (previous:)");
            let seen = format!("the builds of {what} are not known: it has no file");
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
            let takes = format!("a minute, while {to} runs it");
            item.settle = Some(Settle::by(trial.capture_previous(), takes));
            return item;
        };
        let found = way_back_of(trial, target);
        let outcome = if found.is_ready() { ItemOutcome::Go } else { ItemOutcome::Incomplete };
        item.lines.push(ItemLine::new(outcome, found.in_words(trial, target)).must("all"));
        if !found.unseen.is_empty() {
            let seen = format!("never seen there: {}", first_three(&found.unseen, "; "));
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
        }
        if !found.gone.is_empty() {
            let seen = format!("no ReplicaSet of {to} keeps {}", first_three(&found.gone, "; "));
            item.lines.push(ItemLine::new(ItemOutcome::NoGo, seen).must("kept"));
        }
        if !found.untold.is_empty() {
            let seen = format!("{to} knows no template of {}", first_three(&found.untold, "; "));
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen).must("kept"));
        }
        item.settle = settle_way_back(&found, trial, target);
        item
    }
}

/// What is known of the builds that would be gone back to.
#[derive(Default)]
struct WayBack {
    seen_now: usize,
    earlier: usize,
    /// Never seen there.
    unseen: Vec<String>,
    /// Whose templates are kept.
    kept: usize,
    /// Whose are not.
    gone: Vec<String>,
    /// That do not run, and of which clusters that tell all know no template.
    untold: Vec<String>,
}

fn way_back_of(trial: &Trial<'_>, target: &Release) -> WayBack {
    let now = train_of(&trial.to.snapshot);
    let is_told = trial.to_memory.covers(&trial.to.snapshot);
    let mut found = WayBack::default();
    let all = target.train.iter().flat_map(|(name, builds)| builds.iter().map(move |b| (name, b)));
    for (component, build) in all {
        let ran = |train: &Train| runs(train, component.as_str(), build);
        let words = || format!("{component} {}", build.in_words());
        let runs_now = ran(&now);
        match keeps_template(trial.to_memory, component, build) {
            Some(true) => found.kept += 1,
            Some(false) if !runs_now => found.gone.push(words()),
            None if !runs_now && is_told => found.untold.push(words()),
            Some(false) | None => {}
        }
        if runs_now {
            found.seen_now += 1;
        } else if trial.seen_before.iter().any(|(_, train): &(Timestamp, _)| ran(train)) {
            found.earlier += 1;
        } else {
            found.unseen.push(words());
        }
    }
    found
}

impl WayBack {
    fn is_ready(&self) -> bool {
        self.unseen.is_empty() && self.seen_now + self.earlier > 0
    }

    fn in_words(&self, trial: &Trial<'_>, target: &Release) -> String {
        let Self { seen_now, earlier, unseen, kept, .. } = self;
        let before = match earlier {
            0 => String::new(),
            n => format!(", {n} of them earlier"),
        };
        let revisions = if trial.to_memory.told.is_empty() {
            "whether their ReplicaSets are kept was not checked".to_owned()
        } else {
            format!("ReplicaSets of {kept} kept")
        };
        format!(
            "{} of {} of {} seen in {}{before}; {revisions}",
            seen_now + earlier,
            count(seen_now + earlier + unseen.len(), "build"),
            target.name,
            trial.gate.to
        )
    }
}

fn settle_way_back(found: &WayBack, trial: &Trial<'_>, target: &Release) -> Option<Settle> {
    let to = &trial.gate.to;
    if !found.gone.is_empty() {
        let command = format!(
            "deploy {} to {to} once and the release of now again, with a larger \
             revisionHistoryLimit, or go back to another release that {to} still keeps (previous:); \
             then {}",
            target.name,
            trial.judge_again()
        );
        return Some(Settle::by(command, "two rollouts"));
    }
    let command = format!(
        "check that {to} can pull these builds; if it runs others now: {} --force",
        trial.capture_previous()
    );
    (!found.is_ready() || !found.untold.is_empty()).then(|| Settle::by(command, "a minute"))
}

/// Whether a template with a build is kept; `None` where that is not told, or what runs it keeps
/// none (a CronJob).
fn keeps_template(
    memory: &ClusterMemory,
    component: &ComponentName,
    build: &Build,
) -> Option<bool> {
    if memory.told.is_empty() || !memory.refused.is_empty() {
        return None;
    }
    let mut known = memory.of(component).peekable();
    known.peek()?;
    Some(known.any(|(_, own)| is_same(own, build)))
}

/// What would be gone back to: of a rollback the release itself.
fn release_to_return_to<'a>(trial: &Trial<'a>) -> Option<&'a Release> {
    let target =
        if trial.kind == ReleaseType::Rollback { Some(trial.release) } else { trial.previous };
    target.filter(|release| !release.train.is_empty())
}

/// Whether a build is proven to be among those of a train.
pub(crate) fn runs(train: &Train, component: &str, build: &Build) -> bool {
    let builds = train.get(&component.into());
    builds.is_some_and(|known| known.iter().any(|one| one.same_content(build) == Some(true)))
}
