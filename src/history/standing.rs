//! Since when things stand, as the last audit left it: a few texts beside the inventories, which a
//! run refers to by their digests. What did not change from one run to the next is stored once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::error::HistoryError;
use super::format::{self, RunBody};
use super::runs::{self, NewRun, Saved};
use super::store::Store;
use crate::model::{
    Ahead, AheadPair, Collectors, ComponentName, EnvironmentName, FindingId, Running, Standing,
    StandingFinding,
};

/// The kind of run that says what stands.
const KIND: &str = "audit";

const FINDINGS: &str = "findings";
const AHEAD: &str = "ahead";
/// In front of the name of an environment.
const RUNNING: &str = "running/";

/// A finding, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct StoredFinding {
    rule: String,
    component: String,
    environments: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    subject: String,
    baseline: String,
    since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unseen: Option<Timestamp>,
}

/// What runs of a component, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct StoredRunning {
    versions: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    builds: BTreeSet<String>,
    since: Timestamp,
}

/// A pair, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct StoredAhead {
    component: String,
    baseline: String,
    current: String,
    of: BTreeSet<String>,
    since: Timestamp,
}

impl Store {
    /// What stood after the last audit that says so: nothing, if there is none.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn standing(&mut self) -> Result<Standing, HistoryError> {
        let sql = format!("{} WHERE kind = $1 ORDER BY id DESC LIMIT 1", runs::SELECT);
        let mut last = None;
        self.sql.rows(&sql, &[KIND.into()], &mut |columns| {
            last = Some(runs::body(&runs::row(columns)?)?);
            Ok(())
        })?;
        last.map_or_else(|| Ok(Standing::default()), |body| self.standing_in(&body))
    }

    /// What stood after one run.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn standing_after(&mut self, run: i64) -> Result<Standing, HistoryError> {
        let body = runs::body(&self.run_row(run)?)?;
        self.standing_in(&body)
    }

    /// Stores a run as [`Store::save`] does, and what stands after it. `base` is what it was worked
    /// out from; if another run was stored since then, what that one saw is kept.
    ///
    /// # Errors
    /// If the history may not or cannot be written.
    pub fn save_standing(
        &mut self,
        run: NewRun<'_>,
        collectors: Collectors,
        (standing, base): (&Standing, &Standing),
    ) -> Result<Saved, HistoryError> {
        self.check_schema()?;
        let mut prepared = runs::prepared(&run, collectors)?;
        self.write(|store| {
            let last = store.standing()?;
            let stands = if last == *base { standing } else { &standing.rebased(base, &last) };
            for (name, text) in texts(stands).map_err(|e| runs::unwritable(&e))? {
                let digest = format::sha256(&text);
                prepared.standing.insert(name, digest.clone());
                prepared.inventories.insert(digest, text);
            }
            store.append(run, prepared)
        })
    }

    fn standing_in(&mut self, body: &RunBody) -> Result<Standing, HistoryError> {
        let mut standing = Standing::default();
        for (name, digest) in &body.standing {
            let lost = || HistoryError::Damaged(format!("the text {digest:.12} is gone"));
            let text = self.inventory_text(digest)?.ok_or_else(lost)?;
            add(&mut standing, name, &text)?;
        }
        Ok(standing)
    }
}

/// The texts of what stands, by their names. Those that would be empty are left out.
fn texts(standing: &Standing) -> serde_json::Result<BTreeMap<String, String>> {
    let findings: BTreeMap<&str, StoredFinding> =
        standing.findings.iter().map(|(id, found)| (id.as_str(), stored_finding(found))).collect();
    let ahead: Vec<StoredAhead> =
        standing.ahead.iter().map(|(pair, ahead)| stored_ahead(pair, ahead)).collect();
    let mut running: BTreeMap<&EnvironmentName, BTreeMap<&str, StoredRunning>> = BTreeMap::new();
    for ((environment, component), runs) in &standing.running {
        running.entry(environment).or_default().insert(component.as_str(), stored_running(runs));
    }
    let mut texts = BTreeMap::new();
    if !findings.is_empty() {
        texts.insert(FINDINGS.to_owned(), text(&findings)?);
    }
    if !ahead.is_empty() {
        texts.insert(AHEAD.to_owned(), text(&ahead)?);
    }
    for (environment, components) in running {
        texts.insert(format!("{RUNNING}{environment}"), text(&components)?);
    }
    Ok(texts)
}

fn text(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(format::canonical(&serde_json::to_value(value)?))
}

fn add(standing: &mut Standing, name: &str, text: &str) -> Result<(), HistoryError> {
    match name {
        FINDINGS => {
            for (id, found) in read::<BTreeMap<String, StoredFinding>>(name, text)? {
                let broken = || HistoryError::Damaged(format!("{id:?} is the id of no finding"));
                let id = FindingId::parse(&id).ok_or_else(broken)?;
                standing.findings.insert(id, finding(found));
            }
        }
        AHEAD => {
            for StoredAhead { component, baseline, current, of, since } in
                read::<Vec<StoredAhead>>(name, text)?
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
            for (component, runs) in read::<BTreeMap<String, StoredRunning>>(name, text)? {
                let StoredRunning { versions, builds, since } = runs;
                let key = (EnvironmentName::from(environment), ComponentName::from(component));
                standing.running.insert(key, Running { versions, builds, since });
            }
        }
    }
    Ok(())
}

fn read<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, HistoryError> {
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

fn finding(stored: StoredFinding) -> StandingFinding {
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

fn stored_running(runs: &Running) -> StoredRunning {
    let Running { versions, builds, since } = runs;
    StoredRunning { versions: versions.clone(), builds: builds.clone(), since: *since }
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
