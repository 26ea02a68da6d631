//! What must hold between the files, and the profiles that result.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;

use super::broken::Broken;
use super::config::{AuditConfig, EnvironmentConfig};
pub(super) use super::parsed::{Parsed, ProblemSource};
use super::releases;
use super::{DEFAULT_MAX_AGE, Environment, FileProblem, Profiles};
use crate::checklist::config::ChecklistConfig;
use crate::daemon::config::{SampleConfig, ScheduleConfig, ServeConfig};
use crate::history::config::HistoryConfig;
use crate::model::{
    CollectorKind, EnvironmentName, Facts, Gate, Glob, Globs, Places, ProductNames, meant_or_known,
    near,
};
use crate::normalize::config::CatalogueConfig;
use crate::notify::config::SinkConfig;
use crate::policy::config::PolicyConfig;
use crate::policy::waiver::config::{DEFAULT_SPAN, WaiversConfig};
use crate::wire::problem::Problem;
use crate::wire::release::ReleaseConfig;
use crate::wire::yaml::Located;

pub(super) const AUDIT_ADVICE: &str =
    "add audit.yaml with kind: Audit, baseline: NAME and environments: [in promotion order]";

/// All files by kind.
#[derive(Default)]
pub(super) struct ProfileFiles {
    pub(super) environments: Vec<Parsed<EnvironmentConfig>>,
    pub(super) audits: Vec<Parsed<AuditConfig>>,
    pub(super) catalogues: Vec<Parsed<CatalogueConfig>>,
    pub(super) policies: Vec<Parsed<PolicyConfig>>,
    pub(super) waivers: Vec<Parsed<WaiversConfig>>,
    pub(super) releases: Vec<Parsed<ReleaseConfig>>,
    pub(super) checklists: Vec<Parsed<ChecklistConfig>>,
    /// Those that cannot be read.
    pub(super) broken: Vec<Broken>,
    /// Of what the policy says; empty without one.
    pub(super) policy_digest: String,
}

/// What files are checked against.
#[derive(Clone, Copy)]
pub(super) struct CheckedAgainst<'a> {
    /// The rules that a policy may name.
    pub(super) rule_ids: &'a [&'a str],
    /// The day in UTC from which waivers are seen.
    pub(super) today: Date,
    pub(super) names: &'a ProductNames,
}

/// Every semantic problem. What refers to a file whose shape is wrong is only checked if its name is
/// known: one mistake is told once.
pub(super) fn all(files: &ProfileFiles, asked: CheckedAgainst<'_>) -> Vec<FileProblem> {
    let CheckedAgainst { rule_ids, today, names } = asked;
    let mut found = Vec::new();
    for Parsed { source, config } in &files.environments {
        found.extend(environment(config, names).into_iter().map(|p| source.problem(p)));
    }
    found.extend(repeated_environments(&files.environments));
    found.extend(more_than_one(&files.audits, "Audit"));
    found.extend(more_than_one(&files.catalogues, "Catalogue"));
    found.extend(more_than_one(&files.policies, "Policy"));
    found.extend(more_than_one(&files.waivers, "Waivers"));
    for Parsed { source, config } in &files.catalogues {
        found.extend(config.find_problems().into_iter().map(|p| source.problem(p)));
    }
    for Parsed { source, config } in &files.policies {
        found.extend(config.find_problems(rule_ids).into_iter().map(|p| source.problem(p)));
    }
    let span = files.policies.first().and_then(|policy| policy.config.waiver_span);
    for Parsed { source, config } in &files.waivers {
        let problems =
            config.find_problems(rule_ids, today, span.map_or(DEFAULT_SPAN, |text| text.0));
        found.extend(problems.into_iter().map(|p| source.problem(p)));
    }
    found.extend(releases::problems(&files.releases));
    found.extend(more_than_one(&files.checklists, "Checklist"));
    for Parsed { source, config } in &files.checklists {
        found.extend(config.check().into_iter().map(|p| source.problem(p)));
    }
    found.extend(references(files));
    found
}

