//! What the verdict rests on: each environment's targets and parts, and how the run was made.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::index::Index;
use super::verdict::local;
use crate::model::length;
use crate::wire::report::{Environment, Failure, Part, Target};

/// One environment.
#[derive(Serialize)]
pub(super) struct Covered<'a> {
    name: &'a str,
    required: bool,
    is_baseline: bool,
    complete: &'a str,
    /// Whether every target was read completely.
    whole: bool,
    /// Targets whose answers do not count, being too old.
    stale: usize,
    components: usize,
    left_out: usize,
    max_age: Option<String>,
    targets: Vec<Line<'a>>,
}

/// One target.
#[derive(Serialize)]
struct Line<'a> {
    target: &'a str,
    endpoint: &'a str,
    required: bool,
    source: &'a str,
    path: Option<&'a str>,
    time_from: Option<&'a str>,
    instead_of: Option<&'a Failure>,
    stale: Option<&'a Failure>,
    notes: &'a [String],
    /// When it answered, and how long before the run's end.
    taken: Option<String>,
    age: Option<String>,
    parts: Vec<Parts<'a>>,
}

/// Parts with one outcome.
#[derive(Serialize)]
struct Parts<'a> {
    outcome: &'a str,
    failure: Option<&'a Failure>,
    names: Vec<Named<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    hides: Option<usize>,
}

pub(super) fn coverage<'a>(index: &Index<'a>) -> Vec<Covered<'a>> {
    let environments = index.dto.environments.iter().zip(&index.report.environments);
    let covered = environments.map(|(environment, audited)| {
        let targets: Vec<Line<'a>> =
            environment.targets.iter().map(|t| line(t, environment, index)).collect();
        Covered {
            name: &environment.name,
            required: environment.required,
            is_baseline: environment.name == index.dto.baseline,
            complete: &environment.complete,
            whole: environment
                .targets
                .iter()
                .all(|t| t.parts.iter().all(|part| part.outcome != "failed")),
            stale: targets.iter().filter(|target| target.stale.is_some()).count(),
            components: environment.components,
            left_out: environment.left_out,
            max_age: (audited.max_age != Duration::MAX).then(|| length(audited.max_age)),
            targets,
        }
    });
    covered.collect()
}

fn line<'a>(target: &'a Target, environment: &'a Environment, index: &Index<'a>) -> Line<'a> {
    let taken = index
        .dto
        .run
        .taken
        .get(&environment.name)
        .and_then(|targets| targets.get(&target.target))
        .copied();
    Line {
        target: &target.target,
        endpoint: &target.endpoint,
        required: target.required && environment.required,
        source: &target.source,
        path: target.path.as_deref().filter(|path| *path != target.endpoint),
        time_from: target.time_from.as_deref(),
        instead_of: target.instead_of.as_ref(),
        stale: target.stale.as_ref(),
        notes: &target.notes,
        taken: taken.map(|at| local(index, at)),
        age: taken.and_then(|at| age(index.report.run.at, at)),
        parts: grouped(&target.parts),
    }
}

/// Parts that failed for one reason are told together, in the order of the first of them.
fn grouped(parts: &[Part]) -> Vec<Parts<'_>> {
    let mut groups: Vec<Parts<'_>> = Vec::new();
    let same = |a: Option<&Failure>, b: Option<&Failure>| match (a, b) {
        (Some(a), Some(b)) => (&a.kind, &a.message, &a.advice) == (&b.kind, &b.message, &b.advice),
        (None, None) => true,
        _ => false,
    };
    for part in parts {
        let named = Named { name: &part.part, hides: part.hides };
        let failure = part.failure.as_ref();
        match groups
            .iter_mut()
            .find(|group| group.outcome == part.outcome && same(group.failure, failure))
        {
            Some(group) => group.names.push(named),
            None => groups.push(Parts { outcome: &part.outcome, failure, names: vec![named] }),
        }
    }
    groups
}

/// To the largest unit: `6 min`, `3 h`, `2 d`; `None` if it is later than the run.
fn age(now: Timestamp, taken: Timestamp) -> Option<String> {
    let age = Duration::try_from(now.duration_since(taken)).ok()?;
    let seconds = age.as_secs();
    Some(match seconds {
        0..60 => format!("{seconds} s"),
        60..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    })
}

/// How the run was made: names and values.
pub(super) fn facts(index: &Index<'_>) -> Vec<(&'static str, String)> {
    let run = &index.dto.run;
    let gates = index
        .dto
        .gates
        .iter()
        .map(|[from, to]| format!("{from} → {to}"))
        .collect::<Vec<_>>()
        .join("; ");
    let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    let mut facts = vec![
        ("End of the run", format!("{} ({})", local(index, run.at), run.at)),
        ("Baseline", index.dto.baseline.clone()),
        ("Gates", or_none(&gates)),
        ("Blocks at", index.dto.verdict.fail_on.clone()),
        ("Program", run.tool.clone()),
        ("Host", run.host.clone()),
        ("Profiles", or_none(&run.profiles)),
        ("Policy", or_none(&run.policy)),
    ];
    facts.extend(run.duration_ms.map(|ms| ("Collecting took", format!("{ms} ms"))));
    facts.extend(run.commit.iter().map(|commit| ("Commit of the profiles", commit.clone())));
    facts.extend(run.notes.iter().map(|note| ("Note", note.clone())));
    if index.dto.verdict.new_only {
        facts.push(("Judged", "only what is new or worse since the earlier report".to_owned()));
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, message: Option<&str>, hides: Option<usize>) -> Part {
        let failure = message.map(|message| Failure {
            kind: "timeout".to_owned(),
            message: message.to_owned(),
            advice: "wait".to_owned(),
        });
        let outcome = if failure.is_some() { "failed" } else { "complete" };
        Part { part: name.to_owned(), outcome: outcome.to_owned(), failure, hides }
    }

    #[test]
    fn parts_that_failed_for_one_reason_are_told_together() {
        let parts = [
            part("containers", Some("slow"), Some(3)),
            part("engine", None, None),
            part("images", Some("slow"), None),
            part("nodes", Some("gone"), None),
        ];
        let told: Vec<Vec<&str>> = grouped(&parts)
            .iter()
            .map(|group| group.names.iter().map(|part| part.name).collect())
            .collect();
        assert_eq!(told, [vec!["containers", "images"], vec!["engine"], vec!["nodes"]]);
    }

    #[test]
    fn an_age_is_told_to_its_largest_unit_and_the_future_has_none() {
        let now: Timestamp = "2026-11-23T00:06:00Z".parse().unwrap();
        let told = |taken: &str| age(now, taken.parse().unwrap());
        assert_eq!(told("2026-11-23T00:03:06Z").as_deref(), Some("2 min"));
        assert_eq!(told("2026-11-20T00:06:00Z").as_deref(), Some("3 d"));
        assert_eq!(told("2026-11-23T00:06:01Z"), None);
    }
}
