//! `envparity checklist --after-release` and `--after-rollback`: production is watched, and each
//! thing that is seen is printed at once.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{anyhow, bail};
use jiff::SignedDuration;
use tokio::time::MissedTickBehavior;

use super::args::ChecklistRunArguments;
use super::audit::facts;
use super::exit::Exit;
use super::files::OutputFiles;
use super::inputs::Inputs;
use super::notify::RunOf;
use super::past::HistoryPlace;
use super::progress::{NoProgress, Waiting};
use super::release::named;
use super::{CommandError, clock, notify, output, problems};
use crate::checklist::{AfterAsked, AfterWatch};
use crate::history::HistoryError;
use crate::model::{AfterKind, AfterResult, Evidence, Run};
use crate::notify::ObservedRun;
use crate::pipeline::{self, AfterError, AfterOptions};
use crate::profile::Profiles;
use crate::report::after;
use crate::report::escape::terminal;
use crate::wire::duration::DurationText;

/// More often than this production would be asked for nothing else.
const LEAST: Duration = Duration::from_secs(1);

/// Less often, a breach would not be told within a minute.
const MOST: Duration = Duration::from_secs(60);

/// Reading a target may take this long at least, however often it is read.
const PATIENCE: Duration = Duration::from_secs(5);

/// How the result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AfterFormat {
    Yaml,
    Json,
}

/// Files that the result goes to, and whether standard output is one of them.
type Outputs = Vec<(AfterFormat, Option<PathBuf>)>;

pub(super) async fn run(
    arguments: ChecklistRunArguments,
    files: OutputFiles,
) -> Result<Exit, CommandError> {
    let (kind, name) = match (&arguments.after_release, &arguments.after_rollback) {
        (Some(name), _) => (AfterKind::Release, name),
        (_, Some(name)) => (AfterKind::Rollback, name),
        (None, None) => return Err(anyhow!("name the release").into()),
    };
    let every = arguments.watch.map_or(Duration::from_secs(15), |text| text.0);
    if !(LEAST..=MOST).contains(&every) {
        return Err(anyhow!("--watch: from 1s to 60s, so that a breach is told in time").into());
    }
    let outputs = outputs(&arguments)?;
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let place = HistoryPlace::of_or_default(&arguments.history, Some(&profiles))?;
    spare_inputs(&outputs, &profiles, &place)?;
    let options = options(&arguments, kind, every)?;
    let asked = asked(&profiles, (name, kind), &options, &place).await?;
    let run = run_facts(&profiles);
    let is_quiet = outputs.iter().any(|(_, path)| path.is_none());
    let (watch, evidence) = watch(&profiles, asked, &options, every, (&run, is_quiet)).await?;
    let mut result = watch.result(run);
    result.run.at = result.ended;
    // First of all: who watches must act now.
    let exit = Exit::from(result.end.verdict());
    let shown = if arguments.report_only { Exit::Done } else { exit };
    say(&after::ending(&result, shown.code()), is_quiet)?;
    let kept = place
        .open_to_write()
        .and_then(|mut history| pipeline::keep_after(&mut history, &mut result, &evidence));
    if let Err(error) = &kept {
        output::print_error_line(&format!("error: the run was not kept: {}", place.said(error)));
    }
    let is_written = write(&outputs, &result, &files);
    let seen = ObservedRun::of_after(&result);
    notify::after(&place, &profiles, kept.is_ok(), (seen, RunOf::Watch)).await;
    Ok(if kept.is_err() || !is_written { Exit::Error } else { shown })
}

fn options(
    arguments: &ChecklistRunArguments,
    kind: AfterKind,
    every: Duration,
) -> anyhow::Result<AfterOptions> {
    let minutes = |minutes: i64| SignedDuration::from_mins(minutes);
    let given = |text: Option<DurationText>, default: SignedDuration| match text {
        Some(DurationText(time)) => SignedDuration::try_from(time),
        None => Ok(default),
    };
    let hold = match kind {
        AfterKind::Release => minutes(30),
        AfterKind::Rollback => minutes(5),
    };
    Ok(AfterOptions {
        hold: given(arguments.hold, hold)?,
        within: given(arguments.within, minutes(30))?,
        deadline: arguments.deadline().unwrap_or(every.max(PATIENCE)),
    })
}

