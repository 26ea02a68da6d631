//! `envparity mark work`: counts units of work, and keeps what Redis had counted until then.

use anyhow::{anyhow, bail};

use crate::cli::args::MarkWorkArguments;
use crate::cli::exit::Exit;
use crate::cli::past::HistoryPlace;
use crate::cli::release::named;
use crate::cli::{CommandError, author, clock, output, problems};
use crate::history::{HistoryError, Store};
use crate::model::{Evidence, count, failures_of, meant_and_known};
use crate::pipeline::{self, NewWorkMark};
use crate::profile::{Environment, Profiles};
use crate::report::escape::{terminal, terminal_lines};

/// Longer ones are stories.
const LONGEST_NAME: usize = 100;

pub(super) async fn run(arguments: &MarkWorkArguments) -> Result<Exit, CommandError> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let environment = known_environment(&arguments.environment, &profiles)?;
    let work = work_name(&arguments.work)?;
    if arguments.count == Some(0) {
        return Err(anyhow!("--count 0 says that nothing was done: do not mark it").into());
    }
    if let Some(name) = &arguments.release {
        named(&profiles, name)?;
    }
    let place = HistoryPlace::of_or_default(&arguments.history, Some(&profiles))?;
    let now = clock()();
    if let Some(at) = arguments.at.filter(|at| *at > now) {
        return Err(anyhow!("--at {at} is in the future: nothing was counted then").into());
    }
    if arguments.count.is_some() {
        let mut history = place.open_to_write().map_err(|error| place.failed(&error))?;
        let is_begun = is_begun(&mut history, &profiles, environment, work);
        if !is_begun.map_err(|error| place.failed(&error))? {
            let (environment, work) = (&environment.name, terminal(work));
            return Err(anyhow!(
                "nothing marks when {work} began in {environment}: envparity mark work \
                 {environment} {work} --start, before the first unit"
            )
            .into());
        }
    }
    let evidence = match arguments.at {
        None => pipeline::read_work(environment, &profiles.folder, None, clock()).await,
        Some(at) => {
            let mut history = place.open_to_write().map_err(|error| place.failed(&error))?;
            let found = pipeline::sampled_work(&mut history, environment, at);
            let found = found.map_err(|error| place.failed(&error))?;
            found.map_err(|target| {
                anyhow!(
                    "{target} has no sample within a minute of {at}: envparity sample --every 60s \
                     keeps them; mark the work when it is done"
                )
            })?
        }
    };
    if evidence.targets.is_empty() {
        return Err(anyhow!("{} has no Redis: there is nothing to mark", environment.name).into());
    }
    let mark = NewWorkMark {
        work,
        count: arguments.count,
        release: arguments.release.as_deref(),
        by: author::claimed(),
        at: arguments.at.unwrap_or(evidence.taken),
        evidence: &evidence,
    };
    let saved = place
        .open_to_write()
        .and_then(|mut history| pipeline::keep_work_mark(&mut history, &mark, now))
        .map_err(|error| place.failed(&error))?;
    let unread = unread(&evidence);
    let what = match arguments.count {
        None => "begins".to_owned(),
        Some(units) => format!("{units} done"),
    };
    let targets = count(evidence.targets.len(), "Redis target");
    let line =
        format!("run:{:.8} marks {}: {work} {what}, {targets}", saved.digest, environment.name);
    output::print(&(terminal(&line) + "\n"))?;
    for line in &unread {
        output::print_error_line(&terminal_lines(line));
    }
    Ok(if unread.is_empty() { Exit::Done } else { Exit::Incomplete })
}

/// What makes the mark INCOMPLETE, a line each.
fn unread(evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    for target in &evidence.targets {
        for (part, failure) in failures_of(&target.parts) {
            let part = part.map(|part| format!(" {part}")).unwrap_or_default();
            let advice = &failure.advice;
            found.push(format!("not read: {}{part}: {failure} -> {advice}", target.id));
        }
    }
    found
}

fn is_begun(
    history: &mut Store,
    profiles: &Profiles,
    environment: &Environment,
    work: &str,
) -> Result<bool, HistoryError> {
    let marks = pipeline::work_marks(history, profiles)?;
    Ok(marks.iter().any(|mark| mark.environment == environment.name && mark.work == work))
}

pub(in crate::cli) fn known_environment<'a>(
    name: &str,
    profiles: &'a Profiles,
) -> anyhow::Result<&'a Environment> {
    let names: Vec<&str> = profiles.environments.iter().map(|e| e.name.as_str()).collect();
    let found = profiles.environments.iter().find(|one| one.name.as_str() == name);
    found.ok_or_else(|| {
        anyhow!("unknown environment {:?}; {}", terminal(name), meant_and_known(name, &names))
    })
}

/// A name that commands and files can quote.
pub(in crate::cli) fn work_name(name: &str) -> anyhow::Result<&str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(fits) {
        bail!("{:?} is no name of work: use letters, digits, - _ and .", terminal(name));
    }
    Ok(name)
}
