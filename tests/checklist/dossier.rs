//! A month for an auditor, who has `sha256sum` and `jq` and not this program.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::cli::{Ended, list, text};
use crate::world::{Services, World, qualif_info, v21, v22};

/// Runs a line of a shell in the folder; whether it succeeded, and what it said.
fn shell(folder: &Path, line: &str) -> (bool, String) {
    let output = Command::new("sh").args(["-c", line]).current_dir(folder).output().unwrap();
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.success(), said.concat())
}

fn read(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
}

/// All that the folder holds, as one text.
fn all_of(folder: &Path) -> String {
    let (_, said) = shell(folder, "cat $(find . -type f | sort) | tr -d '\\000'");
    said
}

/// April: v22 goes against its checklist, something else goes without one, and two days are
/// missed.
fn april() -> World {
    let world = World::new();
    world.info("qualif", &qualif_info().with("keys", 4, 48_000));
    world.profiles.config("policy.yaml", "kind: Policy\nfour-eyes: true\n");
    world.add_to_release(
        "v22",
        "exceptions:\n- {component: image/team/web, digest: \"sha256:0000000000000000000000000000000000000000000000000000000000000000\", \
         reason: a typo, by: alice, approved-by: bob, at: \"2026-04-10T00:00:00Z\"}\n",
    );
    world.profiles.config(
        "waivers.yaml",
        "kind: Waivers\nwaivers:\n- {id: known, rule: shared-instance, component: redis/cache, \
         environments: [qualif, production], reason: a project, owner: platform, expires: \"2026-12-31\"}\n",
    );
    let other: Services =
        vec![("timemachine", "v22", "a22"), ("stock-import", "v99", "b99"), ("web", "v21", "c21")];
    for day in (1..=30).filter(|day| !(25..=27).contains(day)) {
        let at = format!("2026-04-{day:02}T07:00:00Z");
        let production = match day {
            ..=13 => v21(),
            14..=19 => v22(),
            _ => other.clone(),
        };
        world.services("production", &production, &at);
        world.services("qualif", &v22(), &at);
        if day == 13 {
            let judged = world.command(&[
                "checklist", "--release", "v22", "--at", "2026-04-13T18:40:00Z", "-o", "json",
            ]);
            let run = text(&judged.json()["run"]["history"]["digest"]).to_owned();
            let reason = "customers wait; see https://ops:hunter2@ci.example/1, token=hunter2x";
            world
                .command(&[
                    "checklist",
                    "override",
                    &run[..10],
                    "--by",
                    "alice",
                    "--approved-by",
                    "bob",
                    "--reason",
                    reason,
                ])
                .expect(0);
        }
        let ended = world.command(&["audit", "--at", &at, "--report-only"]);
        assert_eq!(ended.code, Some(0), "{ended}");
    }
    world
}

fn dossier(world: &World, name: &str) -> (PathBuf, Ended) {
    let out = world.profiles.path(name);
    let ended = world.command(&[
        "dossier",
        "--from",
        "2026-04-01T00:00Z",
        "--to",
        "2026-05-01T00:00Z",
        "--out",
        out.to_str().unwrap(),
    ]);
    (out, ended)
}

#[test]
fn a_month_is_checked_by_sha256sum_and_jq() {
    let world = april();
    let (out, ended) = dossier(&world, "april");
    let told = "28 runs, 2 changes of production (1 unchecked), 1 override";
    assert!(ended.expect(0).stdout.contains(told), "{ended}");
    // Everything that README.txt tells an auditor to run, as it stands there.
    let readme = std::fs::read_to_string(out.join("README.txt")).unwrap();
    let lines: Vec<&str> = readme
        .lines()
        .filter(|line| line.starts_with("  sha256sum") || line.starts_with("  jq"))
        .collect();
    assert_eq!(lines.len(), 6, "{readme}");
    for line in lines.iter().filter(|line| !line.contains("judged/")) {
        let (is_done, said) = shell(&out, line);
        assert!(is_done, "{line}: {said}");
    }
    let (_, files) = shell(&out, "find . -type f ! -name SHA256SUMS | wc -l");
    let (_, sums) = shell(&out, "wc -l < SHA256SUMS");
    assert_eq!(files.trim(), sums.trim(), "each file has its sum");
    // What happened.
    let changes = read(&out, "changes.json");
    let told: Vec<(&str, &str)> =
        list(&changes).map(|one| (text(&one["seen"]), text(&one["status"]))).collect();
    assert_eq!(
        told,
        [
            ("2026-04-14T07:00:00Z", "no-go, overridden"),
            ("2026-04-20T07:00:00Z", "unchecked release"),
        ]
    );
    assert_eq!(changes[0]["release"], "v22");
    assert_eq!(changes[0]["checklist"]["verdict"], "no-go");
    assert_eq!(changes[0]["checklist"]["overridden"]["approved-by"], "bob");
    assert_eq!(changes[1]["builds"][0]["component"], "image/team/stock-import");
    assert_eq!(changes[1]["checked"], false);
    let overrides = read(&out, "overrides.json");
    assert_eq!(
        (text(&overrides[0]["by"]), overrides[0]["four-eyes"].as_bool()),
        ("alice", Some(true))
    );
    assert_eq!(read(&out, "waivers.json")[0]["id"], "known");
    assert_eq!(read(&out, "exceptions.json")[0]["approved-by"], "bob");
    let gaps = read(&out, "missed.json");
    let gaps: Vec<i64> = list(&gaps["without-evidence-for-a-day"])
        .filter(|gap| gap["environment"] == "production")
        .map(|gap| gap["hours"].as_i64().unwrap())
        .collect();
    assert_eq!(gaps, [96], "25 to 27 April");
    let index = read(&out, "index.json");
    assert_eq!(
        (&index["history"]["as-written"], &index["unchecked-releases"]),
        (&true.into(), &1.into())
    );
    // The head is the one that `history verify` tells.
    let verified = world.command_without_profiles(&["history", "verify"]);
    assert!(verified.stdout.contains(text(&index["history"]["head"])), "{verified}");
    // Secrets are taken out, of the chain too.
    let all = all_of(&out);
    assert!(!all.contains("hunter2") && all.contains("https://***@ci.example/1"));
    let runs = read(&out, "runs.json");
    assert_eq!(list(&runs).filter(|run| run["bytes"].is_null()).count(), 1);
}

