//! `envparity sample`

use std::collections::BTreeMap;
use std::mem::take;
use std::time::Duration;

use anyhow::{Context as _, anyhow};

use super::args::SampleArguments;
use super::exit::Exit;
use super::past::HistoryPlace;
use super::{CommandError, clock, output, problems};
use crate::collect::Clock;
use crate::history::HistoryError;
use crate::model::{
    BucketLength, EnvironmentName, Evidence, TargetId, count, failures_of, meant_and_known,
};
use crate::pipeline::{Sampled, Sampler, keep_samples};
use crate::profile::{Environment, Profiles};

/// More often than this a server would be asked for nothing but samples.
const LEAST: Duration = Duration::from_secs(1);

const EVERY: Duration = Duration::from_secs(60);

/// Answers that are held while the history cannot be written: three hours of a server that is asked
/// each second.
const MOST_HELD: usize = 10_000;

pub(super) async fn run(arguments: SampleArguments) -> Result<Exit, CommandError> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let environments = chosen(&profiles, &arguments.env)?;
    let every = arguments.every.map_or(EVERY, |text| text.0);
    if every < LEAST {
        return Err(anyhow!("--every: once a second is the most").into());
    }
    let sampler = Sampler::new(&environments, &profiles.folder, None, clock());
    let mut tally = SampleTally::new(&sampler);
    if tally.0.is_empty() {
        let names: Vec<&str> = environments.iter().map(|e| e.name.as_str()).collect();
        let told = "nothing to sample: no live Redis target (redis:) in";
        return Err(anyhow!("{told} {}", names.join(", ")).into());
    }
    let place = HistoryPlace::of_or_default(&arguments.history, Some(&profiles))?;
    let mut keeping = SampleKeeping::new(place, clock());
    let kept = match arguments.lasting {
        None => {
            let told = sampler.ask_once().await;
            told.iter().for_each(|sampled| tally.count(sampled));
            keeping.keep(told).await
        }
        Some(lasting) => {
            let (mut told, _asking) = sampler.ask_often(every, lasting.0);
            let mut kept = Ok(());
            while let Some(first) = told.recv().await {
                let mut batch = vec![first];
                while let Ok(more) = told.try_recv() {
                    batch.push(more);
                }
                batch.iter().for_each(|sampled| tally.count(sampled));
                kept = keeping.keep_or_hold(batch).await;
                if kept.is_err() {
                    break;
                }
            }
            match kept {
                Ok(()) => keeping.keep(Vec::new()).await,
                failed => failed,
            }
        }
    };
    output::print(&tally.told(keeping.kept))?;
    keeping.end(kept)?;
    Ok(tally.exit())
}

/// Those that were named; all where none was.
fn chosen<'a>(profiles: &'a Profiles, names: &[String]) -> anyhow::Result<Vec<&'a Environment>> {
    let known: Vec<&str> = profiles.environments.iter().map(|e| e.name.as_str()).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(anyhow!("unknown environment {name:?}; {}", meant_and_known(name, &known)));
    }
    let is_wanted =
        |e: &&Environment| names.is_empty() || names.iter().any(|n| *n == *e.name.as_str());
    Ok(profiles.environments.iter().filter(is_wanted).collect())
}

/// What became of asking each target.
struct SampleTally(BTreeMap<(EnvironmentName, TargetId), TargetTally>);

#[derive(Default)]
struct TargetTally {
    asked: usize,
    answered: usize,
    required: bool,
    /// What was told last of why it does not answer, or not whole.
    failing: Option<String>,
}

impl SampleTally {
    fn new(sampler: &Sampler) -> Self {
        let of = |(environment, target, required)| {
            ((environment, target), TargetTally { required, ..TargetTally::default() })
        };
        Self(sampler.targets().map(of).collect())
    }

    /// Counts an answer, and tells when a target begins or ceases to fail.
    fn count(&mut self, sampled: &Sampled) {
        let key = (sampled.environment.clone(), sampled.target.clone());
        let own = self.0.entry(key).or_default();
        own.asked += 1;
        own.answered += usize::from(sampled.count_samples() > 0);
        let failing = failures(sampled);
        if own.failing == failing {
            return;
        }
        let what = format!("{} {}", sampled.environment, sampled.target);
        output::print_error_line(&match &failing {
            Some(failure) => format!("not sampled: {what}{failure}"),
            None => format!("sampled again: {what}"),
        });
        own.failing = failing;
    }

