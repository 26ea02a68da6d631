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
    /// Digests of the texts that say so, by their names.
    texts: BTreeMap<String, String>,
}

impl LastStanding {
    /// The digest of the text that says what runs in an environment, if nothing has changed there:
    /// an estate has ten thousand components, and most runs see what the one before saw.
    fn unchanged_text(
        &self,
        environment: &EnvironmentName,
        now: &[RunningEntry<'_>],
    ) -> Option<&str> {
        let digest = self.texts.get(&format!("{RUNNING}{environment}"))?;
        let first = (environment.clone(), ComponentName::from(""));
        let before = self.standing.running.range(first..).map(RunningEntry::from);
        let before = before.take_while(|entry| entry.environment == environment);
        before.eq(now.iter().copied()).then_some(digest)
    }
}

/// What runs of one component of one environment.
#[derive(Clone, Copy, PartialEq)]
struct RunningEntry<'a> {
    environment: &'a EnvironmentName,
    component: &'a ComponentName,
    running: &'a Running,
}

impl<'a> From<(&'a (EnvironmentName, ComponentName), &'a Running)> for RunningEntry<'a> {
    fn from(
        ((environment, component), running): (&'a (EnvironmentName, ComponentName), &'a Running),
    ) -> Self {
        Self { environment, component, running }
    }
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
        if run == 0 {
            return Ok(LastStanding::default());
        }
        let body = runs::run_body(&self.run_row(run)?)?;
        let standing = self.standing_in(&body)?;
        Ok(LastStanding { standing, run, texts: body.standing })
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
            let told = if store.last_audit()? == base.run {
                standing_texts(standing, base)
            } else {
                let last = store.standing()?;
                standing_texts(&standing.rebase_map(&base.standing, &last.standing), &last)
            };
            for (name, text) in told.map_err(|e| format::unwritable(&e))? {
                let digest = match text {
                    StandingText::Unchanged(digest) => digest,
                    StandingText::New(text) => {
                        let digest = format::sha256(&text);
                        prepared.inventories.insert(digest.clone(), text);
                        digest
                    }
                };
                prepared.standing.insert(name, digest);
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

/// What says since when something stands.
enum StandingText {
    /// Canonical JSON.
    New(String),
    /// The digest of what the last run said, too.
    Unchanged(String),
}

/// The texts of what stands, by their names. Those that would be empty are left out.
fn standing_texts(
    standing: &Standing,
    last: &LastStanding,
) -> serde_json::Result<BTreeMap<String, StandingText>> {
    let findings: BTreeMap<&str, StoredFinding> =
        standing.findings.iter().map(|(id, found)| (id.as_str(), stored_finding(found))).collect();
    let ahead: Vec<StoredAhead> =
        standing.ahead.iter().map(|(pair, ahead)| stored_ahead(pair, ahead)).collect();
    let mut texts = BTreeMap::new();
    if !findings.is_empty() {
        let text = serde_json::to_string(&findings)?;
        texts.insert(FINDINGS.to_owned(), StandingText::New(text));
    }
    if !ahead.is_empty() {
        texts.insert(AHEAD.to_owned(), StandingText::New(serde_json::to_string(&ahead)?));
    }
    let running: Vec<RunningEntry<'_>> = standing.running.iter().map(RunningEntry::from).collect();
    for of_one in running.chunk_by(|one, next| one.environment == next.environment) {
        let environment = of_one[0].environment;
        let text = match last.unchanged_text(environment, of_one) {
            Some(digest) => StandingText::Unchanged(digest.to_owned()),
            None => StandingText::New(serde_json::to_string(&running_rows(of_one))?),
        };
        texts.insert(format!("{RUNNING}{environment}"), text);
    }
    Ok(texts)
}

fn running_rows<'a>(entries: &[RunningEntry<'a>]) -> BTreeMap<&'a str, RunningRow<'a>> {
    let row = |entry: &RunningEntry<'a>| {
        let Running { versions, builds, since } = entry.running;
        (entry.component.as_str(), RunningRow { builds, since: *since, versions })
    };
    entries.iter().map(row).collect()
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
        for (name, text) in standing_texts(&standing, &LastStanding::default()).unwrap() {
            let StandingText::New(text) = text else { panic!("nothing stood before") };
            assert_eq!(
                format::canonical_json(&serde_json::from_str(&text).unwrap()),
                text,
                "{name}"
            );
            add_standing(&mut again, &name, &text).unwrap();
        }
        assert_eq!(again, standing);
    }

    #[test]
    fn what_has_not_changed_in_an_environment_is_not_written_again() {
        let since: Timestamp = "2026-04-01T08:00:00Z".parse().unwrap();
        let runs = |version: &str| Running {
            versions: [version.to_owned()].into(),
            builds: BTreeSet::new(),
            since,
        };
        let all: [(&str, &str); 4] =
            [("prod", "redis/cache"), ("prod", "redis/queue"), ("pro", "a/b"), ("qualif", "a/b")];
        let key = |(environment, component): (&str, &str)| (environment.into(), component.into());
        let standing = Standing {
            running: all.into_iter().map(|one| (key(one), runs("7"))).collect(),
            ..Standing::default()
        };
        let texts =
            ["prod", "pro", "qualif"].map(|name| (format!("{RUNNING}{name}"), name.to_owned()));
        let last = LastStanding { standing: standing.clone(), run: 1, texts: texts.into() };
        let changed = |now: &Standing| -> Vec<String> {
            let told = standing_texts(now, &last).unwrap().into_iter();
            told.filter_map(|(name, text)| match text {
                StandingText::New(_) => Some(name),
                StandingText::Unchanged(digest) => {
                    assert_eq!(name, format!("{RUNNING}{digest}"));
                    None
                }
            })
            .collect()
        };
        assert_eq!(changed(&standing), [""; 0]);
        for edit in [
            (|now: &mut Standing| now.running.values_mut().nth(1).unwrap().versions.clear())
                as fn(&mut Standing),
            |now| drop(now.running.remove(&("prod".into(), "redis/queue".into()))),
            |now| {
                let one = now.running.values().next().unwrap().clone();
                now.running.insert(("prod".into(), "a/new".into()), one);
            },
            |now| now.running.values_mut().nth(2).unwrap().since = Timestamp::UNIX_EPOCH,
        ] {
            let mut now = standing.clone();
            edit(&mut now);
            assert_eq!(changed(&now), [format!("{RUNNING}prod")]);
        }
    }
}