#[test]
fn what_is_changed_afterwards_is_seen() {
    let world = april();
    let (out, ended) = dossier(&world, "april");
    ended.expect(0);
    let chain = "jq -e '[range(1; length) as $i | .[$i].prev == .[$i - 1].digest] | all' runs.json";
    for (edit, check) in [
        ("sed -i s/alice/carol/ overrides.json", "sha256sum -c --quiet SHA256SUMS"),
        ("rm changes.json", "sha256sum -c --quiet SHA256SUMS"),
        ("sed -i s/no-go/incom/ $(grep -la no-go chain/* | head -1)", "sha256sum -c --quiet CHAIN"),
        ("jq 'del(.[5])' runs.json > x && mv x runs.json", chain),
    ] {
        let copy = tempfile::tempdir().unwrap();
        assert!(shell(&out, &format!("cp -r . {}", copy.path().display())).0);
        assert!(shell(copy.path(), check).0, "{check}");
        assert!(shell(copy.path(), edit).0, "{edit}");
        assert!(!shell(copy.path(), check).0, "{edit}: {check}");
    }
}

#[test]
fn a_dossier_replaces_nothing_and_is_there_whole_or_not_at_all() {
    let world = World::new();
    world.judge(&[]);
    let names = || {
        let mut text = String::new();
        for entry in std::fs::read_dir(world.profiles.path("")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.contains("dossier") || name == "out" {
                writeln!(text, "{name}").unwrap();
            }
        }
        text
    };
    std::fs::create_dir(world.profiles.path("out")).unwrap();
    let (_, ended) = dossier(&world, "out");
    assert!(ended.expect(2).stderr.contains("never replaces anything"), "{ended}");
    assert_eq!(
        (names().as_str(), std::fs::read_dir(world.profiles.path("out")).unwrap().count()),
        ("out\n", 0)
    );
    std::fs::remove_dir(world.profiles.path("out")).unwrap();
    // A file where a folder is to be made, a link to nowhere, a folder that is not there.
    std::os::unix::fs::symlink("/nowhere", world.profiles.path("out")).unwrap();
    dossier(&world, "out").1.expect(2);
    std::fs::remove_file(world.profiles.path("out")).unwrap();
    let (_, ended) = dossier(&world, "missing/out");
    assert!(ended.expect(2).stderr.contains("failed to make"), "{ended}");
    let wrong = world.command(&[
        "dossier", "--from", "2026-05-01T00:00Z", "--to", "2026-04-01T00:00Z", "--out", "x",
    ]);
    assert!(wrong.expect(2).stderr.contains("ends before it begins"), "{wrong}");
    dossier(&world, "out").1.expect(0);
    assert_eq!(names(), "out\n");
}

#[test]
fn of_a_history_that_was_altered_there_is_a_dossier_that_says_so() {
    let world = World::new();
    world.judge(&[]);
    world.judge(&[]);
    let connection = rusqlite::Connection::open(world.history()).unwrap();
    connection.execute("UPDATE run SET verdict = 'go' WHERE id = 2", []).unwrap();
    let (out, ended) = dossier(&world, "out");
    assert!(ended.expect(1).stderr.contains("not as written"), "{ended}");
    assert_eq!(read(&out, "index.json")["history"]["as-written"], false);
    assert!(shell(&out, "sha256sum -c --quiet SHA256SUMS").0);
    // The run that was altered is not what its digest says.
    assert!(!shell(&out, "sha256sum -c --quiet CHAIN").0);
}