fn environment(config: &EnvironmentConfig, spelling: &ProductNames) -> Vec<Problem> {
    let mut problems = name_problems(&config.name, "an environment");
    let mut names: BTreeMap<&str, TargetNames<'_>> = BTreeMap::new();
    for target in config.targets.all() {
        problems.extend(target.check());
        problems.extend(target.program().filter(|_| !config.allow_commands).map(not_allowed));
        let kind = target.kind();
        // A declared fact has the name of a component.
        if kind.facts != Facts::Declared {
            problems.extend(name_problems(target.name(), "a target"));
        }
        let of_kind = names.entry(kind.name).or_insert_with(|| (kind, Vec::new()));
        of_kind.1.push(target.name());
    }
    for (kind, names) in names.values() {
        if kind.facts == Facts::Declared {
            let own = |name: &&Located<String>| Located {
                value: spelling.canonical(name).into_owned(),
                ..(**name).clone()
            };
            let own: Vec<Located<String>> = names.iter().map(own).collect();
            problems.extend(repeated(own.iter(), kind.noun));
        } else {
            problems.extend(repeated(names.iter().copied(), kind.noun));
        }
    }
    problems.extend(clashes(names.values()));
    for pattern in config.ignore.iter().chain(&config.expect) {
        if let Err(error) = Glob::new(pattern) {
            problems.push(Problem::at(pattern, error.to_string(), "patterns are like `image/*`"));
        }
    }
    problems
}

fn not_allowed(program: &Located<String>) -> Problem {
    let message = "this target starts a program, and the environment does not allow that";
    let advice = "look at what it starts, then add allow-commands: true to the environment";
    Problem::at(program, message, advice)
}

/// The names of all targets of one kind.
type TargetNames<'a> = (&'static CollectorKind, Vec<&'a Located<String>>);

/// A file may hold what a server of the same name would say: of two sources none is known to be
/// right.
fn clashes<'a>(all: impl Iterator<Item = &'a TargetNames<'a>> + Clone) -> Vec<Problem> {
    let is_file = |kind: &CollectorKind| kind.facts == Facts::OfOthers;
    let files = all.clone().filter(|(kind, _)| is_file(kind)).flat_map(|(_, names)| names);
    let live: Vec<_> = all
        .filter(|(kind, _)| kind.clashes_with_files)
        .flat_map(|(kind, names)| names.iter().map(move |name| (kind, name)))
        .collect();
    let both = files.filter_map(|file| {
        let (kind, other) = live.iter().find(|(_, name)| name.value == file.value)?;
        let message = format!("a recorded and a {} are both named {:?}", kind.noun, file.as_str());
        let advice = format!("the other is in line {}: rename one of them", other.line);
        Some(Problem::at(file, message, advice))
    });
    both.collect()
}

/// Names are parts of ids: a `/` or a space in one would make another.
fn name_problems(name: &Located<String>, what: &str) -> Vec<Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.chars().all(fits) {
        return Vec::new();
    }
    vec![Problem::at(
        name,
        format!("this cannot be the name of {what}"),
        "use letters, digits, - _ and .",
    )]
}

fn repeated<'a>(names: impl Iterator<Item = &'a Located<String>>, what: &str) -> Vec<Problem> {
    let mut first = BTreeMap::new();
    let mut problems = Vec::new();
    for name in names {
        if let Some(line) = first.insert(name.as_str(), name.line) {
            let message = format!("there are two {what}s named {:?}", name.as_str());
            problems.push(Problem::at(
                name,
                message,
                format!("the other is in line {line}: rename one of them"),
            ));
        }
    }
    problems
}

fn repeated_environments(environments: &[Parsed<EnvironmentConfig>]) -> Vec<FileProblem> {
    let mut first: BTreeMap<&str, &ProblemSource> = BTreeMap::new();
    let mut found = Vec::new();
    for Parsed { source, config } in environments {
        if let Some(other) = first.insert(&config.name, source) {
            let message = format!("there are two environments named {:?}", config.name.as_str());
            let advice = format!("the other is in {}: rename one of them", other.path.display());
            found.push(source.problem(Problem::at(&config.name, message, advice)));
        }
    }
    found
}

fn more_than_one<T>(files: &[Parsed<T>], kind: &str) -> Vec<FileProblem> {
    let Some((first, others)) = files.split_first() else { return Vec::new() };
    let advice = format!("the first is {}: merge them into one file", first.source.path.display());
    let problem = |file: &Parsed<T>| {
        file.source.problem(Problem::of_file(
            format!("there is a second file of kind {kind}"),
            advice.clone(),
        ))
    };
    others.iter().map(problem).collect()
}

