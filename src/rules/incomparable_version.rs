//! Versions that cannot be ordered: not known to differ, and not known to be equal.

use super::{Context, Hook, LOW, Levels, Rule, RuleMeta, finding, of_pair, of_place, unless_host};
use crate::model::matrix::Row;
use crate::model::{Comparison, Finding, ReadingSource, Snapshot};
use crate::version::{Body, Level};

pub(super) struct IncomparableVersion;

static META: RuleMeta = RuleMeta {
    id: "incomparable-version",
    summary: "Two versions have no order, or a version text cannot be read.",
    why: "Whether the environments match is not known. It is never taken for equal.",
    fix: "Deploy tags that say versions, add a version label to the image, or compare by digest.",
    hooks: &[Hook::Pair, Hook::Environment],
    defaults: &[("any", LOW)],
    levels: Levels::Incomparable,
    ..RuleMeta::PLAIN
};

impl Rule for IncomparableVersion {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn in_brief(&self, _: &Finding, row: &Row) -> Option<String> {
        let mut readings = row.cells.iter().flat_map(|cell| &cell.readings);
        let floats = readings.any(|cell| *cell.reading.body() == Body::Floating);
        floats.then(|| "tag moves".to_owned())
    }

    fn check_pair(&self, _: &Context<'_>, comparison: &Comparison) -> Vec<Finding> {
        let found = comparison.changes.iter().filter_map(|change| {
            let version = change.version.as_ref()?;
            let Level::Incomparable(why) = version.level else { return None };
            let said =
                |text: &str| if text.is_empty() { "no tag".to_owned() } else { text.to_owned() };
            let summary = format!(
                "{} {} and {} {} have no order: {}{}",
                comparison.current,
                said(version.current.text()),
                comparison.baseline,
                said(version.baseline.text()),
                why.reason(),
                of_place(version.at.as_ref()),
            );
            let finding = of_pair(
                &META,
                comparison,
                &change.component,
                unless_host(&change.component, LOW),
                summary,
            );
            Some(Finding { level: Some(version.level), ..finding })
        });
        found.collect()
    }

    /// What a program says of itself should be readable; a tag that is not is told by others.
    fn check_environment(&self, _: &Context<'_>, snapshot: &Snapshot) -> Vec<Finding> {
        let found = snapshot.components.iter().filter_map(|(name, component)| {
            let unread = component
                .instances
                .iter()
                .find(|i| *i.reading.body() == Body::Opaque && i.source != ReadingSource::Tag)?;
            let summary = format!(
                "{} says \"{}\", which is no version",
                snapshot.environment,
                unread.reading.text().trim()
            );
            Some(finding(
                &META,
                name,
                vec![snapshot.environment.clone()],
                unless_host(name, LOW),
                summary,
            ))
        });
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, pair, single};
    use super::*;

    #[test]
    fn fires_on_floating_against_version_and_on_unreadable_text() {
        let found = pair(
            &IncomparableVersion,
            environment("prod").app("app", "v21"),
            environment("qualif").app("app", "latest"),
        );
        assert_eq!(found[0].summary, "qualif latest and prod v21 have no order: a tag that moves");
        assert_eq!(
            single(&IncomparableVersion, environment("prod").redis("cache", "unknown")).len(),
            1
        );
    }

    #[test]
    fn stays_silent_on_versions() {
        assert!(
            pair(
                &IncomparableVersion,
                environment("prod").app("app", "v21"),
                environment("qualif").app("app", "7")
            )
            .is_empty()
        );
        assert!(
            single(
                &IncomparableVersion,
                environment("prod").redis("cache", "7.0.15").app("app", "latest")
            )
            .is_empty()
        );
    }
}
