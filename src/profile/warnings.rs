//! What makes a GO cheap, or can never work: warnings of `check-profiles`.
//!
//! Nothing is read here: what needs the file system, the environment or the product data is asked
//! of [`Surroundings`].

use std::path::Path;

use super::check::{ParsedFile, ProfileFiles};
use super::known::{KnownNames, unmatched_name};
use super::surroundings::Surroundings;
use super::{
    FileProblem, catalogue_names, config::AuditConfig, config::EnvironmentConfig, same_file,
};
use crate::model::{ProductNames, Requirement, nearest_name};
use crate::policy::config::{PolicyConfig, RuleConfig};
use crate::wire::problem::Problem;
use crate::wire::secret::SecretReference;
use crate::wire::yaml::Located;

/// Every warning, in the order of the files.
pub(super) fn profile_warnings(
    files: &ProfileFiles,
    folder: &Path,
    names: &ProductNames,
    around: &Surroundings<'_>,
) -> Vec<FileProblem> {
    let mut found = Vec::new();
    if let Some(ParsedFile { source, config: audit }) = files.audits.first() {
        let of_audit = [order_warning(audit), only_one(audit), no_gate(audit)];
        let backwards = backward_gates(audit);
        let notify = notify(audit, folder, around);
        let problems = of_audit.into_iter().flatten().chain(backwards).chain(notify);
        found.extend(problems.map(|problem| source.problem(problem)));
        found.extend(gate_warnings(files, audit));
    }
    found.extend(same_file::same_file_warnings(files, folder, around));
    let known = KnownNames::new(files, folder, names, around);
    let sides =
        files.audits.first().map(|audit| needed_environments(&audit.config)).unwrap_or_default();
    for ParsedFile { source, config } in &files.environments {
        let mut problems = target_warnings(config, folder, around);
        let is_needed = config.required.unwrap_or(sides.contains(&config.name.as_str()));
        problems.extend(without_target(config).filter(|_| is_needed));
        let own = known.of_environment(config, folder, names, around);
        let expected =
            config.expect.iter().filter_map(|name| unmatched_name(&own, name, "expect:"));
        problems.extend(expected);
        found.extend(problems.into_iter().map(|problem| source.problem(problem)));
    }
    found.extend(catalogue_names::name_warnings(files, &known));
    for ParsedFile { source, config } in &files.policies {
        let has_history = files.audits.iter().any(|audit| audit.config.history.is_some());
        let without = without_history(config).filter(|_| !has_history);
        let problems = policy_warnings(config, &known, around).into_iter().chain(without);
        found.extend(problems.into_iter().map(|problem| source.problem(problem)));
    }
    found.extend(super::releases::release_warnings(&files.releases));
    for ParsedFile { source, config } in &files.waivers {
        for waiver in &config.waivers {
            let component = unmatched_name(&known, &waiver.component, "the waiver");
            let alone = compares_one(&waiver.rule, &waiver.environments, around);
            let problems = component.into_iter().chain(alone);
            found.extend(problems.map(|problem| source.problem(problem)));
        }
    }
    found
}

/// A baseline that nothing is promoted to.
fn order_warning(audit: &AuditConfig) -> Option<Problem> {
    let first = audit.environments.first().filter(|_| audit.environments.len() > 1)?;
    (**first == *audit.baseline).then(|| {
        let message = format!(
            "the baseline {:?} is the first of environments:, which are in promotion order: \
             nothing is released to it, and without gates: there is no gate",
            first.as_str()
        );
        Problem::at(first, message, "name it last, or in its place of the promotion order")
    })
}

/// One environment alone.
fn only_one(audit: &AuditConfig) -> Option<Problem> {
    let [one] = audit.environments.as_slice() else { return None };
    let has_gates = audit.gates.as_ref().is_none_or(|gates| !gates.is_empty());
    has_gates.then(|| {
        let message = format!(
            "{:?} is the only environment: no gate can be judged, and every audit is INCOMPLETE",
            one.as_str()
        );
        let advice =
            "add the environment that releases come from, or write gates: [] to report only";
        Problem::at(one, message, advice)
    })
}

/// Gates that are written down as none.
fn no_gate(audit: &AuditConfig) -> Option<Problem> {
    let is_empty = audit.gates.as_ref().is_some_and(Vec::is_empty);
    is_empty.then(|| {
        let message = "gates: [] is empty: no finding blocks, and an audit always ends with 0";
        let advice = "write gates: [[FROM, TO]], or leave gates: out; keep [] only to report";
        Problem::of_file(message, advice)
    })
}

