//! The first screen of a large estate: 500 workloads in each of three environments, with ten things
//! wrong that matter. It fits 50 lines, names all ten, and `-v` shows whatever it leaves out.
//! `docs/FIRST-SCREEN.md` shows it.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "support/cli.rs"]
mod cli;
#[path = "support/estate/mod.rs"]
mod estate;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cli::envparity;
use estate::{AT, Recorded};
use serde_json::Value;
use tempfile::TempDir;

const WORKLOADS: usize = 500;
const SCREEN: usize = 50;

/// One of the ten things that matter.
struct Planted {
    /// What it is about, as a report names it.
    component: &'static str,
    /// What a report says of it, whatever its order of words: each of these.
    says: &'static [&'static str],
}

#[rustfmt::skip]
const PLANTED: [Planted; 10] = [
    Planted { component: "redis/cache", says: &["product-differs", "qualif redis 7.0.15", "valkey 8.0.1"] },
    Planted { component: "kubernetes/server", says: &["version-skew", "v1.35.4", "minor behind", "v1.36.2"] },
    Planted { component: "redis/sessions", says: &["shared-instance", "dev redis/sessions = qualif redis/sessions"] },
    Planted { component: "image/team/session-gateway", says: &["digest-mismatch", "4.2.1", "sha256:"] },
    Planted { component: "image/team/label-printer", says: &["promotion-inversion", "qualif runs v20"] },
    Planted { component: "image/nginx", says: &["floating-tag", "ovh-production runs latest"] },
    Planted { component: "image/redis-exporter", says: &["missing-component", "qualif does not"] },
    Planted { component: "image/postgresql", says: &["version-skew", "16.6", "major behind", "17.2"] },
    Planted { component: "redis/queue", says: &["setting-drift", "maxmemory_policy", "noeviction", "allkeys-lru"] },
    Planted { component: "kubernetes/mks", says: &["ovh-production", "nodes: GET /api/v1/nodes", "403"] },
];

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    estate::write(folder.path(), WORKLOADS, Recorded::Kubectl);
    folder
}

/// Exit code and what is printed, not to a terminal.
fn audit(folder: &Path, columns: Option<usize>, more: &[&str]) -> (Option<i32>, String) {
    let mut audit = envparity(["audit", "--at", AT]).profiles(folder).args(more);
    if let Some(columns) = columns {
        audit = audit.env("COLUMNS", columns.to_string());
    }
    let ended = audit.run();
    assert_eq!(ended.stderr, "");
    (ended.code, ended.stdout)
}

/// The lines from `title` to the next empty one, each with those that go on with it, in single
/// blanks.
fn entries(screen: &str, title: &str, begins: impl Fn(&str) -> bool) -> Vec<String> {
    let section = screen
        .lines()
        .skip_while(|line| !line.starts_with(title))
        .skip(1)
        .take_while(|line| !line.is_empty());
    let mut entries: Vec<String> = Vec::new();
    for line in section {
        let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
        match entries.last_mut().filter(|_| !begins(line)) {
            Some(entry) => *entry = format!("{entry} {words}"),
            None => entries.push(words),
        }
    }
    entries
}

/// An entry of FINDINGS begins with its severity, one of READ with its environment.
fn told(screen: &str) -> Vec<String> {
    let severities = ["  critical ", "  high ", "  medium ", "  low ", "  info "];
    let findings =
        entries(screen, "FINDINGS", |line| severities.iter().any(|word| line.starts_with(word)));
    [findings, entries(screen, "READ", |line| !line.starts_with(' '))].concat()
}

