//! What so many units at once would come to where the release goes to.

use super::novelty::{KEYSPACE_COMMANDS, Novelty, RedisPair, novelty, redis_pairs};
use super::unit_cost::{UnitCost, key_ratio, rehearse_command, unit_cost, write_at_once};
use super::{Item, ItemMeta, Trial};
use crate::model::{
    ChecklistItem, ItemFigure, ItemLine, ItemOutcome, ItemSection, Settle, rounded,
};
use crate::trend::{CommandLists, LoadIndicator};

pub(super) struct ProjectedLoad;

static META: ItemMeta = ItemMeta {
    id: "projected-load",
    section: ItemSection::Redis,
    summary: "so many units at once keep Redis busy for no more of five minutes than the limits of \
              load allow",
    why: "qualif imports two locations where production imports 250, over thirty times as many keys",
    judges_rollbacks: false,
};

/// What units at once are spread over.
const SECONDS: f64 = 300.0;

impl Item for ProjectedLoad {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let pairs = redis_pairs(trial);
        if trial.rules.at_once.is_empty() {
            let seen = "how many units come at once is not known (at-once: of this item)";
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
            item.settle = Some(write_at_once(trial));
            return item;
        }
        for pair in &pairs {
            for (work, at_once) in &trial.rules.at_once {
                let found = project_work(trial, pair, work, *at_once);
                item.lines.extend(found.lines);
                item.figures.extend(found.figures);
            }
        }
        item.settle = settle_projection(item.outcome(), trial);
        item
    }
}

fn settle_projection(outcome: ItemOutcome, trial: &Trial<'_>) -> Option<Settle> {
    let command = rehearse_command(trial, None);
    match outcome {
        ItemOutcome::NoGo => Some(Settle::by(
            format!(
                "make a unit cheaper and {}, or let fewer come at once; then {command}",
                trial.capture_again()
            ),
            "a change of the release, and as long as CMD",
        )),
        ItemOutcome::Incomplete => Some(Settle::by(command, "as long as CMD")),
        _ => None,
    }
}

/// Whether this item says of a work what it comes to, on every Redis.
pub(super) fn is_judged(trial: &Trial<'_>, work: &str) -> bool {
    let Some(at_once) = trial.rules.at_once.get(work) else { return false };
    redis_pairs(trial).iter().all(|pair| {
        let lines = project_work(trial, pair, work, *at_once).lines;
        lines.iter().all(|line| line.outcome != ItemOutcome::Incomplete)
    })
}

#[derive(Default)]
struct Projection {
    lines: Vec<ItemLine>,
    figures: Vec<ItemFigure>,
}

/// Seconds of Redis: in commands that walk, and in all.
struct Busy {
    walking: f64,
    all: f64,
    /// Of those that walk, in what is proven to be new with the release.
    new: f64,
    /// Whether a number of keys is missing.
    is_unscaled: bool,
}

fn busy_seconds(trial: &Trial<'_>, pair: &RedisPair<'_>, unit: &UnitCost, at_once: f64) -> Busy {
    let lists = CommandLists::builtin_lists();
    let ratio = key_ratio(trial, &pair.component, unit.cost.keys);
    // What a script calls is counted as well as the script.
    let (mut scripts, mut others) = (0.0, 0.0);
    let mut busy = Busy { walking: 0.0, all: 0.0, new: 0.0, is_unscaled: false };
    for (command, (_, micros)) in &unit.cost.commands {
        let grows = lists.walks_keyspace(command);
        busy.is_unscaled |= grows && ratio.is_none();
        let scale = if grows { ratio.unwrap_or(1.0) } else { 1.0 };
        let seconds = micros / 1e6 / unit.units * at_once * scale;
        *(if is_script(command) { &mut scripts } else { &mut others }) += seconds;
        if lists.is_walking(command) {
            busy.walking += seconds;
            let is_new = KEYSPACE_COMMANDS.contains(&command.as_str())
                && matches!(novelty(pair, command, trial), Novelty::New { .. });
            busy.new += if is_new { seconds } else { 0.0 };
        }
    }
    busy.all = f64::max(scripts, others);
    busy
}

fn is_script(command: &str) -> bool {
    const SCRIPTS: [&str; 6] = ["eval", "eval_ro", "evalsha", "evalsha_ro", "fcall", "fcall_ro"];
    SCRIPTS.contains(&command)
}

fn project_work(trial: &Trial<'_>, pair: &RedisPair<'_>, work: &str, at_once: f64) -> Projection {
    let component = &pair.component;
    let mut made = Projection::default();
    let unit = unit_cost(trial, work, component).filter(|unit| unit.units > 0.0);
    let Some(unit) = unit else {
        let seen = format!("{component}: what a {work} costs is not known");
        made.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
        return made;
    };
    let busy = busy_seconds(trial, pair, &unit, at_once);
    let limits = [(LoadIndicator::WalkShare, busy.walking), (LoadIndicator::Cpu, busy.all)];
    for (indicator, seconds) in limits {
        let max = trial.criteria.criteria.get(&indicator).and_then(|criterion| criterion.max);
        let Some(max) = max else { continue };
        let is_over = |seconds: f64| seconds / SECONDS > max;
        let is_proven = unit.is_rehearsed || is_over(busy.new);
        let is_doubtful = !unit.doubts.is_empty();
        let is_open = is_doubtful || busy.is_unscaled || unit.hides.is_some();
        let outcome = match (is_over(seconds), is_proven && !is_doubtful) {
            (true, true) => ItemOutcome::NoGo,
            (true, false) => ItemOutcome::Incomplete,
            (false, _) if is_open => ItemOutcome::Incomplete,
            (false, _) => ItemOutcome::Go,
        };
        let what = match indicator {
            LoadIndicator::WalkShare => " in commands that walk",
            _ => "",
        };
        let why = why_incomplete(&unit, &busy, outcome);
        let seen = format!(
            "{} {work} at once keep {component} busy{what} for at least {} = {} of five \
             minutes{why}",
            rounded(at_once),
            seconds_in_words(seconds),
            LoadIndicator::Cpu.format_value(seconds / SECONDS),
        );
        let must = format!("<= {}", indicator.format_value(max));
        made.lines.push(ItemLine::new(outcome, seen).must(must));
        made.figures.push(ItemFigure {
            name: format!("{component} {work} {}", indicator.as_str()),
            value: Some(seconds / SECONDS),
            unit: "share of 5 min",
            limit: Some(max),
            baseline: None,
            source: format!("{}, {at_once} at once, by the ratio of keys", unit.in_words()),
        });
    }
    made
}

fn why_incomplete(unit: &UnitCost, busy: &Busy, outcome: ItemOutcome) -> String {
    if outcome != ItemOutcome::Incomplete {
        return String::new();
    }
    if let Some(doubt) = unit.doubts.first() {
        return format!("; {doubt}");
    }
    if busy.is_unscaled {
        return "; the number of keys is not known".to_owned();
    }
    if let Some(why) = &unit.hides {
        return format!("; {why}");
    }
    "; other traffic, or the release?".to_owned()
}

fn seconds_in_words(seconds: f64) -> String {
    match seconds {
        seconds if seconds >= 10.0 => format!("{seconds:.0} s"),
        seconds if seconds >= 0.1 => format!("{seconds:.1} s"),
        seconds => format!("{:.1} ms", seconds * 1e3),
    }
}
