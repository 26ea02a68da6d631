//! What every part of the page looks up: environments, places and owners, by their numbers.

use std::collections::BTreeSet;

use crate::model::{EnvironmentName, FindingTrend, Gate, Severity};
use crate::report::view::ReportView;
use crate::report::view::finding::FindingView;

/// The environments that a finding is about, by their numbers in promotion order.
pub(super) type PlaceNumbers = Vec<usize>;

/// The report, and what is looked up in it.
pub(super) struct PageIndex<'a> {
    pub(super) view: &'a ReportView<'a>,
    /// Names of environments in promotion order.
    pub(super) environments: Vec<&'a str>,
    /// Places of active findings and all gates: gates first.
    pub(super) places: Vec<PlaceNumbers>,
    /// Owners of findings, by name.
    pub(super) owners: Vec<&'a str>,
}

/// What a reader can filter by.
pub(super) struct Filters<'a> {
    pub(super) severities: [Severity; 5],
    pub(super) environments: Vec<&'a str>,
    pub(super) places: Vec<String>,
    pub(super) owners: Vec<&'a str>,
    pub(super) has_since: bool,
    pub(super) trends: [FindingTrend; 4],
}

impl<'a> PageIndex<'a> {
    pub(super) fn new(view: &'a ReportView<'a>) -> Self {
        let owned = view.findings.iter().chain(&view.waived);
        let owners: BTreeSet<&str> = owned.filter_map(FindingView::owner).collect();
        let mut index = Self {
            view,
            environments: view.environments.iter().map(|one| one.name()).collect(),
            places: Vec::new(),
            owners: owners.into_iter().collect(),
        };
        index.places = index.sorted_places();
        index
    }

    /// Gates, pairs with the baseline, other pairs, single environments, larger groups; each in
    /// promotion order.
    fn sorted_places(&self) -> Vec<PlaceNumbers> {
        let gates = self.view.audit.gates.iter().map(|gate| self.of_gate(gate));
        let found = self.view.findings.iter().map(|finding| self.place_of(finding));
        let places: BTreeSet<PlaceNumbers> = gates.chain(found).collect();
        let mut places: Vec<PlaceNumbers> = places.into_iter().collect();
        let baseline = self.view.environments.iter().position(|one| one.is_baseline);
        places.sort_by_cached_key(|place| {
            let size = match place.len() {
                2 => 0,
                1 => 1,
                n => n,
            };
            let has_baseline = baseline.is_some_and(|number| place.contains(&number));
            (!self.is_gate(place), size, !has_baseline, place.clone())
        });
        places
    }

    fn numbers_of<'b>(&self, names: impl IntoIterator<Item = &'b EnvironmentName>) -> PlaceNumbers {
        let number =
            |name: &EnvironmentName| self.environments.iter().position(|e| *e == name.as_str());
        let mut numbers: PlaceNumbers = names.into_iter().filter_map(number).collect();
        numbers.sort_unstable();
        numbers
    }

    fn of_gate(&self, gate: &Gate) -> PlaceNumbers {
        self.numbers_of([&gate.from, &gate.to])
    }

    /// Where a finding is.
    pub(super) fn place_of(&self, finding: &FindingView<'_>) -> PlaceNumbers {
        self.numbers_of(&finding.finding().environments)
    }

    /// The number of a place among all.
    pub(super) fn place_number(&self, place: &PlaceNumbers) -> Option<usize> {
        self.places.iter().position(|other| other == place)
    }

    /// Whether a place is the two sides of a gate.
    pub(super) fn is_gate(&self, place: &PlaceNumbers) -> bool {
        self.view.audit.gates.iter().any(|gate| self.of_gate(gate) == *place)
    }

    /// `qualif → ovh-production` for a gate, `dev, qualif` for others; names that the report does
    /// not describe are left out.
    pub(super) fn place_name(&self, place: &PlaceNumbers) -> String {
        if let Some(gate) = self.view.audit.gates.iter().find(|gate| self.of_gate(gate) == *place) {
            return format!("{} → {}", gate.from, gate.to);
        }
        let names: Vec<&str> =
            place.iter().filter_map(|number| self.environments.get(*number)).copied().collect();
        names.join(", ")
    }

    /// The number of an owner among all.
    pub(super) fn owner_number(&self, owner: Option<&str>) -> Option<usize> {
        self.owners.iter().position(|other| Some(*other) == owner)
    }

    pub(super) fn page_filters(&self) -> Filters<'a> {
        Filters {
            severities: SEVERITIES,
            environments: self.environments.clone(),
            places: self.places.iter().map(|place| self.place_name(place)).collect(),
            owners: self.owners.clone(),
            has_since: self.view.audit.since.is_some(),
            trends: FindingTrend::ALL,
        }
    }
}

/// Severities that are shown, worst first.
pub(super) const SEVERITIES: [Severity; 5] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

/// Numbers or words, for an attribute that the script reads: `0 2`.
pub(super) fn join_words<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(" ")
}
