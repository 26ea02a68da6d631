//! Versions whose own makers support them no longer, or not for long.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Concerns, Hook, LOW, Rule, RuleContext, RuleMeta, finding};
use crate::model::{
    Component, ComponentName, Cycles, Defaults, EnvironmentName, Finding, ProductCycles,
    ReadingSource, Severity, Snapshot, SupportEnd, first_three,
};
use crate::version::Reading;

pub(super) struct EndOfLife;

const ENDED: Defaults = Defaults::same_everywhere(Severity::Medium);

static META: RuleMeta = RuleMeta {
    id: "end-of-life",
    summary: "Upstream support of a version has ended, or ends within the policy's `lookahead:`.",
    why: "Nobody fixes its vulnerabilities any more. A distribution or vendor may: then waive it, \
        with their date as the waiver's end. A version that no data know is told only where the \
        next newer one, and all before it, have ended.",
    fix: "Plan the update. Where the data are older than the product's announcements, give newer \
          ones with --eol-data.",
    hooks: &[Hook::All],
    defaults: &[("support has ended", ENDED), ("support ends within the lookahead", LOW)],
    concerns: Concerns::Each,
    ..RuleMeta::PLAIN
};

/// Older data may not know what has been announced since.
const DATA_AGE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What is said of a version.
struct Support {
    /// The cycle, and whether the version is certainly of it: `7.0`, `up to 7.0`, `before 5.0`.
    cycle: String,
    has_ended: bool,
    /// Its last day, where it is known.
    end: SupportEnd,
}

/// Who runs versions of one cycle.
struct UnsupportedRun {
    support: Support,
    environments: BTreeSet<EnvironmentName>,
    texts: BTreeSet<String>,
}

impl Rule for EndOfLife {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    /// One finding for a component and cycle, whatever environments run it.
    fn check_all(&self, context: &RuleContext<'_>, snapshots: &[Snapshot]) -> Vec<Finding> {
        let mut running: BTreeMap<(&ComponentName, String), UnsupportedRun> = BTreeMap::new();
        for snapshot in snapshots {
            for (name, component) in &snapshot.components {
                for (subject, text, support) in unsupported(context, component) {
                    let running =
                        running.entry((name, subject)).or_insert_with(|| UnsupportedRun {
                            support,
                            environments: BTreeSet::new(),
                            texts: BTreeSet::new(),
                        });
                    running.environments.insert(snapshot.environment.clone());
                    running.texts.insert(text);
                }
            }
        }
        running.into_iter().map(|((name, subject), running)| told(name, subject, running)).collect()
    }
}

/// What is to be said of data that are more than 90 days old, if any product of them runs.
pub fn stale_data(now: Timestamp, cycles: &Cycles, snapshots: &[Snapshot]) -> Option<String> {
    let components = snapshots.iter().flat_map(|snapshot| &snapshot.components);
    let used = components.flat_map(|(_, component)| by_product(cycles, component).into_values());
    let oldest = used.map(|(cycles, _)| cycles.as_of()).min()?;
    let limit = day(now.checked_sub(DATA_AGE).unwrap_or(Timestamp::MIN));
    (oldest < limit).then(|| {
        format!(
            "end-of-life data is from {oldest}, more than 90 days ago: pass newer data with \
            --eol-data"
        )
    })
}

/// Whether any product of these data runs.
pub fn has_subject(cycles: &Cycles, snapshots: &[Snapshot]) -> bool {
    let mut components = snapshots.iter().flat_map(|snapshot| &snapshot.components);
    components.any(|(_, component)| !by_product(cycles, component).is_empty())
}

fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

type OfProduct<'a> = (&'a ProductCycles, BTreeSet<&'a Reading>);

