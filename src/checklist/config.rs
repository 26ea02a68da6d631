//! The files that people write about releases: what one consists of, and how all are judged.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ids::JUDGED;
use crate::model::{
    Build, Digest, Freeze, FreezeException, Gate, Release, ReleaseType, Train, meant_or_known,
};
use crate::trend::WindowKind;
use crate::wire::deceptive::is_blank;
use crate::wire::duration::{self, DurationText};
use crate::wire::header::{FileKind, FormatVersion};
use crate::wire::problem::Problem;
use crate::wire::release::{BuildConfig, ExceptionConfig, ReleaseConfig};
use crate::wire::yaml::Located;

/// Older answers of live targets do not count in a checklist.
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(15 * 60);

/// A call that walks may take this long in production.
const DEFAULT_MAX_CALL: Duration = Duration::from_millis(5);

/// How long a release is observed, and a hotfix.
const OBSERVATION: Duration = Duration::from_secs(24 * 3600);
const HOTFIX_OBSERVATION: Duration = Duration::from_secs(3600);

/// What a hotfix may go without.
const HOTFIX_SKIPS: [&str; 2] = ["rehearsal", "observation-window"];

/// `kind: Checklist`: how releases are judged.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChecklistConfig {
    /// `envparity/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: FormatVersion,
    /// `Checklist`.
    pub kind: FileKind,
    /// Answers of live targets that are older do not count (default: 15m). Recorded answers have
    /// the `max-age` of their environment.
    #[serde(default, rename = "max-age", deserialize_with = "duration::limit")]
    pub max_age: Option<DurationText>,
    /// Items in the order in which they are shown, with their parameters, and questions to people.
    /// What is not named here is judged too, behind these.
    #[serde(default)]
    pub items: Vec<ItemConfig>,
    /// How many units of each work must have been done under a release: `{stock-location: 250}`.
    #[serde(default, rename = "required-units")]
    pub required_units: BTreeMap<String, Located<u64>>,
    /// Changes that somebody allowed in the freeze of any release.
    #[serde(default)]
    pub exceptions: Vec<ExceptionConfig>,
    /// What is shorter for a release of `type: hotfix`.
    #[serde(default)]
    pub hotfix: Option<HotfixConfig>,
}

/// How a hotfix is judged otherwise than a release: `{skip: [rehearsal], observation: 1h}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HotfixConfig {
    /// Items that it is not judged by, of `rehearsal` and `observation-window`: each checklist says
    /// so.
    #[serde(default)]
    pub skip: Vec<Located<String>>,
    /// How long it is observed (default: 1h; 24h of other releases).
    #[serde(default, deserialize_with = "duration::limit")]
    pub observation: Option<DurationText>,
}

/// One item.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemConfig {
    /// Its name: `cost-per-call`; of a question to people any other: `db-migrations`.
    pub item: Located<String>,
    /// What a person is asked: `are the migrations reversible?`. The answer must be yes.
    #[serde(default)]
    pub question: Option<Located<String>>,
    /// Of `performance`: the windows that are judged, of `24h`, `-7d`, `-30d` and `cumulative`
    /// (default: all four). What is left out is told above the items.
    #[serde(default)]
    pub windows: Option<Vec<Located<String>>>,
    /// Of `cost-per-call`: how long a call that walks may take in production (default: 5ms).
    #[serde(default, deserialize_with = "duration::limit")]
    pub max: Option<DurationText>,
    /// Of `projected-load` and `rehearsal`: how many units of each work come at once in production:
    /// `{stock-location: 250}`. What one of the two items says counts for both.
    #[serde(default, rename = "at-once")]
    pub at_once: Option<BTreeMap<String, Located<u64>>>,
}

