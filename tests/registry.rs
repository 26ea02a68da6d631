//! What stands in a list has a file, and what has a file stands in its list.

#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use envparity::checklist::ITEMS;
use envparity::collect::config::COLLECTORS;
use envparity::policy;
use envparity::report::FORMATS;
use envparity::rules::{Hook, RULES, Rule, RuleMeta};

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
fn every_checklist_item_has_a_file_of_its_name_and_every_file_a_line_in_the_list() {
    let mut expected: BTreeSet<String> =
        ITEMS.iter().map(|item| item.meta().id.replace('-', "_")).collect();
    assert_eq!(expected.len(), ITEMS.len(), "two items have one id");
    let others = [
        "mod", "list", "after", "config", "ids", "item", "judge", "lifetime", "loads", "manual",
        "novelty", "environment_state", "changes", "load_sources", "cluster_memory",
        "freeze_revisions", "recent", "train", "trial", "unit_cost", "units",
    ];
    expected.extend(others.map(str::to_owned));
    assert_eq!(files("src/checklist"), expected);
    for meta in ITEMS.iter().map(|item| item.meta()) {
        assert!(!meta.summary.is_empty() && !meta.why.is_empty(), "{}", meta.id);
    }
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
            (Hook::Series, "fn check_series"),
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
    let others = [
        "mod", "after", "checklist", "dto", "escape", "list", "masking", "release", "trend", "view",
    ];
    expected.extend(others.map(str::to_owned));
    assert_eq!(files("src/report"), expected);
}

#[test]
fn every_collector_has_a_folder_of_its_name_and_every_folder_a_line_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/collect");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let folders: BTreeSet<String> = entries
        .filter(|path| path.join("mod.rs").is_file())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        // What all share, and a source of load, which is not a target.
        .filter(|name| !["io", "prometheus"].contains(&name.as_str()))
        .collect();
    let listed = COLLECTORS.0.iter().map(|kind| kind.name.to_owned()).collect();
    assert_eq!(folders, listed);
}

/// Every file below `folder`.
fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

/// What a file does: without comments, its tests, and the rules that others stand for.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let lines = before_tests.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n");
    let others = ["    subsumes: &[", "    supersedes: &["];
    others.iter().fold(code, |code, list| match code.split_once(list) {
        Some((before, rest)) => before.to_owned() + rest.split_once(']').unwrap().1,
        None => code,
    })
}

/// Whether `id` stands in `code` as a word of its own.
fn names(code: &str, id: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    code.match_indices(id).any(|(at, _)| {
        !code[..at].ends_with(is_word) && !code[at + id.len()..].starts_with(is_word)
    })
}

/// Where a word is a key of a file that is read, and not the rule.
const KEYS: [(&str, &str); 1] = [("wire/cycles.rs", "end-of-life")];

#[test]
fn no_rule_is_named_outside_its_file() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&src, &mut paths);
    assert!(paths.len() > 100, "the tree was not read");
    let is_test = |path: &PathBuf| path.ends_with("tests.rs") || path.ends_with("testing.rs");
    let mut wrong = Vec::new();
    let mut named = BTreeSet::new();
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|ext| ext == "rs");
    for path in paths.iter().filter(|path| is_rust(path) && !is_test(path)) {
        let code = code(path);
        let relative = path.strip_prefix(&src).unwrap().to_str().unwrap();
        for meta in policy::rule_metas() {
            let id = meta.id;
            let own = if RULES.iter().any(|rule| rule.meta().id == id) {
                format!("rules/{}.rs", id.replace('-', "_"))
            } else {
                "policy/waiver/rules.rs".to_owned()
            };
            let is_own = relative == own;
            let is_named = if is_own {
                code.contains(&format!("id: \"{id}\""))
            } else {
                names(&code, id) && !KEYS.contains(&(relative, id))
            };
            match (is_named, is_own) {
                (true, true) => drop(named.insert(id)),
                (true, false) => wrong.push(format!("{relative} names {id}")),
                (false, _) => {}
            }
        }
        // Nor the beginning of one.
        if code.contains("\"waiver-\"") {
            wrong.push(format!("{relative} names rules on waivers"));
        }
    }
    assert_eq!(named.len(), policy::rule_metas().count(), "{named:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rules_say_what_they_are() {
    let those = |is: fn(&RuleMeta) -> bool| -> Vec<&str> {
        policy::rule_metas().filter(|meta| is(meta)).map(|meta| meta.id).collect()
    };
    assert_eq!(
        those(|meta| meta.on_versions),
        ["out-of-range", "product-differs", "promotion-inversion", "version-skew", "version-split"]
    );
    assert_eq!(those(|meta| meta.blocks_anywhere), ["shared-data", "shared-instance"]);
    assert_eq!(those(|meta| !meta.waivable), ["waiver-expired", "waiver-unused"]);
}