/// What runs of each product that the data know, by their name of it. What a chart says of an image
/// is not the image.
fn by_product<'a>(
    cycles: &'a Cycles,
    component: &'a Component,
) -> BTreeMap<&'a str, OfProduct<'a>> {
    let mut found: BTreeMap<&str, OfProduct<'_>> = BTreeMap::new();
    for instance in component
        .instances
        .iter()
        .filter(|instance| instance.source != ReadingSource::WorkloadLabel)
    {
        if let Some((product, cycles)) =
            instance.product_in(component).and_then(|product| cycles.of_product(&product))
        {
            found
                .entry(product)
                .or_insert_with(|| (cycles, BTreeSet::new()))
                .1
                .insert(&instance.reading);
        }
    }
    found
}

/// Each cycle of a component that is supported no more or not for long, with a text that is of it.
fn unsupported(context: &RuleContext<'_>, component: &Component) -> Vec<(String, String, Support)> {
    let today = day(context.now);
    let until = context.now.checked_add(context.lookahead).map_or(Date::MAX, day);
    let mut found = Vec::new();
    for (product, (cycles, readings)) in by_product(context.end_of_life, component) {
        for reading in readings {
            if let Some(support) = support(cycles, reading, today, until) {
                let subject = format!("{product} {}", support.cycle);
                found.push((subject, reading.to_string(), support));
            }
        }
    }
    found
}

/// `containerd 1.6, ended 2025-08-23: dev, production (1.6.24, 1.6.33)`
fn told(name: &ComponentName, subject: String, running: UnsupportedRun) -> Finding {
    let UnsupportedRun { support, environments, texts } = running;
    let (defaults, verb) = if support.has_ended { (ENDED, "ended") } else { (LOW, "ends") };
    let when = match support.end {
        SupportEnd::On(last) => format!(" {last}"),
        SupportEnd::Ended | SupportEnd::NotAnnounced => String::new(),
    };
    let shown = first_three(texts, ", ");
    let environments: Vec<EnvironmentName> = environments.into_iter().collect();
    let places: Vec<&str> = environments.iter().map(|name| name.as_str()).collect();
    let summary = format!("{subject}, {verb}{when}: {} ({})", places.join(", "), shown);
    Finding { subject, ..finding(&META, name, environments, defaults, summary) }
}

