//! A checklist from beginning to end: the history is read and followed, environments are read or
//! taken from it, items are judged, and the run is kept. Commands and the daemon call this.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::basis::{BasisAsked, ChecklistBasis, read_basis, stored_basis};
use super::checklist::{ChecklistInput, checklist};
use super::checklist_load::LoadsWanted;
use super::gate::{ChecklistError, gate_of};
use super::keep_checklist::{ANSWER, answer_of, keep_checklist};
use super::load::keep_samples;
use super::options::{AuditOptions, RunFacts};
use super::overriding::overrides;
use super::past::{PastEvidence, PastLook};
use crate::collect::config::COLLECTORS;
use crate::collect::{Clock, Progress};
use crate::history::{HistoryError, Store};
use crate::model::{
    BucketLength, Checklist, EnvironmentName, Evidence, KeptAnswer, Override, Rehearsal, Release,
    ReleaseType, WorkMark,
};
use crate::profile::Profiles;

/// What is judged, and by what.
pub struct ChecklistAsked<'a> {
    /// The profiles.
    pub profiles: &'a Profiles,
    /// The release, one of the profiles.
    pub release: &'a Release,
    /// Which items are judged.
    pub kind: ReleaseType,
    /// Whether nothing is contacted: the newest stored evidence counts.
    pub recorded_only: bool,
    /// Time and deadline.
    pub options: AuditOptions,
    /// What is known of where it runs.
    pub facts: RunFacts,
}

/// A history, as it is opened: to be read, and to be written.
pub struct HistoryDoor<'a> {
    /// Opens it if it is there.
    pub to_read: &'a (dyn Fn() -> Result<Store, HistoryError> + Sync),
    /// Opens it, and makes it where there is none.
    pub to_write: &'a (dyn Fn() -> Result<Store, HistoryError> + Sync),
}

/// Why there is no checklist.
#[derive(Debug, thiserror::Error)]
pub enum ChecklistRunError {
    /// Nothing says where the release goes, or the past cannot be read.
    #[error(transparent)]
    Checklist(#[from] ChecklistError),
    /// The history cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Stored evidence cannot be read, in words.
    #[error("{0}")]
    Stored(String),
}

/// Judges a release and keeps the run. The second is whether it was kept: the checklist is there in
/// any case.
///
/// # Errors
/// If nothing says where the release goes, or the history cannot be read.
pub async fn run_checklist(
    asked: ChecklistAsked<'_>,
    door: &HistoryDoor<'_>,
    clock: Clock,
    progress: &dyn Progress,
) -> Result<(Checklist, Result<(), HistoryError>), ChecklistRunError> {
    let ChecklistAsked { profiles, release, kind, recorded_only, .. } = asked;
    let mut past = ChecklistPast::open(door)?;
    let basis = basis(asked, &mut past, clock, progress).await?;
    let now = basis.audit.run.at;
    let answers = past.answers()?;
    let history_break = past.broken.clone();
    let (marks, rehearsals) = past.work(profiles)?;
    let gate = gate_of(profiles, release)?;
    let wanted = LoadsWanted { profiles, gate: &gate, basis: &basis };
    let loads = wanted.read_loads(past.store.as_mut());
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
    let mut checklist = checklist(profiles, input, &mut past, now)?;
    checklist.overrides = past.overrides(&release.name)?;
    // What was stored before is not seen once more.
    let seen: &[Evidence] = if recorded_only { &[] } else { &basis.evidence };
    let kept = (door.to_write)().and_then(|mut history| {
        if !basis.is_sampled {
            keep_samples(&mut history, seen, now, BucketLength::DEFAULT)?;
        }
        keep_checklist(&mut history, &mut checklist, (seen, basis.judged.clone()))
    });
    Ok((checklist, kept))
}

/// Every environment, read now, or as the history has it.
async fn basis<'a>(
    asked: ChecklistAsked<'a>,
    past: &mut ChecklistPast,
    clock: Clock,
    progress: &dyn Progress,
) -> Result<ChecklistBasis<'a>, ChecklistRunError> {
    let ChecklistAsked { profiles, release, recorded_only, options, facts, .. } = asked;
    let rolled_back = past.rolled_back()?;
    let asked =
        BasisAsked { profiles, release, options: &options, facts, rolled_back: &rolled_back };
    Ok(if recorded_only {
        let now = options.at.unwrap_or_else(|| clock());
        let evidence = newest(profiles, past, now)?;
        stored_basis(asked, evidence, past, now).await?
    } else {
        read_basis(asked, past, clock, progress).await?
    })
}

