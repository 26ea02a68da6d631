//! Which suites there are, and what is known of each case in them.

use std::collections::{BTreeMap, BTreeSet};

use quick_junit::TestSuite;

use super::cases::{CaseJudge, KnownCase};
use crate::model::matrix::State;
use crate::model::{GateCompared, Purpose, ReasonKind};
use crate::report::escape::xml;
use crate::report::view::ReportView;
use crate::report::view::compared::{NAMES, NOTHING, gate_sentence};
use crate::report::view::coverage::TargetView;
use crate::report::view::figures::SINCE_START;
use crate::report::view::matrix::{CellView, RowView};
use crate::report::view::verdict;

/// Findings of more than two environments, or of one that this audit left out.
const SEVERAL: &str = "several environments";
const COVERAGE: &str = "coverage";
/// The case of what belongs to no environment.
const AUDIT: &str = "the audit";

type Cases<'a> = BTreeMap<String, KnownCase<'a>>;

/// Every suite that has a case: coverage, pairs with gates first, single environments, several.
pub(super) fn all_suites(view: &ReportView<'_>) -> Vec<TestSuite> {
    let mut found = by_place(view);
    let mut first = test_suite(view, COVERAGE, coverage_cases(view));
    for (name, text) in rests_on(view) {
        first.add_property((xml(&name), xml(&text)));
    }
    let mut suites = vec![first];
    let needed = unread_environments(view);
    for pair in ordered_pairs(view, &found) {
        let mut cases =
            if pair.is_compared { compared_cases(view, &pair, &needed) } else { Cases::new() };
        add_cases(&mut cases, found.remove(&pair.environment_set()));
        suites.push(test_suite(view, &format!("{} -> {}", pair.from, pair.to), cases));
    }
    for environment in &view.environments {
        let mut cases = running_cases(view, environment.name());
        add_cases(&mut cases, found.remove(&EnvironmentSet::from([environment.name()])));
        suites.push(test_suite(view, environment.name(), cases));
    }
    let mut several = Cases::new();
    found.into_values().for_each(|rest| add_cases(&mut several, Some(rest)));
    suites.push(test_suite(view, SEVERAL, several));
    suites.retain(|suite| suite.tests > 0);
    suites
}

/// The verdict, and how much each gate compared, as properties.
fn rests_on(view: &ReportView<'_>) -> Vec<(String, String)> {
    let gates = &view.audit.compared;
    let verdict = verdict::verdict_sentence(view.audit, str::to_owned);
    let mut told = vec![("verdict".to_owned(), verdict)];
    if view.audit.purpose == Purpose::Audit && gates.is_empty() {
        told.push(("compared".to_owned(), NOTHING.to_owned()));
    }
    let of_gate =
        |one: &GateCompared| (format!("compared {}", one.gate), gate_sentence(one, NAMES));
    told.extend(gates.iter().map(of_gate));
    told
}

fn test_suite(view: &ReportView<'_>, name: &str, cases: Cases<'_>) -> TestSuite {
    let judge = CaseJudge::new(view);
    let mut suite = TestSuite::new(xml(name));
    // Both libraries read and write RFC 3339.
    suite.timestamp = view.audit.run.at.to_string().parse().ok();
    suite
        .add_test_cases(cases.into_iter().map(|(case, known)| judge.test_case(name, &case, known)));
    suite
}

/// The environments of a finding.
type EnvironmentSet<'a> = BTreeSet<&'a str>;

/// Active and waived findings of each place.
fn by_place<'a>(view: &ReportView<'a>) -> BTreeMap<EnvironmentSet<'a>, Cases<'a>> {
    let mut found = BTreeMap::<EnvironmentSet<'a>, Cases<'a>>::new();
    for finding in view.findings.iter().chain(&view.waived) {
        let place = finding.environments().into_iter().collect();
        let cases = found.entry(place).or_default();
        let known = cases.entry(finding.component().to_owned()).or_default();
        let is_waived = finding.judged.waiver().is_some();
        (if is_waived { &mut known.waived } else { &mut known.findings }).push(*finding);
    }
    found
}

/// Adds what was found to what else is known.
fn add_cases<'a>(cases: &mut Cases<'a>, found: Option<Cases<'a>>) {
    for (component, known) in found.into_iter().flatten() {
        let case = cases.entry(component).or_default();
        case.findings.extend(known.findings);
        case.waived.extend(known.waived);
    }
}

/// Two environments, in the order of a release.
struct OrderedPair<'a> {
    from: &'a str,
    to: &'a str,
    /// Whether every component is compared, and not only told where something is found.
    is_compared: bool,
}

impl<'a> OrderedPair<'a> {
    fn environment_set(&self) -> EnvironmentSet<'a> {
        EnvironmentSet::from([self.from, self.to])
    }
}

