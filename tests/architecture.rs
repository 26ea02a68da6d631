//! Who may import whom: data flows one way. Also what every file of `src/` must and must not hold.

#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use circles::Circle;
use tree::Tree;

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/tokens.rs"]
mod tokens;
#[path = "architecture/tree.rs"]
mod tree;

/// A room, what it may import, and what it may import with all that this can reach.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

/// Some rooms are still to come.
const MAY_IMPORT: &[Row] = &[
    ("version", &[], &[]),
    ("model", &["version"], &[]),
    ("wire", &["model", "version"], &[]),
    ("collect", &["model", "wire"], &[]),
    ("normalize", &["model", "version"], &[]),
    ("compare", &["model", "version"], &[]),
    ("trend", &["model", "version"], &[]),
    ("history", &["model", "wire"], &[]),
    ("rules", &["compare", "trend", "model", "version"], &[]),
    ("policy", &[], &["rules"]),
    ("checklist", &[], &["policy"]),
    ("report", &["wire"], &["checklist"]),
    ("profile", &["model", "wire"], &[]),
    // It keeps what it told in the history, and goes out by the connections of `collect`.
    ("notify", &["collect", "history"], &["report"]),
    ("pipeline", &["profile", "collect", "history", "normalize"], &["report"]),
    ("daemon", &[], &["pipeline", "notify"]),
    ("cli", &[], &["daemon"]),
];

/// What any `config.rs` may import besides, whatever room it is in.
const CONFIG_MAY_IMPORT: &[&str] = &["model", "version", "wire"];

struct Source {
    path: PathBuf,
    module: String,
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
        path: relative.to_owned(),
        code,
        text,
    }
}

/// `None` for what is no room.
fn may_import(room: &str) -> Option<BTreeSet<&'static str>> {
    let (_, own, with_below) = MAY_IMPORT.iter().find(|(name, ..)| *name == room)?;
    let mut found: BTreeSet<&str> = own.iter().chain(*with_below).copied().collect();
    let mut open = with_below.to_vec();
    while let Some(below) = open.pop() {
        let more = may_import(below).unwrap_or_default();
        open.extend(more.iter().filter(|name| !found.contains(*name)));
        found.extend(more);
    }
    Some(found)
}

/// Imports that no row allows.
fn forbidden(texts: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    for (file, paths) in Tree::read(texts).paths() {
        let room = file.split('/').next().unwrap().trim_end_matches(".rs");
        let Some(own) = may_import(room) else { continue };
        for path in paths.iter().filter(|path| path.first().is_some_and(|name| name != room)) {
            let name = path[0].as_str();
            let is_allowed = own.contains(name)
                || (file.ends_with("config.rs") && CONFIG_MAY_IMPORT.contains(&name))
                // It composes what the stages' config.rs describe.
                || (room == "profile" && path.iter().any(|segment| segment == "config"));
            if !is_allowed {
                found.push(format!("{file} imports {}", path.join("::")));
            }
        }
    }
    found
}

#[test]
fn imports_go_one_way() {
    let wrong = forbidden(&texts());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn imports_the_other_way_are_found_however_they_are_written() {
    let tree = [
        ("lib.rs", "mod collect; mod model; mod policy; mod profile; mod report;"),
        ("model.rs", "use crate::{report::{self, x}, model::y}; pub fn y() {}"),
        ("collect/mod.rs", "mod a; pub mod config;"),
        ("collect/a.rs", "fn f() { super::super::policy::judge(); crate::wire::read(); }"),
        ("collect/config.rs", "use crate::version::read; use crate::collect::a;"),
        ("policy.rs", "use crate::compare::x; use crate::version::y; use crate::model::z;"),
        ("profile.rs", "use crate::policy::config::Config; use crate::{policy, collect::a};"),
        ("report.rs", "#[cfg(test)] mod tests { use crate::pipeline::audit; }"),
    ];
    let texts = tree.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    let wanted = [
        "collect/a.rs imports policy::judge",
        "model.rs imports report",
        "model.rs imports report::x",
        "profile.rs imports collect::a",
        "profile.rs imports policy",
    ];
    let mut found = forbidden(&texts);
    found.sort();
    assert_eq!(found, wanted);
}

#[test]
fn the_table_has_a_row_for_every_room() {
    let rooms: BTreeSet<String> =
        sources().into_iter().map(|s| s.module).filter(|m| m != "lib" && m != "main").collect();
    for room in rooms {
        assert!(may_import(&room).is_some(), "{room}");
    }
}

/// By path below `src/`.
fn texts() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    let name =
        |path: &PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
    found.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// Circles that are not open yet; what is left of one may be smaller.
const STILL_OPEN: &[&[&str]] = &[];

#[test]
fn no_files_import_each_other_in_a_circle() {
    let is_known =
        |open: &[&str], circle: &Circle| circle.files.iter().all(|file| open.contains(&&**file));
    let found = circles::find(&texts());
    let told: Vec<String> = found
        .iter()
        .filter(|circle| !STILL_OPEN.iter().any(|open| is_known(open, circle)))
        .map(|circle| {
            let files: Vec<&str> = circle.files.iter().map(String::as_str).collect();
            format!("{}:\n  {}", files.join(", "), circle.way.join("\n  "))
        })
        .collect();
    assert!(told.is_empty(), "files import each other in a circle:\n{}", told.join("\n"));
    let gone = STILL_OPEN.iter().find(|open| !found.iter().any(|circle| is_known(open, circle)));
    assert!(gone.is_none(), "this circle is gone, strike it off the list: {gone:?}");
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
            || path.starts_with("history/")
            || ["profile/load.rs", "profile/git.rs"].contains(&path.as_str())
            // The one reader of files, which profile, collect and cli share.
            || path == "wire/file.rs"
            // The listener is passed in; what accepts its connections names its type.
            || ["daemon/config.rs", "daemon/http/mod.rs", "daemon/serve.rs"].contains(&path.as_str())
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

/// Whom we audit hears GET; who is told of it hears POST, from one file.
#[test]
fn one_file_posts_and_no_collector_can_reach_it() {
    let words = ["Request::post", "Method::POST", "Request::put", "Request::patch", "Method::PUT"];
    let words = [&words[..], &["Request::delete", "Method::DELETE", "Method::PATCH"]].concat();
    let says = |source: &&Source| words.iter().any(|word| source.code.contains(word));
    let all = sources();
    let posting: Vec<_> = all.iter().filter(says).map(|source| source.path.clone()).collect();
    assert_eq!(posting, [Path::new("notify/post.rs")]);
    // What goes out to somebody who is told is used by `notify` alone, and the other way round.
    let uses = |source: &&Source, word: &str| source.code.contains(word);
    let out =
        all.iter().filter(|source| uses(source, "outward::") || uses(source, "OutwardStream"));
    let wrong: Vec<_> = out
        .filter(|source| source.module != "notify" && !source.path.ends_with("io/outward.rs"))
        .map(|source| source.path.clone())
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
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
