//! Marks, rehearsals and load over time in the history of a world: as the commands store them, at
//! times of the test's own.

use std::sync::Arc;

use envparity::history::{SqliteOptions, Store};
use envparity::model::{
    BucketLength, Counters, EnvironmentName, Evidence, RehearsalOutcome, Sample, TargetEvidence,
    TargetId,
};
use envparity::pipeline::{self, NewRehearsal, NewWorkMark, Recorder, load};
use envparity::profile;
use jiff::Timestamp;

use crate::world::{Info, World};

pub(crate) struct Silent;

impl envparity::collect::Progress for Silent {
    fn started(&self, _: usize) {}
    fn finished(&self, _: &EnvironmentName, _: &TargetId, _: bool) {}
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl World {
    fn store(&self) -> Store {
        Store::open(&self.history(), &SqliteOptions::default()).unwrap()
    }

    pub(crate) fn profiles(&self) -> profile::Profiles {
        let today = time(crate::world::NOW).to_zoned(jiff::tz::TimeZone::UTC).date();
        profile::load(&self.profiles.path(""), &pipeline::rule_ids(), today).unwrap()
    }

    /// What a Redis that says this would be read as.
    fn read(&self, environment: &str, info: &Info, at: &str) -> Evidence {
        let path = self.profiles.path(&format!("{environment}-cache.txt"));
        let before = std::fs::read_to_string(&path).unwrap();
        self.info(environment, info);
        let profiles = self.profiles();
        let wanted = profiles.environments.iter().find(|one| one.name.as_str() == environment);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let at = time(at);
        let clock = Arc::new(move || at);
        let wanted = [(wanted.unwrap(), true)];
        let reading = pipeline::collect(&wanted, None, &profiles.folder, None, clock, &Silent);
        let mut evidence = runtime.block_on(reading).remove(0);
        evidence.taken = at;
        for target in &mut evidence.targets {
            target.samples.iter_mut().for_each(|sample| sample.taken = at);
        }
        evidence.targets.retain(|target| !target.samples.is_empty());
        std::fs::write(&path, before).unwrap();
        evidence
    }

    /// A mark of work; without a count the start.
    pub(crate) fn mark(&self, of: &Work, count: Option<u64>, info: &Info, at: &str) {
        let evidence = self.read(of.environment, info, at);
        let mark = NewWorkMark {
            work: of.name,
            count,
            release: of.release,
            by: "alice".to_owned(),
            at: time(at),
            evidence: &evidence,
        };
        pipeline::keep_work_mark(&mut self.store(), &mark, time(at)).unwrap();
    }

    /// A rehearsal of stock locations: what Redis said before, on the way and behind it.
    pub(crate) fn rehearse(
        &self,
        release: &str,
        count: u64,
        infos: &[Info],
        to: &str,
        outcome: &RehearsalOutcome,
    ) {
        self.rehearse_work("stock-location", (release, count), infos, to, outcome);
    }

    pub(crate) fn rehearse_work(
        &self,
        work: &str,
        (release, count): (&str, u64),
        infos: &[Info],
        to: &str,
        outcome: &RehearsalOutcome,
    ) {
        let profiles = self.profiles();
        let end = time(to);
        let mut recorder: Option<Recorder> = None;
        for (index, info) in infos.iter().enumerate() {
            let back = i64::try_from(infos.len() - 1 - index).unwrap() * 60;
            let at = end - jiff::SignedDuration::from_secs(back);
            let evidence = self.read("qualif", info, &at.to_string());
            match &mut recorder {
                None => recorder = Some(Recorder::new(&profiles, evidence)),
                Some(recorder) => drop(recorder.add(evidence)),
            }
        }
        let new = NewRehearsal {
            release: profiles.release(release).unwrap(),
            work,
            count,
            command: &["import".to_owned()],
            exit_code: Some(0),
            by: "alice".to_owned(),
            outcome,
            from: end - jiff::SignedDuration::from_secs(60),
            to: end,
        };
        pipeline::keep_rehearsal(&mut self.store(), &recorder.unwrap(), &new, end).unwrap();
    }

    /// Samples of a Redis every five minutes, from `from` to `to`: as it was at each time.
    pub(crate) fn sampled(
        &self,
        environment: &str,
        span: (&str, &str),
        said: impl Fn(i64) -> Info,
    ) {
        self.sampled_member(environment, "", span, |at| (said(at), "master"));
    }

    /// The same of one of several servers, with its role.
    pub(crate) fn sampled_member(
        &self,
        environment: &str,
        place: &str,
        (from, to): (&str, &str),
        said: impl Fn(i64) -> (Info, &'static str),
    ) {
        let (from, to) = (time(from).as_second(), time(to).as_second());
        let target = TargetId::new("redis", "cache");
        let mut evidence = Vec::new();
        for at in (from..=to).step_by(300) {
            let taken = Timestamp::from_second(at).unwrap();
            let mut of_target = TargetEvidence::new(target.clone(), String::new(), taken);
            let (info, role) = said(at);
            let sample = info.sample(&target, taken);
            let (place, role) = (place.to_owned(), role.to_owned());
            of_target.samples.push(Sample { place, role, ..sample });
            evidence.push(of_target);
        }
        let now = Timestamp::from_second(to).unwrap();
        let mut store = self.store();
        let all = Evidence { environment: environment.into(), taken: now, targets: evidence };
        load::keep_samples(&mut store, &[all], now, BucketLength::DEFAULT).unwrap();
    }
}

impl Info {
    /// The same as a sample, with the CPU of the recorded server.
    fn sample(&self, target: &TargetId, taken: Timestamp) -> Sample {
        let mut counters = Counters::default();
        let calls: u64 = self.commands.iter().map(|(_, calls, _)| calls).sum();
        let number = |number: u64| f64::from(u32::try_from(number).unwrap());
        counters.add("total_commands_processed", number(calls));
        counters.add("used_cpu_user", 0.1);
        counters.add("used_cpu_sys", 0.1);
        counters.add_section("Keyspace");
        counters.add_item("db0", "keys", number(self.keys));
        for (name, calls, micros) in &self.commands {
            counters.add_item(&format!("cmdstat_{name}"), "calls", number(*calls));
            counters.add_item(&format!("cmdstat_{name}"), "usec", number(*micros));
        }
        let (run_id, role) = (self.run_id.repeat(40), "master".to_owned());
        Sample { target: target.clone(), place: String::new(), run_id, role, taken, counters }
    }
}

/// Of what, where and under which release something is marked.
pub(crate) struct Work {
    pub(crate) environment: &'static str,
    pub(crate) name: &'static str,
    pub(crate) release: Option<&'static str>,
}

pub(crate) const LOCATIONS: Work =
    Work { environment: "qualif", name: "stock-location", release: None };