/// Gates, each environment with the baseline, then what else has a finding of two.
fn ordered_pairs<'a>(
    view: &ReportView<'a>,
    found: &BTreeMap<EnvironmentSet<'a>, Cases<'a>>,
) -> Vec<OrderedPair<'a>> {
    let audit = view.audit;
    let names: Vec<&'a str> = view.environments.iter().map(|one| one.name()).collect();
    let order = |name: &str| names.iter().position(|known| *known == name);
    let gates = audit.gates.iter().map(|gate| (gate.from.as_str(), gate.to.as_str(), true));
    let with_baseline = names.iter().map(|name| (*name, audit.baseline.as_str(), true));
    let others = found.keys().filter_map(|place| {
        let mut names: Vec<&str> = place.iter().copied().collect();
        names.sort_by_key(|name| order(name));
        let [from, to] = names.try_into().ok()?;
        Some((from, to, false))
    });
    let all = gates.chain(with_baseline).chain(others);
    let mut pairs = Vec::new();
    let mut seen = BTreeSet::new();
    for (from, to, is_compared) in all {
        let pair = OrderedPair { from, to, is_compared };
        if from != to && seen.insert(pair.environment_set()) {
            pairs.push(pair);
        }
    }
    pairs
}

/// Environments in which something was not read that the verdict needs.
fn unread_environments<'a>(view: &ReportView<'a>) -> BTreeSet<&'a str> {
    let is_unread = |target: &TargetView<'_>| target.is_needed && !target.still_counts();
    let unread = view.environments.iter().filter(|one| one.targets.iter().any(is_unread));
    unread.map(|environment| environment.name()).collect()
}

/// A case for each component that both could have.
fn compared_cases<'a>(
    view: &ReportView<'a>,
    pair: &OrderedPair<'_>,
    needed: &BTreeSet<&str>,
) -> Cases<'a> {
    let mut cases = Cases::new();
    for row in &view.rows {
        let (Some(from), Some(to)) = (row.cell(pair.from), row.cell(pair.to)) else { continue };
        let is_absent = |state| [from, to].iter().any(|view| view.cell.state == state);
        if is_absent(State::NotApplicable) {
            continue;
        }
        let mut known = KnownCase::default();
        for cell in [from, to].into_iter().filter(|cell| !cell.is_known()) {
            let environment = cell.environment();
            let is_needed = needed.contains(environment);
            let unread = if is_needed { &mut known.unread } else { &mut known.not_judged };
            let what = if cell.is_unread() { "was not read" } else { "is stale" };
            unread.push(format!(
                "{} {what} in {environment}: the suite {COVERAGE} says why",
                row.component()
            ));
        }
        let (left, right) = (from.versions(), to.versions());
        if left != right {
            known.told.push(format!("{} {left}; {} {right}", pair.from, pair.to));
        }
        cases.insert(row.component().to_owned(), known);
    }
    cases
}

/// A case for each component that runs there.
fn running_cases<'a>(view: &ReportView<'a>, environment: &str) -> Cases<'a> {
    let is_there = |row: &&RowView<'_>| row.cell(environment).is_some_and(CellView::is_present);
    let rows = view.rows.iter().filter(is_there);
    rows.map(|row| (row.component().to_owned(), KnownCase::default())).collect()
}

/// A case for each environment and each target. What the verdict says of unread things stands with
/// the one whose name it begins with.
fn coverage_cases<'a>(view: &ReportView<'a>) -> Cases<'a> {
    let mut cases = Cases::new();
    for (index, environment) in view.environments.iter().enumerate() {
        cases.entry(environment.name().to_owned()).or_default();
        for target in &environment.targets {
            let name = format!("{} {}", environment.name(), target.name());
            let figures = view.figures_of(&target.name()).map(|of| of.words_in(index));
            let told = &mut cases.entry(name).or_default().told;
            told.extend(what_was_read(target));
            let figures = figures.filter(|words| !words.is_empty());
            told.extend(figures.map(|words| format!("{SINCE_START}: {words}")));
        }
    }
    let judgement = &view.audit.judgement;
    let needed = judgement.reasons.iter().filter(|one| one.kind == ReasonKind::Incomplete);
    let needed = needed.map(|reason| (&reason.text, true));
    for (text, is_needed) in needed.chain(judgement.not_judged.iter().map(|text| (text, false))) {
        let is_of = |name: &&String| {
            text.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with([' ', ':']))
        };
        let name = cases.keys().filter(is_of).max_by_key(|name| name.len()).cloned();
        let known = cases.entry(name.unwrap_or_else(|| AUDIT.to_owned())).or_default();
        (if is_needed { &mut known.unread } else { &mut known.not_judged }).push(text.clone());
    }
    cases
}

/// Where from, what helps with what was not read, and notes.
fn what_was_read(target: &TargetView<'_>) -> Vec<String> {
    let from = target.recorded_path().unwrap_or(&target.coverage.endpoint);
    let mut told = vec![format!("{} {from}", target.source_word())];
    told.extend(target.gaps().iter().map(|gap| gap.gap_line(str::to_owned)));
    told.extend(target.stand_in());
    told.extend(target.coverage.notes.iter().map(|note| note.text.clone()));
    told
}