/// The newest stored evidence of each environment.
fn newest(
    profiles: &Profiles,
    past: &mut ChecklistPast,
    now: Timestamp,
) -> Result<Vec<Evidence>, ChecklistRunError> {
    let mut evidence = Vec::new();
    for environment in &profiles.environments {
        let visited = past.visit(&environment.name, &mut |look| {
            let is_later = look.at > now;
            if !is_later {
                evidence.push((look.read)()?);
            }
            Ok(is_later)
        });
        visited.map_err(ChecklistRunError::Stored)?;
    }
    Ok(evidence)
}

/// The history as the checklist looks into it.
pub struct ChecklistPast {
    /// `None` if there is none yet, or if it is not believed.
    store: Option<Store>,
    /// Why it is not believed.
    pub broken: Option<String>,
}

impl ChecklistPast {
    /// Opens it and follows its chain: of a history that was changed nothing is believed.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn open(door: &HistoryDoor<'_>) -> Result<Self, HistoryError> {
        let mut store = match (door.to_read)() {
            Ok(store) => store,
            Err(HistoryError::Missing(_)) => return Ok(Self { store: None, broken: None }),
            Err(error) => return Err(error),
        };
        Ok(match store.follow_chain()? {
            Ok(_) => Self { store: Some(store), broken: None },
            Err(at) => Self { store: None, broken: Some(format!("it was changed: {at}")) },
        })
    }

    /// Releases that a watch told to roll back: none of them is a baseline.
    fn rolled_back(&mut self) -> Result<BTreeSet<String>, HistoryError> {
        self.store.as_mut().map_or_else(|| Ok(BTreeSet::new()), super::rolled_back)
    }

    /// What was overridden of a release, oldest first.
    fn overrides(&mut self, release: &str) -> Result<Vec<Override>, HistoryError> {
        let Some(store) = &mut self.store else { return Ok(Vec::new()) };
        Ok(overrides(store)?.into_iter().filter(|one| one.release == release).collect())
    }

    /// What people answered, oldest first.
    fn answers(&mut self) -> Result<Vec<KeptAnswer>, HistoryError> {
        let Some(store) = &mut self.store else { return Ok(Vec::new()) };
        Ok(store.runs_of_kind(ANSWER)?.iter().map(|(run, said)| answer_of(run, said)).collect())
    }

    /// Marks of work and rehearsals.
    fn work(
        &mut self,
        profiles: &Profiles,
    ) -> Result<(Vec<WorkMark>, Vec<Rehearsal>), HistoryError> {
        let Some(store) = &mut self.store else { return Ok((Vec::new(), Vec::new())) };
        Ok((super::work_marks(store, profiles)?, super::rehearsals(store, profiles)?))
    }
}

impl PastEvidence for ChecklistPast {
    fn visit(
        &mut self,
        environment: &EnvironmentName,
        see: &mut dyn FnMut(PastLook<'_>) -> Result<bool, String>,
    ) -> Result<(), String> {
        let Some(store) = &mut self.store else { return Ok(()) };
        let visited = store.look_back(environment, &mut |store, head| {
            let mut read = || store.evidence_of(head, COLLECTORS).map_err(|error| in_words(&error));
            let (seen, key) = (head.seen_at(COLLECTORS), head.content_key());
            let look = PastLook { at: head.at, seen, key, read: &mut read };
            see(look).map_err(VisitError::Seen)
        });
        visited.map_err(|error| match error {
            VisitError::History(error) => in_words(&error),
            VisitError::Seen(error) => error,
        })
    }

    fn store(&mut self) -> Option<&mut Store> {
        self.store.as_mut()
    }
}

fn in_words(error: &HistoryError) -> String {
    format!("the history: {error}\n  help: {}", error.advice())
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
