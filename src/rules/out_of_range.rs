//! Versions that the policy does not want.

use std::collections::{BTreeMap, BTreeSet};

use super::{HIGH, Hook, Rule, RuleContext, RuleMeta, environments_of, finding};
use crate::model::{
    Class, Component, ComponentName, EnvironmentName, Finding, Instance, RangeRow, ReadingSource,
    Requirement, Snapshot, Wanted, first_three,
};
use crate::version::{Containment, Level, Levels, Range, Reading, Scheme, difference_of};

pub(super) struct OutOfRange;

static META: RuleMeta = RuleMeta {
    id: "out-of-range",
    summary: "A component runs in a version that the policy's ranges: do not want, or that is not \
              proven to be one they want.",
    why: "A range is what somebody decided to support, or what the baseline's minor was tested \
          with. A tag that moves may be anything, so it is never taken for inside.",
    fix: "Deploy a version inside the range and a tag that says it, or change the range in the \
          policy. A pin to the same minor says nothing where the baseline itself proves no \
          version.",
    hooks: &[Hook::All],
    defaults: &[("outside, or not proven to be inside", HIGH)],
    on_versions: true,
    ..RuleMeta::PLAIN
};

impl Rule for OutOfRange {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_all(&self, context: &RuleContext<'_>, snapshots: &[Snapshot]) -> Vec<Finding> {
        let baseline = snapshots.iter().find(|snapshot| snapshot.environment == *context.baseline);
        let mut found = Vec::new();
        for row in context.ranges {
            for (snapshot, name, component) in subjects(row, snapshots) {
                found.extend(match &row.wanted {
                    Wanted::Versions(wanted) => {
                        against_versions(row, wanted, snapshot, name, component)
                    }
                    Wanted::SameMinor => {
                        let of_baseline = baseline
                            .and_then(|baseline| Some((baseline, baseline.components.get(name)?)));
                        against_baseline(of_baseline, snapshot, name, component)
                    }
                });
            }
        }
        found
    }
}

/// Rows that no component is subject to, as they are written: one that is misspelt must not pass
/// for kept.
pub fn idle(rows: &[RangeRow], snapshots: &[Snapshot]) -> Vec<String> {
    let idle = rows.iter().filter(|row| subjects(row, snapshots).next().is_none()).map(|row| {
        match &row.wanted {
            Wanted::Versions(wanted) => wanted.to_string(),
            Wanted::SameMinor => SAME_MINOR.to_owned(),
        }
    });
    idle.collect::<BTreeSet<_>>().into_iter().collect()
}

const SAME_MINOR: &str = "same-minor";

type RangeSubject<'a> = (&'a Snapshot, &'a ComponentName, &'a Component);

/// What a row is about, where it runs.
fn subjects<'a>(
    row: &'a RangeRow,
    snapshots: &'a [Snapshot],
) -> impl Iterator<Item = RangeSubject<'a>> {
    let is_in = |environment: &EnvironmentName| {
        row.environments.is_empty() || row.environments.contains(environment)
    };
    let snapshots = snapshots.iter().filter(move |snapshot| is_in(&snapshot.environment));
    let all = snapshots
        .flat_map(|snapshot| snapshot.components.iter().map(move |(name, c)| (snapshot, name, c)));
    all.filter(|(_, name, component)| {
        component.instances.iter().any(|instance| concerns(row, (name, component), instance))
    })
}

fn concerns(
    row: &RangeRow,
    (name, component): (&ComponentName, &Component),
    instance: &Instance,
) -> bool {
    if !row.components.is_empty() {
        return row.components.iter().any(|glob| glob.is_match(name.as_str()));
    }
    let Wanted::Versions(wanted) = &row.wanted else { return false };
    let product = instance.product_in(component);
    product
        .is_some_and(|product| wanted.products().any(|wanted| product.eq_ignore_ascii_case(wanted)))
}

fn against_versions(
    row: &RangeRow,
    wanted: &Requirement,
    snapshot: &Snapshot,
    name: &ComponentName,
    component: &Component,
) -> Option<Finding> {
    let judge = |instance: &Instance, reading: &Reading| {
        wanted.admits(instance.product_in(component).as_deref(), &component.levels, reading)
    };
    let concerned =
        component.instances.iter().filter(|instance| concerns(row, (name, component), instance));
    let judged = RangeOutcome::new(concerned, component, Some(wanted), judge);
    let summary = judged.summary(&snapshot.environment, "outside", &wanted.to_string())?;
    let finding = finding(&META, name, vec![snapshot.environment.clone()], HIGH, summary);
    Some(Finding { subject: wanted.to_string(), ..finding })
}

