//! Which suites there are, and what is known of each case in them.

use std::collections::{BTreeMap, BTreeSet};

use quick_junit::TestSuite;

use super::cases::{Judge, Known};
use crate::model::{Purpose, count, with_product};
use crate::report::compared::{NOTHING, sentence};
use crate::report::escape::xml;
use crate::wire::report::{Cell, DriftReport, GateCompared, Row, Target};

/// Findings of more than two environments, or of one that this audit left out.
const SEVERAL: &str = "several environments";
const COVERAGE: &str = "coverage";
/// The case of what belongs to no environment.
const AUDIT: &str = "the audit";

type Cases<'a> = BTreeMap<String, Known<'a>>;

/// Every suite that has a case: coverage, pairs with gates first, single environments, several.
pub(super) fn all(report: &DriftReport) -> Vec<TestSuite> {
    let judge = Judge::new(report);
    let mut found = by_place(report);
    let mut first = suite(report, &judge, COVERAGE, coverage(report));
    for (name, text) in rests_on(report) {
        first.add_property((xml(&name), xml(&text)));
    }
    let mut suites = vec![first];
    let needed = needed(report);
    for pair in pairs(report, &found) {
        let mut cases =
            if pair.is_compared { compared(report, &pair, &needed) } else { Cases::new() };
        add(&mut cases, found.remove(&pair.place()));
        suites.push(suite(report, &judge, &format!("{} -> {}", pair.from, pair.to), cases));
    }
    for environment in &report.environments {
        let mut cases = running(report, &environment.name);
        add(&mut cases, found.remove(&Place::from([environment.name.as_str()])));
        suites.push(suite(report, &judge, &environment.name, cases));
    }
    let mut several = Cases::new();
    found.into_values().for_each(|rest| add(&mut several, Some(rest)));
    suites.push(suite(report, &judge, SEVERAL, several));
    suites.retain(|suite| suite.tests > 0);
    suites
}

/// Names of components without a counterpart, for each gate.
const NAMES: usize = 8;

/// How much each gate compared, as properties.
fn rests_on(report: &DriftReport) -> Vec<(String, String)> {
    let gates = &report.verdict.compared;
    if report.purpose != Purpose::Audit.as_str() {
        return Vec::new();
    }
    if gates.is_empty() {
        return vec![("compared".to_owned(), NOTHING.to_owned())];
    }
    let of_gate = |one: &GateCompared| {
        let [from, to] = &one.gate;
        (format!("compared {from} -> {to}"), sentence(one, NAMES))
    };
    gates.iter().map(of_gate).collect()
}

fn suite(report: &DriftReport, judge: &Judge<'_>, name: &str, cases: Cases<'_>) -> TestSuite {
    let mut suite = TestSuite::new(xml(name));
    // Both libraries read and write RFC 3339.
    suite.timestamp = report.run.at.to_string().parse().ok();
    suite.add_test_cases(cases.into_iter().map(|(case, known)| judge.case(name, &case, known)));
    suite
}

/// The environments of a finding.
type Place<'a> = BTreeSet<&'a str>;

/// Active and waived findings of each place.
fn by_place(report: &DriftReport) -> BTreeMap<Place<'_>, Cases<'_>> {
    let mut found = BTreeMap::<Place<'_>, Cases<'_>>::new();
    let active = report.findings.iter().map(|finding| (finding, false));
    for (finding, is_waived) in active.chain(report.waived.iter().map(|finding| (finding, true))) {
        let place = finding.environments.iter().map(String::as_str).collect();
        let known = found.entry(place).or_default().entry(finding.component.clone()).or_default();
        (if is_waived { &mut known.waived } else { &mut known.findings }).push(finding);
    }
    found
}

/// Adds what was found to what else is known.
fn add<'a>(cases: &mut Cases<'a>, found: Option<Cases<'a>>) {
    for (component, known) in found.into_iter().flatten() {
        let case = cases.entry(component).or_default();
        case.findings.extend(known.findings);
        case.waived.extend(known.waived);
    }
}

/// Two environments, in the order of a release.
struct Pair<'a> {
    from: &'a str,
    to: &'a str,
    /// Whether every component is compared, and not only told where something is found.
    is_compared: bool,
}

impl<'a> Pair<'a> {
    fn place(&self) -> Place<'a> {
        Place::from([self.from, self.to])
    }
}

