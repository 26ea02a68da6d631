//! Two sources say two versions of one instance.

use std::collections::BTreeMap;

use super::{Hook, LOW, Rule, RuleContext, RuleLevels, RuleMeta, finding};
use crate::model::{Component, Finding, Instance, Reading, ReadingSource, Snapshot};
use crate::version::{Level, difference_of};

pub(super) struct SourceDisagreement;

static META: RuleMeta = RuleMeta {
    id: "source-disagreement",
    summary: "Two sources say two versions of one component: label and tag, or a program and a \
              declared fact.",
    why: "One of the two is wrong, and nobody can tell from outside which version runs. The label \
          counts in comparisons, and the worse of both in differences; beside what was read, a \
          declared fact does not count at all. It cannot fire where one source alone tells the \
          version: a server without a declared fact beside it, an image without a version label or \
          a chart's label; nor where one of the two has no order: `latest`, a commit, a date.",
    fix: "Build the image with a label that says what is in it, or correct the tag; correct a \
          declared fact, or leave it out.",
    hooks: &[Hook::Environment],
    defaults: &[("any", LOW)],
    levels: RuleLevels::Ordered,
    ..RuleMeta::PLAIN
};

impl Rule for SourceDisagreement {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_environment(&self, _: &RuleContext<'_>, snapshot: &Snapshot) -> Vec<Finding> {
        let found = snapshot.components.iter().filter_map(|(name, component)| {
            let mut said = disagreements(component);
            said.extend(component.overruled.iter().filter_map(|fact| overruled(component, fact)));
            let level = said.values().max().copied()?;
            let list: Vec<&str> = said.keys().map(String::as_str).collect();
            let summary = format!("in {} {}", snapshot.environment, list.join("; "));
            let environments = vec![snapshot.environment.clone()];
            Some(Finding { level: Some(level), ..finding(&META, name, environments, LOW, summary) })
        });
        found.collect()
    }
}

/// What is said in words, and how far apart it is. A commit or a date beside a version contradicts
/// nothing.
fn disagreements(component: &Component) -> BTreeMap<String, Level> {
    let said = component.instances.iter().filter_map(|instance| {
        let other = instance.contradicted_by.as_ref()?;
        let level = difference_of(&component.levels, &instance.reading, other).level;
        let best = told_by(instance.source);
        let lower =
            if instance.source == ReadingSource::Tag { "a lower source" } else { "the tag" };
        level
            .is_drift()
            .then(|| (format!("{best} says {}, {lower} says {other}", instance.reading), level))
    });
    said.collect()
}

/// A declared fact that none of the instances agrees with, told of the nearest.
fn overruled(component: &Component, fact: &Reading) -> Option<(String, Level)> {
    let of = |instance: &Instance| difference_of(&component.levels, &instance.reading, fact).level;
    let (near, level) = component
        .instances
        .iter()
        .filter(|instance| instance.reading.is_proven())
        .map(|instance| (instance, of(instance)))
        .min_by_key(|(_, level)| *level)?;
    let said = format!("{} says {}", told_by(near.source), near.reading);
    level.is_drift().then(|| (format!("{said}, a declared fact says {fact}"), level))
}

fn told_by(source: ReadingSource) -> &'static str {
    match source {
        ReadingSource::Program => "the program",
        ReadingSource::Label => "the label",
        ReadingSource::Tag => "the tag",
        ReadingSource::WorkloadLabel => "the workload's label",
        ReadingSource::Declared => "a declared fact",
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, single};
    use super::*;
    use crate::version::{Scheme, read};

    fn labelled(label: &str, tag: &str) -> Snapshot {
        let mut snapshot = environment("prod").app("redis", tag).app("redis", tag);
        for instance in &mut snapshot.components.get_mut(&"image/redis".into()).unwrap().instances {
            instance.reading = read(Scheme::Generic, label).into();
            instance.source = ReadingSource::Label;
            instance.contradicted_by = Some(read(Scheme::ImageTag, tag).into());
        }
        snapshot
    }

    #[test]
    fn fires_once_on_a_label_that_says_another_version() {
        let found = single(&SourceDisagreement, labelled("7.2.4", "7.0.15-alpine"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].summary, "in prod the label says 7.2.4, the tag says 7.0.15-alpine");
        assert_eq!((found[0].level, found[0].defaults), (Some(Level::Minor), LOW));
    }

    fn declared(beside: &[&str], fact: &str) -> Vec<Finding> {
        let snapshot = environment("prod");
        let mut snapshot =
            beside.iter().fold(snapshot, |snapshot, version| snapshot.redis("cache", version));
        let component = snapshot.components.get_mut(&"redis/cache".into()).unwrap();
        component.overruled.push(read(Scheme::Generic, fact));
        single(&SourceDisagreement, snapshot)
    }

    #[test]
    fn fires_on_a_declared_fact_that_no_server_agrees_with() {
        let [found] = &declared(&["7.2.4", "6.0.1"], "7.0.15")[..] else { panic!("not one") };
        assert_eq!(found.summary, "in prod the program says 7.2.4, a declared fact says 7.0.15");
        assert_eq!(found.level, Some(Level::Minor));
        for agrees in [&["7.2.4"][..], &["6.0.1", "7.2.4"]] {
            assert!(declared(agrees, "7.2.4").is_empty());
        }
    }

    #[test]
    fn stays_silent_on_what_is_no_other_version() {
        assert!(
            single(
                &SourceDisagreement,
                environment("prod").app("redis", "7.2.4").redis("cache", "7.0.15")
            )
            .is_empty()
        );
        for tag in ["deadbeef", "20240427", "latest", "0.0.0"] {
            assert!(single(&SourceDisagreement, labelled("7.2.4", tag)).is_empty(), "{tag}");
        }
    }
}
