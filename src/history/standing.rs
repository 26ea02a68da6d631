//! Since when things stand, as the last audit left it: a few texts beside the inventories, which a
//! run refers to by their digests. What did not change from one run to the next is stored once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::error::HistoryError;
use super::format::{self, Prepared, RunBody};
use super::runs::{self, NewRun, Saved};
use super::store::Store;
use crate::model::{
    Ahead, AheadPair, ComponentName, EnvironmentName, FindingId, Running, Standing, StandingFinding,
};

/// The kind of run that says what stands.
const KIND: &str = "audit";

const FINDINGS: &str = "findings";
const AHEAD: &str = "ahead";
/// In front of the name of an environment.
const RUNNING: &str = "running/";

/// What stood after the last audit, and which one that was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastStanding {
    /// What stood: nothing, if there is no audit.
    pub standing: Standing,
    /// The audit; 0 if there is none.
    run: i64,
}

// Fields of what is stored stand in the order of their keys, so that its JSON is canonical.

/// A finding, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct StoredFinding {
    baseline: String,
    component: String,
    environments: Vec<String>,
    rule: String,
    since: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unseen: Option<Timestamp>,
}

/// What runs of a component, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct StoredRunning {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    builds: BTreeSet<String>,
    since: Timestamp,
    versions: BTreeSet<String>,
}

/// The same, to be written: an estate has ten thousand of them.
#[derive(Serialize)]
struct RunningRow<'a> {
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    builds: &'a BTreeSet<String>,
    since: Timestamp,
    versions: &'a BTreeSet<String>,
}

/// A pair, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct StoredAhead {
    baseline: String,
    component: String,
    current: String,
    of: BTreeSet<String>,
    since: Timestamp,
}

impl Store {
    /// What stood after the last audit that says so: nothing, if there is none.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn standing(&mut self) -> Result<LastStanding, HistoryError> {
        let run = self.last_audit()?;
        let standing = if run == 0 { Standing::default() } else { self.standing_after(run)? };
        Ok(LastStanding { standing, run })
    }

    /// The number of the last audit; 0 if there is none.
    fn last_audit(&mut self) -> Result<i64, HistoryError> {
        let sql = "SELECT id FROM run WHERE kind = $1 ORDER BY id DESC LIMIT 1";
        let mut last = 0;
        self.sql.rows(sql, &[KIND.into()], &mut |row| {
            last = row.int(0)?;
            Ok(())
        })?;
        Ok(last)
    }

    /// What stood after one run.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn standing_after(&mut self, run: i64) -> Result<Standing, HistoryError> {
        let body = runs::run_body(&self.run_row(run)?)?;
        self.standing_in(&body)
    }

    /// Stores a run as [`Store::save`] does, with what was made of its evidence before, and what
    /// stands after it. `base` is what that was worked out from; if another run was stored since
    /// then, what that one saw is kept.
    ///
    /// # Errors
    /// If the history may not or cannot be written.
    pub fn save_standing(
        &mut self,
        run: NewRun<'_>,
        mut prepared: Prepared,
        (standing, base): (&Standing, &LastStanding),
    ) -> Result<Saved, HistoryError> {
        self.check_schema()?;
        self.write_all(|store| {
            let rebased;
            let stands = if store.last_audit()? == base.run {
                standing
            } else {
                rebased = standing.rebased(&base.standing, &store.standing()?.standing);
                &rebased
            };
            for (name, text) in standing_texts(stands).map_err(|e| format::unwritable(&e))? {
                let digest = format::sha256(&text);
                prepared.standing.insert(name, digest.clone());
                prepared.inventories.insert(digest, text);
            }
            store.append_run(run, prepared)
        })
    }

    fn standing_in(&mut self, body: &RunBody) -> Result<Standing, HistoryError> {
        let mut standing = Standing::default();
        for (name, digest) in &body.standing {
            let lost = || HistoryError::Damaged(format!("the text {digest:.12} is gone"));
            let text = self.inventory_text(digest)?.ok_or_else(lost)?;
            add_standing(&mut standing, name, &text)?;
        }
        Ok(standing)
    }
}

