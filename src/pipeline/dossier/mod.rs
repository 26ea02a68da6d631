//! A span of the history for an auditor: files that anybody can check with `sha256sum` and read
//! with `jq`, without this program.

mod changes;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::overriding::overrides;
use crate::history::{
    Break, DisclosedBuckets, DisclosedRun, HistoryError, RunSummary, Store, Verified,
};
use crate::model::{Override, count};
use crate::profile::Profiles;
use crate::report::PROGRAM;
use crate::report::masking::{masked, masked_json};
use changes::{changes_of, checks, later_sides};

/// Longer without evidence of an environment is told.
const LONGEST_GAP: i64 = 25 * 3_600;

/// A run is that of a moment of its schedule if it ends so soon behind it.
const SOON: i64 = 3_600;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct DossierAsked {
    /// The first moment.
    pub from: Timestamp,
    /// Behind the last.
    pub to: Timestamp,
    /// When it is made.
    pub made: Timestamp,
    /// What the machine knows of who makes it.
    pub claims: BTreeMap<String, String>,
}

/// Why a dossier was not made.
#[derive(Debug, thiserror::Error)]
pub enum DossierError {
    /// The history was not read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A file could not be written.
    #[error("{0}")]
    Written(String),
}

/// What a dossier says, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DossierSummary {
    /// Runs in the span.
    pub runs: usize,
    /// Changes of production.
    pub changes: usize,
    /// Those of which no checklist is known.
    pub unchecked: usize,
    /// Overrides.
    pub overrides: usize,
    /// Why the history is not what was written; `None` if it is.
    pub broken: Option<String>,
}

/// Takes a file by its path below the folder.
pub type DossierSink<'a> = dyn FnMut(&str, &[u8]) -> Result<(), String> + 'a;

/// Makes the files of a dossier, `SHA256SUMS` last.
///
/// # Errors
/// If the history cannot be read, or a file cannot be written.
pub fn dossier(
    profiles: &Profiles,
    history: &mut Store,
    asked: &DossierAsked,
    sink: &mut DossierSink<'_>,
) -> Result<DossierSummary, DossierError> {
    let verified = history.verify(None)?;
    let mut files = SummedFiles { sink, sums: BTreeMap::new() };
    let mut summary = DossierSummary {
        broken: verified.as_ref().err().map(ToString::to_string),
        ..DossierSummary::default()
    };
    let runs = write_runs(history, asked, &mut files)?;
    summary.runs = runs.iter().filter(|run| asked.holds(run.at)).count();
    let all_overrides = overrides(history)?;
    // Of a run in the span, whenever it was overridden.
    let is_of_span = |one: &&Override| {
        let of_run = |run: &RunSummary| asked.holds(run.at) && run.digest == one.of;
        asked.holds(one.at) || runs.iter().any(of_run)
    };
    let within = all_overrides.iter().filter(is_of_span);
    let told: Vec<Json> = within.map(override_json).collect();
    summary.overrides = told.len();
    files.json("overrides.json", &json!(told))?;
    let overridden =
        |digest: &str| all_overrides.iter().find(|one| one.of == digest).map(override_json);
    let checks = checks(history, &overridden)?;
    let mut changes = Vec::new();
    for environment in later_sides(profiles) {
        changes.extend(changes_of(
            profiles,
            environment,
            history,
            (asked.from, asked.to),
            &checks,
        )?);
    }
    summary.changes = changes.len();
    summary.unchecked = changes.iter().filter(|one| one["checked"] == false).count();
    files.json("changes.json", &json!(changes))?;
    files.json("waivers.json", &waivers(profiles))?;
    files.json("exceptions.json", &exceptions(profiles))?;
    files.json("missed.json", &missed(profiles, history, asked)?)?;
    let index = index(asked, &summary, verified.as_ref());
    files.json("index.json", &index)?;
    files.write("README.txt", README.as_bytes())?;
    files.finish()?;
    Ok(summary)
}

impl DossierAsked {
    fn holds(&self, at: Timestamp) -> bool {
        at >= self.from && at < self.to
    }
}