    fn told(&self, kept: usize) -> String {
        let mut text =
            format!("kept: {} of {}\n", count(kept, "sample"), count(self.0.len(), "target"));
        for ((environment, target), own) in &self.0 {
            if own.answered < own.asked {
                let TargetTally { asked, answered, .. } = own;
                text.push_str(&format!("  {environment} {target}: {answered} of {asked} times\n"));
            }
        }
        text
    }

    /// What was not sampled once is not known; a gap is one of the load.
    fn exit(&self) -> Exit {
        let never: Vec<String> = self
            .0
            .iter()
            .filter(|(_, own)| own.answered == 0 && own.required)
            .map(|((environment, target), _)| format!("{environment} {target}"))
            .collect();
        let is_any = self.0.values().any(|own| own.answered > 0);
        if never.is_empty() && is_any {
            return Exit::Done;
        }
        let which = if never.is_empty() { "any target".to_owned() } else { never.join(", ") };
        output::print_error_line(&format!("incomplete: no sample of {which}"));
        Exit::Incomplete
    }
}

/// Why something of a target was not read, as it stands behind its name.
fn failures(sampled: &Sampled) -> Option<String> {
    let mut told = Vec::new();
    for answer in &sampled.answers {
        for (part, failure) in failures_of(&answer.parts) {
            let part = part.map(|part| format!(" {part}")).unwrap_or_default();
            told.push(format!("{part}: {failure}; help: {}", failure.advice));
        }
    }
    if told.is_empty() && sampled.count_samples() == 0 {
        return Some(": it told no counters".to_owned());
    }
    (!told.is_empty()).then(|| told.join(";"))
}

/// The history, and answers that wait for it.
struct SampleKeeping {
    place: HistoryPlace,
    clock: Clock,
    held: Vec<Evidence>,
    kept: usize,
    /// Answers that could not be held any longer.
    dropped: usize,
    is_failing: bool,
}

impl SampleKeeping {
    fn new(place: HistoryPlace, clock: Clock) -> Self {
        Self { place, clock, held: Vec::new(), kept: 0, dropped: 0, is_failing: false }
    }

    /// Keeps all that is held and what was answered now.
    async fn keep(&mut self, answered: Vec<Sampled>) -> Result<(), HistoryError> {
        let of = answered.into_iter().filter(|sampled| sampled.count_samples() > 0);
        self.held.extend(of.map(|sampled| sampled.into_evidence(&self.clock)));
        if self.held.is_empty() {
            return Ok(());
        }
        let (place, now, held) = (self.place.clone(), (self.clock)(), take(&mut self.held));
        // A lock is waited for: targets are asked meanwhile.
        let writing = tokio::task::spawn_blocking(move || {
            let opened = place.open_to_write();
            let kept = opened.and_then(|mut history| {
                keep_samples(&mut history, &held, now, BucketLength::DEFAULT)
            });
            (held, kept)
        });
        let defect = |_| HistoryError::Database("the history was not written".to_owned());
        let (held, kept) = writing.await.map_err(defect)?;
        match kept {
            Ok(()) => self.kept += samples(&held),
            Err(_) => self.held = held,
        }
        kept
    }

    /// The same, and what cannot be kept now is held where that may be over soon.
    async fn keep_or_hold(&mut self, answered: Vec<Sampled>) -> Result<(), HistoryError> {
        let kept = self.keep(answered).await;
        match &kept {
            Err(error) if error.is_passing() => {
                if !self.is_failing {
                    let said = self.place.said(error);
                    output::print_error_line(&format!("not kept yet: {said}"));
                }
                self.is_failing = true;
                let over = self.held.len().saturating_sub(MOST_HELD);
                self.dropped += samples(&self.held[..over]);
                self.held.drain(..over);
                Ok(())
            }
            Ok(()) if self.is_failing => {
                output::print_error_line("kept again, with what had waited");
                self.is_failing = false;
                kept
            }
            _ => kept,
        }
    }

    /// An error if anything was lost.
    fn end(&self, kept: Result<(), HistoryError>) -> anyhow::Result<()> {
        let lost = count(samples(&self.held) + self.dropped, "sample");
        match kept {
            Err(error) => Err(self.place.failed(&error)).context(format!("{lost} not kept")),
            Ok(()) if self.dropped > 0 => {
                Err(anyhow!("{lost} not kept: the history could not be written for too long"))
            }
            Ok(()) => Ok(()),
        }
    }
}

fn samples(of: &[Evidence]) -> usize {
    of.iter().flat_map(|one| &one.targets).map(|target| target.samples.len()).sum()
}