/// The texts of what stands, by their names, as canonical JSON. Those that would be empty are left out.
fn standing_texts(standing: &Standing) -> serde_json::Result<BTreeMap<String, String>> {
    let findings: BTreeMap<&str, StoredFinding> =
        standing.findings.iter().map(|(id, found)| (id.as_str(), stored_finding(found))).collect();
    let ahead: Vec<StoredAhead> =
        standing.ahead.iter().map(|(pair, ahead)| stored_ahead(pair, ahead)).collect();
    let mut running: BTreeMap<&EnvironmentName, BTreeMap<&str, RunningRow<'_>>> = BTreeMap::new();
    for ((environment, component), Running { versions, builds, since }) in &standing.running {
        let row = RunningRow { builds, since: *since, versions };
        running.entry(environment).or_default().insert(component.as_str(), row);
    }
    let mut texts = BTreeMap::new();
    if !findings.is_empty() {
        texts.insert(FINDINGS.to_owned(), serde_json::to_string(&findings)?);
    }
    if !ahead.is_empty() {
        texts.insert(AHEAD.to_owned(), serde_json::to_string(&ahead)?);
    }
    for (environment, components) in running {
        texts.insert(format!("{RUNNING}{environment}"), serde_json::to_string(&components)?);
    }
    Ok(texts)
}

fn add_standing(standing: &mut Standing, name: &str, text: &str) -> Result<(), HistoryError> {
    match name {
        FINDINGS => {
            for (id, found) in read_text::<BTreeMap<String, StoredFinding>>(name, text)? {
                let broken = || HistoryError::Damaged(format!("{id:?} is the id of no finding"));
                let id = FindingId::parse(&id).ok_or_else(broken)?;
                standing.findings.insert(id, standing_finding(found));
            }
        }
        AHEAD => {
            for StoredAhead { component, baseline, current, of, since } in
                read_text::<Vec<StoredAhead>>(name, text)?
            {
                let component = ComponentName::from(component);
                let pair =
                    AheadPair { component, baseline: baseline.into(), current: current.into() };
                standing.ahead.insert(pair, Ahead { of, since });
            }
        }
        _ => {
            // What a later version adds is its own.
            let Some(environment) = name.strip_prefix(RUNNING) else { return Ok(()) };
            for (component, runs) in read_text::<BTreeMap<String, StoredRunning>>(name, text)? {
                let StoredRunning { versions, builds, since } = runs;
                let key = (EnvironmentName::from(environment), ComponentName::from(component));
                standing.running.insert(key, Running { versions, builds, since });
            }
        }
    }
    Ok(())
}

fn read_text<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, HistoryError> {
    let broken = |e| HistoryError::Damaged(format!("since when {name} stand: {e}"));
    serde_json::from_str(text).map_err(broken)
}

fn stored_finding(found: &StandingFinding) -> StoredFinding {
    StoredFinding {
        rule: found.rule.clone(),
        component: found.component.to_string(),
        environments: found.environments.iter().map(ToString::to_string).collect(),
        subject: found.subject.clone(),
        baseline: found.baseline.to_string(),
        since: found.since,
        unseen: found.unseen,
    }
}

fn standing_finding(stored: StoredFinding) -> StandingFinding {
    StandingFinding {
        rule: stored.rule,
        component: stored.component.into(),
        environments: stored.environments.into_iter().map(Into::into).collect(),
        subject: stored.subject,
        baseline: stored.baseline.into(),
        since: stored.since,
        unseen: stored.unseen,
    }
}

fn stored_ahead(pair: &AheadPair, ahead: &Ahead) -> StoredAhead {
    StoredAhead {
        component: pair.component.to_string(),
        baseline: pair.baseline.to_string(),
        current: pair.current.to_string(),
        of: ahead.of.clone(),
        since: ahead.since,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_canonical_and_read_back() {
        let since: Timestamp = "2026-04-01T08:00:00Z".parse().unwrap();
        let key = ("prod".into(), "redis/cache".into());
        let two = |a: &str, b: &str| [a.to_owned(), b.to_owned()].into();
        let runs = Running { versions: two("redis 7.0.15", "6"), builds: two("b", "a"), since };
        let pair = AheadPair {
            component: "redis/cache".into(),
            baseline: "prod".into(),
            current: "qualif".into(),
        };
        let found = StandingFinding {
            rule: "a-rule".to_owned(),
            component: "redis/cache".into(),
            environments: vec!["qualif".into(), "prod".into()],
            subject: "\"quoted\"".to_owned(),
            baseline: "prod".into(),
            since,
            unseen: Some(since),
        };
        let id = FindingId::parse("81c04f2a9be07733").unwrap();
        let standing = Standing {
            findings: [(id, found)].into(),
            running: [(key, runs)].into(),
            ahead: [(pair, Ahead { of: two("y", "x"), since })].into(),
        };
        let mut again = Standing::default();
        for (name, text) in standing_texts(&standing).unwrap() {
            assert_eq!(
                format::canonical_json(&serde_json::from_str(&text).unwrap()),
                text,
                "{name}"
            );
            add_standing(&mut again, &name, &text).unwrap();
        }
        assert_eq!(again, standing);
    }
}