/// Gates from the baseline to an environment that stands before it.
fn backward_gates(audit: &AuditConfig) -> Vec<Problem> {
    let place = |name: &str| audit.environments.iter().position(|other| other.as_str() == name);
    let is_backwards = |(from, to): &&(Located<String>, Located<String>)| {
        place(to).zip(place(from)).is_some_and(|(to, from)| to < from)
    };
    let problem = |(from, to): &(Located<String>, Located<String>)| {
        let baseline = if **from == *audit.baseline { ", the baseline," } else { "" };
        let message = format!(
            "the gate goes backwards: {:?}{baseline} comes after {:?} in the promotion order of \
             environments:",
            from.as_str(),
            to.as_str()
        );
        Problem::at(from, message, format!("write [{}, {}]", to.as_str(), from.as_str()))
    };
    audit.gates.iter().flatten().filter(is_backwards).map(problem).collect()
}

/// An environment of which nothing can be read.
fn without_target(config: &EnvironmentConfig) -> Option<Problem> {
    let is_empty = config.targets.all().next().is_none();
    is_empty.then(|| {
        let message = format!(
            "{:?} is required and has no target: every audit is INCOMPLETE",
            config.name.as_str()
        );
        Problem::at(&config.name, message, "add a target below targets:, or say required: false")
    })
}

/// The sides of the gates.
fn gate_sides(audit: &AuditConfig) -> Vec<&Located<String>> {
    match &audit.gates {
        Some(gates) => gates.iter().flat_map(|(from, to)| [from, to]).collect(),
        None => {
            let mut pairs = audit.environments.windows(2);
            let pair = pairs.find(|pair| *pair[1] == *audit.baseline);
            pair.into_iter().flatten().collect()
        }
    }
}

/// The environments that are required unless they say otherwise.
fn needed_environments(audit: &AuditConfig) -> Vec<&str> {
    let names = gate_sides(audit).into_iter().chain([&audit.baseline]);
    names.map(|name| name.as_str()).collect()
}

/// Gates of which a side need not be read.
fn gate_warnings(files: &ProfileFiles, audit: &AuditConfig) -> Vec<FileProblem> {
    let sides = gate_sides(audit);
    let optional = files.environments.iter().filter(|ParsedFile { config, .. }| {
        let is_side = sides.iter().any(|side| side.as_str() == config.name.as_str());
        is_side && config.required == Some(false)
    });
    let problem = |ParsedFile { source, config }: &ParsedFile<EnvironmentConfig>| {
        let message = format!(
            "{:?} is a side of a gate and is not required: what is not read of it does not count",
            config.name.as_str()
        );
        let advice = "leave out required: false, or take it out of the gates";
        source.problem(Problem::at(&config.name, message, advice))
    };
    optional.map(problem).collect()
}

/// Files and secrets of targets that are not there.
fn target_warnings(
    config: &EnvironmentConfig,
    folder: &Path,
    around: &Surroundings<'_>,
) -> Vec<Problem> {
    let mut found = Vec::new();
    for target in config.targets.all() {
        found.extend(target.doubts());
        let files = [("path", target.file()), ("else-recorded", target.else_recorded())];
        for (key, file) in files {
            let Some(file) = file.filter(|file| !(around.is_file)(&folder.join(file))) else {
                continue;
            };
            let message = format!("there is no file {:?} ({key})", file.display().to_string());
            let advice =
                "record it, or correct the path: it is seen from the folder of the profiles";
            found.push(Problem::at(target.name(), message, advice));
        }
        for secret in target.secrets() {
            let absent = absent(secret, folder, around);
            found.extend(
                absent.map(|(message, advice)| Problem::at(target.name(), message, advice)),
            );
        }
    }
    found
}

/// What is wrong with a secret that is not there.
fn absent(
    secret: &SecretReference,
    folder: &Path,
    around: &Surroundings<'_>,
) -> Option<(String, &'static str)> {
    match secret {
        SecretReference::Variable(name) if !(around.is_set)(name) => {
            Some((format!("the environment variable {name} is not set"), "set it where audits run"))
        }
        SecretReference::File(path) if !(around.is_file)(&folder.join(path)) => {
            let path = path.display().to_string();
            let message = format!("there is no secret file {path:?}");
            Some((message, "put it there, or correct the path"))
        }
        SecretReference::Variable(_) | SecretReference::File(_) => None,
    }
}

