//! What was seen of one environment, newest first, a few runs at a time. What two runs were told
//! alike has one key, so that it needs to be read and interpreted once only.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::chain::{Follower, RunRow};
use super::error::HistoryError;
use super::format::{self, EvidenceHead, PartRow};
use super::runs;
use super::store::Store;
use super::verify::{Break, Verified};
use crate::model::{Collectors, EnvironmentName, Evidence, TargetId};

/// What a run holds of one environment.
#[derive(Clone, Debug)]
pub struct PastHead {
    /// When the run ended.
    pub at: Timestamp,
    head: EvidenceHead,
}

/// Runs are read by so many.
const PAGE: i64 = 64;

impl PastHead {
    /// The same for all evidence in which every target tells the same, whenever that was.
    pub fn content_key(&self) -> String {
        let mut all: BTreeMap<&str, (&str, &BTreeMap<String, PartRow>)> = BTreeMap::new();
        for target in &self.head.targets {
            all.insert(&target.head.id, (&target.head.endpoint, &target.parts));
        }
        format::sha256(&format!("{all:?}"))
    }

    /// When the last of what can report images told of them, else when the evidence was taken.
    pub fn seen_at(&self, collectors: Collectors) -> Timestamp {
        let holds = |id: &str, part: &str| {
            collectors.of(&TargetId::from(id)).could_hold_images(&part.into())
        };
        let targets = self.head.targets.iter();
        let images =
            targets.filter(|target| target.parts.keys().any(|part| holds(&target.head.id, part)));
        images.map(|target| target.head.taken).min().unwrap_or(self.head.taken)
    }
}

impl Store {
    /// Hands over what each run holds of an environment, newest first, until `see` says that it is
    /// enough.
    ///
    /// # Errors
    /// If the history cannot be read, or `see` fails.
    pub fn look_back<E: From<HistoryError>>(
        &mut self,
        environment: &EnvironmentName,
        see: &mut dyn FnMut(&mut Self, &PastHead) -> Result<bool, E>,
    ) -> Result<(), E> {
        let mut border = i64::MAX;
        loop {
            let page = self.page_before(border)?;
            let Some(last) = page.last() else { return Ok(()) };
            border = last.id;
            for row in &page {
                let wrong = |_| HistoryError::Damaged(format!("run {} has no time", row.id));
                let at = Timestamp::from_microsecond(row.at).map_err(wrong)?;
                let heads = runs::run_body(row)?.evidence.into_iter();
                for head in heads.filter(|head| head.environment == environment.as_str()) {
                    if !see(self, &PastHead { at, head })? {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn page_before(&mut self, id: i64) -> Result<Vec<RunRow>, HistoryError> {
        let sql = format!("{} WHERE id < $1 ORDER BY id DESC LIMIT $2", runs::SELECT);
        let mut page = Vec::new();
        self.sql.rows(&sql, &[id.into(), PAGE.into()], &mut |columns| {
            page.push(runs::run_row(columns)?);
            Ok(())
        })?;
        Ok(page)
    }

    /// The evidence of a run.
    ///
    /// # Errors
    /// If the history cannot be read, or what the run rests on is gone or was changed.
    pub fn evidence_of(
        &mut self,
        past: &PastHead,
        collectors: Collectors,
    ) -> Result<Evidence, HistoryError> {
        self.rebuild_evidence(past.head.clone(), collectors)
    }

    /// Follows the chain of runs alone: whether what they say is what was written. What they rest
    /// on is checked where it is read; [`Store::verify`] checks all of it.
    ///
    /// # Errors
    /// If the history cannot be read at all.
    pub fn follow_chain(&mut self) -> Result<Result<Verified, Break>, HistoryError> {
        self.at_one_time(|store| {
            let mut follower = Follower::default();
            loop {
                let page = store.page_behind(follower.count_followed())?;
                if page.is_empty() {
                    let (runs, head) =
                        (follower.count_followed(), follower.head_digest().to_owned());
                    return Ok(Ok(Verified { runs, head }));
                }
                for run in page {
                    if let Err(what) = follower.follow_run(&run) {
                        let at = Timestamp::from_microsecond(run.at).ok();
                        return Ok(Err(Break { run: run.id, at, what }));
                    }
                }
            }
        })
    }
}
