//! What makes a GO cheap, or can never work: warnings of `check-profiles`.
//!
//! Nothing is read here: what needs the file system, the environment or the product data is asked
//! of [`Surroundings`].

use std::path::Path;

use super::check::{Files, Parsed};
use super::known::Known;
use super::surroundings::Surroundings;
use super::{FileProblem, config::AuditConfig, config::EnvironmentConfig, same_file};
use crate::model::{ProductNames, Requirement, near};
use crate::policy::config::{PolicyConfig, RuleConfig};
use crate::wire::problem::Problem;
use crate::wire::secret::SecretReference;
use crate::wire::yaml::Located;

/// Every warning, in the order of the files.
pub(super) fn of(
    files: &Files,
    folder: &Path,
    names: &ProductNames,
    around: &Surroundings<'_>,
) -> Vec<FileProblem> {
    let mut found = Vec::new();
    if let Some(Parsed { source, config: audit }) = files.audits.first() {
        found.extend(order(audit).map(|problem| source.problem(problem)));
        found.extend(gates(files, audit));
    }
    found.extend(same_file::of(files, folder, around));
    let known = Known::new(files, folder, names, around);
    for Parsed { source, config } in &files.environments {
        let mut problems = targets(config, folder, around);
        let own = known.of_environment(config, folder, names, around);
        let expected = config.expect.iter().filter_map(|name| unmatched(&own, name, "expect:"));
        problems.extend(expected);
        found.extend(problems.into_iter().map(|problem| source.problem(problem)));
    }
    for Parsed { source, config } in &files.policies {
        let problems = policy(config, &known, around);
        found.extend(problems.into_iter().map(|problem| source.problem(problem)));
    }
    for Parsed { source, config } in &files.waivers {
        for waiver in &config.waivers {
            let component = unmatched(&known, &waiver.component, "the waiver");
            let alone = compares_one(&waiver.rule, &waiver.environments, around);
            let problems = component.into_iter().chain(alone);
            found.extend(problems.map(|problem| source.problem(problem)));
        }
    }
    found
}

/// A baseline that nothing is promoted to.
fn order(audit: &AuditConfig) -> Option<Problem> {
    let first = audit.environments.first().filter(|_| audit.environments.len() > 1)?;
    (**first == *audit.baseline).then(|| {
        let message = format!(
            "the baseline {:?} is the first of environments:, which are in promotion order: nothing \
             is released to it, and without gates: there is no gate",
            first.as_str()
        );
        Problem::at(first, message, "name it last, or in its place of the promotion order")
    })
}

/// Gates of which a side need not be read.
fn gates(files: &Files, audit: &AuditConfig) -> Vec<FileProblem> {
    let sides: Vec<&Located<String>> = match &audit.gates {
        Some(gates) => gates.iter().flat_map(|(from, to)| [from, to]).collect(),
        None => {
            let mut pairs = audit.environments.windows(2);
            let pair = pairs.find(|pair| *pair[1] == *audit.baseline);
            pair.into_iter().flatten().collect()
        }
    };
    let optional = files.environments.iter().filter(|Parsed { config, .. }| {
        let is_side = sides.iter().any(|side| side.as_str() == config.name.as_str());
        is_side && config.required == Some(false)
    });
    let problem = |Parsed { source, config }: &Parsed<EnvironmentConfig>| {
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
fn targets(config: &EnvironmentConfig, folder: &Path, around: &Surroundings<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for target in config.targets.all() {
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
            let (message, advice) = match secret {
                SecretReference::Variable(name) if !(around.is_set)(name) => (
                    format!("the environment variable {name} is not set"),
                    "set it where audits run",
                ),
                SecretReference::File(path) if !(around.is_file)(&folder.join(path)) => {
                    let path = path.display().to_string();
                    (
                        format!("there is no secret file {path:?}"),
                        "put it there, or correct the path",
                    )
                }
                SecretReference::Variable(_) | SecretReference::File(_) => continue,
            };
            found.push(Problem::at(target.name(), message, advice));
        }
    }
    found
}

fn policy(config: &PolicyConfig, known: &Known, around: &Surroundings<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for row in &config.rules {
        found.extend(unmatched_all(known, &row.components, "the row"));
        found.extend(impossible(row, around));
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

/// A row that no finding of its rule can have the level of.
fn impossible(row: &RuleConfig, around: &Surroundings<'_>) -> Option<Problem> {
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
    let advice = match near(&name, around.products.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None => "add it to products: of the catalogue, or correct the name".to_owned(),
    };
    Some(Problem::at(text, format!("there is no product {name:?} in the product data"), advice))
}

fn unmatched_all(known: &Known, patterns: &[Located<String>], what: &str) -> Vec<Problem> {
    patterns.iter().filter_map(|pattern| unmatched(known, pattern, what)).collect()
}

/// A component, or a pattern of some, that no target of the profiles can be or hold.
fn unmatched(known: &Known, pattern: &Located<String>, what: &str) -> Option<Problem> {
    if known.may_be(pattern) {
        return None;
    }
    let message =
        format!("{what} names {:?}, which no target of the profiles can hold", pattern.as_str());
    let advice = match near(pattern, known.names()) {
        Some(near) => format!("did you mean {near}?"),
        None => "correct the name, or remove it".to_owned(),
    };
    Some(Problem::at(pattern, message, advice))
}
