//! `envparity history list`

use jiff::tz::TimeZone;

use crate::cli::args::HistoryListArguments;
use crate::cli::exit::Exit;
use crate::cli::past::HistoryPlace;
use crate::cli::{CommandError, mark, output};
use crate::history::RunSummary;
use crate::model::Override;
use crate::pipeline;
use crate::report::escape::terminal;

pub(super) fn run(arguments: &HistoryListArguments) -> Result<Exit, CommandError> {
    let (place, profiles) = HistoryPlace::of_command(&arguments.place)?;
    let mut history = place.open_to_read().map_err(|error| place.failed(&error))?;
    let runs = history.newest_runs(arguments.last).map_err(|error| place.failed(&error))?;
    if runs.is_empty() {
        output::print("the history is empty\n")?;
        return Ok(Exit::Done);
    }
    let zone = profiles.map_or(TimeZone::UTC, |profiles| profiles.timezone);
    let overrides = pipeline::overrides(&mut history).map_err(|error| place.failed(&error))?;
    let digits = shown_digits(&runs);
    let verdict = |run: &RunSummary| {
        let is_overridden = overrides.iter().any(|one| one.of == run.digest);
        let beside = if is_overridden { ", overridden" } else { "" };
        format!("{}{beside}", run.verdict.to_uppercase())
    };
    let wide = runs.iter().map(|run| verdict(run).len()).max().unwrap_or_default().max(10);
    let mut text = format!(
        "{:<width$}  {:<22}  {:<9}  {:<wide$}  EVIDENCE OF\n",
        "RUN",
        "AT",
        "KIND",
        "VERDICT",
        width = digits + 4
    );
    for run in &runs {
        let at = run.at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M%:z");
        let line = format!(
            "run:{}  {at:<22}  {:<9}  {:<wide$}  {}",
            run.digest.get(..digits).unwrap_or(&run.digest),
            run.kind,
            verdict(run),
            about(run, &overrides, &zone)
        );
        text.push_str(terminal(&line).trim_end());
        text.push('\n');
    }
    output::print(&text)?;
    Ok(Exit::Done)
}

/// Whose evidence it has, or what it marks or overrides.
fn about(run: &RunSummary, overrides: &[Override], zone: &TimeZone) -> String {
    if let Some((environment, mark)) = &run.mark {
        return mark::told(environment, mark, zone);
    }
    match overrides.iter().find(|one| one.run == run.digest) {
        Some(one) => {
            format!("of run:{:.8}, {} {}, {}", one.of, one.verdict, one.release, one.in_words())
        }
        None => run.environments.join(", "),
    }
}

/// How many digits make each run of a list unique: at least four.
fn shown_digits(runs: &[RunSummary]) -> usize {
    let mut digests: Vec<&str> = runs.iter().map(|run| run.digest.as_str()).collect();
    digests.sort_unstable();
    let shared = digests.windows(2).map(|pair| {
        let alike = pair[0].bytes().zip(pair[1].bytes()).take_while(|(a, b)| a == b);
        alike.count()
    });
    // One more than runs of this list need: there are others.
    (shared.max().unwrap_or(0) + 2).max(6)
}
