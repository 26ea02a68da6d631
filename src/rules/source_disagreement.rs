//! Two sources say two versions of one instance.

use std::collections::BTreeMap;

use super::{Context, Hook, LOW, Rule, RuleMeta, finding};
use crate::model::{Component, Finding, ReadingSource, Snapshot};
use crate::version::{Level, difference_of};

pub(super) struct SourceDisagreement;

static META: RuleMeta = RuleMeta {
    id: "source-disagreement",
    summary: "The label of an image says another version than its tag.",
    why: "One of the two is wrong, and nobody can tell from outside which version runs. The label counts in comparisons, \
          and the worse of both in differences.",
    fix: "Build the image with a label that says what is in it, or correct the tag.",
    hooks: &[Hook::Environment],
    subsumes: &[],
    defaults: &[("any", LOW)],
};

impl Rule for SourceDisagreement {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_environment(&self, _: &Context<'_>, snapshot: &Snapshot) -> Vec<Finding> {
        let found = snapshot.components.iter().filter_map(|(name, component)| {
            let said = disagreements(component);
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
        let best = match instance.source {
            ReadingSource::Program => "the program",
            ReadingSource::Label => "the label",
            ReadingSource::Tag => "the tag",
            ReadingSource::WorkloadLabel => "the workload's label",
            ReadingSource::Declared => "a declared fact",
        };
        let lower =
            if instance.source == ReadingSource::Tag { "a lower source" } else { "the tag" };
        level
            .is_drift()
            .then(|| (format!("{best} says {}, {lower} says {other}", instance.reading), level))
    });
    said.collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, single};
    use super::*;
    use crate::version::{Scheme, read};

    fn labelled(label: &str, tag: &str) -> Snapshot {
        let mut snapshot = environment("prod").app("redis", tag).app("redis", tag);
        for instance in &mut snapshot.components.get_mut(&"image/redis".into()).unwrap().instances {
            instance.reading = read(Scheme::Generic, label);
            instance.source = ReadingSource::Label;
            instance.contradicted_by = Some(read(Scheme::ImageTag, tag));
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
