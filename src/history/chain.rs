//! The chain of runs: each holds the digest of the one before, so that none can be changed, taken
//! out or put in between afterwards without all later digests changing. Pure.

use sha2::{Digest, Sha256};

use super::format::to_hex;

/// What stands before the first run.
pub(super) const BEGINNING: &str = "";

/// A row of `run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RunRow {
    /// Counts from 1.
    pub(super) id: i64,
    pub(super) kind: String,
    /// Microseconds since 1970.
    pub(super) at: i64,
    pub(super) verdict: String,
    pub(super) body: String,
    /// Digest of the run before.
    pub(super) prev: String,
    pub(super) digest: String,
}

impl RunRow {
    /// What its digest must be. Each column stands behind its length, so that no two rows are one
    /// text.
    pub(super) fn expected_digest(&self) -> String {
        to_hex(&Sha256::digest(self.preimage()))
    }

    /// What that is the digest of.
    pub(super) fn preimage(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let (id, at) = (self.id.to_string(), self.at.to_string());
        for column in [&self.prev, &id, &self.kind, &at, &self.verdict, &self.body] {
            bytes.extend((column.len() as u64).to_le_bytes());
            bytes.extend(column.as_bytes());
        }
        bytes
    }
}

/// Follows a chain from its beginning.
#[derive(Debug)]
pub(super) struct Follower {
    last: String,
    next: i64,
}

impl Default for Follower {
    fn default() -> Self {
        Self { last: BEGINNING.to_owned(), next: 1 }
    }
}

impl Follower {
    /// Takes the next run; in words what is wrong with it.
    pub(super) fn follow_run(&mut self, run: &RunRow) -> Result<(), String> {
        if run.id != self.next {
            return Err(format!("run {} is missing", self.next));
        }
        if run.prev != self.last {
            return Err("it does not follow the run before it".to_owned());
        }
        if run.digest != run.expected_digest() {
            return Err("it is not what was written: its digest is another".to_owned());
        }
        self.last.clone_from(&run.digest);
        self.next += 1;
        Ok(())
    }

    /// The digest of the last run.
    pub(super) fn head_digest(&self) -> &str {
        &self.last
    }

    /// How many runs were followed.
    pub(super) fn count_followed(&self) -> i64 {
        self.next - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(length: i64) -> Vec<RunRow> {
        let mut runs: Vec<RunRow> = Vec::new();
        for id in 1..=length {
            let prev = runs.last().map_or(BEGINNING.to_owned(), |last| last.digest.clone());
            let mut run = RunRow {
                id,
                kind: "audit".to_owned(),
                at: id,
                verdict: "go".to_owned(),
                body: "{}".to_owned(),
                prev,
                digest: String::new(),
            };
            run.digest = run.expected_digest();
            runs.push(run);
        }
        runs
    }

    fn follow(runs: &[RunRow]) -> Result<String, String> {
        let mut follower = Follower::default();
        runs.iter().try_for_each(|run| follower.follow_run(run))?;
        Ok(follower.head_digest().to_owned())
    }

    #[test]
    fn what_was_written_is_followed_to_its_head() {
        let runs = chain(5);
        assert_eq!(follow(&runs), Ok(runs[4].digest.clone()));
        assert_eq!(follow(&[]), Ok(BEGINNING.to_owned()));
    }

    #[test]
    fn what_was_changed_taken_out_or_put_in_is_seen() {
        let edits: [fn(&mut Vec<RunRow>); 8] = [
            |runs| runs[2].kind.push('x'),
            |runs| runs[2].at += 1,
            |runs| runs[2].verdict = "no-go".to_owned(),
            |runs| runs[2].body.push(' '),
            |runs| drop(runs.remove(2)),
            |runs| runs.swap(2, 3),
            |runs| {
                let copy = runs[2].clone();
                runs.insert(3, copy);
            },
            // With a digest that fits: the next run does not follow any more.
            |runs| {
                runs[2].verdict = "no-go".to_owned();
                runs[2].digest = runs[2].expected_digest();
            },
        ];
        for edit in edits {
            let mut runs = chain(5);
            edit(&mut runs);
            assert!(follow(&runs).is_err(), "{runs:#?}");
        }
        // What moves from one column to the next is another row.
        let mut run = chain(1).remove(0);
        run.kind = "audi".to_owned();
        run.verdict = "tgo".to_owned();
        assert_ne!(run.expected_digest(), run.digest);
    }
}