/// How releases are judged, with every default resolved.
#[derive(Clone, Debug)]
pub struct ChecklistRules {
    /// Older answers of live targets do not count.
    pub max_age: Duration,
    /// A call that walks may take this long in production.
    pub max_call: Duration,
    /// The windows by which production is judged.
    pub windows: Vec<WindowKind>,
    /// How many units of each work must have been done.
    pub required_units: BTreeMap<String, f64>,
    /// How many units of each work come at once.
    pub at_once: BTreeMap<String, f64>,
    /// Names of items, first to last; those that are not among them come behind.
    pub order: Vec<String>,
    /// Questions to people: item and text.
    pub questions: Vec<(String, String)>,
    /// Changes that somebody allowed in any freeze.
    pub exceptions: Vec<FreezeException>,
    /// Items that a hotfix is not judged by.
    pub hotfix_skips: Vec<String>,
    /// How long a hotfix is observed.
    pub hotfix_observation: Duration,
}

impl ChecklistRules {
    /// How long a release of that kind is observed.
    pub fn observation(&self, kind: ReleaseType) -> Duration {
        if kind == ReleaseType::Hotfix { self.hotfix_observation } else { OBSERVATION }
    }
}

impl ChecklistConfig {
    /// Everything that is wrong with it.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut seen = BTreeMap::new();
        for ItemConfig { item, question, max, windows, at_once } in &self.items {
            if let Some(line) = seen.insert(item.as_str(), item.line) {
                let message = format!("the item {:?} stands twice", item.as_str());
                problems.push(Problem::at(item, message, format!("the other is in line {line}")));
            }
            let is_ours = JUDGED.contains(&item.as_str());
            problems.extend(match question {
                None if !is_ours => Some(unknown_item(item)),
                Some(text) if is_ours => Some(Problem::at(
                    text,
                    format!("{} is judged by what was read, and not by a person", item.as_str()),
                    "give the question an item of its own name",
                )),
                Some(text) if is_blank(text) => {
                    Some(Problem::at(text, "the question says nothing", "write what is asked"))
                }
                Some(_) => name_problem(item, "an item"),
                None => None,
            });
            if at_once.is_some() && !matches!(item.as_str(), "projected-load" | "rehearsal") {
                let message = format!("{} has no at-once:", item.as_str());
                let advice = "at-once: belongs to projected-load and rehearsal";
                problems.push(Problem::at(item, message, advice));
            }
            if max.is_some() && item.as_str() != "cost-per-call" {
                let message = format!("{} has no max:", item.as_str());
                problems.push(Problem::at(item, message, "max: belongs to cost-per-call"));
            }
            problems.extend(windows.iter().flat_map(|windows| check_windows(item, windows)));
        }
        problems.extend(self.unit_problems());
        problems.extend(self.exceptions.iter().flat_map(check_exception));
        let skips = self.hotfix.iter().flat_map(|hotfix| &hotfix.skip);
        problems.extend(skips.filter(|item| !HOTFIX_SKIPS.contains(&item.as_str())).map(|item| {
            let message = format!("a hotfix is judged by {:?}, too", item.as_str());
            Problem::at(item, message, format!("skip: takes {}", HOTFIX_SKIPS.join(" and ")))
        }));
        problems
    }

    /// Counts of units that say nothing, or two things.
    fn unit_problems(&self) -> Vec<Problem> {
        let at_once = self.items.iter().flat_map(|item| item.at_once.iter().flatten());
        let mut said: BTreeMap<&str, &Located<u64>> = BTreeMap::new();
        let mut problems = Vec::new();
        for (work, count) in at_once.chain(&self.required_units) {
            if count.value == 0 {
                let message = format!("no {work} at all says nothing");
                problems.push(Problem::at(count, message, "write how many there must be"));
            }
        }
        for (work, count) in self.items.iter().flat_map(|item| item.at_once.iter().flatten()) {
            if let Some(other) = said.insert(work, count).filter(|other| other.value != count.value)
            {
                let message = format!("{work} comes {} at once, and {}", other.value, count.value);
                let advice = format!("line {} says otherwise: write it once", other.line);
                problems.push(Problem::at(count, message, advice));
            }
        }
        problems
    }

    /// What a checked file says; of none, the defaults.
    pub fn rules(config: Option<&Self>) -> ChecklistRules {
        let items = config.map(|config| config.items.as_slice()).unwrap_or_default();
        let max_call = items.iter().find_map(|item| item.max).map_or(DEFAULT_MAX_CALL, |max| max.0);
        let questions = items.iter().filter_map(|item| {
            Some((item.item.value.clone(), item.question.as_ref()?.value.clone()))
        });
        let exceptions = config.into_iter().flat_map(|config| &config.exceptions);
        let required = config.into_iter().flat_map(|config| &config.required_units);
        let at_once = items.iter().flat_map(|item| item.at_once.iter().flatten());
        let windows = items.iter().find_map(|item| item.windows.as_deref());
        let windows = windows.map_or_else(
            || WindowKind::OF_CHECKLIST.to_vec(),
            |windows| windows.iter().filter_map(|word| window_of(word)).collect(),
        );
        let hotfix = config.and_then(|config| config.hotfix.as_ref());
        ChecklistRules {
            max_age: config.and_then(|config| config.max_age).map_or(DEFAULT_MAX_AGE, |age| age.0),
            max_call,
            windows,
            required_units: required.map(units).collect(),
            at_once: at_once.map(units).collect(),
            order: items.iter().map(|item| item.item.value.clone()).collect(),
            questions: questions.collect(),
            exceptions: exceptions.filter_map(exception).collect(),
            hotfix_skips: hotfix
                .iter()
                .flat_map(|hotfix| &hotfix.skip)
                .map(|item| item.value.clone())
                .collect(),
            hotfix_observation: hotfix
                .and_then(|hotfix| hotfix.observation)
                .map_or(HOTFIX_OBSERVATION, |length| length.0),
        }
    }
}