/// Files with their sums.
struct SummedFiles<'a, 'b> {
    sink: &'a mut DossierSink<'b>,
    sums: BTreeMap<String, String>,
}

impl SummedFiles<'_, '_> {
    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), DossierError> {
        self.sums.insert(path.to_owned(), hex(&Sha256::digest(bytes)));
        (self.sink)(path, bytes).map_err(DossierError::Written)
    }

    /// Whatever looks like a secret is taken out.
    fn json(&mut self, path: &str, value: &Json) -> Result<(), DossierError> {
        let text = serde_json::to_string_pretty(&masked_json(value)).unwrap_or_default();
        self.write(path, format!("{text}\n").as_bytes())
    }

    fn finish(self) -> Result<(), DossierError> {
        let mut text = String::new();
        for (path, sum) in &self.sums {
            let _ = writeln!(text, "{sum}  {path}");
        }
        (self.sink)("SHA256SUMS", text.as_bytes()).map_err(DossierError::Written)
    }
}

/// The runs, what proves each of them, and the chain that they make.
fn write_runs(
    history: &mut Store,
    asked: &DossierAsked,
    files: &mut SummedFiles<'_, '_>,
) -> Result<Vec<RunSummary>, DossierError> {
    let (mut rows, mut chain, mut found) = (Vec::new(), String::new(), Vec::new());
    history.disclose_runs((asked.from, asked.to), &mut |run: DisclosedRun| {
        let id = run.summary.id;
        let text = String::from_utf8_lossy(&run.bytes);
        let is_withheld = masked(&text) != text;
        let path = format!("chain/{id:08}");
        if !is_withheld {
            files.write(&path, &run.bytes)?;
            let _ = writeln!(chain, "{}  {path}", run.summary.digest);
        }
        let mut judged = Vec::new();
        for (index, one) in run.judged.iter().enumerate() {
            judged.push(write_judged(one, id, index, files)?);
        }
        files.json(&format!("runs/{id:08}.json"), &run_json(&run, &judged))?;
        rows.push(json!({
            "id": id,
            "at": run.summary.at,
            "kind": run.summary.kind,
            "verdict": run.summary.verdict,
            "release": run.summary.facts.get("release"),
            "environments": run.summary.environments,
            "digest": run.summary.digest,
            "prev": run.prev,
            "in-span": asked.holds(run.summary.at),
            "bytes": if is_withheld { Json::Null } else { json!(path) },
        }));
        found.push(run.summary);
        Ok::<_, DossierError>(())
    })?;
    files.json("runs.json", &json!(rows))?;
    files.write("CHAIN", chain.as_bytes())?;
    Ok(found)
}

fn run_json(run: &DisclosedRun, judged: &[Json]) -> Json {
    let summary = &run.summary;
    json!({
        "id": summary.id,
        "at": summary.at,
        "kind": summary.kind,
        "verdict": summary.verdict,
        "digest": summary.digest,
        "prev": run.prev,
        "environments": summary.environments,
        "facts": summary.facts,
        "findings": summary.findings,
        "says": run.said,
        "judged": judged,
    })
}

/// Buckets that a run judged: to read, and the bytes that their digest is of.
fn write_judged(
    one: &DisclosedBuckets,
    run: i64,
    index: usize,
    files: &mut SummedFiles<'_, '_>,
) -> Result<Json, DossierError> {
    let stem = format!("judged/{run:08}-{index:03}");
    files.write(&format!("{stem}.bytes"), &one.bytes)?;
    let rows = one.rows.iter().map(|row| {
        json!({
            "end": row.at,
            "covered-seconds": row.covered,
            "count": row.a,
            "microseconds": row.b,
            "marks": row.flags.names().collect::<Vec<_>>(),
        })
    });
    let head = json!({
        "environment": one.key.environment,
        "target": one.key.target,
        "place": one.key.place,
        "series": one.key.name,
        "from": one.from,
        "to": one.to,
        "digest": one.digest,
        "source": one.source,
        "query": one.query,
        "answer-digest": one.answer,
        "bytes": format!("{stem}.bytes"),
    });
    let mut whole = head.clone();
    whole["buckets"] = rows.collect();
    files.json(&format!("{stem}.json"), &whole)?;
    Ok(head)
}

