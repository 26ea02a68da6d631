//! `envparity checklist`: may a release go?

use anyhow::{anyhow, bail};

use super::args::{
    AnswerArguments, ChecklistArguments, ChecklistChoice, ChecklistCommand, ChecklistRunArguments,
};
use super::audit::facts;
use super::exit::Exit;
use super::files::OutputFiles;
use super::inputs::Inputs;
use super::notify::RunOf;
use super::output::Rendering;
use super::past::HistoryPlace;
use super::progress::RunProgress;
use super::release::named;
use super::{CommandError, after, author, clock, notify, output, overriding, problems};
use crate::checklist::config::ChecklistConfig;
use crate::checklist::{bound_builds, digest_of};
use crate::model::{Answer, Checklist, Release, ReleaseType, meant_and_known};
use crate::notify::ObservedRun;
use crate::pipeline::{
    self, AuditOptions, ChecklistAsked, ChecklistPast, ChecklistRunError, HistoryDoor,
};
use crate::profile::Profiles;
use crate::report::checklist::ChecklistFormat;
use crate::report::escape::terminal;
use crate::wire::deceptive::is_blank;

pub(super) async fn run(
    arguments: ChecklistArguments,
    verbose: u8,
    files: OutputFiles,
) -> Result<Exit, CommandError> {
    match arguments.command {
        Some(ChecklistCommand::Answer(command)) => answer(&command),
        Some(ChecklistCommand::Override(command)) => overriding::run(&command),
        None if arguments.run.release.is_none() => after::run(arguments.run, files).await,
        None => judge(&arguments.run, verbose, &files).await,
    }
}

async fn judge(
    arguments: &ChecklistRunArguments,
    verbose: u8,
    files: &OutputFiles,
) -> Result<Exit, CommandError> {
    let choices = choices(arguments)?;
    let profiles = problems::load_at(&arguments.profiles.profiles, arguments.at)?;
    let name = arguments.release.as_deref().unwrap_or_default();
    let release = named(&profiles, name)?;
    let kind = kind(arguments, release)?;
    // What is written nowhere is told before anything is asked.
    pipeline::gate_of(&profiles, release).map_err(|error| anyhow!("{error}"))?;
    let place = HistoryPlace::of_or_default(&arguments.history, Some(&profiles))?;
    spare_inputs(&choices, &profiles, &place)?;
    let options = AuditOptions {
        at: arguments.at,
        deadline: arguments.deadline(),
        ..AuditOptions::default()
    };
    let asked = ChecklistAsked {
        profiles: &profiles,
        release,
        kind,
        recorded_only: arguments.recorded_only,
        options,
        facts: facts(&arguments.profiles.profiles),
    };
    let judged = {
        let (to_read, to_write) = (|| place.open_to_read(), || place.open_to_write());
        let door = HistoryDoor { to_read: &to_read, to_write: &to_write };
        pipeline::run_checklist(asked, &door, clock(), &RunProgress::new()).await
    };
    let (checklist, kept) = judged.map_err(|error| match &error {
        ChecklistRunError::History(error) => place.failed(error),
        other => anyhow!("{}", terminal(&other.to_string())),
    })?;
    if let Err(error) = &kept {
        let told = format!("error: the run was not kept: {}", place.said(error));
        output::print_error_line(&told);
    }
    let view = (arguments.report_only, verbose);
    let exit = write(&choices, &checklist, view, files, kept.is_err());
    let seen = ObservedRun::of_checklist(&checklist);
    let of = RunOf::ChecklistOf(&release.name);
    notify::after(&place, &profiles, kept.is_ok(), (seen, of)).await;
    Ok(exit)
}

fn write(
    choices: &[ChecklistChoice],
    checklist: &Checklist,
    (report_only, verbose): (bool, u8),
    files: &OutputFiles,
    has_failed: bool,
) -> Exit {
    let renderings: Vec<Rendering<'_>> =
        choices.iter().map(|choice| rendering(choice, checklist)).collect();
    let verdict = Exit::from(checklist.verdict);
    output::write_all(&renderings, verdict, report_only, verbose, files, has_failed)
}

fn rendering<'a>(choice: &'a ChecklistChoice, checklist: &'a Checklist) -> Rendering<'a> {
    Rendering {
        path: choice.path.as_deref(),
        render: Box::new(|view| choice.format.render(checklist, view)),
    }
}

