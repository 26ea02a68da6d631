//! Versions that cannot be ordered: not known to differ, and not known to be equal.

use super::{
    Hook, LOW, Rule, RuleContext, RuleLevels, RuleMeta, finding, of_pair, of_place, short,
};
use super::{TWO_DIGESTS, unless_host};
use crate::model::matrix::MatrixRow;
use crate::model::{
    Change, Class, Comparison, ContentCompared, Defaults, EnvironmentName, Finding, ReadingSource,
    Severity, Snapshot, VersionChange,
};
use crate::version::{Body, Incomparable, Level, Reading};

pub(super) struct IncomparableVersion;

const PLATFORM: Defaults = Defaults::by_gate(Severity::Medium, Severity::Low);

static META: RuleMeta = RuleMeta {
    id: "incomparable-version",
    summary: "Two versions have no order, or a version text cannot be read; or two that may be \
        one are different builds.",
    why: "Whether the environments match is not known. It is never taken for equal.",
    fix: "Deploy tags that say versions, add a version label to the image, or compare by digest.",
    hooks: &[Hook::Pair, Hook::Environment],
    defaults: &[("platform", PLATFORM), ("any other", LOW)],
    levels: RuleLevels::Incomparable,
    ..RuleMeta::PLAIN
};

impl Rule for IncomparableVersion {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn in_brief(&self, _: &Finding, row: &MatrixRow) -> Option<String> {
        let mut readings = row.cells.iter().flat_map(|cell| &cell.readings);
        readings.any(|cell| moves(&cell.reading)).then(|| "tag moves".to_owned())
    }

    fn check_pair(&self, _: &RuleContext<'_>, comparison: &Comparison) -> Vec<Finding> {
        let found = comparison.changes.iter().filter_map(|change| {
            let version = change.version.as_ref()?;
            let (level, summary) =
                without_order(version, [&comparison.current, &comparison.baseline])?;
            let summary = format!("{summary}{}", of_place(version.at.as_ref()));
            let component = &change.component;
            let defaults = unless_host(component, defaults(change));
            let finding = of_pair(&META, comparison, component, defaults, summary);
            Some(Finding { level: Some(level), ..finding })
        });
        found.collect()
    }

    /// What a program says of itself should be readable; a tag that is not is told by others.
    fn check_environment(&self, _: &RuleContext<'_>, snapshot: &Snapshot) -> Vec<Finding> {
        let found = snapshot.components.iter().filter_map(|(name, component)| {
            let unread = component
                .instances
                .iter()
                .find(|i| *i.reading.body() == Body::Opaque && i.source != ReadingSource::Tag)?;
            let summary = format!(
                "{} says \"{}\", which is not a version",
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

/// That two versions have no order, in words, and why; `None` if they have one, or may be one.
fn without_order(
    version: &VersionChange,
    [current, baseline]: [&EnvironmentName; 2],
) -> Option<(Level, String)> {
    let texts = [version.current.text(), version.baseline.text()];
    let [here, there] = texts.map(|text| if text.is_empty() { "no tag" } else { text });
    let both = format!("{current} {here} and {baseline} {there}");
    let builds = match &version.content {
        ContentCompared::Different { is_one_tag, .. } => Some(*is_one_tag),
        ContentCompared::NotProven | ContentCompared::Same => None,
    };
    let builds_in_words = builds_in_words(&version.content);
    match (version.level, builds) {
        (Level::Incomparable(_), Some(_)) => {
            let text = match texts {
                ["", ""] => format!("{current} and {baseline} have no tag, and"),
                [here, there] if here == there => {
                    format!("{current} and {baseline} say {here}, but")
                }
                // Two texts already tell the two apart.
                _ => return Some((version.level, format!("{both} are different builds"))),
            };
            Some((version.level, format!("{text} run different builds, {builds_in_words}")))
        }
        (Level::Incomparable(why), None) => {
            Some((version.level, format!("{both} have no order: {}", reason(why, version))))
        }
        // `1.4` and `1.4.1` may be one version, but not if they are two builds. Of one tag that is
        // told as a tag that was pushed twice.
        (Level::WithinPrecision, Some(false)) => {
            let level = Level::Incomparable(Incomparable::Opaque);
            let text = format!("{both} may be one version, but are different builds");
            Some((level, format!("{text}, {builds_in_words}")))
        }
        _ => None,
    }
}

/// `sha256:0123456789ab and sha256:…`, the current side first.
fn builds_in_words(content: &ContentCompared) -> String {
    let ContentCompared::Different { baseline, current, is_pinned, .. } = content else {
        return String::new();
    };
    let unless = if *is_pinned { TWO_DIGESTS } else { "" };
    format!("{} and {}{unless}", short(current), short(baseline))
}

fn reason(why: Incomparable, version: &VersionChange) -> &'static str {
    let sides = [&version.baseline, &version.current];
    match why {
        Incomparable::Floating if sides.into_iter().any(moves) => {
            why.reason(&version.baseline, &version.current)
        }
        Incomparable::Floating if sides.iter().any(|side| side.text().is_empty()) => {
            "an image named only by its digest"
        }
        // The tags beside the labels move, or there is none.
        Incomparable::Floating => "a version that no tag says, only a label or a chart",
        _ => why.reason(&version.baseline, &version.current),
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
    fn fires_on_different_builds_behind_tags_without_an_order() {
        let found = |prod: (&str, &str), qualif: (&str, &str)| {
            let of = |name, (tag, digest)| environment(name).build("app", tag, digest);
            let found = pair(&IncomparableVersion, of("prod", prod), of("qualif", qualif));
            found.first().map(|finding| finding.summary.clone()).unwrap_or_default()
        };
        let said = found(("1.4.1", "sha256:aaaa"), ("1.4", "sha256:bbbb"));
        let start = "qualif 1.4 and prod 1.4.1 may be one version, but are different builds, \
                     sha256:bbbb and sha256:aaaa";
        assert!(said.starts_with(start), "{said}");
        assert!(
            found(("", "sha256:aaaa"), ("", "sha256:bbbb"))
                .contains("qualif and prod have no tag, and run different builds")
        );
        assert_eq!(
            found(("", ""), ("", "")),
            "qualif no tag and prod no tag have no order: an image named only by its digest"
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