/// Names of environments that do not exist, environments that no order names, gates that are none.
fn references(files: &ProfileFiles) -> Vec<FileProblem> {
    let mut found = Vec::new();
    let readable = files.environments.iter().map(|e| e.config.name.as_str());
    let known: Vec<&str> =
        readable.chain(files.broken.iter().filter_map(Broken::environment)).collect();
    let may_be_in_a_broken_file = files.broken.iter().any(Broken::may_be_any_environment);
    let is_unknown = |name: &str| !may_be_in_a_broken_file && !known.contains(&name);
    let mut unknown = |source: &ProblemSource, name: &Located<String>| {
        if is_unknown(name) {
            let problem = Problem::at(
                name,
                format!("unknown environment {:?}", name.as_str()),
                meant_or_known(name, &known),
            );
            found.push(source.problem(problem));
        }
    };
    for Parsed { source, config } in &files.catalogues {
        config.components.iter().flat_map(|c| &c.only_in).for_each(|name| unknown(source, name));
        config.shared.iter().flat_map(|row| &row.between).for_each(|name| unknown(source, name));
    }
    for Parsed { source, config } in &files.policies {
        config.rules.iter().flat_map(|r| &r.environments).for_each(|name| unknown(source, name));
        config.ranges.iter().flat_map(|r| &r.environments).for_each(|name| unknown(source, name));
    }
    for Parsed { source, config } in &files.waivers {
        config.waivers.iter().flat_map(|w| &w.environments).for_each(|name| unknown(source, name));
    }
    for (source, name) in releases::environments(&files.releases) {
        unknown(source, &name);
    }
    if let Some(Parsed { source, config: audit }) = files.audits.first() {
        let gates = audit.gates.as_deref().unwrap_or_default();
        let sides = gates.iter().flat_map(|(from, to)| [from, to]);
        let listed = |name: &str| audit.environments.iter().any(|other| other.as_str() == name);
        let named = sides.chain(&audit.watch);
        named.filter(|name| !listed(name)).for_each(|name| unknown(source, name));
        let without_file = audit.environments.iter().filter(|name| is_unknown(name));
        found.extend(without_file.map(|name| source.problem(fileless(name, &known))));
        found.extend(order_and_gates(audit).into_iter().map(|p| source.problem(p)));
        found.extend(scheduled(audit, files).into_iter().map(|p| source.problem(p)));
        found.extend(unlisted_environments(files, audit));
    }
    found
}

/// A name of the promotion order that no file describes.
fn fileless(name: &Located<String>, known: &[&str]) -> Problem {
    let message = format!("no file of kind Environment has the name {:?}", name.as_str());
    let advice = format!("add one, or take the name out; {}", meant_or_known(name, known));
    Problem::at(name, message, advice)
}

/// What is wrong with the promotion order, the gates, the time zone and the history.
fn order_and_gates(audit: &AuditConfig) -> Vec<Problem> {
    let mut found = Vec::new();
    let baseline = audit.baseline.as_str();
    if !audit.environments.iter().any(|e| e.as_str() == baseline) {
        let message = format!("the baseline {baseline:?} is not among environments:");
        let listed = audit.environments.iter().map(|name| name.as_str());
        let advice = match near(baseline, listed) {
            Some(near) => format!("did you mean {near}?"),
            None => "add it at its place in the promotion order".to_owned(),
        };
        found.push(Problem::at(&audit.baseline, message, advice));
    }
    found.extend(repeated(audit.environments.iter(), "environment"));
    for (from, to) in audit.gates.iter().flatten().filter(|(from, to)| from.as_str() == to.as_str())
    {
        let message = format!("{:?} and {:?} cannot form a gate", from.as_str(), to.as_str());
        found.push(Problem::at(from, message, "a gate is [FROM, TO], two environments"));
    }
    let unknown_zone = |zone: &&Located<String>| jiff::tz::TimeZone::get(zone).is_err();
    if let Some(zone) = audit.timezone.as_ref().filter(unknown_zone) {
        let message = format!("unknown time zone {:?}", zone.as_str());
        let zones: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
        let advice = match near(zone, zones.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near}?"),
            None => "write one like Europe/Paris".to_owned(),
        };
        found.push(Problem::at(zone, message, advice));
    }
    found.extend(audit.history.iter().flat_map(HistoryConfig::check));
    found
}

