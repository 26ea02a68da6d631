//! Whether a history is what was written: the chain of runs, and all that they rest on.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::{Follower, RunRow};
use super::error::HistoryError;
use super::format::{self, JudgedHead, RunBody, TargetRows};
use super::marks;
use super::runs;
use super::said::{self, SaidMark};
use super::samples;
use super::schema;
use super::sql::Value;
use super::store::{SeriesKey, Store};

/// A history that is what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Runs in the chain.
    pub runs: i64,
    /// Digest of the last one; empty if there is none.
    pub head: String,
}

/// The first place where a history is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("run {run}{}: {what}", .at.as_ref().map(|at| format!(" of {at}")).unwrap_or_default())]
pub struct Break {
    /// The run; behind the last one, where something is there that no run knows.
    pub run: i64,
    /// Its time, if it has one.
    pub at: Option<jiff::Timestamp>,
    /// What is wrong, in a lowercase fragment.
    pub what: String,
}

/// So many digits tell a head from all others.
const MIN_HEAD: usize = 8;

/// What runs say of the other tables.
#[derive(Default)]
struct Rested {
    /// Rows of `seen`, with how often.
    seen: BTreeMap<SeenRow, i64>,
    /// Digests of inventories that were found to be right.
    checked: BTreeSet<String>,
    marks: BTreeSet<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SeenRow {
    environment: String,
    target: String,
    part: String,
    at: i64,
    digest: String,
    outcome: String,
}

/// Runs are read by so many.
const PAGE: i64 = 64;

impl Store {
    /// Follows the chain and checks all that it rests on. `head` is the digest of a run as some
    /// report has it, or its beginning: that run must be there.
    ///
    /// # Errors
    /// If the history cannot be read at all, or `head` could be that of many runs.
    pub fn verify(&mut self, head: Option<&str>) -> Result<Result<Verified, Break>, HistoryError> {
        head.map_or(Ok(()), check_head)?;
        self.at_one_time(|store| store.verify_all(head))
    }

    fn verify_all(&mut self, head: Option<&str>) -> Result<Result<Verified, Break>, HistoryError> {
        self.sql.check()?;
        if let Some(table) = schema::missing_table(&mut *self.sql)? {
            return Err(HistoryError::Damaged(format!("the table {table} is gone")));
        }
        // A later schema may have made them otherwise.
        if self.is_of_our_schema()
            && let Some(what) = schema::altered(&mut *self.sql)?
        {
            return Err(HistoryError::Damaged(format!("{what} is not as envparity makes it")));
        }
        let mut follower = Follower::default();
        let mut rested = Rested::default();
        let mut heads = 0;
        loop {
            let page = self.page_behind(follower.count_followed())?;
            if page.is_empty() {
                break;
            }
            for run in page {
                let wrong = match follower.follow_run(&run) {
                    Ok(()) => self.check_rests(&run, &mut rested)?,
                    Err(what) => Some(what),
                };
                if let Some(what) = wrong {
                    let at = jiff::Timestamp::from_microsecond(run.at).ok();
                    return Ok(Err(Break { run: run.id, at, what }));
                }
                heads += usize::from(head.is_some_and(|head| is_head(head, &run.digest)));
            }
        }
        let last = follower.count_followed();
        let broken = |what: String| Ok(Err(Break { run: last, at: None, what }));
        if let Some(head) = head.filter(|_| heads > 1) {
            return Err(HistoryError::Head(format!("{head} is the beginning of {heads} runs")));
        }
        if let Some(head) = head.filter(|_| heads == 0) {
            return broken(format!(
                "no run has the digest {head}: the end of the history was cut, or it is another one"
            ));
        }
        if self.count_of_runs()? != last {
            return broken("a run is there twice".to_owned());
        }
        if let Some(what) = self.unknown_rows(&rested)? {
            return broken(what);
        }
        Ok(Ok(Verified { runs: last, head: follower.head_digest().to_owned() }))
    }

    fn count_of_runs(&mut self) -> Result<i64, HistoryError> {
        let mut count = 0;
        self.sql.rows("SELECT COUNT(*) FROM run", &[], &mut |row| {
            count = row.int(0)?;
            Ok(())
        })?;
        Ok(count)
    }

    pub(super) fn page_behind(&mut self, id: i64) -> Result<Vec<RunRow>, HistoryError> {
        // Numbers below the first run's are none of ours, and are found by it.
        let behind = if id == 0 { i64::MIN } else { id };
        let sql = format!("{} WHERE id > $1 ORDER BY id LIMIT $2", runs::SELECT);
        let mut page = Vec::new();
        self.sql.rows(&sql, &[behind.into(), PAGE.into()], &mut |columns| {
            page.push(runs::run_row(columns)?);
            Ok(())
        })?;
        Ok(page)
    }

    /// Checks what a run rests on; in words what is wrong.
    fn check_rests(
        &mut self,
        run: &RunRow,
        rested: &mut Rested,
    ) -> Result<Option<String>, HistoryError> {
        let body = runs::run_body(run)?;
        for head in &body.evidence {
            for target in &head.targets {
                let wrong = self.rests_on_target(run, &head.environment, target, rested)?;
                if wrong.is_some() {
                    return Ok(wrong);
                }
            }
        }
        for judged in &body.judged {
            if let Some(wrong) = self.rests_on_buckets(judged)? {
                return Ok(Some(wrong));
            }
        }
        if let Some(wrong) = self.rests_on_standing(&body, rested)? {
            return Ok(Some(wrong));
        }
        if run.kind == said::KIND { self.rests_on_mark(run, &body, rested) } else { Ok(None) }
    }

