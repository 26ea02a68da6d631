//! Which gates were judged, and how much each of them compared.
//!
//! A verdict is about gates: a gate that compares nothing gives no verdict, and a GO without a gate
//! would say nothing.

use std::collections::BTreeSet;

use super::subject::{Subject, by_name};
use crate::model::{Component, ComponentName, EnvironmentName, Gate, GateCompared, Snapshot};

/// The gates of an audit.
#[derive(Clone, Copy, Debug)]
pub enum GatesAsked<'a> {
    /// The verdict is about these; without any it is incomplete.
    Judged(&'a [Gate]),
    /// There are gates, and `--env` left out a side of each: the verdict is incomplete.
    LeftOut(&'a [Gate]),
    /// Nobody asked for a verdict: a diff, or `gates: []`.
    None,
}

impl<'a> GatesAsked<'a> {
    /// The gates that may block.
    pub(super) fn list(self) -> &'a [Gate] {
        match self {
            Self::Judged(gates) => gates,
            Self::LeftOut(_) | Self::None => &[],
        }
    }
}

/// Why no verdict can be had of the gates, in words, each with whether the verdict needs it.
///
/// With `is_told` the verdict is incomplete already: a side that was not seen has its reason then.
pub(super) fn gate_gaps(
    asked: GatesAsked<'_>,
    subjects: &[Subject<'_>],
    is_told: bool,
) -> Vec<(bool, String)> {
    let gates = match asked {
        GatesAsked::Judged(gates) => gates,
        GatesAsked::LeftOut(gates) => return vec![(true, left_out(gates))],
        GatesAsked::None => return Vec::new(),
    };
    if gates.is_empty() {
        return vec![(true, without_gate(subjects))];
    }
    let mut found: Vec<(bool, String)> =
        gates.iter().filter_map(|gate| nothing_compared(gate, subjects, is_told)).collect();
    // If it is all of them, no required: false turns that into a GO.
    if found.len() == gates.len() && found.iter().all(|(required, _)| !required) {
        found.iter_mut().for_each(|(required, _)| *required = true);
    }
    found
}

/// Of gates of which `--env` left a side out.
fn left_out(gates: &[Gate]) -> String {
    let names: Vec<String> = gates.iter().map(ToString::to_string).collect();
    let which = if let [one] = names.as_slice() {
        format!("a side of the gate {one}")
    } else {
        format!("a side of each gate ({})", names.join(", "))
    };
    format!("no gate was judged: --env leaves out {which}; name both sides, or leave out --env")
}

/// Of profiles that make no gate.
fn without_gate(subjects: &[Subject<'_>]) -> String {
    let help = match subjects {
        [one] => format!(
            "{} is the only environment; add the one that releases come from, or write gates: [] \
             in the file of kind Audit to report only",
            one.snapshot.environment
        ),
        _ => "name two environments (envparity audit FROM TO), or write gates: [[FROM, TO]] in \
              the file of kind Audit; gates: [] only reports"
            .to_owned(),
    };
    format!("no gate was judged: {help}")
}

/// A gate whose two sides have nothing in common has compared nothing. Where one side alone is
/// not required, and nothing was seen of it, that is what the profile allows.
fn nothing_compared(
    gate: &Gate,
    subjects: &[Subject<'_>],
    is_told: bool,
) -> Option<(bool, String)> {
    let (from, to) = (by_name(subjects, &gate.from)?, by_name(subjects, &gate.to)?);
    let (here, there) = (running_components(from.snapshot), running_components(to.snapshot));
    let is_seen = !here.is_empty() && !there.is_empty();
    if !here.is_disjoint(&there) || (is_told && !is_seen) {
        return None;
    }
    let is_unseen = here.is_empty() && there.is_empty();
    let required = (from.required && to.required) || is_unseen;
    let text =
        format!("the gate {gate} compares nothing: no component was seen on both of its sides");
    Some((required, text))
}

/// How many components of the side that is released to have a counterpart on the other.
pub fn count_counterparts(gates: &[Gate], snapshots: &[Snapshot]) -> Vec<GateCompared> {
    let mut found = Vec::new();
    for gate in gates {
        let of = |name: &EnvironmentName| {
            snapshots.iter().find(|snapshot| snapshot.environment == *name)
        };
        let (Some(from), Some(to)) = (of(&gate.from), of(&gate.to)) else { continue };
        let seen = running_components(from);
        let expected: Vec<&ComponentName> = to
            .components
            .iter()
            .filter(|(name, component)| {
                is_running(component) && from.expects_component(name, component)
            })
            .map(|(name, _)| name)
            .collect();
        let without: Vec<ComponentName> =
            expected.iter().filter(|name| !seen.contains(*name)).map(|n| (*n).clone()).collect();
        found.push(GateCompared {
            gate: gate.clone(),
            with_counterpart: expected.len() - without.len(),
            of: expected.len(),
            without,
        });
    }
    found
}

fn is_running(component: &Component) -> bool {
    !component.instances.is_empty()
}

fn running_components(snapshot: &Snapshot) -> BTreeSet<&ComponentName> {
    let components = snapshot.components.iter().filter(|(_, component)| is_running(component));
    components.map(|(name, _)| name).collect()
}
