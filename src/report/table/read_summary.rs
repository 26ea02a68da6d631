//! What there is to say of what an environment's targets gave, however much of it is shown: worked
//! out once for every way to fold it.

use crate::model::{Coverage, Source, TimeSource};
use crate::policy::without_version;
use crate::report::view::coverage::{EnvironmentView, Gap, TargetView, age_words};
use crate::report::{Audit, RenderOptions};

/// Of one environment.
pub(super) struct ReadSummary<'a> {
    /// What was not read, the needed first; together what is for one reason.
    pub(super) gaps: Vec<Vec<Gap<'a>>>,
    /// Where no version can be read that a gate would compare, and whether the verdict needs it.
    pub(super) without_version: Vec<(bool, String)>,
    /// What profiles leave out, and what is odd.
    pub(super) notes: Vec<String>,
    /// What was read from files.
    pub(super) files: Vec<String>,
}

impl<'a> ReadSummary<'a> {
    pub(super) fn new(
        environment: &EnvironmentView<'a>,
        audit: &Audit,
        view: &RenderOptions,
    ) -> Self {
        let audited = environment.audited;
        let name = &audited.snapshot.environment;
        let in_gate = audit.gates.iter().any(|gate| [&gate.from, &gate.to].contains(&name));
        let silent = if in_gate { without_version(&audited.snapshot) } else { Vec::new() };
        let silent = silent.into_iter().map(|(needed, text)| (audited.required && needed, text));
        let mut told: Vec<String> = audited.snapshot.coverage.iter().filter_map(left_out).collect();
        told.extend(odd_notes(&audited.snapshot.coverage, view));
        Self {
            gaps: gap_groups(environment),
            without_version: silent.collect(),
            notes: told,
            files: file_lines(environment, view),
        }
    }
}

/// Gaps of one reason together.
fn gap_groups<'a>(environment: &EnvironmentView<'a>) -> Vec<Vec<Gap<'a>>> {
    let mut groups: Vec<Vec<Gap<'_>>> = Vec::new();
    for gap in environment.gaps() {
        let is_alike = |group: &[Gap<'_>]| group.first().is_some_and(|other| other.is_alike(&gap));
        match groups.iter_mut().find(|group| is_alike(group)) {
            Some(group) => group.push(gap),
            None => groups.push(vec![gap]),
        }
    }
    groups
}

fn left_out(target: &Coverage) -> Option<String> {
    Some(format!("{}: {}", target.target, target.left_out()?))
}

/// What is odd, though it decides nothing; the rest of what there is to say by `-v`.
fn odd_notes(coverage: &[Coverage], view: &RenderOptions) -> Vec<String> {
    let mut told = Vec::new();
    for target in coverage {
        let shown = target.notes.iter().filter(|note| note.is_odd || view.unfold);
        told.extend(shown.map(|note| format!("{}: {}", target.target, note.text)));
    }
    told
}

/// What was read from files: one line for each, or folded one for all that say no more than that.
fn file_lines(environment: &EnvironmentView<'_>, view: &RenderOptions) -> Vec<String> {
    let limit = environment.max_age().map(|limit| format!(" (limit {limit})")).unwrap_or_default();
    let mut plain = Vec::new();
    let mut lines = Vec::new();
    // A file that could not be read has said so already, and has no age.
    for target in environment.targets.iter().filter(|target| target.coverage.is_complete()) {
        let Some((line, says_more)) = file_line(target, &limit) else { continue };
        if view.unfold || says_more { lines.push(line) } else { plain.push((target.age, line)) }
    }
    let oldest = plain.iter().filter_map(|(age, _)| *age).max().unwrap_or_default();
    match plain.len() {
        0 => {}
        1 => lines.extend(plain.into_iter().map(|(_, line)| line)),
        n => lines.push(format!(
            "{n} targets read from files, at most {} old{limit} (-v)",
            age_words(oldest)
        )),
    }
    lines
}

/// How old a file is, and whether there is more to say of it than that.
fn file_line(target: &TargetView<'_>, limit: &str) -> Option<(String, bool)> {
    let Source::Recorded { time, instead_of, path } = &target.coverage.source else { return None };
    let is_weak = matches!(time, TimeSource::FileModified | TimeSource::Printed);
    let by = if is_weak { format!(" by {}", time.as_str()) } else { String::new() };
    let why = instead_of.as_ref().map(|failure| format!(" ({failure})")).unwrap_or_default();
    let age = age_words(target.age.unwrap_or_default());
    let line = format!("{}: read from {path}, {age} old{by}{limit}{why}", target.name());
    // What kubectl printed tells its own time; a file's can be that of a copy.
    let may_mislead = matches!(time, TimeSource::FileModified);
    Some((line, instead_of.is_some() || may_mislead))
}
