//! `envparity checklist`: may a release go?

use std::collections::BTreeSet;

use anyhow::{anyhow, bail};
use jiff::Timestamp;

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
use crate::collect::config::COLLECTORS;
use crate::history::{HistoryError, Store};
use crate::model::{
    Answer, BucketLength, Checklist, EnvironmentName, Evidence, KeptAnswer, Override, Rehearsal,
    Release, ReleaseType, WorkMark, meant_and_known,
};
use crate::notify::ObservedRun;
use crate::pipeline::{
    self, AuditOptions, BasisAsked, ChecklistBasis, ChecklistInput, ChecklistLoads,
    ChecklistOutside, LoadsWanted, PastEvidence, PastLook,
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
    let mut past = Past::open(&place)?;
    let basis = basis(arguments, (&profiles, release), &mut past).await?;
    let now = basis.audit.run.at;
    let answers = past.answers()?;
    let history_break = past.broken.clone();
    let (marks, rehearsals) = past.work(&profiles)?;
    let loads = loads(arguments, (&profiles, release), &basis.evidence, &mut past, now).await?;
    let input = ChecklistInput {
        release,
        kind,
        basis: &basis,
        answers: &answers,
        loads,
        marks: &marks,
        rehearsals: &rehearsals,
        history_break: history_break.as_deref(),
    };
    let judged = pipeline::checklist(&profiles, input, &mut past, now);
    let mut checklist = judged.map_err(|error| anyhow!("{}", terminal(&error.to_string())))?;
    checklist.overrides = past.overrides(&release.name)?;
    // What was stored before is not seen once more.
    let seen: &[Evidence] = if arguments.recorded_only { &[] } else { &basis.evidence };
    let kept = place.open_to_write().and_then(|mut history| {
        if !basis.is_sampled {
            pipeline::load::keep_samples(&mut history, seen, now, BucketLength::DEFAULT)?;
        }
        pipeline::keep_checklist(&mut history, &mut checklist, (seen, basis.judged.clone()))
    });
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

/// Every environment, read now, or as the history has it.
async fn basis<'a>(
    arguments: &ChecklistRunArguments,
    (profiles, release): (&'a Profiles, &'a Release),
    past: &mut Past,
) -> anyhow::Result<ChecklistBasis<'a>> {
    let options = AuditOptions {
        at: arguments.at,
        deadline: arguments.deadline(),
        ..AuditOptions::default()
    };
    let rolled_back = past.rolled_back()?;
    let asked = BasisAsked {
        profiles,
        release,
        options: &options,
        facts: facts(&arguments.profiles.profiles),
        rolled_back: &rolled_back,
    };
    let basis = if arguments.recorded_only {
        let now = arguments.at.unwrap_or_else(|| clock()());
        let evidence = newest(profiles, past, now)?;
        pipeline::stored_basis(asked, evidence, past, now).await
    } else {
        let bar = RunProgress::new();
        pipeline::read_basis(asked, past, clock(), &bar).await
    };
    basis.map_err(|error| anyhow!("{}", terminal(&error.to_string())))
}

/// The newest stored evidence of each environment.
fn newest(profiles: &Profiles, past: &mut Past, now: Timestamp) -> anyhow::Result<Vec<Evidence>> {
    let mut evidence = Vec::new();
    for environment in &profiles.environments {
        let visited = past.visit(&environment.name, &mut |look| {
            let is_later = look.at > now;
            if !is_later {
                evidence.push((look.read)()?);
            }
            Ok(is_later)
        });
        visited.map_err(|error| anyhow!(error))?;
    }
    Ok(evidence)
}

/// Load over time of both sides: of the history, and of what profiles name unless nothing is to be
/// contacted.
async fn loads(
    arguments: &ChecklistRunArguments,
    (profiles, release): (&Profiles, &Release),
    evidence: &[Evidence],
    past: &mut Past,
    now: Timestamp,
) -> anyhow::Result<ChecklistLoads> {
    let gate = pipeline::gate_of(profiles, release).map_err(|error| anyhow!("{error}"))?;
    let deadline = arguments.deadline();
    let wanted = LoadsWanted { profiles, gate: &gate, evidence, now, deadline };
    let outside = if arguments.recorded_only {
        ChecklistOutside::new()
    } else {
        wanted.outside(&clock()).await
    };
    Ok(wanted.loads(outside, past.store.as_mut()))
}