fn override_json(one: &Override) -> Json {
    json!({
        "at": one.at,
        "run": one.run,
        "of": one.of,
        "verdict": one.verdict.as_str(),
        "judged": one.judged,
        "release": one.release,
        "by": one.by,
        "approved-by": one.approved_by,
        "four-eyes": one.four_eyes,
        "reason": one.reason,
        "claims": one.claims,
    })
}

fn waivers(profiles: &Profiles) -> Json {
    let all = profiles.waivers.iter().flat_map(|config| &config.waivers);
    all.map(|waiver| serde_json::to_value(waiver).unwrap_or_default()).collect()
}

fn exceptions(profiles: &Profiles) -> Json {
    let all = profiles.releases.iter().flat_map(|release| {
        release.exceptions.iter().map(move |one| {
            json!({
                "release": release.name,
                "component": one.component.as_str(),
                "build": one.build.in_words(),
                "reason": one.reason,
                "by": one.by,
                "approved-by": one.approved_by,
                "at": one.at,
            })
        })
    });
    all.collect()
}

/// Moments of schedules behind which no run ended, and long spans without evidence.
fn missed(
    profiles: &Profiles,
    history: &mut Store,
    asked: &DossierAsked,
) -> Result<Json, DossierError> {
    let runs = history.newest_runs(usize::MAX)?;
    let claimed = history.claimed((asked.from, asked.to))?;
    let is_made = |at: i64| {
        let is_soon = |run: &RunSummary| (at..=at + SOON).contains(&run.at.as_second());
        runs.iter().any(is_soon)
    };
    let due = claimed.into_iter().filter(|(_, at)| !is_made(*at));
    let due: Vec<Json> = due
        .map(|(schedule, at)| {
            json!({"schedule": schedule, "at": Timestamp::from_second(at).unwrap_or_default()})
        })
        .collect();
    let mut gaps = Vec::new();
    for environment in &profiles.environments {
        let holds = |run: &&RunSummary| {
            asked.holds(run.at) && run.environments.iter().any(|n| *n == *environment.name.as_str())
        };
        let mut times: Vec<i64> = runs.iter().filter(holds).map(|run| run.at.as_second()).collect();
        times.extend([asked.from.as_second(), asked.to.min(asked.made).as_second()]);
        times.sort_unstable();
        let long = times.windows(2).filter(|pair| pair[1] - pair[0] > LONGEST_GAP);
        gaps.extend(long.map(|pair| {
            json!({
                "environment": environment.name.as_str(),
                "from": Timestamp::from_second(pair[0]).unwrap_or_default(),
                "to": Timestamp::from_second(pair[1]).unwrap_or_default(),
                "hours": (pair[1] - pair[0]) / 3_600,
            })
        }));
    }
    Ok(json!({"due-and-not-made": due, "without-evidence-for-a-day": gaps}))
}

fn index(
    asked: &DossierAsked,
    summary: &DossierSummary,
    verified: Result<&Verified, &Break>,
) -> Json {
    let (head, runs) = match verified {
        Ok(verified) => (json!(verified.head), json!(verified.runs)),
        Err(_) => (Json::Null, Json::Null),
    };
    json!({
        "kind": "dossier",
        "from": asked.from,
        "to": asked.to,
        "made": asked.made,
        "by": asked.claims,
        "program": PROGRAM,
        "history": {
            "as-written": summary.broken.is_none(),
            "broken": summary.broken,
            "head": head,
            "runs": runs,
        },
        "runs": summary.runs,
        "changes": summary.changes,
        "unchecked-releases": summary.unchecked,
        "overrides": summary.overrides,
    })
}

impl DossierSummary {
    /// In a line.
    pub fn in_words(&self) -> String {
        format!(
            "{}, {} of production ({} unchecked), {}",
            count(self.runs, "run"),
            count(self.changes, "change"),
            self.unchecked,
            count(self.overrides, "override")
        )
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const README: &str = include_str!("dossier.txt");
