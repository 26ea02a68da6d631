//! What of the profiles an audit is about: environments, baseline and gates.

use super::options::AuditOptions;
use crate::model::{EnvironmentName, Gate, NO_GATE_WANTED, meant_and_known};
use crate::profile::{Environment, Profiles};

/// The options or the evidence name an environment that no profile describes, or one of them twice.
#[derive(Debug, thiserror::Error)]
pub enum ScopeError {
    /// There is no such environment.
    #[error("unknown environment {name:?}; {known}")]
    UnknownEnvironment {
        /// As given.
        name: String,
        /// What is probably meant, and those that there are.
        known: String,
    },
    /// A gate needs two environments.
    #[error("a gate needs two environments, not {0:?} twice")]
    OneSide(String),
    /// Which of the two counts nobody can tell.
    #[error("there are two pieces of evidence of {0:?}")]
    TwoOf(String),
}

impl ScopeError {
    pub(super) fn unknown(name: &EnvironmentName, profiles: &Profiles) -> Self {
        let names = profiles.environments.iter().map(|e| e.name.as_str());
        let known = meant_and_known(name.as_str(), &names.collect::<Vec<_>>());
        Self::UnknownEnvironment { name: name.to_string(), known }
    }
}

/// The gates that an audit with these options judges.
///
/// # Errors
/// The options name an environment that no profile describes, or a gate of one side.
pub fn gates(profiles: &Profiles, options: &AuditOptions) -> Result<Vec<Gate>, ScopeError> {
    Ok(ProfileScope::new(profiles, options)?.gates)
}

/// What of the profiles takes part.
pub(super) struct ProfileScope<'a> {
    pub(super) baseline: EnvironmentName,
    /// Each with whether the verdict needs it.
    pub(super) environments: Vec<(&'a Environment, bool)>,
    pub(super) gates: Vec<Gate>,
    /// Whether the profiles say that there is none: `gates: []`.
    pub(super) wants_no_gate: bool,
    /// Those of the profiles of which a side is left out.
    pub(super) closed_gates: Vec<Gate>,
    pub(super) left_out: Vec<EnvironmentName>,
    /// In words.
    pub(super) not_judged: Vec<String>,
}

impl<'a> ProfileScope<'a> {
    pub(super) fn new(profiles: &'a Profiles, options: &AuditOptions) -> Result<Self, ScopeError> {
        let gate = options.gate.iter().flat_map(|gate| [&gate.from, &gate.to]);
        for name in options.only.iter().chain(&options.baseline).chain(gate) {
            if !profiles.environments.iter().any(|e| e.name == *name) {
                return Err(ScopeError::unknown(name, profiles));
            }
        }
        match &options.gate {
            Some(gate) if gate.from == gate.to => Err(ScopeError::OneSide(gate.to.to_string())),
            Some(gate) => Ok(Self::of_gate(profiles, gate)),
            None => Ok(Self::of_environments(profiles, options)),
        }
    }

    /// One pair alone: the later side is the baseline of every rule.
    fn of_gate(profiles: &'a Profiles, gate: &Gate) -> Self {
        let gates = vec![gate.clone()];
        let is_in = |name: &EnvironmentName| [&gate.from, &gate.to].contains(&name);
        let (inside, outside): (Vec<_>, Vec<_>) =
            profiles.environments.iter().partition(|e| is_in(&e.name));
        let required = |e: &&'a Environment| e.is_required(&gate.to, &gates);
        Self {
            baseline: gate.to.clone(),
            environments: inside.into_iter().map(|e| (e, required(&e))).collect(),
            not_judged: unseen(&outside, "left out by FROM TO"),
            left_out: outside.iter().map(|e| e.name.clone()).collect(),
            wants_no_gate: false,
            closed_gates: Vec::new(),
            gates,
        }
    }

    fn of_environments(profiles: &'a Profiles, options: &AuditOptions) -> Self {
        let baseline = options.baseline.clone().unwrap_or_else(|| profiles.baseline.clone());
        let all_gates = profiles.gates(&baseline);
        let is_in = |name: &EnvironmentName| {
            options.only.is_empty() || options.only.contains(name) || *name == baseline
        };
        let (inside, outside): (Vec<_>, Vec<_>) =
            profiles.environments.iter().partition(|e| is_in(&e.name));
        // An environment stays required when the other side of its gate is left out.
        let required = |e: &&'a Environment| e.is_required(&baseline, &all_gates);
        let environments = inside.into_iter().map(|e| (e, required(&e))).collect();
        let (gates, closed): (Vec<Gate>, Vec<Gate>) =
            all_gates.iter().cloned().partition(|gate| is_in(&gate.from) && is_in(&gate.to));
        let mut not_judged: Vec<String> = closed
            .iter()
            .map(|gate| format!("the gate from {} to {}, left out by --env", gate.from, gate.to))
            .collect();
        not_judged.extend(unseen(&outside, "left out by --env"));
        let wants_no_gate = profiles.own_gates.as_ref().is_some_and(Vec::is_empty);
        if wants_no_gate {
            not_judged.push(NO_GATE_WANTED.to_owned());
        }
        let left_out = outside.iter().map(|e| e.name.clone()).collect();
        Self {
            baseline,
            environments,
            gates,
            wants_no_gate,
            closed_gates: closed,
            left_out,
            not_judged,
        }
    }

    /// The two sides of each gate, in its direction, and every environment against the baseline.
    /// What both would find is told as the gate sees it.
    pub(super) fn pairs(&self) -> Vec<(EnvironmentName, EnvironmentName)> {
        let mut pairs: Vec<_> =
            self.gates.iter().map(|gate| (gate.to.clone(), gate.from.clone())).collect();
        for (environment, _) in &self.environments {
            let pair = (self.baseline.clone(), environment.name.clone());
            if environment.name != self.baseline && !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        pairs
    }
}

fn unseen(outside: &[&Environment], why: &str) -> Vec<String> {
    let told = |e: &&Environment| format!("what {} shares with others, {why}", e.name);
    outside.iter().map(told).collect()
}