/// The window of that name.
fn window_of(word: &str) -> Option<WindowKind> {
    WindowKind::OF_CHECKLIST.into_iter().find(|kind| kind.as_str() == word)
}

fn check_windows(item: &Located<String>, windows: &[Located<String>]) -> Vec<Problem> {
    let known = WindowKind::OF_CHECKLIST.map(WindowKind::as_str);
    if item.as_str() != "performance" {
        let message = format!("{} has no windows:", item.as_str());
        return vec![Problem::at(item, message, "windows: belongs to performance")];
    }
    if windows.is_empty() {
        let advice = "leave windows: out for all of them, or name some";
        return vec![Problem::at(item, "windows: names none", advice)];
    }
    let mut problems = Vec::new();
    for (index, word) in windows.iter().enumerate() {
        if window_of(word).is_none() {
            let message = format!("unknown window {:?}", word.as_str());
            problems.push(Problem::at(word, message, meant_or_known(word, &known)));
        }
        if windows[..index].iter().any(|other| other.value == word.value) {
            let message = format!("the window {:?} stands twice", word.as_str());
            problems.push(Problem::at(word, message, "name it once"));
        }
    }
    problems
}

#[expect(clippy::cast_precision_loss, reason = "nobody imports 2^53 of anything")]
fn units((work, count): (&String, &Located<u64>)) -> (String, f64) {
    (work.clone(), count.value as f64)
}

fn unknown_item(item: &Located<String>) -> Problem {
    let message = format!("unknown item {:?} without a question", item.as_str());
    let advice = format!(
        "{}; an item of your own needs question: what a person is asked",
        meant_or_known(item, JUDGED)
    );
    Problem::at(item, message, advice)
}

/// Names are parts of paths and ids.
fn name_problem(name: &Located<String>, what: &str) -> Option<Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_name =
        !name.is_empty() && !name.starts_with('.') && name.chars().all(fits) && name.len() <= 100;
    (!is_name).then(|| {
        let message = format!("this cannot be the name of {what}");
        Problem::at(name, message, "use letters, digits, - _ and .")
    })
}

