//! Samples the servers of the profiles again and again, while this process is the leader, and keeps
//! what they say. What cannot be kept now is held for a while.

use std::collections::BTreeSet;
use std::mem::take;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::state::ServeState;
use super::status::SampledServer;
use crate::model::{Evidence, Sample, TargetEvidence, failures_of};
use crate::pipeline::{Sampled, keep_samples};

/// Answers that are held while the history cannot be written.
const MOST_HELD: usize = 10_000;

/// For as long as anybody will run this.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Samples until it is dropped.
pub(super) async fn sample_servers(state: Arc<ServeState>) {
    loop {
        while !state.is_leader() {
            sleep(state.setup.tick).await;
        }
        let mut sampling = Sampling::new(Arc::clone(&state));
        let sampler = state.setup.sampler();
        if sampler.targets().next().is_none() {
            return;
        }
        let (mut told, _asking) = sampler.ask_often(state.setup.every, FOREVER);
        while state.is_leader() {
            let first = tokio::select! {
                first = told.recv() => first,
                () = sleep(state.setup.tick) => continue,
            };
            let Some(first) = first else { break };
            let mut batch = vec![first];
            while let Ok(more) = told.try_recv() {
                batch.push(more);
            }
            batch.iter().for_each(|sampled| sampling.note(sampled));
            sampling.keep(batch);
        }
    }
}

struct Sampling {
    state: Arc<ServeState>,
    held: Vec<Evidence>,
    /// Servers whose cost was told.
    told_cost: BTreeSet<String>,
}

impl Sampling {
    fn new(state: Arc<ServeState>) -> Self {
        Self { state, held: Vec::new(), told_cost: BTreeSet::new() }
    }

    fn keep(&mut self, batch: Vec<Sampled>) {
        let setup = &self.state.setup;
        let answered = batch.into_iter().filter(|sampled| sampled.count_samples() > 0);
        self.held.extend(answered.map(|sampled| sampled.into_evidence(&setup.clock)));
        let over = self.held.len().saturating_sub(MOST_HELD);
        self.held.drain(..over);
        if self.held.is_empty() {
            return;
        }
        let now = (setup.clock)();
        let kept = tokio::task::block_in_place(|| {
            let mut store = setup.history.to_write()?;
            keep_samples(&mut store, &self.held, now, setup.length)
        });
        match kept {
            Ok(()) => {
                drop(take(&mut self.held));
                self.state.note_history(None);
            }
            Err(error) => self.state.note_history(Some(setup.history.said(&error))),
        }
    }

    /// What pages show of the servers of a target, and what asking costs them.
    fn note(&mut self, sampled: &Sampled) {
        let failure = failure_of(sampled);
        let servers: Vec<&Sample> =
            sampled.answers.iter().flat_map(|answer| &answer.samples).collect();
        for sample in &servers {
            self.tell_cost(sampled, sample);
        }
        let watched = &self.state.setup.profiles.watch;
        let is_watched = watched.contains(&sampled.environment);
        self.state.change(|status| {
            let is_own = |one: &SampledServer| {
                one.environment == sampled.environment && one.target == sampled.target
            };
            let mut own: Vec<SampledServer> = Vec::new();
            let (of_target, others) = take(&mut status.samples).into_iter().partition(is_own);
            let of_target: Vec<SampledServer> = of_target;
            status.samples = others;
            for sample in &servers {
                let known = of_target.iter().find(|one| one.place == sample.place);
                own.push(SampledServer {
                    environment: sampled.environment.clone(),
                    target: sampled.target.clone(),
                    place: sample.place.clone(),
                    last: Some(sample.taken),
                    failure: failure.clone(),
                    is_watched,
                    bucket: known.and_then(|known| known.bucket),
                });
            }
            if own.is_empty() {
                let failing = |one| SampledServer { failure: failure.clone(), ..one };
                own = of_target.into_iter().map(failing).collect();
            }
            if own.is_empty() {
                own.push(SampledServer {
                    environment: sampled.environment.clone(),
                    target: sampled.target.clone(),
                    place: String::new(),
                    last: None,
                    failure,
                    is_watched,
                    bucket: None,
                });
            }
            status.samples.extend(own);
            let key = |one: &SampledServer| {
                (one.environment.clone(), one.target.clone(), one.place.clone())
            };
            status.samples.sort_by_key(key);
        });
    }

    /// Once for each server: by its own count of what INFO took.
    fn tell_cost(&mut self, sampled: &Sampled, sample: &Sample) {
        let info = sample.counters.groups().get("cmdstat_info");
        let Some(micros) = info.and_then(|info| info.get("usec_per_call")) else { return };
        let Sampled { environment, target, .. } = sampled;
        let name = format!("{environment} {target} {}", sample.place);
        if !self.told_cost.insert(name.clone()) {
            return;
        }
        let every = self.state.setup.every.as_secs_f64();
        let share = 100.0 * micros / 1e6 / every.max(0.001);
        (self.state.setup.warn)(&format!(
            "sampling {} every {every} s: an INFO takes {micros:.0} µs of it, {share:.4} % of its \
             time",
            name.trim_end()
        ));
    }
}

/// Why something of a target was not read.
fn failure_of(sampled: &Sampled) -> Option<String> {
    let of = |answer: &TargetEvidence| {
        let failures = failures_of(&answer.parts);
        failures.first().map(|(_, failure)| failure.to_string())
    };
    let failure = sampled.answers.iter().find_map(of);
    failure.or_else(|| (sampled.count_samples() == 0).then(|| "it told no counters".to_owned()))
}