fn choices(arguments: &ChecklistRunArguments) -> anyhow::Result<Vec<ChecklistChoice>> {
    let mut choices = arguments.output.clone();
    if choices.is_empty() {
        let format = ChecklistFormat::named("table").map_err(|error| anyhow!(error))?;
        choices.push(ChecklistChoice { format, path: None });
    }
    output::check_places(choices.iter().map(|choice| choice.path.as_deref()))?;
    Ok(choices)
}

/// What is written over must not be what was read.
fn spare_inputs(
    choices: &[ChecklistChoice],
    profiles: &Profiles,
    place: &HistoryPlace,
) -> anyhow::Result<()> {
    let mut inputs = Inputs::of_profiles(profiles, &profiles.environments);
    if let HistoryPlace::File(history) = place {
        inputs.add_history(history);
    }
    choices
        .iter()
        .filter_map(|choice| choice.path.as_deref())
        .try_for_each(|path| inputs.spare(path))
}

/// What the file says; the command line may say what it does not.
fn kind(arguments: &ChecklistRunArguments, release: &Release) -> anyhow::Result<ReleaseType> {
    let asked = arguments.release_type.map(ReleaseType::from);
    match (release.kind, asked) {
        (Some(own), Some(asked)) if own != asked => bail!(
            "{} is a {} by its file, and not a {}: change type: there",
            terminal(&release.name),
            own.as_str(),
            asked.as_str()
        ),
        (own, asked) => Ok(own.or(asked).unwrap_or_default()),
    }
}

fn answer(arguments: &AnswerArguments) -> Result<Exit, CommandError> {
    let profiles = problems::load_at(&arguments.profiles.profiles, arguments.at)?;
    let release = named(&profiles, &arguments.release)?;
    let rules = ChecklistConfig::rules(profiles.checklist.as_ref());
    let known: Vec<&str> = rules.questions.iter().map(|(item, _)| item.as_str()).collect();
    let question = rules.questions.iter().find(|(item, _)| *item == arguments.item);
    let Some((_, question)) = question else {
        return Err(CommandError(unknown(&arguments.item, &known)));
    };
    if is_blank(&arguments.by) {
        return Err(CommandError(anyhow!("--by says nothing: name who answers")));
    }
    let now = clock()();
    let at = arguments.at.unwrap_or(now);
    if at > now {
        return Err(CommandError(anyhow!("--at {at} is in the future: an answer is given now")));
    }
    let answer = Answer {
        item: arguments.item.clone(),
        release: release.name.clone(),
        digest: digest_of(&bound_builds(release)),
        is_yes: arguments.yes,
        by: arguments.by.clone(),
        evidence: arguments.evidence.clone(),
        at,
        claims: author::claims(),
    };
    let place = HistoryPlace::of_or_default(&arguments.history, Some(&profiles))?;
    // An answer behind a break would not be believed.
    let (to_read, to_write) = (|| place.open_to_read(), || place.open_to_write());
    let door = HistoryDoor { to_read: &to_read, to_write: &to_write };
    let past = ChecklistPast::open(&door).map_err(|error| place.failed(&error))?;
    if let Some(why) = past.broken {
        let advice = "envparity history verify, then go on with a copy that was not changed";
        return Err(CommandError(anyhow!("the history {place}: {why}\n  help: {advice}")));
    }
    let saved = place
        .open_to_write()
        .and_then(|mut history| pipeline::keep_answer(&mut history, &answer))
        .map_err(|error| place.failed(&error))?;
    let word = if answer.is_yes { "yes" } else { "no" };
    let line = format!(
        "{} of {}: {question:?} {word}, by {} (claimed), run {:.8}",
        answer.item, answer.release, answer.by, saved.digest
    );
    output::print(&(terminal(&line) + "\n"))?;
    Ok(Exit::Done)
}

fn unknown(item: &str, known: &[&str]) -> anyhow::Error {
    let item = terminal(item);
    match known {
        [] => anyhow!(
            "no item {item:?} has a question: add one to a file of kind Checklist, as {{item: \
             {item}, question: …}}"
        ),
        known => anyhow!("no item {item:?} has a question; {}", meant_and_known(&item, known)),
    }
}