/// Being in any minor of the baseline is inside; a baseline that proves nothing says nothing.
fn against_baseline(
    baseline: Option<(&Snapshot, &Component)>,
    snapshot: &Snapshot,
    name: &ComponentName,
    component: &Component,
) -> Option<Finding> {
    let (baseline, of_baseline) =
        baseline.filter(|(baseline, _)| baseline.environment != snapshot.environment)?;
    let (proven, unproven): (Vec<&Instance>, Vec<&Instance>) = of_baseline
        .instances
        .iter()
        .partition(|instance| instance.reading.is_proven() && !is_hollow(of_baseline, instance));
    // One for each product and minor, however many instances there are.
    let minors: BTreeMap<(Option<String>, String), MinorDistance<'_>> = proven
        .into_iter()
        .filter_map(|instance| {
            let range = Range::same_minor(&of_baseline.levels, &instance.reading)?;
            let product = instance.product_in(component).map(|product| product.to_lowercase());
            Some((
                (product, range.to_string()),
                MinorDistance { range, reading: &instance.reading },
            ))
        })
        .collect();
    let judge = |instance: &Instance, reading: &Reading| {
        let product = instance.product_in(component).map(|product| product.to_lowercase());
        let in_each = minors.iter().map(|((wanted, _), minor)| {
            let is_other = wanted
                .as_ref()
                .zip(product.as_ref())
                .is_some_and(|(wanted, product)| wanted != product);
            if is_other {
                Containment::Outside
            } else {
                minor.contains(&of_baseline.levels, reading)
            }
        });
        match in_each.min() {
            // It may be what the baseline runs without saying so.
            Some(Containment::Outside) if !unproven.is_empty() => Containment::Unproven,
            found => found.unwrap_or(Containment::Unproven),
        }
    };
    if minors.is_empty() {
        return None;
    }
    let judged = RangeOutcome::new(component.instances.iter(), component, None, judge);
    let texts: BTreeSet<&str> = minors.keys().map(|(_, text)| text.as_str()).collect();
    let texts = texts.into_iter().collect::<Vec<_>>().join(" and ");
    let summary = judged.summary(
        &snapshot.environment,
        "outside",
        &format!("the minor of {} ({texts})", baseline.environment),
    )?;
    // Both sides are accepted, or neither: another minor of the baseline is another drift.
    let environments = environments_of(&baseline.environment, &snapshot.environment);
    let finding = finding(&META, name, environments, HIGH, summary);
    Some(Finding { subject: SAME_MINOR.to_owned(), ..finding })
}

/// What is less than a minor away from something that the baseline runs.
struct MinorDistance<'a> {
    range: Range,
    reading: &'a Reading,
}

impl MinorDistance<'_> {
    fn contains(&self, levels: &Levels, reading: &Reading) -> Containment {
        // No range names a system, and `Ubuntu 22.04.4 LTS` is a patch away from `Ubuntu 22.04.3
        // LTS`.
        if reading.scheme() == Scheme::OsImage {
            return match difference_of(levels, self.reading, reading).level {
                Level::Minor | Level::Major => Containment::Outside,
                Level::Incomparable(_) | Level::WithinPrecision => Containment::Unproven,
                Level::Equal | Level::Build | Level::Prerelease | Level::Patch => {
                    Containment::Inside
                }
            };
        }
        self.range.contains(levels, reading)
    }
}

/// Texts that are outside, and those that prove nothing.
struct RangeOutcome {
    outside: BTreeSet<String>,
    unproven: BTreeSet<String>,
}

impl RangeOutcome {
    /// Of what is no product that is `wanted`, the product is named.
    fn new<'a>(
        instances: impl Iterator<Item = &'a Instance>,
        component: &Component,
        wanted: Option<&Requirement>,
        judge: impl Fn(&Instance, &Reading) -> Containment,
    ) -> Self {
        let mut by_text: BTreeMap<Containment, BTreeSet<String>> = BTreeMap::new();
        for instance in instances {
            let own = instance.product_in(component);
            let is_other = |own: &str| {
                wanted.is_some_and(|w| {
                    w.names_products() && !w.products().any(|p| p.eq_ignore_ascii_case(own))
                })
            };
            let other = own.filter(|own| is_other(own));
            let (containment, text) = judged(component, instance, &judge);
            let text = other.map_or_else(|| text.clone(), |other| format!("{other} {text}"));
            by_text.entry(containment).or_default().insert(text);
        }
        let mut texts = |containment| by_text.remove(&containment).unwrap_or_default();
        Self { outside: texts(Containment::Outside), unproven: texts(Containment::Unproven) }
    }

    /// `None` if everything is inside.
    fn summary(
        &self,
        environment: &EnvironmentName,
        outside: &str,
        wanted: &str,
    ) -> Option<String> {
        let (out, open) = (told(&self.outside), told(&self.unproven));
        let verb = if self.unproven.len() == 1 { "proves" } else { "prove" };
        match (out, open) {
            (None, None) => None,
            (Some(out), None) => Some(format!("{environment} runs {out}, {outside} {wanted}")),
            (None, Some(open)) => {
                Some(format!("{environment} runs {open}, which {verb} nothing about {wanted}"))
            }
            (Some(out), Some(open)) => Some(format!(
                "{environment} runs {out}, {outside} {wanted}; {open} {verb} nothing about it"
            )),
        }
    }
}

