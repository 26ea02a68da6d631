//! What was told, kept in the history: decided and taken over within one transaction, so that of
//! many runs at once one tells.
//!
//! Each change is a run of the kind `notify` that holds the whole board. So it is part of the chain,
//! survives restarts, and goes along with an export.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use super::board::{Board, PendingSend};
use super::decide::{MissedRuns, decide};
use super::deliver::Delivered;
use super::notice::Notice;
use super::seen::ObservedRun;
use super::sinks::Sink;
use crate::collect::config::COLLECTORS;
use crate::history::{HistoryError, NewRun, Store};
use crate::report::PROGRAM;

/// The kind of such runs.
pub const KIND: &str = "notify";

/// Runs that try to send a notice: the one that saw it, and once more the next one.
const RUNS: u32 = 2;

/// A run that took a notice over has ended by then, or was killed.
const TAKEN_FOR: SignedDuration = SignedDuration::from_mins(10);

/// Notices that wait, at most: the oldest are given up.
const MOST_PENDING: usize = 100;

/// A history, as what was told is kept in it.
#[derive(Debug)]
pub struct Told<'a>(pub &'a mut Store);

impl Told<'_> {
    /// What was told so far.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn board(&mut self) -> Result<Board, HistoryError> {
        let Some(said) = self.0.newest_said(KIND)? else { return Ok(Board::default()) };
        serde_json::from_value(said)
            .map_err(|e| HistoryError::Damaged(format!("what was told cannot be read: {e}")))
    }

    /// Decides what is told of a run, and takes over what is to be sent: that, and what an earlier
    /// run could not send. Nobody else sends it.
    ///
    /// # Errors
    /// If the history may not or cannot be written: then nothing is to be sent.
    pub fn take(
        &mut self,
        seen: &ObservedRun,
        missed: impl FnOnce(&mut Board) -> Vec<MissedRuns>,
        sinks: &[Sink],
        now: Timestamp,
    ) -> Result<Vec<PendingSend>, HistoryError> {
        self.0.write_all(|store| {
            let mut told = Told(store);
            let before = told.board()?;
            let mut known = before.clone();
            let missed = missed(&mut known);
            let (mut board, notices) = decide(&known, seen, &missed);
            let taken = take_over(&mut board, &notices, sinks, now);
            if worth_keeping(&before, &board) {
                told.keep(&board, seen.at)?;
            }
            Ok(taken)
        })
    }

    /// Notes what became of what was taken.
    ///
    /// # Errors
    /// If the history may not or cannot be written.
    pub fn settle(
        &mut self,
        done: &[(u64, Delivered)],
        now: Timestamp,
    ) -> Result<(), HistoryError> {
        if done.is_empty() {
            return Ok(());
        }
        self.0.write_all(|store| {
            let mut told = Told(store);
            let mut board = told.board()?;
            settle(&mut board, done);
            told.keep(&board, now)
        })
    }

    fn keep(&mut self, board: &Board, at: Timestamp) -> Result<(), HistoryError> {
        let said: Json = serde_json::to_value(board)
            .map_err(|e| HistoryError::Unsupported(format!("what was told: {e}")))?;
        let run = NewRun {
            kind: KIND,
            at,
            verdict: "",
            facts: BTreeMap::from([("tool".to_owned(), PROGRAM.to_owned())]),
            evidence: &[],
            findings: BTreeMap::new(),
            judged: Vec::new(),
            said,
        };
        self.0.save_run(run, COLLECTORS).map(|_| ())
    }
}

/// Whether anything but the time has changed: that a gate is as it was is kept seldom.
fn worth_keeping(before: &Board, after: &Board) -> bool {
    const SELDOM: SignedDuration = SignedDuration::from_hours(72);
    let mut same_times = after.clone();
    for (key, state) in &mut same_times.gates {
        let known = before.gates.get(key).map(|known| known.at);
        if let Some(known) = known.filter(|known| state.at.duration_since(*known) < SELDOM) {
            state.at = known;
        }
    }
    same_times != *before
}

/// Puts what is told on its way, and takes what waits.
fn take_over(
    board: &mut Board,
    notices: &[Notice],
    sinks: &[Sink],
    now: Timestamp,
) -> Vec<PendingSend> {
    let mut id = board.pending.iter().map(|pending| pending.id).max().unwrap_or_default();
    for notice in notices {
        for sink in sinks {
            id += 1;
            let (sink, notice) = (sink.name.clone(), notice.clone());
            board.pending.push(PendingSend { id, sink, notice, taken: None, runs: 0 });
        }
    }
    // Sinks that are gone are told nothing any more.
    board.pending.retain(|pending| sinks.iter().any(|sink| sink.name == pending.sink));
    let kept = board.pending.len().saturating_sub(MOST_PENDING);
    board.pending.drain(..kept);
    let mut taken = Vec::new();
    for pending in &mut board.pending {
        let is_free = pending.taken.is_none_or(|at| {
            let since = now.duration_since(at);
            // A run that waited for the others has an older time; a clock may have been set back.
            since.abs() >= TAKEN_FOR
        });
        if !is_free {
            continue;
        }
        // The run that took it was killed in the middle.
        pending.runs += u32::from(pending.taken.is_some());
        pending.taken = Some(now);
        taken.push(pending.clone());
    }
    // What was taken by as many runs as may try is given up by this one at the latest.
    board.pending.retain(|pending| pending.runs < RUNS);
    taken.retain(|pending| pending.runs < RUNS);
    taken
}

fn settle(board: &mut Board, done: &[(u64, Delivered)]) {
    for (id, became) in done {
        let Some(at) = board.pending.iter().position(|pending| pending.id == *id) else { continue };
        let pending = &mut board.pending[at];
        pending.taken = None;
        match became {
            Delivered::Sent(_) | Delivered::Refused(_) => pending.runs = RUNS,
            Delivered::Failed(_) => pending.runs += 1,
            Delivered::Untried => {}
        }
    }
    board.pending.retain(|pending| pending.runs < RUNS);
}