impl ReleaseConfig {
    /// Everything that is wrong with it alone.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> =
            name_problem(&self.name, "a release").into_iter().collect();
        for other in self.previous.iter().chain(&self.baseline) {
            problems.extend(name_problem(other, "a release"));
            if other.value == self.name.value {
                let message = "a release does not come before itself";
                problems.push(Problem::at(other, message, "name the one before it"));
            }
        }
        for build in self.changed.values().chain(self.train.values()).flat_map(BuildConfig::all) {
            problems.extend(check_build(build));
        }
        for at in self.came.values().chain(self.freeze.iter().map(|freeze| &freeze.from)) {
            problems.extend(moment(at).err());
        }
        problems.extend(self.exceptions.iter().flat_map(check_exception));
        if let Some((from, to)) = &self.gate
            && from.value == to.value
        {
            problems.push(Problem::at(to, "a gate needs two environments", "write [FROM, TO]"));
        }
        problems.extend(self.contradictions());
        problems
    }

    /// A build that changed stands in the train too, if there is one.
    fn contradictions(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, changed) in &self.changed {
            let same = |build: &BuildConfig| build.digests() == changed.digests();
            let advice = "envparity release capture writes both";
            let message = match self.train.get(name) {
                _ if self.train.is_empty() => continue,
                Some(build) if build.all().into_iter().any(same) => continue,
                Some(_) => format!("{name} has another build under train:"),
                None => format!("{name} does not stand under train:"),
            };
            problems.push(Problem::at(&changed.version, message, advice));
        }
        problems
    }

    /// The release of a checked file.
    pub fn release(&self) -> Release {
        let gate = self
            .gate
            .as_ref()
            .map(|(from, to)| Gate { from: from.as_str().into(), to: to.as_str().into() });
        let freeze = self.freeze.as_ref().and_then(|freeze| {
            let from = moment(&freeze.from).ok()?;
            Some(Freeze { environment: freeze.environment.as_str().into(), from })
        });
        let came = self.came.iter();
        let came = came.filter_map(|(name, at)| Some((name.as_str().into(), moment(at).ok()?)));
        Release {
            name: self.name.value.clone(),
            previous: self.previous.as_ref().map(|name| name.value.clone()),
            kind: self.release_type.map(ReleaseType::from),
            gate,
            baseline: self.baseline.as_ref().map(|name| name.value.clone()),
            changed: train(&self.changed),
            train: train(&self.train),
            freeze,
            exceptions: self.exceptions.iter().filter_map(exception).collect(),
            came: came.collect(),
        }
    }
}

fn train(configs: &BTreeMap<String, BuildConfig>) -> Train {
    let build = |config: &BuildConfig| Build {
        version: config.version.value.clone(),
        digests: config.digests(),
    };
    let of = |(name, config): (&String, &BuildConfig)| {
        (name.as_str().into(), config.all().into_iter().map(build).collect())
    };
    configs.iter().map(of).collect()
}

fn check_build(build: &BuildConfig) -> Vec<Problem> {
    let digests = [&build.digest, &build.manifest, &build.configuration];
    digests.into_iter().flatten().filter_map(check_digest).collect()
}

fn check_digest(digest: &Located<String>) -> Option<Problem> {
    let hex = digest.strip_prefix("sha256:").unwrap_or_default();
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let fits = hex.len() == 64 && hex.bytes().all(is_hex);
    (!fits).then(|| {
        let advice = "write sha256: and 64 hexadecimal digits; envparity release capture does";
        Problem::at(digest, "this is not a digest", advice)
    })
}

fn check_exception(one: &ExceptionConfig) -> Vec<Problem> {
    let mut problems: Vec<Problem> = check_digest(&one.digest).into_iter().collect();
    problems.extend(moment(&one.at).err());
    let named = [
        (&one.component, "component"),
        (&one.reason, "reason"),
        (&one.by, "by"),
        (&one.approved_by, "approved-by"),
    ];
    for (text, key) in named.into_iter().filter(|(text, _)| is_blank(text)) {
        let message = format!("{key}: says nothing");
        problems.push(Problem::at(text, message, "say it: others will read it"));
    }
    problems
}

fn exception(one: &ExceptionConfig) -> Option<FreezeException> {
    Some(FreezeException {
        component: one.component.as_str().into(),
        build: Build {
            version: String::new(),
            digests: vec![Digest::Repository(one.digest.value.clone())],
        },
        reason: one.reason.value.clone(),
        by: one.by.value.clone(),
        approved_by: one.approved_by.value.clone(),
        at: moment(&one.at).ok()?,
    })
}

/// A time with its offset: without one, nobody knows which is meant.
fn moment(text: &Located<String>) -> Result<Timestamp, Problem> {
    text.parse().map_err(|_| {
        let advice = "write it with its offset, as 2026-04-09T18:00:00+02:00";
        Problem::at(text, "this is not a time with an offset", advice)
    })
}
