//! `envparity sample`

use std::time::Duration;

use anyhow::anyhow;
use tokio::time::{Instant, MissedTickBehavior};

use super::args::SampleArguments;
use super::exit::Exit;
use super::past::HistoryPlace;
use super::progress::NoProgress;
use super::{CommandError, clock, output, problems};
use crate::model::{BucketLength, count, failures_of, meant_and_known};
use crate::pipeline;
use crate::profile::{Environment, Profiles};

/// More often than this a server would be asked for nothing but samples.
const LEAST: Duration = Duration::from_secs(1);

pub(super) async fn run(arguments: SampleArguments) -> Result<Exit, CommandError> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let environments = chosen(&profiles, &arguments.env)?;
    let place = HistoryPlace::of_or_default(&arguments.history, Some(&profiles))?;
    let every = arguments.every.map_or(Duration::from_secs(60), |text| text.0);
    if every < LEAST {
        return Err(anyhow!("--every: once a second is the most").into());
    }
    let until = arguments.lasting.map(|text| Instant::now() + text.0);
    let mut ticks = tokio::time::interval(every);
    // After a delay a server is not asked twice at once.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut rounds, mut samples) = (0_usize, 0_usize);
    loop {
        ticks.tick().await;
        if rounds > 0 && until.is_none_or(|until| Instant::now() > until) {
            break;
        }
        let folder = &profiles.folder;
        let sampled = pipeline::sample(&environments, folder, None, clock(), &NoProgress).await;
        tell_unread(&sampled);
        rounds += 1;
        samples += sampled.samples;
        let kept = place
            .open_to_write()
            .and_then(|mut history| sampled.keep(&mut history, clock()(), BucketLength::DEFAULT));
        kept.map_err(|error| place.failed(&error))?;
        if until.is_none() {
            break;
        }
    }
    let (samples, rounds) = (count(samples, "sample"), count(rounds, "round"));
    output::print(&format!("kept: {samples} in {rounds}\n"))?;
    Ok(Exit::Done)
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

fn tell_unread(sampled: &pipeline::Sampled) {
    for evidence in &sampled.evidence {
        for target in &evidence.targets {
            for (part, failure) in failures_of(&target.parts) {
                let part = part.map(|part| format!(" {part}")).unwrap_or_default();
                let environment = &evidence.environment;
                output::print_error_line(&format!(
                    "not sampled: {environment} {}{part}: {failure} -> {}",
                    target.id, failure.advice
                ));
            }
        }
    }
}
