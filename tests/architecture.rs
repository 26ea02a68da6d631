//! Who may import whom: data flows one way. Also what every file of `src/` must and must not hold.

#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each module and what it imports; "below" is spelled out. A `config.rs` may import what
/// `config` names, whatever module it is in.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("version", &[]),
    ("model", &["version"]),
    ("wire", &["model", "version"]),
    ("config", &["model", "version", "wire"]),
    ("collect", &["model", "wire"]),
    ("normalize", &["model", "version"]),
    ("compare", &["model", "version"]),
    ("trend", &["model", "version"]),
    ("history", &["model", "wire"]),
    ("rules", &["compare", "trend", "model", "version"]),
    ("policy", &["rules", "compare", "trend", "model", "version"]),
    ("checklist", &["policy", "rules", "compare", "trend", "model", "version"]),
    ("report", &["checklist", "policy", "rules", "compare", "trend", "model", "version", "wire"]),
    ("profile", &["model", "wire"]),
    ("pipeline", &["*"]),
    ("daemon", &["*"]),
    ("cli", &["*"]),
];

/// Modules that nothing below may import, even where a row says `*`.
const TOP: &[(&str, &[&str])] = &[("pipeline", &["daemon", "cli"]), ("daemon", &["cli"])];

struct Source {
    path: PathBuf,
    module: String,
    is_config: bool,
    /// Without comments and without `#[cfg(test)]` modules.
    code: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    assert!(found.len() > 40, "the tree was not read");
    found.sort();
    // Modules of tests that have a file of their own.
    let is_test = |path: &PathBuf| path.ends_with("testing.rs") || path.ends_with("tests.rs");
    found.into_iter().filter(|path| !is_test(path)).map(|path| source(&root, &path)).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

fn source(root: &Path, path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let relative = path.strip_prefix(root).unwrap();
    let first = relative.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let code = before_tests
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    Source {
        module: first.trim_end_matches(".rs").to_owned(),
        is_config: path.ends_with("config.rs"),
        path: relative.to_owned(),
        code,
        text,
    }
}

/// Modules that the code names behind `crate::`, in a path or in a group.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let head = rest.split(['}', ';']).next().unwrap();
        let names: Vec<&str> = match head.strip_prefix('{') {
            Some(group) => group.split(',').map(str::trim).collect(),
            None => vec![rest],
        };
        for name in names {
            let name: String =
                name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.insert(name);
        }
    }
    found.remove("");
    found
}

#[test]
fn imports_go_one_way() {
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let top: BTreeMap<&str, &[&str]> = TOP.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in
        sources().iter().filter(|source| !["lib", "main"].contains(&source.module.as_str()))
    {
        let own = table.get(source.module.as_str());
        let own = own.unwrap_or_else(|| {
            panic!("{}: the room {} is not in the table", source.path.display(), source.module)
        });
        for name in imports(&source.code).iter().filter(|name| **name != source.module) {
            assert!(
                table.contains_key(name.as_str()),
                "{}: crate::{name} is no room",
                source.path.display()
            );
            // A profile's config.rs composes those of the stages.
            let configs = source.module == "profile"
                && source.code.contains(&format!("crate::{name}::config"));
            let denied =
                top.get(source.module.as_str()).is_some_and(|names| names.contains(&name.as_str()));
            let allowed = own.contains(&name.as_str())
                || own.contains(&"*")
                || configs
                || (source.is_config && table["config"].contains(&name.as_str()));
            if !allowed || denied {
                wrong.push(format!("{} imports {name}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_table_has_a_row_for_every_room() {
    let rooms: BTreeSet<String> =
        sources().into_iter().map(|s| s.module).filter(|m| m != "lib" && m != "main").collect();
    for room in rooms {
        assert!(MAY_IMPORT.iter().any(|(name, _)| *name == room), "{room}");
    }
}

#[test]
fn io_stays_in_its_rooms() {
    let mut wrong = Vec::new();
    for source in sources() {
        let path = source.path.to_string_lossy().replace('\\', "/");
        let may = path.starts_with("collect/")
            && !path.ends_with("parse.rs")
            && !path.ends_with("config.rs")
            || path.starts_with("cli/")
            || ["profile/load.rs", "profile/git.rs"].contains(&path.as_str())
            // The one reader of files, which profile, collect and cli share.
            || path == "wire/file.rs"
            || path == "main.rs";
        let does = ["std::fs", "tokio::fs", "std::net", "tokio::net", "std::env::", "std::process"];
        wrong.extend(
            does.iter()
                .filter(|io| !may && source.code.contains(**io))
                .map(|io| format!("{path} uses {io}")),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_says_first_what_it_is_for_and_stays_short() {
    for source in sources() {
        let path = source.path.display();
        assert!(source.text.starts_with("//!"), "{path} does not open with //!");
        let lines = source.text.lines().count();
        assert!(lines <= 500, "{path} has {lines} lines: split it");
    }
}