    fn rests_on_target(
        &mut self,
        run: &RunRow,
        environment: &str,
        target: &TargetRows,
        rested: &mut Rested,
    ) -> Result<Option<String>, HistoryError> {
        let id = &target.head.id;
        for (part, row) in &target.parts {
            let seen = SeenRow {
                environment: environment.to_owned(),
                target: id.clone(),
                part: part.clone(),
                at: run.at,
                digest: row.digest.clone(),
                outcome: row.outcome.clone(),
            };
            *rested.seen.entry(seen).or_insert(0) += 1;
            if rested.checked.contains(&row.digest) {
                continue;
            }
            match self.inventory_text(&row.digest)? {
                None => return Ok(Some(format!("what {environment} {id} {part} told is gone"))),
                Some(body) if format::sha256(&body) != row.digest => {
                    return Ok(Some(format!("what {environment} {id} {part} told was changed")));
                }
                Some(_) => rested.checked.insert(row.digest.clone()),
            };
        }
        for sample in &target.samples {
            let found = samples::look_up_sample(&mut *self.sql, environment, id, sample)?;
            let Some(found) = found else {
                let place = &sample.place;
                return Ok(Some(format!("a sample of {environment} {id} {place} was changed")));
            };
            // They stand in the body too, where the digest sees them.
            if !found.is_as_its_body_says() {
                return Ok(Some(format!("a sample of {environment} {id} was changed")));
            }
        }
        Ok(None)
    }

    fn rests_on_standing(
        &mut self,
        body: &RunBody,
        rested: &mut Rested,
    ) -> Result<Option<String>, HistoryError> {
        for (name, digest) in &body.standing {
            if rested.checked.contains(digest) {
                continue;
            }
            match self.inventory_text(digest)? {
                None => return Ok(Some(format!("since when {name} stand is gone"))),
                Some(text) if format::sha256(&text) != *digest => {
                    return Ok(Some(format!("since when {name} stand was changed")));
                }
                Some(_) => rested.checked.insert(digest.clone()),
            };
        }
        Ok(None)
    }

    fn rests_on_buckets(&mut self, judged: &JudgedHead) -> Result<Option<String>, HistoryError> {
        let key = SeriesKey {
            environment: judged.environment.clone(),
            target: judged.target.clone(),
            place: judged.place.clone(),
            name: judged.name.clone(),
        };
        let rows = self.read_buckets(&key, judged.from, judged.to)?;
        let is_same = format::of_buckets(&rows) == judged.digest;
        let JudgedHead { environment, target, name, .. } = judged;
        Ok((!is_same).then(|| format!("buckets of {environment} {target} {name} were changed")))
    }

    fn rests_on_mark(
        &mut self,
        run: &RunRow,
        body: &RunBody,
        rested: &mut Rested,
    ) -> Result<Option<String>, HistoryError> {
        rested.marks.insert(run.id);
        let Ok(said) = serde_json::from_value::<SaidMark>(body.said.clone()) else {
            return Ok(None);
        };
        let wanted = marks::row_of(&said, format::canonical_json(&body.said)).to_vec();
        let sql = "SELECT environment, kind, since, until, label, body FROM mark WHERE run = $1";
        let mut found = Vec::new();
        self.sql.rows(sql, &[run.id.into()], &mut |row| {
            // All of them: a second row would make it another.
            found.extend([
                Value::Text(row.text(0)?),
                Value::Text(row.text(1)?),
                Value::Int(row.int(2)?),
                Value::Int(row.int(3)?),
                Value::Text(row.text(4)?),
                Value::Text(row.text(5)?),
            ]);
            Ok(())
        })?;
        Ok((found != wanted).then(|| format!("the mark {:?} was changed", said.label)))
    }

    /// What is there and no run knows of, or the other way round.
    fn unknown_rows(&mut self, rested: &Rested) -> Result<Option<String>, HistoryError> {
        let mut left = rested.seen.clone();
        let mut unknown = None;
        let sql = "SELECT environment, target, part, at, digest, outcome FROM seen";
        self.sql.rows(sql, &[], &mut |row| {
            let seen = SeenRow {
                environment: row.text(0)?,
                target: row.text(1)?,
                part: row.text(2)?,
                at: row.int(3)?,
                digest: row.text(4)?,
                outcome: row.text(5)?,
            };
            match left.get_mut(&seen) {
                Some(count) => *count -= 1,
                None => unknown = Some(seen),
            }
            Ok(())
        })?;
        if let Some(SeenRow { environment, target, part, .. }) = unknown {
            return Ok(Some(format!("no run has seen {environment} {target} {part} so")));
        }
        if let Some((row, _)) = left.iter().find(|(_, count)| **count != 0) {
            let SeenRow { environment, target, part, .. } = row;
            return Ok(Some(format!("that {environment} {target} {part} was seen is not kept")));
        }
        let mut stray = None;
        self.sql.rows("SELECT run, label FROM mark", &[], &mut |row| {
            if !rested.marks.contains(&row.int(0)?) {
                stray = Some(row.text(1)?);
            }
            Ok(())
        })?;
        Ok(stray.map(|label| format!("no run has made the mark {label:?}")))
    }
}

/// A few digits may be those of any run, and prove nothing.
fn check_head(head: &str) -> Result<(), HistoryError> {
    let is_hex = head.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && (MIN_HEAD..=64).contains(&head.len()) {
        return Ok(());
    }
    let told = format!("{head:?} is no digest of a run, nor {MIN_HEAD} digits of one or more");
    Err(HistoryError::Head(told))
}

fn is_head(wanted: &str, digest: &str) -> bool {
    digest.starts_with(&wanted.to_ascii_lowercase())
}
