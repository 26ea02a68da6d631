//! What the verdict rests on: each environment's targets and parts, and how the run was made.

use crate::model::{Failure, Gate, Outcome, PartName, Source};
use crate::report::PROGRAM;
use crate::report::view::ReportView;
use crate::report::view::coverage::{EnvironmentView, TargetView, age_words, hides_words};

/// One environment.
pub(super) struct CoverageBlock<'a> {
    pub(super) environment: &'a EnvironmentView<'a>,
    /// Whether every target was read completely.
    pub(super) is_whole: bool,
    /// Targets whose answers do not count, being too old.
    pub(super) stale: usize,
    pub(super) max_age: Option<String>,
    pub(super) targets: Vec<TargetLine<'a>>,
}

/// One target.
pub(super) struct TargetLine<'a> {
    pub(super) view: &'a TargetView<'a>,
    pub(super) name: String,
    /// The file, unless the address names it.
    pub(super) path: Option<&'a str>,
    pub(super) time_from: Option<&'static str>,
    /// When it answered, and how long before the run's end.
    pub(super) taken: Option<String>,
    pub(super) age: Option<String>,
    pub(super) parts: Vec<PartGroup<'a>>,
}

/// Parts with one outcome.
pub(super) struct PartGroup<'a> {
    pub(super) outcome: &'a Outcome,
    /// Each with what it hides.
    pub(super) parts: Vec<(&'a PartName, String)>,
}

impl PartGroup<'_> {
    pub(super) fn failure(&self) -> Option<&Failure> {
        self.outcome.failure()
    }

    /// The word, and its class of the style.
    pub(super) fn state_word(&self) -> (&'static str, &'static str) {
        match self.outcome {
            Outcome::Complete => ("complete", "done"),
            Outcome::LeftOut => ("left out", "left-out"),
            Outcome::Failed(_) => ("failed", "failed"),
        }
    }
}

pub(super) fn coverage_blocks<'a>(view: &'a ReportView<'a>) -> Vec<CoverageBlock<'a>> {
    let block = |environment: &'a EnvironmentView<'a>| CoverageBlock {
        environment,
        is_whole: environment.targets.iter().all(|target| target.coverage.is_complete()),
        stale: environment.targets.iter().filter(|target| target.stale.is_some()).count(),
        max_age: environment.max_age(),
        targets: environment.targets.iter().map(|target| target_line(target, view)).collect(),
    };
    view.environments.iter().map(block).collect()
}

fn target_line<'a>(target: &'a TargetView<'a>, view: &ReportView<'_>) -> TargetLine<'a> {
    let coverage = target.coverage;
    let is_read = coverage.is_read_at_all();
    let age = target.age.filter(|_| is_read).map(age_words);
    TargetLine {
        view: target,
        name: target.name(),
        path: target.recorded_path().filter(|path| *path != coverage.endpoint),
        time_from: match coverage.source {
            Source::Recorded { time, .. } => Some(time.as_str()),
            Source::Live | Source::Declared => None,
        },
        taken: is_read.then(|| view.local_time(coverage.taken)),
        age,
        parts: group_parts(target),
    }
}

/// Parts that failed for one reason are told together, in the order of the first of them.
fn group_parts<'a>(target: &'a TargetView<'a>) -> Vec<PartGroup<'a>> {
    let mut groups: Vec<PartGroup<'a>> = Vec::new();
    for (part, outcome) in &target.coverage.parts {
        let hidden = match target.hidden_by(part) {
            n if n > 0 && outcome.failure().is_some() => hides_words(n),
            _ => String::new(),
        };
        match groups.iter_mut().find(|group| group.outcome == outcome) {
            Some(group) => group.parts.push((part, hidden)),
            None => groups.push(PartGroup { outcome, parts: vec![(part, hidden)] }),
        }
    }
    groups
}

/// How the run was made: names and values.
pub(super) fn run_facts(view: &ReportView<'_>) -> Vec<(&'static str, String)> {
    let audit = view.audit;
    let run = &audit.run;
    let gate = |gate: &Gate| format!("{} → {}", gate.from, gate.to);
    let gates = audit.gates.iter().map(gate).collect::<Vec<_>>().join("; ");
    let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    let mut facts = vec![
        ("End of the run", format!("{} ({})", view.local_time(run.at), run.at)),
        ("Baseline", audit.baseline.to_string()),
        ("Gates", or_none(&gates)),
        ("Blocks at", audit.fail_on.to_string()),
        ("Program", PROGRAM.to_owned()),
        ("Host", run.host.clone()),
        ("Profiles", or_none(&run.profiles)),
        ("Policy", or_none(&run.policy)),
    ];
    let took = run.duration.map(|took| format!("{} ms", took.as_millis()));
    facts.extend(took.map(|took| ("Collecting took", took)));
    facts.extend(run.commit.iter().map(|commit| ("Commit of the profiles", commit.clone())));
    facts.extend(run.notes.iter().map(|note| ("Note", note.clone())));
    if audit.new_only {
        facts.push(("Judged", "only what is new or worse since the earlier report".to_owned()));
    }
    facts
}