/// Everything that is known before watching begins.
async fn asked(
    profiles: &Profiles,
    (name, kind): (&str, AfterKind),
    options: &AfterOptions,
    place: &HistoryPlace,
) -> anyhow::Result<AfterAsked> {
    let release = named(profiles, name)?;
    let told = |error: &dyn std::fmt::Display| anyhow!("{}", terminal(&error.to_string()));
    let environment =
        pipeline::after_environment(profiles, release).map_err(|error| told(&error))?;
    let now = clock()();
    let outside = pipeline::after_outside(profiles, environment, now, clock()).await;
    let mut opened = match place.open_to_read() {
        Ok(store) => Some(store),
        Err(HistoryError::Missing(_)) => None,
        Err(error) => return Err(place.failed(&error)),
    };
    let asked =
        pipeline::after_asked(profiles, (release, kind), options, opened.as_mut(), outside, now);
    asked.map_err(|error| match &error {
        AfterError::History(error) => place.failed(error),
        other => told(other),
    })
}

/// Reads production again and again, until the watch has its end.
async fn watch(
    profiles: &Profiles,
    asked: AfterAsked,
    options: &AfterOptions,
    every: Duration,
    (run, is_quiet): (&Run, bool),
) -> anyhow::Result<(AfterWatch, Vec<Evidence>)> {
    let found = profiles.environments.iter().find(|one| one.name == asked.environment);
    let environment = found.ok_or_else(|| anyhow!("{} has no profile", asked.environment))?;
    let mut watch = AfterWatch::new(asked);
    let bar = Waiting::new();
    let mut ticks = tokio::time::interval(every);
    // After a delay a server is not asked twice at once.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = 0;
    loop {
        ticks.tick().await;
        let reading =
            pipeline::after_round(profiles, environment, options.deadline, clock(), &NoProgress);
        let (round, evidence) = reading.await;
        let is_over = watch.take(&round);
        bar.hide();
        for event in &watch.events()[told..] {
            say(&after::line(event, run), is_quiet)?;
        }
        told = watch.events().len();
        if is_over {
            return Ok((watch, vec![evidence]));
        }
        bar.show(&watch.state());
    }
}

/// To standard output, unless a file goes there.
fn say(text: &str, is_quiet: bool) -> anyhow::Result<()> {
    if is_quiet {
        output::print_error_line(text.trim_end());
        return Ok(());
    }
    output::print(text)
}

fn run_facts(profiles: &Profiles) -> Run {
    let facts = facts(&profiles.folder);
    Run {
        at: clock()(),
        duration: None,
        host: facts.host,
        profiles: profiles.digest.clone(),
        policy: profiles.policy_digest.clone(),
        notes: Vec::new(),
        commit: facts.commit,
        timezone: profiles.timezone.clone(),
        history: None,
    }
}

fn outputs(arguments: &ChecklistRunArguments) -> anyhow::Result<Outputs> {
    let mut outputs = Vec::new();
    for choice in &arguments.output {
        let format = match choice.format.name {
            "yaml" => AfterFormat::Yaml,
            "json" => AfterFormat::Json,
            "table" if choice.path.is_none() => continue,
            other => bail!(
                "{other} is a format of checklists before a release; what is seen after it is \
                 printed, and written as yaml or json"
            ),
        };
        outputs.push((format, choice.path.clone()));
    }
    output::check_places(outputs.iter().map(|(_, path)| path.as_deref()))?;
    Ok(outputs)
}

fn spare_inputs(
    outputs: &Outputs,
    profiles: &Profiles,
    place: &HistoryPlace,
) -> anyhow::Result<()> {
    let mut inputs = Inputs::of_profiles(profiles, &profiles.environments);
    place.protect(&mut inputs);
    let mut paths = outputs.iter().filter_map(|(_, path)| path.as_deref());
    paths.try_for_each(|path| inputs.spare(path))
}

/// False if one could not be written; the others are.
fn write(outputs: &Outputs, result: &AfterResult, files: &OutputFiles) -> bool {
    let mut is_written = true;
    for (format, path) in outputs {
        let text = match format {
            AfterFormat::Yaml => after::yaml(result),
            AfterFormat::Json => after::json(result),
        };
        let done = text.map_err(|error| anyhow!(error)).and_then(|text| match path {
            Some(path) => files.write(path, &text),
            None => output::print(&text),
        });
        if let Err(error) = done {
            output::print_error_line(&format!("error: {error:#}"));
            is_written = false;
        }
    }
    is_written
}
