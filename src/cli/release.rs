//! `envparity release`: which builds a release consists of.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;

use super::args::{
    ReleaseCaptureArguments, ReleaseCommand, ReleaseDiffArguments, ReleaseShowArguments,
};
use super::exit::Exit;
use super::files::OutputFiles;
use super::past::{self, HistoryPlace, Past};
use super::progress::RunProgress;
use super::{CommandError, clock, evidence, output, problems};
use crate::model::{Evidence, Release, count};
use crate::pipeline::{self, CaptureError, Captured};
use crate::profile::Profiles;
use crate::report::{self, escape::terminal};
use crate::wire::release::{self as text_of_release, ReleaseConfig};
use crate::wire::yaml::{self, Origin};

pub(super) async fn run(command: ReleaseCommand, files: OutputFiles) -> Result<Exit, CommandError> {
    match command {
        ReleaseCommand::Capture(command) => capture(&command, &files).await,
        ReleaseCommand::Show(command) => show(&command),
        ReleaseCommand::Diff(command) => diff(&command),
    }
}

fn show(arguments: &ReleaseShowArguments) -> Result<Exit, CommandError> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    output::print(&report::release::release_text(named(&profiles, &arguments.name)?))?;
    Ok(Exit::Done)
}

fn diff(arguments: &ReleaseDiffArguments) -> Result<Exit, CommandError> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let (from, to) = (named(&profiles, &arguments.from)?, named(&profiles, &arguments.to)?);
    output::print(&report::release::difference_text(from, to))?;
    Ok(Exit::Done)
}

/// The release of that name.
pub(super) fn named<'a>(profiles: &'a Profiles, name: &str) -> anyhow::Result<&'a Release> {
    profiles.release(name).map_err(|error| {
        let capture = "envparity release capture writes the file of one";
        anyhow!("{}\n  help: {capture}", terminal(&error))
    })
}

async fn capture(
    arguments: &ReleaseCaptureArguments,
    files: &OutputFiles,
) -> Result<Exit, CommandError> {
    let folder = &arguments.profiles.profiles;
    let profiles = problems::load_at(folder, arguments.at)?;
    let name = &arguments.name;
    let path = place(&profiles, name, arguments.force)?;
    let known = profiles.releases.iter().find(|release| release.name == *name);
    let previous = match &arguments.previous {
        Some(name) => Some(previous(&profiles, name)?),
        // What the file names, and nobody has captured, is told by check-profiles.
        None => known
            .and_then(|known| known.previous.as_deref())
            .and_then(|name| profiles.release(name).ok()),
    };
    let (evidence, asked) = match from(arguments, &profiles).await {
        Ok(found) => found,
        Err(error) => return past::absent_or(error),
    };
    let captured = match pipeline::capture(&profiles, name, evidence, previous, known, asked) {
        Ok(captured) => captured,
        Err(error @ (CaptureError::NotRead(_) | CaptureError::Stale { .. })) => {
            let told = terminal(&error.to_string());
            let advice = match error {
                CaptureError::Stale { .. } => {
                    "\n  help: capture from what runs now, or name the time that is meant: \
                     ENVIRONMENT@TIME"
                }
                _ => "",
            };
            output::print_error_line(&format!("incomplete: {told}\nnothing was written{advice}"));
            return Ok(Exit::Incomplete);
        }
        Err(error) => return Err(CommandError(anyhow!("{}", terminal(&error.to_string())))),
    };
    let Captured { mut release, warnings, taken } = captured;
    if let Some(kind) = arguments.release_type {
        release.kind = Some(kind.into());
    }
    for warning in &warnings {
        output::print_error_line(&format!("warning: {}", terminal(warning)));
    }
    let text = checked(&release)?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("failed to make the folder {}", folder.display()))?;
    }
    files.write(&path, &text)?;
    output::print(&told(&release, &path, taken))?;
    Ok(Exit::Done)
}

/// What was written, in a line or two.
fn told(release: &Release, path: &Path, taken: Timestamp) -> String {
    let changed = match &release.previous {
        Some(previous) => format!("{} changed since {previous}", release.changed.len()),
        None => "add --previous NAME to record what changed".to_owned(),
    };
    let services = count(release.train.len(), "service");
    let line = format!("wrote {}: {services} as of {taken}, {changed}", path.display());
    let next = format!("envparity release show {}", release.name);
    format!("{}\n{}\n", terminal(&line), terminal(&next))
}

fn previous<'a>(profiles: &'a Profiles, name: &str) -> anyhow::Result<&'a Release> {
    profiles.release(name).map_err(|error| {
        let baseline = &profiles.baseline;
        let first = format!("envparity release capture {name} --from {baseline}, if it runs it");
        anyhow!("{}\n  help: {}", terminal(&error), terminal(&first))
    })
}

/// Where the file of a release stands, or will.
fn place(profiles: &Profiles, name: &str, force: bool) -> anyhow::Result<PathBuf> {
    let own = profiles.folder.join("releases").join(format!("{name}.yaml"));
    let path = profiles.release_paths.get(name).cloned().unwrap_or(own);
    if !force && path.exists() {
        bail!(
            "{} is there already and is not replaced: --force does, and keeps freeze, exceptions \
             and gate",
            terminal(&path.display().to_string())
        );
    }
    Ok(path)
}

/// Evidence of the environment that runs it, and the time that it is to be of.
async fn from(
    arguments: &ReleaseCaptureArguments,
    profiles: &Profiles,
) -> anyhow::Result<(Evidence, Timestamp)> {
    let text = &arguments.from;
    let environment = profiles.environments.iter().find(|e| e.name.as_str() == text);
    if let Some(environment) = environment.filter(|_| !arguments.recorded_only) {
        let bar = RunProgress::new();
        let (wanted, folder) = ([(environment, true)], &profiles.folder);
        let deadline = arguments.deadline();
        let all = pipeline::collect(&wanted, None, folder, deadline, clock(), &bar).await;
        let found = all.into_iter().next().ok_or_else(|| anyhow!("nothing was collected"))?;
        return Ok((found, arguments.at.unwrap_or_else(|| clock()())));
    }
    let now = arguments.at.unwrap_or_else(|| clock()());
    let mut past = match environment {
        Some(_) => Past::at(
            HistoryPlace::of_or_default(&arguments.history, Some(profiles))?,
            Some(profiles),
        ),
        None => Past::new(&arguments.history, Some(profiles), arguments.at)?,
    };
    let (found, asked) = evidence::of_reference(text, &mut past)?;
    let is_known = profiles.environments.iter().any(|e| e.name == found.environment);
    if !is_known {
        bail!(
            "{} is evidence of {}, which no profile describes",
            terminal(text),
            found.environment
        );
    }
    Ok((found, asked.unwrap_or(now)))
}

/// The text of a file that the profiles would take.
fn checked(release: &Release) -> anyhow::Result<String> {
    let text = text_of_release::write(release).context("failed to write the release as YAML")?;
    let config: ReleaseConfig = yaml::read(&text, Origin::Person)
        .map_err(|error| anyhow!("the release cannot be read again: {error}"))?;
    match config.check().first() {
        Some(problem) => bail!("{}: {}", problem.message, problem.advice),
        None => Ok(text),
    }
}