/// The history as the checklist looks into it.
struct Past {
    place: HistoryPlace,
    /// `None` if there is none yet, or if it is not believed.
    store: Option<Store>,
    /// Why it is not believed.
    broken: Option<String>,
}

impl Past {
    /// Opens it and follows its chain: of a history that was changed nothing is believed.
    fn open(place: &HistoryPlace) -> anyhow::Result<Self> {
        let mut past = Self { place: place.clone(), store: None, broken: None };
        let mut store = match place.open_to_read() {
            Ok(store) => store,
            Err(HistoryError::Missing(_)) => return Ok(past),
            Err(error) => return Err(place.failed(&error)),
        };
        match store.follow_chain().map_err(|error| place.failed(&error))? {
            Ok(_) => past.store = Some(store),
            Err(at) => past.broken = Some(format!("it was changed: {at}")),
        }
        Ok(past)
    }

    /// Releases that a watch told to roll back: none of them is a baseline.
    fn rolled_back(&mut self) -> anyhow::Result<BTreeSet<String>> {
        let Some(store) = &mut self.store else { return Ok(BTreeSet::new()) };
        pipeline::rolled_back(store).map_err(|error| self.place.failed(&error))
    }

    /// What was overridden of a release, oldest first.
    fn overrides(&mut self, release: &str) -> anyhow::Result<Vec<Override>> {
        let Some(store) = &mut self.store else { return Ok(Vec::new()) };
        let all = pipeline::overrides(store).map_err(|error| self.place.failed(&error))?;
        Ok(all.into_iter().filter(|one| one.release == release).collect())
    }

    /// What people answered, oldest first.
    fn answers(&mut self) -> anyhow::Result<Vec<KeptAnswer>> {
        let Some(store) = &mut self.store else { return Ok(Vec::new()) };
        let said =
            store.runs_of_kind(pipeline::ANSWER).map_err(|error| self.place.failed(&error))?;
        Ok(said.iter().map(|(run, said)| pipeline::answer_of(run, said)).collect())
    }
}

impl Past {
    /// Marks of work and rehearsals.
    fn work(&mut self, profiles: &Profiles) -> anyhow::Result<(Vec<WorkMark>, Vec<Rehearsal>)> {
        let Some(store) = &mut self.store else { return Ok((Vec::new(), Vec::new())) };
        let place = &self.place;
        let marks = pipeline::work_marks(store, profiles).map_err(|error| place.failed(&error))?;
        let done = pipeline::rehearsals(store, profiles).map_err(|error| place.failed(&error))?;
        Ok((marks, done))
    }
}

impl PastEvidence for Past {
    fn visit(
        &mut self,
        environment: &EnvironmentName,
        see: &mut dyn FnMut(PastLook<'_>) -> Result<bool, String>,
    ) -> Result<(), String> {
        let Self { place, store: Some(store), .. } = self else { return Ok(()) };
        let said = |error: &HistoryError| place.said(error);
        let visited = store.look_back(environment, &mut |store, head| {
            let mut read = || store.evidence_of(head, COLLECTORS).map_err(|error| said(&error));
            let (seen, key) = (head.seen_at(COLLECTORS), head.content_key());
            let look = PastLook { at: head.at, seen, key, read: &mut read };
            see(look).map_err(VisitError::Seen)
        });
        visited.map_err(|error| match error {
            VisitError::History(error) => said(&error),
            VisitError::Seen(error) => error,
        })
    }

    fn store(&mut self) -> Option<&mut Store> {
        self.store.as_mut()
    }
}

/// Why a history was not looked through.
enum VisitError {
    History(HistoryError),
    Seen(String),
}

impl From<HistoryError> for VisitError {
    fn from(error: HistoryError) -> Self {
        Self::History(error)
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
    if let Some(why) = Past::open(&place)?.broken {
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
