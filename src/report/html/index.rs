//! What every part of the page looks up: environments, places, owners, and where a component's
//! findings stand.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::Severity;
use crate::report::Audit;
use crate::wire::report::{DriftReport, Finding, Row};

/// The environments that a finding is about, by their numbers in promotion order.
pub(super) type Place = Vec<usize>;

/// The report, and what is looked up in it.
pub(super) struct Index<'a> {
    /// The audit, for what the public report leaves out.
    pub(super) report: &'a Audit,
    /// The public report.
    pub(super) dto: &'a DriftReport,
    /// Names of environments in promotion order.
    pub(super) environments: Vec<&'a str>,
    /// Places of active findings and all gates: gates first.
    pub(super) places: Vec<Place>,
    /// Owners of findings, by name.
    pub(super) owners: Vec<&'a str>,
    /// Active findings by component, worst first.
    pub(super) findings: BTreeMap<&'a str, Vec<&'a Finding>>,
    /// Rows of the matrix by component.
    pub(super) rows: BTreeMap<&'a str, &'a Row>,
}

/// What a reader can filter by.
#[derive(Serialize)]
pub(super) struct Filters<'a> {
    severities: Vec<&'static str>,
    environments: Vec<&'a str>,
    places: Vec<String>,
    owners: &'a [&'a str],
    has_since: bool,
    trends: Vec<&'static str>,
}

impl<'a> Index<'a> {
    pub(super) fn new(report: &'a Audit, dto: &'a DriftReport) -> Self {
        let environments: Vec<&str> =
            dto.environments.iter().map(|environment| environment.name.as_str()).collect();
        let mut findings = BTreeMap::<&str, Vec<&Finding>>::new();
        for finding in &dto.findings {
            findings.entry(&finding.component).or_default().push(finding);
        }
        let mut index = Self {
            report,
            dto,
            environments,
            places: Vec::new(),
            owners: Vec::new(),
            findings,
            rows: dto.matrix.iter().map(|row| (row.component.as_str(), row)).collect(),
        };
        index.places = index.sorted_places();
        let owned = dto.findings.iter().chain(&dto.waived);
        index.owners =
            owned.filter_map(|f| f.owner.as_deref()).collect::<BTreeSet<_>>().into_iter().collect();
        let mut found = std::mem::take(&mut index.findings);
        for of_component in found.values_mut() {
            of_component.sort_by_cached_key(|f| {
                (std::cmp::Reverse(weight(f)), f.rule.as_str(), index.place(f))
            });
        }
        index.findings = found;
        index
    }

    /// Gates, pairs with the baseline, other pairs, single environments, larger groups; each in
    /// promotion order.
    fn sorted_places(&self) -> Vec<Place> {
        let gates = self.dto.gates.iter().map(|gate| self.numbers(gate));
        let found = self.dto.findings.iter().map(|finding| self.place(finding));
        let mut places: Vec<Place> =
            gates.chain(found).collect::<BTreeSet<_>>().into_iter().collect();
        let baseline = self.environments.iter().position(|name| *name == self.dto.baseline);
        places.sort_by_cached_key(|place| {
            let size = match place.len() {
                2 => 0,
                1 => 1,
                n => n,
            };
            (
                !self.is_gate(place),
                size,
                !baseline.is_some_and(|b| place.contains(&b)),
                place.clone(),
            )
        });
        places
    }

    /// Ids of the findings that block.
    pub(super) fn blocking(&self) -> BTreeSet<&'a str> {
        let reasons = self.dto.verdict.reasons.iter().filter(|reason| reason.kind == "blocks");
        reasons.filter_map(|reason| reason.finding.as_deref()).collect()
    }

    fn numbers(&self, names: &[String]) -> Place {
        let mut numbers: Place = names
            .iter()
            .filter_map(|name| self.environments.iter().position(|e| e == name))
            .collect();
        numbers.sort_unstable();
        numbers
    }

    /// Where a finding is.
    pub(super) fn place(&self, finding: &Finding) -> Place {
        self.numbers(&finding.environments)
    }

    /// The number of a place among all.
    pub(super) fn place_number(&self, place: &Place) -> Option<usize> {
        self.places.iter().position(|other| other == place)
    }

    /// Whether a place is the two sides of a gate.
    pub(super) fn is_gate(&self, place: &Place) -> bool {
        self.dto.gates.iter().any(|gate| self.numbers(gate) == *place)
    }

    /// `qualif → ovh-production` for a gate, `dev, qualif` for others; names that the report does
    /// not describe stay.
    pub(super) fn place_name(&self, place: &Place) -> String {
        let gate = self.dto.gates.iter().find(|gate| self.numbers(*gate) == *place);
        match gate {
            Some([from, to]) => format!("{from} → {to}"),
            None => place
                .iter()
                .filter_map(|n| self.environments.get(*n))
                .copied()
                .collect::<Vec<_>>()
                .join(", "),
        }
    }

    /// The number of an owner among all.
    pub(super) fn owner_number(&self, owner: Option<&str>) -> Option<usize> {
        self.owners.iter().position(|other| Some(*other) == owner)
    }

    pub(super) fn filters(&self) -> Filters<'_> {
        Filters {
            severities: SEVERITIES.iter().map(|severity| severity.as_str()).collect(),
            environments: self.environments.clone(),
            places: self.places.iter().map(|place| self.place_name(place)).collect(),
            owners: &self.owners,
            has_since: self.dto.since.is_some(),
            trends: crate::model::FindingTrend::ALL.iter().map(|trend| trend.as_str()).collect(),
        }
    }
}

/// Severities that are shown, worst first.
pub(super) const SEVERITIES: [Severity; 5] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

/// 5 for critical, 1 for info, 0 for what is no severity.
pub(super) fn severity_rank(word: &str) -> u8 {
    SEVERITIES
        .iter()
        .rev()
        .zip(1..)
        .find(|(severity, _)| severity.as_str() == word)
        .map_or(0, |(_, rank)| rank)
}

/// Severity first, then whether it is in a gate.
pub(super) fn weight(finding: &Finding) -> (u8, bool) {
    (severity_rank(&finding.severity), finding.in_gate)
}

/// Numbers, for an attribute that the script reads: `0 2`.
pub(super) fn joined<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(" ")
}