/// Who would be told, and is not.
fn notify(audit: &AuditConfig, folder: &Path, around: &Surroundings<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    let without = audit.notify.first().filter(|_| audit.history.is_none());
    found.extend(without.map(|sink| {
        let message = "notify: needs a history, and tells nobody of anything without one";
        let advice = "write history: {path: envparity.db} into audit.yaml; runs with --history may \
                      leave it out";
        Problem::at(sink, message, advice)
    }));
    for sink in &audit.notify {
        let files = sink.reads().into_iter().filter(|path| !(around.is_file)(&folder.join(path)));
        let secret_files = sink.secrets();
        let is_secret = |path: &Path| secret_files.iter().any(|one| one.file() == Some(path));
        for file in files.filter(|path| !is_secret(path)) {
            let message = format!("there is no file {:?} (tls)", file.display().to_string());
            let advice = "put it there, or correct the path";
            found.push(Problem::at(sink, message, advice));
        }
        for secret in sink.secrets() {
            let absent = absent(secret, folder, around);
            found.extend(absent.map(|(message, advice)| Problem::at(sink, message, advice)));
        }
    }
    found
}

fn policy_warnings(
    config: &PolicyConfig,
    known: &KnownNames,
    around: &Surroundings<'_>,
) -> Vec<Problem> {
    let mut found = Vec::new();
    for row in &config.rules {
        found.extend(unmatched_all(known, &row.components, "the row"));
        found.extend(impossible_level(row, around));
        found.extend(undirected_row(row, around));
        found.extend(compares_one(&row.rule, &row.environments, around));
    }
    for row in &config.owners {
        found.extend(unmatched_all(known, &row.components, "the owner"));
    }
    for row in &config.ranges {
        found.extend(unmatched_all(known, &row.components, "the range"));
        found.extend(row.require.as_ref().and_then(|text| unknown_product(text, around)));
    }
    found
}

/// What the policy can only ask for where there is a history.
fn without_history(config: &PolicyConfig) -> Option<Problem> {
    let limit = config.allow_ahead.as_ref()?;
    let advice = "write history: {path: envparity.db} into audit.yaml; audits with --history may \
                  leave it out";
    Some(Problem::at(limit, "allow-ahead needs a history, and is off without one", advice))
}

/// A row that wants a direction of findings that have none.
fn undirected_row(row: &RuleConfig, around: &Surroundings<'_>) -> Option<Problem> {
    let can_match = row.direction.is_none() || (around.has_direction)(&row.rule);
    (!can_match).then(|| {
        let message = format!("no finding of {} has a direction", row.rule.as_str());
        Problem::at(&row.rule, message, "leave out direction:, or choose another rule")
    })
}

/// A row that no finding of its rule can have the level of.
fn impossible_level(row: &RuleConfig, around: &Surroundings<'_>) -> Option<Problem> {
    let may = |level: &Located<String>| (around.may_say)(&row.rule, level);
    let level = row.levels.first().filter(|_| !row.levels.iter().any(may))?;
    let message =
        format!("no finding of {} is of the level {:?}", row.rule.as_str(), level.as_str());
    Some(Problem::at(level, message, "leave out levels:, or choose another rule"))
}

/// What is about one environment, where the rule compares several.
fn compares_one(
    rule: &Located<String>,
    environments: &[Located<String>],
    around: &Surroundings<'_>,
) -> Option<Problem> {
    let [one] = environments else { return None };
    (around.compares)(rule).then(|| {
        let message = format!(
            "{} compares environments: none of its findings concerns {:?} alone",
            rule.as_str(),
            one.as_str()
        );
        Problem::at(one, message, "name both environments of the findings")
    })
}

fn unknown_product(text: &Located<String>, around: &Surroundings<'_>) -> Option<Problem> {
    let wanted: Requirement = text.parse().ok()?;
    let is_unknown = |name: &&str| !around.products.iter().any(|known| known == name);
    let name = wanted.products().find(is_unknown)?.to_owned();
    let advice = match nearest_name(&name, around.products.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None => "add it to products: of the catalogue, or correct the name".to_owned(),
    };
    Some(Problem::at(text, format!("unknown product {name:?}: not in the product data"), advice))
}

fn unmatched_all(known: &KnownNames, patterns: &[Located<String>], what: &str) -> Vec<Problem> {
    patterns.iter().filter_map(|pattern| unmatched_name(known, pattern, what)).collect()
}
