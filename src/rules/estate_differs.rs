//! An environment that has so little of the baseline that comparing the two says little.

use super::{Hook, Rule, RuleContext, RuleMeta, environments_of, finding, pairs};
use crate::compare::may_be_unread;
use crate::model::{Component, ComponentName, Defaults, Finding, Severity, Snapshot};

pub(super) struct EstateDiffers;

/// The share of the baseline's components below which an environment does not stand for it.
pub const DEFAULT_MIN_SHARE: f64 = 0.5;
/// Below this share, whatever the policy asks for, the two have next to nothing in common.
const NEXT_TO_NOTHING: f64 = 0.1;
/// A baseline with fewer components is too small for shares to mean anything.
const LEAST: usize = 10;

const SMALL: Defaults = Defaults::by_gate(Severity::Medium, Severity::Low);
const TINY: Defaults = Defaults::by_gate(Severity::High, Severity::Low);

static META: RuleMeta = RuleMeta {
    id: "estate-differs",
    summary: "An environment has less than half of the components of the baseline.",
    why: "What an environment does not run is not compared: with a small part of production in \
          qualif, an audit without findings says little. Components count whether they run or not, \
          and where they may be in what is required and was not read; a baseline with fewer than \
          ten is not judged, nor is one that is smaller than the environment.",
    fix: "Read more of the environment (targets, namespaces, rights), map names by the catalogue, \
          say by only-in: what belongs elsewhere; or lower estate: {min-share: …} in the \
          policy.",
    hooks: &[Hook::All],
    defaults: &[("under a tenth", TINY), ("under half (policy: estate)", SMALL)],
    ..RuleMeta::PLAIN
};

impl Rule for EstateDiffers {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_all(&self, context: &RuleContext<'_>, snapshots: &[Snapshot]) -> Vec<Finding> {
        pairs(context, snapshots)
            .filter_map(|(baseline, current)| judge(context, baseline, current))
            .collect()
    }
}

fn judge(context: &RuleContext<'_>, baseline: &Snapshot, current: &Snapshot) -> Option<Finding> {
    let expected = || {
        baseline
            .components
            .iter()
            .filter(|(name, component)| current.expects_component(name, component))
    };
    let of = expected().count();
    let here = expected().filter(|(name, component)| has(current, name, component)).count();
    #[expect(clippy::cast_precision_loss, reason = "counts of components are far below 2^52")]
    let share = here as f64 / of as f64;
    if of < LEAST || share >= context.min_share.max(NEXT_TO_NOTHING) {
        return None;
    }
    let defaults = if share < NEXT_TO_NOTHING { TINY } else { SMALL };
    let (small, large) = (&current.environment, &baseline.environment);
    let environments = environments_of(small, large);
    let summary = format!("{small} has {here} of the {of} components of {large}");
    let name = ComponentName::from(format!("environment/{small}"));
    Some(finding(&META, &name, environments, defaults, summary))
}

/// Whether the environment has a component, running or not. What could not be read and is required
/// may be there, and the verdict says so; what nobody requires is as good as not there.
fn has(current: &Snapshot, name: &ComponentName, component: &Component) -> bool {
    current.components.contains_key(name) || may_be_unread(name, component, current)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, environment};
    use super::*;
    use crate::model::Outcome;

    fn estate(name: &str, services: usize) -> Snapshot {
        let app = |snapshot: Snapshot, n: usize| snapshot.app(&format!("team/app-{n}"), "v1");
        (0..services).fold(environment(name).read("docker/x", "containers"), app)
    }

    fn found(prod: usize, qualif: usize) -> Option<(String, Defaults)> {
        let found = all(&EstateDiffers, vec![estate("qualif", qualif), estate("prod", prod)]);
        found.into_iter().next().map(|finding| (finding.summary, finding.defaults))
    }

    #[test]
    fn fires_under_half_and_louder_under_a_tenth() {
        let told = |text: &str, defaults| Some((text.to_owned(), defaults));
        assert_eq!(found(12, 5), told("qualif has 5 of the 12 components of prod", SMALL));
        assert_eq!(found(40, 3), told("qualif has 3 of the 40 components of prod", TINY));
        assert_eq!(found(40, 4), told("qualif has 4 of the 40 components of prod", SMALL));
    }

    #[test]
    fn stays_silent_where_enough_is_there_or_the_baseline_is_the_smaller() {
        for (prod, qualif) in [(12, 6), (12, 12), (9, 0), (10, 100)] {
            assert_eq!(found(prod, qualif), None, "{prod} {qualif}");
        }
    }

    #[test]
    fn what_could_not_be_read_is_not_held_against_it() {
        let unread = environment("qualif").unread("docker/x", "containers");
        assert!(all(&EstateDiffers, vec![unread, estate("prod", 40)]).is_empty());
    }

    #[test]
    fn what_nobody_requires_or_asks_for_excuses_nothing() {
        let mut unread = environment("qualif").unread("kubernetes/k", "workloads");
        unread.coverage[0].required = false;
        let mut left_out = environment("qualif").unread("kubernetes/k", "workloads");
        left_out.coverage[0].parts.insert("workloads".into(), Outcome::LeftOut);
        for current in [unread, left_out] {
            let found = all(&EstateDiffers, vec![current, estate("prod", 40)]);
            assert_eq!(found[0].summary, "qualif has 0 of the 40 components of prod");
        }
    }
}