fn told(texts: &BTreeSet<String>) -> Option<String> {
    (!texts.is_empty()).then(|| first_three(texts, ", "))
}

/// Whether what an instance says is wanted, and the text that decided. A difference must not hide
/// behind a label.
fn judged(
    component: &Component,
    instance: &Instance,
    judge: impl Fn(&Instance, &Reading) -> Containment,
) -> (Containment, String) {
    let reading = &instance.reading;
    let text = if reading.text().trim().is_empty() {
        "what says no version".to_owned()
    } else {
        reading.to_string()
    };
    let containment = judge(instance, reading);
    if containment != Containment::Inside {
        return (containment, text);
    }
    let otherwise = instance
        .contradicted_by
        .as_ref()
        .filter(|other| judge(instance, other) != Containment::Inside);
    match otherwise {
        Some(other) => {
            (Containment::Unproven, format!("{text} by its label and {other} by its tag"))
        }
        None if is_hollow(component, instance) => {
            (Containment::Unproven, format!("{text} by a label alone"))
        }
        None => (Containment::Inside, text),
    }
}

/// What a chart says of an image, and a label that an own service has from its base image, are no
/// versions of it.
fn is_hollow(component: &Component, instance: &Instance) -> bool {
    match instance.source {
        ReadingSource::WorkloadLabel => true,
        ReadingSource::Label => component.class == Class::Service,
        ReadingSource::Program | ReadingSource::Tag | ReadingSource::Declared => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, with_context};
    use super::*;
    use crate::model::{Glob, Severity};
    use crate::version::read;

    fn row(require: &str, components: &[&str], environments: &[&str]) -> RangeRow {
        let wanted = match require {
            SAME_MINOR => Wanted::SameMinor,
            text => Wanted::Versions(text.parse().unwrap()),
        };
        let components = components.iter().map(|glob| Glob::new(glob).unwrap()).collect();
        RangeRow {
            wanted,
            components,
            environments: environments.iter().map(|name| (*name).into()).collect(),
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "fixtures are built where they are used up")]
    fn check(row: RangeRow, snapshots: Vec<Snapshot>) -> Vec<Finding> {
        let rows = [row];
        with_context(|context| {
            OutOfRange.check_all(&RuleContext { ranges: &rows, ..*context }, &snapshots)
        })
    }

    fn summaries(row: RangeRow, snapshots: Vec<Snapshot>) -> Vec<String> {
        check(row, snapshots).into_iter().map(|finding| finding.summary).collect()
    }

    #[test]
    fn fires_on_a_product_wherever_it_runs() {
        let prod =
            || environment("prod").redis("cache", "6.2.5").product("image/redis", "redis", "7.2.4");
        let found = check(
            row("redis >=7.0, <8", &[], &[]),
            vec![prod(), environment("dev").redis("cache", "8.0.1")],
        );
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].summary, "prod runs 6.2.5, outside redis >=7.0, <8");
        assert_eq!((found[0].subject.as_str(), found[0].defaults), ("redis >=7.0, <8", HIGH));
        assert_eq!(found[0].defaults.elsewhere, Severity::Low);
        assert_eq!(found[1].summary, "dev runs 8.0.1, outside redis >=7.0, <8");
        assert_eq!(
            summaries(row("redis >=7.0, <8", &[], &["dev"]), vec![prod()]),
            Vec::<String>::new()
        );
        let kubelet = environment("prod").product("kubernetes/kubelet", "", "1.26.4");
        assert_eq!(
            summaries(row("kubernetes >=1.27", &["kubernetes/*"], &[]), vec![kubelet]).len(),
            1
        );
    }

    #[test]
    fn fires_on_another_product_where_components_are_named() {
        let prod = environment("prod").product("redis/cache", "valkey", "7.2.4");
        let wanted = row("redis >=7.0, <8", &["redis/*"], &[]);
        assert_eq!(
            summaries(wanted, vec![prod]),
            ["prod runs valkey 7.2.4, outside redis >=7.0, <8"]
        );
    }

    #[test]
    fn fires_on_what_proves_nothing() {
        let prod = environment("prod").app("web", "latest").app("web", "7");
        let wanted = row(">=7.2, <8", &["image/*"], &[]);
        assert_eq!(
            summaries(wanted.clone(), vec![prod]),
            ["prod runs 7, latest, which prove nothing about >=7.2, <8"]
        );
        let prod = environment("prod").app("web", "latest").app("web", "6").app("web", "7.2.4");
        assert_eq!(
            summaries(wanted, vec![prod]),
            ["prod runs 6, outside >=7.2, <8; latest proves nothing about it"]
        );
    }

    #[test]
    fn fires_where_a_tag_says_otherwise_than_its_label() {
        let mut prod = environment("prod").product("image/redis", "redis", "7.2.4");
        let instance = &mut prod.components.get_mut(&"image/redis".into()).unwrap().instances[0];
        instance.source = ReadingSource::Label;
        instance.contradicted_by = Some(read(Scheme::ImageTag, "6.2.5").into());
        let wanted = row("redis 7.2.x", &[], &[]);
        assert_eq!(
            summaries(wanted, vec![prod]),
            [
                "prod runs 7.2.4 by its label and 6.2.5 by its tag, which proves nothing about redis 7.2.x"
            ]
        );
    }

    #[test]
    fn fires_on_another_minor_than_the_baselines() {
        let pin = || row(SAME_MINOR, &["redis/*", "image/*"], &[]);
        let prod = environment("prod").redis("cache", "7.2.4").app("app", "v21");
        let qualif = environment("qualif").redis("cache", "7.0.15").app("app", "v22");
        let found = check(pin(), vec![qualif, prod.clone()]);
        assert_eq!(found[0].summary, "qualif runs v22, outside the minor of prod (v21)");
        assert_eq!(found[1].summary, "qualif runs 7.0.15, outside the minor of prod (7.2.x)");
        assert_eq!(found[1].subject, "same-minor");
        let valkey = environment("qualif").product("redis/cache", "valkey", "7.2.4");
        assert_eq!(check(pin(), vec![valkey, prod.clone()]).len(), 1);
        let floating = environment("dev").app("app", "latest");
        assert_eq!(
            summaries(pin(), vec![floating, prod]),
            ["dev runs latest, which proves nothing about the minor of prod (v21)"]
        );
    }

    #[test]
    fn stays_silent_inside() {
        let prod = environment("prod").redis("cache", "7.2.4").app("web", "7.2.9-alpine");
        assert!(check(row("redis >=7.0, <8", &[], &[]), vec![prod.clone()]).is_empty());
        assert!(check(row("7.2.x", &["image/*"], &[]), vec![prod.clone()]).is_empty());
        assert!(check(row("valkey >=8", &[], &[]), vec![prod.clone()]).is_empty());
        let other = environment("qualif").redis("cache", "7.2.9").app("web", "7.2-bookworm");
        assert!(check(row(SAME_MINOR, &["*"], &[]), vec![other, prod]).is_empty());
    }

    #[test]
    fn stays_silent_of_a_baseline_that_proves_nothing_and_inside_any_of_its_minors() {
        let pin = || row(SAME_MINOR, &["*"], &[]);
        let current = || environment("qualif").app("app", "1.2.3");
        assert!(check(pin(), vec![current(), environment("prod")]).is_empty());
        assert!(check(pin(), vec![current(), environment("prod").app("app", "latest")]).is_empty());
        let split = environment("prod").app("app", "1.1.0").app("app", "1.2.0");
        assert!(check(pin(), vec![current(), split]).is_empty());
        // What the baseline does not say may be the same.
        let half = environment("prod").app("app", "1.1.0").app("app", "latest");
        assert_eq!(
            summaries(pin(), vec![current(), half]),
            ["qualif runs 1.2.3, which proves nothing about the minor of prod (1.1.x)"]
        );
    }

    #[test]
    fn a_system_is_pinned_by_its_name_and_number() {
        let os = |name: &str, text: &str| {
            let mut snapshot = environment(name).product("host/os", "", "1");
            let instance =
                &mut snapshot.components.get_mut(&"host/os".into()).unwrap().instances[0];
            (instance.product, instance.reading) = (None, read(Scheme::OsImage, text).into());
            snapshot
        };
        let found = |text: &str| {
            check(
                row(SAME_MINOR, &["host/*"], &[]),
                vec![os("prod", "Ubuntu 22.04.3 LTS"), os("qualif", text)],
            )
            .len()
        };
        assert_eq!(
            ["Ubuntu 22.04.4 LTS", "Ubuntu 24.04.1 LTS", "Debian GNU/Linux 12"].map(found),
            [0, 1, 1]
        );
    }

    #[test]
    fn rows_that_are_about_nothing_are_told() {
        let rows = [
            row("redis >=7", &[], &[]),
            row("postgras >=15", &[], &[]),
            row(SAME_MINOR, &["nginx/*"], &[]),
        ];
        assert_eq!(
            idle(&rows, &[environment("prod").redis("cache", "7.2.4")]),
            ["postgras >=15", "same-minor"]
        );
    }
}
