//! What stands in a list has a file, and what has a file stands in its list.

#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use envparity::collect::config::COLLECTORS;
use envparity::report::FORMATS;
use envparity::rules::{Hook, RULES, Rule};

fn files(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.map(|name| name.trim_end_matches(".rs").to_owned()).collect()
}

fn source(rule: &dyn Rule) -> String {
    let name = rule.meta().id.replace('-', "_");
    fs::read_to_string(format!("{}/src/rules/{name}.rs", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn every_rule_has_a_file_of_its_name_and_every_file_a_line_in_the_list() {
    let mut expected: BTreeSet<String> =
        RULES.iter().map(|rule| rule.meta().id.replace('-', "_")).collect();
    assert_eq!(expected.len(), RULES.len(), "two rules have one id");
    expected.extend(["mod", "list", "testing"].map(str::to_owned));
    assert_eq!(files("src/rules"), expected);
}

#[test]
fn every_rule_has_a_fixture_that_fires_and_one_that_stays_silent() {
    for rule in RULES {
        let source = source(*rule);
        let tests = source
            .split("mod tests")
            .nth(1)
            .unwrap_or_else(|| panic!("{} has no tests", rule.meta().id));
        for wanted in ["fn fires", "fn stays_silent"] {
            assert!(tests.contains(wanted), "{} has no test {wanted}…", rule.meta().id);
        }
    }
}

#[test]
fn every_rule_implements_the_hooks_it_names_and_explains_itself() {
    for rule in RULES {
        let meta = rule.meta();
        let source = source(*rule);
        for (hook, method) in [
            (Hook::Environment, "fn check_environment"),
            (Hook::Pair, "fn check_pair"),
            (Hook::All, "fn check_all"),
        ] {
            assert_eq!(
                meta.hooks.contains(&hook),
                source.contains(method),
                "{}: {method}",
                meta.id
            );
        }
        assert!(
            !meta.summary.is_empty() && !meta.why.is_empty() && !meta.fix.is_empty(),
            "{}",
            meta.id
        );
        assert!(!meta.defaults.is_empty(), "{}", meta.id);
    }
}

#[test]
fn rules_and_formats_are_listed_in_order() {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.meta().id).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name()).collect();
    assert!(names.is_sorted(), "{names:?}");
}

#[test]
fn every_format_has_a_file_of_its_name() {
    let mut expected: BTreeSet<String> =
        FORMATS.iter().map(|format| format.name().to_owned()).collect();
    expected.extend(["mod", "compared", "dto", "escape", "list"].map(str::to_owned));
    assert_eq!(files("src/report"), expected);
}

#[test]
fn every_collector_has_a_folder_of_its_name_and_every_folder_a_line_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/collect");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let folders: BTreeSet<String> = entries
        .filter(|path| path.join("mod.rs").is_file())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "io")
        .collect();
    let listed = COLLECTORS.0.iter().map(|kind| kind.name.to_owned()).collect();
    assert_eq!(folders, listed);
}
