//! Versions that cannot be ordered: not known to differ, and not known to be equal.

use super::{Context, Hook, LOW, Levels, Rule, RuleMeta, finding, of_pair, of_place, short};
use super::{TWO_DIGESTS, unless_host};
use crate::model::matrix::Row;
use crate::model::{
    Change, Class, Comparison, ContentCompared, Defaults, Finding, ReadingSource, Severity,
    Snapshot, VersionChange,
};
use crate::version::{Body, Incomparable, Level, Reading};

pub(super) struct IncomparableVersion;

const PLATFORM: Defaults = Defaults::gate(Severity::Medium, Severity::Low);

static META: RuleMeta = RuleMeta {
    id: "incomparable-version",
    summary: "Two versions have no order, or a version text cannot be read; or the two are proven to be other builds.",
    why: "Whether the environments match is not known. It is never taken for equal.",
    fix: "Deploy tags that say versions, add a version label to the image, or compare by digest.",
    hooks: &[Hook::Pair, Hook::Environment],
    defaults: &[("platform", PLATFORM), ("any other", LOW)],
    levels: Levels::Incomparable,
    ..RuleMeta::PLAIN
};

impl Rule for IncomparableVersion {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn in_brief(&self, _: &Finding, row: &Row) -> Option<String> {
        let mut readings = row.cells.iter().flat_map(|cell| &cell.readings);
        readings.any(|cell| moves(&cell.reading)).then(|| "tag moves".to_owned())
    }

    fn check_pair(&self, _: &Context<'_>, comparison: &Comparison) -> Vec<Finding> {
        let found = comparison.changes.iter().filter_map(|change| {
            let version = change.version.as_ref()?;
            let (level, why) = without_order(version)?;
            let tag = |reading: &Reading| match reading.text() {
                "" => "no tag".to_owned(),
                text => text.to_owned(),
            };
            let summary = format!(
                "{} {} and {} {} {why}{}",
                comparison.current,
                tag(&version.current),
                comparison.baseline,
                tag(&version.baseline),
                of_place(version.at.as_ref()),
            );
            let component = &change.component;
            let defaults = unless_host(component, defaults(change));
            let finding = of_pair(&META, comparison, component, defaults, summary);
            Some(Finding { level: Some(level), ..finding })
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

fn defaults(change: &Change) -> Defaults {
    if change.class == Class::Platform { PLATFORM } else { LOW }
}

/// Why two versions have no order, in words behind both; `None` if they have one, or may be one.
fn without_order(version: &VersionChange) -> Option<(Level, String)> {
    let builds = match &version.content {
        ContentCompared::Different { baseline, current, is_one_tag, is_pinned } => {
            let unless = if *is_pinned { TWO_DIGESTS } else { "" };
            let text = format!("other builds, {} and {}{unless}", short(current), short(baseline));
            Some((text, *is_one_tag))
        }
        ContentCompared::NotProven | ContentCompared::Same => None,
    };
    match (version.level, builds) {
        (Level::Incomparable(_), Some((builds, _))) => {
            Some((version.level, format!("have no order, and are {builds}")))
        }
        (Level::Incomparable(why), None) => {
            Some((version.level, format!("have no order: {}", reason(why, version))))
        }
        // `1.4` and `1.4.1` may be one version, but not if they are two builds. Of one tag that is
        // told as a tag that was pushed twice.
        (Level::WithinPrecision, Some((builds, false))) => {
            let level = Level::Incomparable(Incomparable::Opaque);
            Some((level, format!("may be one version, but are {builds}")))
        }
        _ => None,
    }
}

fn reason(why: Incomparable, version: &VersionChange) -> &'static str {
    let sides = [&version.baseline, &version.current];
    match why {
        Incomparable::Floating if sides.into_iter().any(moves) => why.reason(),
        Incomparable::Floating if sides.iter().any(|side| side.text().is_empty()) => {
            "an image that is named by its digest alone"
        }
        // The tags beside the labels move, or there is none.
        Incomparable::Floating => "a version that no tag says, only a label or a chart",
        _ => why.reason(),
    }
}

/// Whether it is a tag, and one that moves.
fn moves(reading: &Reading) -> bool {
    *reading.body() == Body::Floating && !reading.text().is_empty()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, pair, single};
    use super::*;

    #[test]
    fn fires_on_other_builds_behind_tags_without_an_order() {
        let found = |prod: (&str, &str), qualif: (&str, &str)| {
            let of = |name, (tag, digest)| environment(name).build("app", tag, digest);
            let found = pair(&IncomparableVersion, of("prod", prod), of("qualif", qualif));
            found.first().map(|finding| finding.summary.clone()).unwrap_or_default()
        };
        let said = found(("1.4.1", "sha256:aaaa"), ("1.4", "sha256:bbbb"));
        let start = "qualif 1.4 and prod 1.4.1 may be one version, but are other builds, \
                     sha256:bbbb and sha256:aaaa";
        assert!(said.starts_with(start), "{said}");
        assert!(
            found(("", "sha256:aaaa"), ("", "sha256:bbbb"))
                .contains("no tag have no order, and are other builds")
        );
        assert_eq!(
            found(("", ""), ("", "")),
            "qualif no tag and prod no tag have no order: an image that is named by its digest alone"
        );
        // Not proven, one build, and what digest-mismatch tells.
        assert_eq!(found(("1.4.1", ""), ("1.4", "sha256:bbbb")), "");
        assert_eq!(found(("1.4.1", "sha256:aaaa"), ("1.4", "sha256:aaaa")), "");
        assert_eq!(found(("1.4", "sha256:aaaa"), ("v1.4", "sha256:bbbb")), "");
    }

    #[test]
    fn fires_louder_on_a_platform_in_a_gate() {
        let found = |component: &str| {
            let of = |name, version| environment(name).product(component, "redis", version);
            pair(&IncomparableVersion, of("prod", "7.2.4"), of("qualif", "unknown"))
        };
        assert_eq!(found("redis/cache")[0].defaults, PLATFORM);
        let own = pair(
            &IncomparableVersion,
            environment("prod").app("app", "v21"),
            environment("qualif").app("app", "latest"),
        );
        assert_eq!(own[0].defaults, LOW);
    }

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