/// What is certain of the support of whatever the text may stand for; days only, so that it reads
/// the same tomorrow.
fn support(cycles: &ProductCycles, reading: &Reading, today: Date, until: Date) -> Option<Support> {
    let version = reading.version().filter(|_| reading.is_proven())?;
    let has_ended = |end: SupportEnd| match end {
        SupportEnd::On(last) => last < today,
        SupportEnd::Ended => true,
        SupportEnd::NotAnnounced => false,
    };
    let candidates = cycles.candidates(&version.release);
    let [first, others @ ..] = candidates.as_slice() else {
        // The data name no such version: so it is neither called supported nor ended.
        let (next, below) = cycles.up_to_next(&version.release)?;
        let all_ended = has_ended(next.end) && below.iter().all(|cycle| has_ended(cycle.end));
        return all_ended.then(|| Support {
            cycle: format!("before {}", next.name),
            has_ended: true,
            end: next.end,
        });
    };
    // The one that is supported longest counts: a short tag may be it.
    let ends_later = |a: SupportEnd, b: SupportEnd| match (a, b) {
        (SupportEnd::NotAnnounced, _) | (_, SupportEnd::Ended) => true,
        (SupportEnd::On(a), SupportEnd::On(b)) => a >= b,
        _ => false,
    };
    let last = others
        .iter()
        .fold(first, |last, other| if ends_later(last.end, other.end) { last } else { other });
    let cycle = match others {
        [] => last.name.clone(),
        _ => format!("up to {}", last.name),
    };
    let ended = has_ended(last.end);
    let is_ending = matches!(last.end, SupportEnd::On(last) if last <= until);
    (ended || is_ending).then_some(Support { cycle, has_ended: ended, end: last.end })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, with_context};
    use super::*;
    use crate::model::Instance;
    use crate::version::{Scheme, read};
    use jiff::civil::date;

    fn data() -> Cycles {
        let mut cycles = Cycles::default();
        let on = |year, month, day| SupportEnd::On(date(year, month, day));
        let rows = |rows: &[(&str, SupportEnd)]| -> Vec<(String, SupportEnd)> {
            rows.iter().map(|(name, end)| ((*name).to_owned(), *end)).collect()
        };
        let redis = [
            ("5.0", on(2022, 4, 27)),
            ("7.0", on(2024, 7, 29)),
            ("7.2", SupportEnd::Ended),
            ("8.0", on(2026, 5, 1)),
            ("8.1", SupportEnd::NotAnnounced),
            ("8.10", on(2024, 1, 1)),
        ];
        cycles.add("redis", date(2026, 1, 1), rows(&redis));
        cycles.add(
            "debian",
            date(2026, 1, 1),
            rows(&[("11", on(2024, 8, 14)), ("12", on(2026, 7, 11))]),
        );
        cycles.add("containerd", date(2026, 1, 1), rows(&[("1.7", on(2024, 1, 1))]));
        cycles.add("kubernetes", date(2026, 1, 1), rows(&[("1.27", on(2024, 6, 28))]));
        cycles
    }

    fn now() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn check(snapshot: &Snapshot) -> Vec<Finding> {
        check_all(std::slice::from_ref(snapshot))
    }

    fn check_all(snapshots: &[Snapshot]) -> Vec<Finding> {
        let data = data();
        let lookahead = std::time::Duration::from_secs(90 * 86_400);
        with_context(|context| {
            let context = RuleContext { end_of_life: &data, now: now(), lookahead, ..*context };
            EndOfLife.check_all(&context, snapshots)
        })
    }

    fn redis(version: &str) -> Vec<String> {
        check(&environment("prod").redis("cache", version))
            .into_iter()
            .map(|finding| finding.summary)
            .collect()
    }

    fn image(tag: &str) -> Vec<String> {
        let mut snapshot = environment("prod").app("redis", tag);
        for instance in &mut snapshot.components.get_mut(&"image/redis".into()).unwrap().instances {
            instance.product = Some("redis".into());
        }
        check(&snapshot).into_iter().map(|finding| finding.summary).collect()
    }

    #[test]
    fn fires_on_what_has_ended_and_softly_on_what_ends_soon() {
        let found = check(&environment("prod").redis("cache", "7.0.15"));
        assert_eq!(found[0].summary, "redis 7.0, ended 2024-07-29: prod (7.0.15)");
        assert_eq!((found[0].subject.as_str(), found[0].defaults), ("redis 7.0", ENDED));
        assert_eq!(redis("7.2.4"), ["redis 7.2, ended: prod (7.2.4)"]);
        let found = check(&environment("prod").redis("cache", "8.0.6"));
        assert_eq!(found[0].summary, "redis 8.0, ends 2026-05-01: prod (8.0.6)");
        assert_eq!(found[0].defaults, LOW);
        // By number, and not by text: 8.10 is not 8.1.
        assert_eq!(redis("8.10.1").len(), 1);
    }

    #[test]
    fn fires_once_for_a_component_and_cycle_over_all_environments() {
        let found = check_all(&[
            environment("prod").redis("cache", "7.0.15").redis("cache", "8.0.6"),
            environment("dev").redis("cache", "7.0.11").redis("cache", "8.1.0"),
        ]);
        let said: Vec<_> = found.iter().map(|f| (f.summary.as_str(), f.defaults)).collect();
        assert_eq!(
            said,
            [
                ("redis 7.0, ended 2024-07-29: dev, prod (7.0.11, 7.0.15)", ENDED),
                ("redis 8.0, ends 2026-05-01: prod (8.0.6)", LOW)
            ]
        );
        assert_eq!(found[0].environments, ["dev".into(), "prod".into()]);
    }

    #[test]
    fn fires_on_hosts_by_what_their_texts_say() {
        let host = |component: &str, scheme, text: &str, product: Option<&str>| {
            let mut snapshot = environment("prod").product(component, "", "1");
            let instance =
                &mut snapshot.components.get_mut(&component.into()).unwrap().instances[0];
            *instance = Instance {
                product: product.map(Into::into),
                reading: read(scheme, text).into(),
                ..instance.clone()
            };
            check(&snapshot).len()
        };
        assert_eq!(host("host/os", Scheme::OsImage, "Debian GNU/Linux 11 (bullseye)", None), 1);
        assert_eq!(host("host/os", Scheme::OsImage, "Debian GNU/Linux 12 (bookworm)", None), 0);
        assert_eq!(host("host/os", Scheme::OsImage, "Rocky Linux 11", None), 0);
        assert_eq!(host("docker/containerd", Scheme::Generic, "1.7.20", None), 1);
        assert_eq!(
            host(
                "kubernetes/runtime",
                Scheme::RuntimeUri,
                "containerd://1.7.20",
                Some("containerd")
            ),
            1
        );
        assert_eq!(
            host("kubernetes/runtime", Scheme::RuntimeUri, "cri-o://1.7.20", Some("cri-o")),
            0
        );
        assert_eq!(host("kubernetes/kubelet", Scheme::Kubernetes, "v1.27.3-gke.100", None), 1);
    }

    #[test]
    fn fires_on_a_short_tag_only_if_all_that_it_may_be_have_ended() {
        assert_eq!(image("7"), ["redis up to 7.0, ended 2024-07-29: prod (7)"]);
        assert!(image("8").is_empty());
        assert_eq!(image("7.0-alpine").len(), 1);
    }

    #[test]
    fn fires_on_an_unknown_version_below_what_has_ended_and_says_no_more_than_that() {
        assert_eq!(redis("4.0.14"), ["redis before 5.0, ended 2022-04-27: prod (4.0.14)"]);
        assert_eq!(redis("6.2.5"), ["redis before 7.0, ended 2024-07-29: prod (6.2.5)"]);
    }

    #[test]
    fn stays_silent_on_what_is_supported_unknown_or_not_announced() {
        for version in ["8.1.3", "9.0.0", "8.5.0", "255.255.255", "unknown"] {
            assert!(redis(version).is_empty(), "{version}");
        }
        for tag in ["latest", "20240101", "deadbeef"] {
            assert!(image(tag).is_empty(), "{tag}");
        }
        let other = environment("prod").product("redis/cache", "dragonfly", "1.0").app("app", "v1");
        assert!(check(&other).is_empty());
    }

    #[test]
    fn stays_silent_on_the_last_day_and_before_the_lookahead() {
        let of = |year, month, day| {
            let mut cycles = Cycles::default();
            cycles.add(
                "redis",
                date(2026, 1, 1),
                [("7".to_owned(), SupportEnd::On(date(year, month, day)))],
            );
            let reading = read(Scheme::Generic, "7.0.15");
            let (_, redis) = cycles.of_product("redis").unwrap();
            support(redis, &reading, date(2026, 3, 1), date(2026, 5, 30)).map(|s| s.has_ended)
        };
        assert_eq!(of(2026, 2, 28), Some(true));
        assert_eq!(of(2026, 3, 1), Some(false));
        assert_eq!(of(2026, 5, 30), Some(false));
        assert_eq!(of(2026, 5, 31), None);
    }

    #[test]
    fn old_data_are_told_if_they_were_used() {
        let used = [environment("prod").redis("cache", "7.0.15")];
        let at = |text: &str| stale_data(text.parse().unwrap(), &data(), &used);
        assert_eq!(at("2026-04-01T00:00:00Z"), None);
        assert_eq!(
            at("2026-04-02T00:00:00Z").unwrap(),
            "end-of-life data is from 2026-01-01, more than 90 days ago: pass newer data with --eol-data"
        );
        assert_eq!(stale_data(now(), &data(), &[environment("prod").app("app", "v1")]), None);
        assert!(
            has_subject(&data(), &used)
                && !has_subject(&data(), &[environment("prod").app("app", "v1")])
        );
    }
}
