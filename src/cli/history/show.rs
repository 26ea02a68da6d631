//! `envparity history show`

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::args::HistoryShowArguments;
use crate::cli::exit::Exit;
use crate::cli::past::{HistoryPlace, Past, absent_or};
use crate::cli::{CommandError, output};
use crate::history::{Found, RunSummary};
use crate::model::{Evidence, Override, count, failures_of};
use crate::report::escape::terminal_lines;

pub(super) fn run(arguments: &HistoryShowArguments) -> Result<Exit, CommandError> {
    let (place, profiles) = HistoryPlace::of_command(&arguments.place)?;
    let mut past = Past::at(place, profiles.as_ref());
    let (run, only) = match past.find(&arguments.reference) {
        Ok(Found::Evidence { run, environment }) => (run, Some(environment)),
        Ok(Found::Run(run)) => (run, None),
        Ok(Found::File(path)) => {
            return Err(anyhow::anyhow!("{} is a file, and no run", path.display()).into());
        }
        Err(error) => return absent_or(error),
    };
    let evidence = past.evidence(&run)?;
    let shown = evidence.iter().filter(|one| only.as_ref().is_none_or(|o| one.environment == *o));
    let overrides = past.overrides()?;
    let zone = profiles.map_or(TimeZone::UTC, |profiles| profiles.timezone);
    let mut text = head(&run, &overrides, &zone);
    shown.for_each(|one| text.push_str(&of_environment(one, &zone)));
    output::print(&(terminal_lines(&text) + "\n"))?;
    Ok(Exit::Done)
}

/// To the second: runs may follow each other closely.
fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%:z").to_string()
}

fn head(run: &RunSummary, overrides: &[Override], zone: &TimeZone) -> String {
    let verdict = if run.verdict.is_empty() { "none" } else { &run.verdict };
    let mut text = format!(
        "run {} of {}\n  digest    {}\n  kind      {}\n  verdict   {}\n  findings  {}\n",
        run.id,
        time(run.at, zone),
        run.digest,
        run.kind,
        verdict.to_uppercase(),
        run.findings.len()
    );
    // For ever, wherever the run is shown.
    for one in overrides.iter().filter(|one| one.of == run.digest) {
        let line = format!("{}, {}, run:{:.8}", one.at, one.in_words(), one.run);
        text.push_str(&format!("  overridden {line}\n"));
    }
    for one in overrides.iter().filter(|one| one.run == run.digest) {
        let line =
            format!("run:{:.8}, {} of {}, {}", one.of, one.verdict, one.judged, one.in_words());
        text.push_str(&format!("  overrides {line}\n"));
    }
    for (name, value) in run.facts.iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(&format!("  {name:<9} {value}\n"));
    }
    text
}

fn of_environment(evidence: &Evidence, zone: &TimeZone) -> String {
    let mut text = format!("{} at {}\n", evidence.environment, time(evidence.taken, zone));
    for target in &evidence.targets {
        let held = [
            count(target.fields.len() + target.declared.len(), "fact"),
            count(target.images.len(), "image"),
            count(target.samples.len(), "sample"),
        ];
        text.push_str(&format!("  {:<28} {}\n", target.id.to_string(), held.join(", ")));
        for (part, failure) in failures_of(&target.parts) {
            let part = part.map(|part| format!(" {part}")).unwrap_or_default();
            text.push_str(&format!("    not read:{part} {failure}\n"));
        }
    }
    text
}