/// Gates, each environment with the baseline, then what else has a finding of two.
fn pairs<'a>(report: &'a DriftReport, found: &BTreeMap<Place<'a>, Cases<'a>>) -> Vec<Pair<'a>> {
    let names: Vec<&str> =
        report.environments.iter().map(|environment| environment.name.as_str()).collect();
    let order = |name: &str| names.iter().position(|known| *known == name);
    let gates = report.gates.iter().map(|[from, to]| (from.as_str(), to.as_str(), true));
    let with_baseline = names.iter().map(|name| (*name, report.baseline.as_str(), true));
    let others = found.keys().filter_map(|place| {
        let mut names: Vec<&str> = place.iter().copied().collect();
        names.sort_by_key(|name| order(name));
        let [from, to] = names.try_into().ok()?;
        Some((from, to, false))
    });
    let mut seen = BTreeSet::new();
    let all = gates.chain(with_baseline).chain(others).map(|(from, to, is_compared)| Pair {
        from,
        to,
        is_compared,
    });
    all.filter(|pair| pair.from != pair.to && seen.insert(pair.place())).collect()
}

/// Environments in which something was not read that the verdict needs.
fn needed(report: &DriftReport) -> BTreeSet<&str> {
    let is_unread = |target: &Target| {
        target.required
            && (target.stale.is_some() || target.parts.iter().any(|part| part.failure.is_some()))
    };
    let environments =
        report.environments.iter().filter(|e| e.required && e.targets.iter().any(is_unread));
    environments.map(|environment| environment.name.as_str()).collect()
}

/// A case for each component that both could have.
fn compared<'a>(report: &'a DriftReport, pair: &Pair<'_>, needed: &BTreeSet<&str>) -> Cases<'a> {
    let both = report
        .matrix
        .iter()
        .filter_map(|row| Some((row, [cell(row, pair.from)?, cell(row, pair.to)?])));
    let both = both.filter(|(_, cells)| cells.iter().all(|cell| cell.state != "not-applicable"));
    let cases = both.map(|(row, cells)| {
        let mut known = Known::default();
        for cell in cells.iter().filter(|cell| cell.state == "unobserved" || cell.stale) {
            let environment = cell.environment.as_str();
            let is_needed = needed.contains(environment);
            let unread = if is_needed { &mut known.unread } else { &mut known.not_judged };
            let what = if cell.stale { "is too old" } else { "was not read" };
            unread.push(format!(
                "{} {what} in {environment}: the suite {COVERAGE} says why",
                row.component
            ));
        }
        let [from, to] = cells.map(what_runs);
        if from != to {
            known.told.push(format!("{} {from}; {} {to}", pair.from, pair.to));
        }
        (row.component.clone(), known)
    });
    cases.collect()
}

fn cell<'a>(row: &'a Row, environment: &str) -> Option<&'a Cell> {
    row.cells.iter().find(|cell| cell.environment == environment)
}

/// Products and versions, or the word for why there are none.
fn what_runs(cell: &Cell) -> String {
    let readings = cell
        .readings
        .iter()
        .map(|reading| with_product(reading.product.as_deref(), &reading.version));
    let readings = readings.collect::<Vec<_>>().join(", ");
    if readings.is_empty() { cell.state.clone() } else { readings }
}

/// A case for each component that runs there.
fn running<'a>(report: &'a DriftReport, environment: &str) -> Cases<'a> {
    let rows = report
        .matrix
        .iter()
        .filter(|row| cell(row, environment).is_some_and(|cell| cell.state == "present"));
    rows.map(|row| (row.component.clone(), Known::default())).collect()
}

/// A case for each environment and each target. What the verdict says of unread things stands with
/// the one whose name it begins with.
fn coverage(report: &DriftReport) -> Cases<'_> {
    let mut cases = Cases::new();
    for environment in &report.environments {
        cases.entry(environment.name.clone()).or_default();
        for target in &environment.targets {
            cases
                .entry(format!("{} {}", environment.name, target.target))
                .or_default()
                .told
                .extend(what_was_read(target));
        }
    }
    let needed = report
        .verdict
        .reasons
        .iter()
        .filter(|reason| reason.kind == "incomplete")
        .map(|r| (&r.text, true));
    for (text, is_needed) in
        needed.chain(report.verdict.not_judged.iter().map(|text| (text, false)))
    {
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
fn what_was_read(target: &Target) -> Vec<String> {
    let mut told =
        vec![format!("{} {}", target.source, target.path.as_ref().unwrap_or(&target.endpoint))];
    let parts = target.parts.iter().filter_map(|part| Some((part, part.failure.as_ref()?)));
    told.extend(parts.map(|(part, failure)| {
        let hides =
            part.hides.map(|n| format!(" [hides {}]", count(n, "component"))).unwrap_or_default();
        format!("part {}: {}{hides} -> {}", part.part, failure.message, failure.advice)
    }));
    told.extend(
        target
            .instead_of
            .iter()
            .map(|failure| format!("instead of the live target: {}", failure.message)),
    );
    told.extend(
        target.stale.iter().map(|failure| format!("{} -> {}", failure.message, failure.advice)),
    );
    told.extend(target.notes.iter().cloned());
    told
}
