//! A server that holds another order of magnitude than the baseline's.

use super::{Hook, INFO, Rule, RuleContext, RuleMeta, environments_of, finding};
use crate::model::{
    ComponentName, Extent, Finding, Snapshot, TargetIndicators, byte_words, round_number,
};

pub(super) struct ScaleGap;

static META: RuleMeta = RuleMeta {
    id: "scale-gap",
    summary: "A Redis server holds ten times as many keys, or as much data, as the baseline's, or \
              a tenth.",
    why: "What grows with the number of keys (KEYS, FLUSHDB, a walk by SCAN) costs nothing where \
          there are few: a test there says nothing of production. Below 1,000 keys and 10 MiB on \
          both sides nothing is said.",
    fix: "Rehearse what walks the keyspace with production's number of keys, or judge its cost by \
          call.",
    hooks: &[Hook::All],
    defaults: &[("any", INFO)],
    ..RuleMeta::PLAIN
};

/// What makes another order of magnitude.
const FACTOR: f64 = 10.0;

/// A size that two servers tell.
struct Size {
    subject: &'static str,
    /// The first that both sides tell.
    figures: &'static [fn(&TargetIndicators) -> Option<f64>],
    /// Where neither is larger, the sizes say nothing.
    least: f64,
    shown: fn(f64) -> String,
}

const SIZES: &[Size] = &[
    Size {
        subject: "keys",
        figures: &[|i| i.keys],
        least: 1_000.0,
        shown: |n| format!("{} keys", round_number(n)),
    },
    Size {
        subject: "memory",
        figures: &[|i| i.dataset, |i| i.memory],
        least: 10_485_760.0,
        shown: |n| format!("{} in memory", byte_words(n)),
    },
];

impl Rule for ScaleGap {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_all(&self, context: &RuleContext<'_>, snapshots: &[Snapshot]) -> Vec<Finding> {
        let Some(baseline) = snapshots.iter().find(|s| s.environment == *context.baseline) else {
            return Vec::new();
        };
        let others = snapshots.iter().filter(|s| s.environment != *context.baseline);
        others.flat_map(|current| against(baseline, current)).collect()
    }
}

fn against(baseline: &Snapshot, current: &Snapshot) -> Vec<Finding> {
    let mut found = Vec::new();
    for (target, of_baseline) in &baseline.indicators {
        let Some(of_current) = current.indicators.get(target) else { continue };
        for size in SIZES {
            let Some((b, c)) = gap(size, of_baseline, of_current) else { continue };
            let (shown_c, shown_b) = ((size.shown)(c), (size.shown)(b));
            let summary = format!(
                "{} has {shown_c}, {} has {shown_b}",
                current.environment, baseline.environment
            );
            let environments = environments_of(&baseline.environment, &current.environment);
            let component = ComponentName::from(target.as_str());
            let finding = finding(&META, &component, environments, INFO, summary);
            found.push(Finding { subject: size.subject.to_owned(), ..finding });
        }
    }
    found
}

/// The two sizes, if they are an order of magnitude apart.
fn gap(size: &Size, baseline: &TargetIndicators, current: &TargetIndicators) -> Option<(f64, f64)> {
    // Of servers of which one was not read the size is not known.
    if [baseline, current].iter().any(|side| side.extent == Extent::Some) {
        return None;
    }
    let (b, c) = size.figures.iter().find_map(|of| Some((of(baseline)?, of(current)?)))?;
    let (small, large) = if b < c { (b, c) } else { (c, b) };
    (large >= size.least && large >= small * FACTOR).then_some((b, c))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, environment};
    use super::*;

    fn sized(name: &str, figures: &[(&str, f64)]) -> Snapshot {
        let mut snapshot = environment(name).redis("cache", "7.2.4");
        let figure = |name| figures.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
        let indicators = TargetIndicators {
            keys: figure("keys"),
            dataset: figure("used_memory_dataset"),
            memory: figure("used_memory"),
            ..TargetIndicators::default()
        };
        snapshot.indicators.insert("redis/cache".into(), indicators);
        snapshot
    }

    fn summaries(baseline: &[(&str, f64)], current: &[(&str, f64)]) -> Vec<String> {
        let found = all(&ScaleGap, vec![sized("prod", baseline), sized("qualif", current)]);
        assert!(
            found
                .iter()
                .all(|f| f.component.as_str() == "redis/cache" && f.environments.len() == 2)
        );
        found.into_iter().map(|finding| finding.summary).collect()
    }

    #[test]
    fn fires_on_ten_times_as_much_in_either_direction_and_says_both() {
        let (mib, gib) = (1_048_576.0, 1_073_741_824.0);
        let prod =
            [("keys", 1_310_000.0), ("used_memory_dataset", gib), ("used_memory", 2.0 * gib)];
        let qualif = [("keys", 1_200.0), ("used_memory_dataset", 50.0 * mib), ("used_memory", gib)];
        assert_eq!(
            summaries(&prod, &qualif),
            [
                "qualif has 1.2 k keys, prod has 1.31 M keys",
                "qualif has 50.0 MiB in memory, prod has 1.0 GiB in memory"
            ]
        );
        assert_eq!(summaries(&qualif, &prod).len(), 2);
        assert_eq!(
            summaries(&[("keys", 0.0)], &[("keys", 1_000.0)]),
            ["qualif has 1.0 k keys, prod has 0 keys"]
        );
    }

    #[test]
    fn stays_silent_where_a_server_was_not_read() {
        let (mut few, many) = (sized("qualif", &[("keys", 1.0)]), sized("prod", &[("keys", 1e6)]));
        assert_eq!(all(&ScaleGap, vec![few.clone(), many.clone()]).len(), 1);
        few.indicators.values_mut().for_each(|indicators| indicators.extent = Extent::Some);
        assert!(all(&ScaleGap, vec![few, many]).is_empty());
    }

    #[test]
    fn stays_silent_below_ten_times_on_trifles_and_where_one_side_tells_nothing() {
        assert!(summaries(&[("keys", 9_999.0)], &[("keys", 1_000.0)]).is_empty());
        assert!(summaries(&[("keys", 3.0)], &[("keys", 900.0)]).is_empty());
        assert!(summaries(&[("keys", 1e6)], &[("used_memory", 1e9)]).is_empty());
        assert!(
            all(&ScaleGap, vec![sized("qualif", &[("keys", 1e6)]), sized("dev", &[("keys", 1.0)])])
                .is_empty()
        );
    }
}