#[test]
fn ten_things_that_matter_fit_the_first_screen() {
    let folder = folder();
    for columns in [120, 100] {
        let (code, screen) = audit(folder.path(), Some(columns), &[]);
        assert_eq!(code, Some(1), "{screen}");
        assert!(screen.lines().count() <= SCREEN, "{} lines\n{screen}", screen.lines().count());
        let widest = screen.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= columns, "{widest} columns\n{screen}");
        let told = told(&screen);
        for thing in &PLANTED {
            let entry = told.iter().find(|entry| {
                entry.contains(thing.component)
                    && thing.says.iter().all(|words| entry.contains(words))
            });
            assert!(entry.is_some(), "{} {:?}: {told:#?}\n{screen}", thing.component, thing.says);
        }
        let (_, verdict) = screen.split_once("\nCOMPARED").unwrap();
        let verdict = format!("COMPARED{}", verdict.trim_end().replace('\n', " "));
        assert!(verdict.starts_with("COMPARED  519 of 520 components of "), "{verdict}");
        let verdict = verdict.get(verdict.find("NO-GO").unwrap_or(0)..).unwrap_or_default();
        assert!(
            verdict.starts_with(
                "NO-GO, and INCOMPLETE: 5 high; ovh-production kubernetes/mks part nodes"
            ),
            "{verdict}"
        );
        assert!(verdict.ends_with("(exit 1)"), "{verdict}");
    }
}

/// Whatever happens beside them, and however many workloads: what is worst stays, and the screen
/// stays one.
#[test]
fn a_larger_estate_has_no_longer_a_screen() {
    let folder = tempfile::tempdir().unwrap();
    estate::write(folder.path(), 3 * WORKLOADS, Recorded::Evidence);
    let (code, screen) = audit(folder.path(), Some(100), &[]);
    assert_eq!(code, Some(1));
    assert!(screen.lines().count() <= SCREEN, "{screen}");
    assert_eq!(
        told(&screen).iter().filter(|entry| entry.starts_with("high ")).count(),
        5,
        "{screen}"
    );
}

#[test]
fn nothing_is_lost_under_v() {
    let folder = folder();
    let (_, whole) = audit(folder.path(), None, &["-v"]);
    assert!(!whole.contains("-v)") && !whole.contains("(-v"), "it still points at -v");
    let report: Value =
        serde_json::from_str(&audit(folder.path(), None, &["-o", "json"]).1).unwrap();
    let list = |key: &str| report[key].as_array().unwrap();
    let rows: BTreeSet<&str> =
        whole.lines().filter_map(|line| line.split_whitespace().next()).collect();
    for row in list("matrix") {
        let component = row["component"].as_str().unwrap();
        assert!(rows.contains(component), "{component} is in no row");
    }
    let findings = told(&whole);
    for finding in list("findings") {
        let wanted =
            ["severity", "rule", "component", "summary"].map(|key| finding[key].as_str().unwrap());
        let is_told = |entry: &&String| wanted.iter().all(|word| entry.contains(word));
        assert!(findings.iter().find(is_told).is_some(), "{wanted:?} is not told");
    }
}

#[test]
fn the_estate_is_the_same_each_time() {
    let (one, other) = (folder(), folder());
    assert_eq!(audit(one.path(), Some(120), &["-v"]), audit(other.path(), Some(120), &["-v"]));
}

#[test]
fn the_document_shows_it() {
    let folder = folder();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/FIRST-SCREEN.md");
    let mut text = fs::read_to_string(&path).unwrap();
    for columns in [120, 100] {
        let (begin, end) = (format!("<!-- {columns} columns -->\n```text\n"), "```\n");
        let (before, rest) =
            text.split_once(&begin).unwrap_or_else(|| panic!("the document has no {begin}"));
        let (_, after) = rest.split_once(end).unwrap();
        text = format!("{before}{begin}{}{end}{after}", audit(folder.path(), Some(columns), &[]).1);
    }
    if std::env::var_os("ENVPARITY_REGEN").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let advice = "ENVPARITY_REGEN=1 cargo test --test first_screen writes it anew";
    assert!(
        fs::read_to_string(&path).unwrap() == text,
        "docs/FIRST-SCREEN.md is not what is printed: {advice}"
    );
}
