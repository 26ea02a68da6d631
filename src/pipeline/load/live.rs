//! What the servers of a target say of themselves now, as far as load is concerned.

use std::collections::BTreeMap;

use crate::model::{
    CounterTable, Indicator, LiveServer, Load, PlaceLoad, Sample, Source, TargetEvidence,
    identity_of,
};
use crate::normalize;

/// The servers of a target by place, as samples name them.
#[derive(Clone, Debug, Default)]
pub struct LiveTarget {
    /// What each says.
    pub servers: BTreeMap<String, LiveServer>,
    /// The place of the server that is the target itself, if one is.
    pub own_place: Option<String>,
    /// Whether all servers answered: another that is kept is gone then.
    pub is_whole: bool,
    /// Seconds by which the servers' clocks are ahead of ours, the farthest off.
    pub clock_ahead: Option<f64>,
}

impl LiveTarget {
    /// From what a target answered just now.
    pub fn from_evidence(evidence: &TargetEvidence) -> Self {
        if evidence.source != Source::Live {
            // An old answer says nothing of now.
            return Self::default();
        }
        let is_data = |sample: &&Sample| sample.role != "sentinel";
        let samples: Vec<&Sample> = evidence.samples.iter().filter(is_data).collect();
        let own = evidence.field("run_id");
        let own = samples.iter().find(|sample| Some(sample.run_id.as_str()) == own);
        let own = own.or_else(|| samples.first().filter(|_| samples.len() == 1));
        let server = |sample: &&Sample| {
            let uptime = normalize::indicators_of(sample).get(Indicator::Uptime);
            let (run_id, at) = (sample.run_id.clone(), sample.taken.as_second());
            (sample.place.clone(), LiveServer { run_id, uptime, at })
        };
        let clocks = samples.iter().filter_map(|sample| clock_ahead(sample));
        Self {
            servers: samples.iter().map(server).collect(),
            own_place: own.map(|sample| sample.place.clone()),
            is_whole: evidence.parts.values().all(|outcome| outcome.failure().is_none()),
            clock_ahead: clocks.max_by(|a, b| a.abs().total_cmp(&b.abs())),
        }
    }

    /// The same load by the places that samples have, with whose each series are. A server that
    /// answers and of which the source has nothing is there, and is empty.
    pub(super) fn identify_load(&self, mut load: Load) -> Load {
        if let (Some(own), 1) = (&self.own_place, load.places.len())
            && let Some(place) = load.places.remove("")
        {
            load.places.insert(own.clone(), place);
        }
        for (name, place) in &mut load.places {
            if !is_empty(place) {
                let newest = newest_run(&place.steps);
                let live = self.servers.get(name);
                let early = place.steps.ends_early(load.span);
                place.identity = identity_of(live, newest, load.facts.interval, early);
            }
        }
        for name in self.servers.keys() {
            load.places.entry(name.clone()).or_default();
        }
        load
    }
}

fn is_empty(place: &PlaceLoad) -> bool {
    place.steps.rows().is_empty() && place.samples.rows().is_empty()
}

fn newest_run(table: &CounterTable) -> Option<&str> {
    table.run_id(table.rows().len().checked_sub(1)?)
}

/// By the time that the server tells and the one at which it answered.
fn clock_ahead(sample: &Sample) -> Option<f64> {
    let told = sample.counters.figures().get("server_time_usec")?;
    #[expect(clippy::cast_precision_loss, reason = "microseconds of today are far below 2^53")]
    let taken = sample.taken.as_microsecond() as f64;
    Some((told - taken) / 1e6)
}
