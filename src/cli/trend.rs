//! `envparity trend`

use anyhow::{anyhow, bail};
use jiff::{SignedDuration, Timestamp};

use super::args::{TrendArguments, TrendOutput};
use super::exit::Exit;
use super::files::OutputFiles;
use super::inputs::Inputs;
use super::past::HistoryPlace;
use super::{CommandError, clock, output, problems};
use crate::history::{HistoryError, parse_moment};
use crate::model::{BucketLength, EnvironmentName, LoadSpan, TargetId};
use crate::pipeline::{self, TrendAsked, TrendError};
use crate::profile::Profiles;
use crate::report::TrendFormat;
use crate::report::escape::terminal;
use crate::trend::window_end;
use crate::wire::duration::DurationText;

/// How long, unless somebody says otherwise.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Longer spans are not kept.
const LONGEST: SignedDuration = SignedDuration::from_hours(400 * 24);

pub(super) async fn run(
    arguments: TrendArguments,
    files: OutputFiles,
) -> Result<Exit, CommandError> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let outputs = outputs(&arguments, &profiles)?;
    let asked = asked(&arguments, &profiles)?;
    let place = HistoryPlace::of_or_default(&arguments.history, Some(&profiles))?;
    let kept = match place.open_to_read().and_then(|mut history| history.targets_with_load()) {
        Ok(kept) => kept,
        Err(HistoryError::Missing(_)) => Vec::new(),
        Err(error) => return Err(place.failed(&error).into()),
    };
    let told = |error: TrendError| match error {
        TrendError::History(error) => place.failed(&error),
        other => anyhow!("{}", terminal(&other.to_string())),
    };
    let environments = pipeline::trend_environments(&profiles, &asked, &kept).map_err(told)?;
    let outside = pipeline::trend_outside(&profiles, &asked, &environments, clock()).await;
    let mut opened = place.open_to_read();
    let history = match &mut opened {
        Ok(store) => Some(Ok(store)),
        Err(HistoryError::Missing(_)) => None,
        Err(error) => Some(Err(&*error)),
    };
    let report = match pipeline::trend_report(&profiles, &asked, &environments, history, outside) {
        Ok(report) => report,
        Err(error @ TrendError::Nothing { .. }) => {
            let text = format!("incomplete: {}", terminal(&error.to_string()));
            output::print_error_line(&text);
            return Ok(Exit::Incomplete);
        }
        Err(error) => return Err(told(error).into()),
    };
    for TrendOutput { format, path } in &outputs {
        let view = output::options_of(path.is_none());
        let text = format.render(&report, &view).map_err(|error| anyhow!("{error}"))?;
        match path {
            Some(path) => files.write(path, &text)?,
            None => output::print(&text)?,
        }
    }
    Ok(Exit::Done)
}

/// The formats asked for: a table if none was, files first.
fn outputs(arguments: &TrendArguments, profiles: &Profiles) -> anyhow::Result<Vec<TrendOutput>> {
    let mut outputs = arguments.output.clone();
    if outputs.is_empty() {
        outputs.push(TrendOutput { format: TrendFormat::Table, path: None });
    }
    if outputs.iter().filter(|one| one.path.is_none()).count() > 1 {
        bail!(
            "only one format can go to standard output: give the others a path, as in \
             html=trend.html"
        );
    }
    let mut inputs = Inputs::of_profiles(profiles, &profiles.environments);
    if let Ok(Some(HistoryPlace::File(history))) =
        HistoryPlace::of(&arguments.history, Some(profiles))
    {
        inputs.add_history(&history);
    }
    for path in outputs.iter().filter_map(|one| one.path.as_deref()) {
        inputs.spare(path)?;
    }
    outputs.sort_by_key(|one| one.path.is_none());
    Ok(outputs)
}

fn asked(arguments: &TrendArguments, profiles: &Profiles) -> anyhow::Result<TrendAsked> {
    let length = BucketLength::DEFAULT;
    let now = clock()();
    let zone = &profiles.timezone;
    let moment = |text: &String| match text.as_str() {
        "now" => Ok(now),
        text => parse_moment(text, now, zone),
    };
    let until = arguments.until.as_ref().map(moment).transpose()?;
    let to = until.map_or_else(|| window_end(now.as_second(), length), Timestamp::as_second);
    let long = arguments.long.map(|DurationText(long)| SignedDuration::try_from(long));
    let long = long.transpose()?.unwrap_or(DAY);
    let since = arguments.since.as_ref().map(moment).transpose()?;
    let from = since.map_or(to - long.as_secs(), Timestamp::as_second);
    let span = LoadSpan { from: length.floor(from), to: length.ceil(to) };
    if from >= to {
        bail!("the span ends before it begins: write the earlier time behind --since");
    }
    if span.seconds() > LONGEST.as_secs() {
        bail!("the span is longer than 400 days, and no load is kept for longer");
    }
    Ok(TrendAsked {
        target: TargetId::from(arguments.target.as_str()),
        environments: arguments.env.iter().map(|n| EnvironmentName::from(n.as_str())).collect(),
        figure: arguments.indicator.clone(),
        span,
        deadline: arguments.deadline.map(|text| text.0),
        length,
    })
}