/// What is wrong with what is done at its time, and with who is told of it.
fn scheduled(audit: &AuditConfig, files: &ProfileFiles) -> Vec<Problem> {
    let releases = files.releases.iter().map(|release| release.config.name.as_str());
    let releases: Vec<&str> = releases.collect();
    // One of those that cannot be read may be it.
    let known = files.broken.is_empty().then_some(releases.as_slice());
    let mut found = ScheduleConfig::check(&audit.schedule, &zone(audit), known);
    found.extend(SinkConfig::check(&audit.notify));
    found.extend(audit.serve.iter().flat_map(ServeConfig::check));
    found.extend(audit.sample.iter().flat_map(SampleConfig::check));
    found.extend(repeated(audit.watch.iter(), "environment"));
    found
}

/// For showing times.
fn zone(audit: &AuditConfig) -> jiff::tz::TimeZone {
    let named = audit.timezone.as_ref().and_then(|zone| jiff::tz::TimeZone::get(zone).ok());
    named.unwrap_or(jiff::tz::TimeZone::UTC)
}

/// Environments that the promotion order leaves out.
fn unlisted_environments(files: &ProfileFiles, audit: &AuditConfig) -> Vec<FileProblem> {
    let mut found = Vec::new();
    for Parsed { source, config } in &files.environments {
        if !audit.environments.iter().any(|e| e.as_str() == config.name.as_str()) {
            let message =
                format!("the audit does not name the environment {:?}", config.name.as_str());
            let advice = "add it to environments: of the audit, in promotion order";
            found.push(source.problem(Problem::at(&config.name, message, advice)));
        }
    }
    found
}

/// Profiles from checked files; `None` without an audit.
pub(super) fn compose(
    folder: &Path,
    files: ProfileFiles,
    digest: String,
    places: Places,
    names: ProductNames,
) -> Option<Profiles> {
    let audit = files.audits.into_iter().next()?.config;
    let baseline = EnvironmentName::from(audit.baseline.as_str());
    let gate = |(from, to): &(Located<String>, Located<String>)| Gate {
        from: from.as_str().into(),
        to: to.as_str().into(),
    };
    let own_gates = audit.gates.as_ref().map(|gates| gates.iter().map(gate).collect());
    let mut configs: BTreeMap<String, EnvironmentConfig> = files
        .environments
        .into_iter()
        .map(|parsed| (parsed.config.name.value.clone(), parsed.config))
        .collect();
    let in_order = audit.environments.iter().filter_map(|name| configs.remove(name.as_str()));
    let environments = in_order.map(resolve).collect();
    let timezone = zone(&audit);
    Some(Profiles {
        folder: folder.to_owned(),
        baseline,
        environments,
        own_gates,
        timezone,
        catalogue: files.catalogues.into_iter().next().map(|parsed| parsed.config),
        policy_path: files.policies.first().map(|parsed| parsed.source.path.clone()),
        policy: files.policies.into_iter().next().map(|parsed| parsed.config),
        policy_digest: files.policy_digest,
        waivers_path: files.waivers.first().map(|parsed| parsed.source.path.clone()),
        waivers: files.waivers.into_iter().next().map(|parsed| parsed.config),
        digest,
        places,
        names,
        history: audit.history.map(|located| located.value),
        notify: audit.notify.into_iter().map(|located| located.value).collect(),
        schedule: audit.schedule,
        serve: audit.serve,
        sample: audit.sample,
        watch: audit.watch.iter().map(|name| name.as_str().into()).collect(),
        release_paths: files
            .releases
            .iter()
            .map(|parsed| (parsed.config.name.value.clone(), parsed.source.path.clone()))
            .collect(),
        releases: files.releases.iter().map(|parsed| parsed.config.release()).collect(),
        checklist: files.checklists.into_iter().next().map(|parsed| parsed.config),
    })
}

fn resolve(config: EnvironmentConfig) -> Environment {
    let ignored: Vec<Glob> = config.ignore.iter().filter_map(|p| Glob::new(p).ok()).collect();
    Environment {
        name: config.name.as_str().into(),
        required: config.required,
        deadline: config.deadline.map(|text| text.0),
        max_age: config.max_age.map_or(DEFAULT_MAX_AGE, |text| text.0),
        expect: config.expect.iter().map(|name| name.as_str().into()).collect(),
        ignore: Globs::new(&ignored),
        targets: config.targets,
    }
}
