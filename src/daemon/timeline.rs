//! How components went over time, from the evidence of the history. Times between two pieces of
//! evidence that tell the same are one span; what was not read ends it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;

use super::status::{
    Timeline, TimelineMark, TimelineMarkKind, TimelineRow, TimelineSpan, TimelineStrip,
};
use super::watch::read_incidents;
use crate::checklist::{EnvironmentState, state_of};
use crate::collect::config::COLLECTORS;
use crate::history::{HistoryError, Store};
use crate::model::{Class, Component, EnvironmentName, Snapshot};
use crate::normalize::Normalizer;
use crate::profile::{Environment, Profiles};

/// Runs whose verdict is marked, at most.
const MOST_RUNS: usize = 5_000;

/// Versions of a component that are named.
const VERSIONS: usize = 3;

/// What ran at one time.
struct Seen {
    versions: BTreeMap<String, String>,
    own: BTreeSet<String>,
    state: EnvironmentState,
}

type Strips = BTreeMap<String, Vec<TimelineSpan>>;

/// The timeline of a span.
///
/// # Errors
/// If the history cannot be read.
pub(super) fn build_timeline(
    profiles: &Profiles,
    store: &mut Store,
    (from, to): (Timestamp, Timestamp),
) -> Result<Timeline, HistoryError> {
    let mut rows: BTreeMap<String, TimelineRow> = BTreeMap::new();
    let mut own = BTreeSet::new();
    for environment in &profiles.environments {
        let seen = seen_of(profiles, environment, store, from)?;
        for (_, one) in &seen {
            own.extend(one.own.iter().cloned());
        }
        for (component, spans) in spans_of(&seen) {
            let row = rows.entry(component.clone()).or_insert_with(|| TimelineRow {
                component,
                is_own: false,
                strips: Vec::new(),
            });
            row.strips.push(TimelineStrip { environment: environment.name.clone(), spans });
        }
    }
    for row in rows.values_mut() {
        row.is_own = own.contains(&row.component);
    }
    Ok(Timeline {
        from,
        to,
        timezone: profiles.timezone.clone(),
        environments: profiles.environments.iter().map(|one| one.name.clone()).collect(),
        rows: rows.into_values().collect(),
        marks: marks_of(profiles, store, (from, to))?,
        notes: Vec::new(),
    })
}

/// What was seen of an environment, oldest first; evidence that tells the same is read once.
fn seen_of(
    profiles: &Profiles,
    environment: &Environment,
    store: &mut Store,
    from: Timestamp,
) -> Result<Vec<(Timestamp, Rc<Seen>)>, HistoryError> {
    let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
    let mut known: BTreeMap<String, Rc<Seen>> = BTreeMap::new();
    let mut seen = Vec::new();
    store.look_back::<HistoryError>(&environment.name, &mut |store, head| {
        if head.at < from {
            return Ok(false);
        }
        let key = head.content_key();
        let found = match known.get(&key) {
            Some(found) => Rc::clone(found),
            None => {
                let evidence = store.evidence_of(head, COLLECTORS)?;
                let snapshot = normalizer.build_snapshot(evidence, environment.ignore.clone());
                let found = Rc::new(seen_in(&snapshot));
                known.insert(key, Rc::clone(&found));
                found
            }
        };
        seen.push((head.at, found));
        Ok(true)
    })?;
    seen.reverse();
    Ok(seen)
}

fn seen_in(snapshot: &Snapshot) -> Seen {
    let there = snapshot.components.iter().filter(|(_, component)| !component.instances.is_empty());
    let versions = there.map(|(name, component)| (name.to_string(), versions_of(component)));
    let is_own = |component: &Component| component.class == Class::Service;
    let own = snapshot.components.iter().filter(|(_, component)| is_own(component));
    Seen {
        versions: versions.collect(),
        own: own.map(|(name, _)| name.to_string()).collect(),
        state: state_of(snapshot),
    }
}

/// `6.2.5 and 7.0.15`.
fn versions_of(component: &Component) -> String {
    let all: BTreeSet<String> =
        component.instances.iter().map(|one| one.reading.text().to_owned()).collect();
    let mut named: Vec<&str> = all.iter().take(VERSIONS).map(String::as_str).collect();
    if all.len() > VERSIONS {
        named.push("more");
    }
    named.join(" and ")
}

/// From when to when each version was seen.
fn spans_of(seen: &[(Timestamp, Rc<Seen>)]) -> Strips {
    let mut strips = Strips::new();
    let names: BTreeSet<&String> = seen.iter().flat_map(|(_, one)| one.versions.keys()).collect();
    for name in names {
        let mut spans: Vec<TimelineSpan> = Vec::new();
        // Whether the time since the last piece of evidence belongs to the last span.
        let mut is_open = false;
        for (at, one) in seen {
            let version = match one.versions.get(name) {
                Some(version) => version.as_str(),
                None if one.state.may_lack(&name.as_str().into()) => {
                    is_open = false;
                    continue;
                }
                None => "",
            };
            let last = spans.last_mut().filter(|_| is_open);
            match last {
                Some(last) if last.version == version => last.to = *at,
                last => {
                    // It went over at some time until now.
                    if let Some(last) = last {
                        last.to = *at;
                    }
                    spans.push(TimelineSpan { from: *at, to: *at, version: version.to_owned() });
                }
            }
            is_open = true;
        }
        strips.insert(name.clone(), spans);
    }
    strips
}

fn marks_of(
    profiles: &Profiles,
    store: &mut Store,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<TimelineMark>, HistoryError> {
    let mut marks = Vec::new();
    for release in &profiles.releases {
        marks.extend(release.came.iter().map(|(environment, at)| TimelineMark {
            at: *at,
            until: None,
            kind: TimelineMarkKind::Release,
            environment: Some(environment.clone()),
            label: release.name.clone(),
        }));
    }
    marks.extend(read_incidents(store)?.incidents.into_iter().map(|one| TimelineMark {
        at: one.since,
        until: one.until,
        kind: TimelineMarkKind::Incident,
        environment: Some(EnvironmentName::from(one.environment.as_str())),
        label: one.title,
    }));
    for run in store.newest_runs(MOST_RUNS)? {
        let kind = match run.verdict.as_str() {
            "go" => TimelineMarkKind::Go,
            "no-go" => TimelineMarkKind::NoGo,
            "incomplete" => TimelineMarkKind::Incomplete,
            _ => continue,
        };
        let release = run.facts.get("release").map(|release| format!(" {release}"));
        let label = format!("{}{} {}", run.kind, release.unwrap_or_default(), run.verdict);
        marks.push(TimelineMark { at: run.at, until: None, kind, environment: None, label });
    }
    marks.retain(|mark| mark.at <= to && mark.until.unwrap_or(mark.at) >= from);
    marks.sort_by(|a, b| (a.at, a.kind, &a.label).cmp(&(b.at, b.kind, &b.label)));
    Ok(marks)
}
