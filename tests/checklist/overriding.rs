//! Verdicts that somebody overrides: they stay what they were, and that they were overridden is
//! told for ever.

use crate::cli::{Ended, text};
use crate::world::{World, qualif_info};

/// v22 calls KEYS: its checklist says NO-GO.
fn blocked(policy: &str) -> World {
    let world = World::new();
    world.info("qualif", &qualif_info().with("keys", 4, 48_000));
    if !policy.is_empty() {
        world.profiles.config("policy.yaml", &format!("kind: Policy\n{policy}"));
    }
    world
}

/// The digest of the run that a checklist became.
fn judged(world: &World) -> String {
    let report = world.judge(&["-o", "json"]).json();
    text(&report["run"]["history"]["digest"]).to_owned()
}

fn over(world: &World, run: &str, by: &str, approved_by: &str) -> Ended {
    world.command(&[
        "checklist",
        "override",
        run,
        "--by",
        by,
        "--approved-by",
        approved_by,
        "--reason",
        "customers wait for the fix",
    ])
}

#[test]
fn an_override_stands_beside_the_verdict_wherever_the_run_is_shown() {
    let world = blocked("four-eyes: true\n");
    let run = judged(&world);
    let ended = over(&world, &run[..8], "alice", "bob");
    let told = "by alice, approved by bob (claimed; user";
    assert!(ended.expect(0).stdout.contains(told), "{ended}");
    assert!(ended.says("(NO-GO, v22)"), "{ended}");
    assert!(!ended.says("nobody checked"), "{ended}");
    let list = |arguments: &[&str]| {
        world.command_without_profiles(&[&["history", "list"], arguments].concat())
    };
    let listed = list(&[]);
    let row = |start: &str, ended: &Ended| {
        let found = ended.stdout.lines().find(|line| line.contains(start));
        found.unwrap_or_else(|| panic!("no {start}: {ended}")).to_owned()
    };
    let old = row(" checklist ", &listed);
    assert!(old.starts_with(&format!("run:{}", &run[..6])), "{listed}");
    assert!(old.contains("checklist") && old.contains("NO-GO, overridden"), "{listed}");
    let own = row(" override ", &listed);
    assert!(own.contains("OVERRIDDEN") && own.contains(&format!("of run:{}", &run[..8])), "{own}");
    assert!(own.contains("customers wait for the fix"), "{own}");
    let shown = world.command_without_profiles(&["history", "show", &format!("run:{}", &run[..8])]);
    assert!(shown.expect(0).stdout.contains("verdict   NO-GO"), "{shown}");
    assert!(shown.stdout.contains("\n  overridden ") && shown.says(told), "{shown}");
    // Every later checklist of the release tells of it, in every format, and judges as before.
    let words = ["overridden", "approved by bob", "customers wait for the fix"];
    for format in ["table", "markdown", "junit", "html"] {
        let ended = world.judge(&["-o", format]);
        let flat = ended.expect(1).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        words.iter().for_each(|word| assert!(flat.contains(word), "{word}: {ended}"));
    }
    for report in [world.judge(&["-o", "json"]).json(), world.judge(&["-o", "yaml"]).yaml()] {
        let one = &report["overrides"][0];
        assert_eq!((text(&one["run"]), text(&one["verdict"])), (run.as_str(), "no-go"));
        assert_eq!((text(&one["by"]), text(&one["approved-by"])), ("alice", "bob"));
        assert_eq!(one["four-eyes"], true);
        assert!(one["claims"]["user"].is_string(), "{one}");
        assert_eq!(report["verdict"], "no-go");
    }
    world.command_without_profiles(&["history", "verify"]).expect(0);
}

#[test]
fn four_eyes_are_two_persons_however_a_name_is_written() {
    let world = blocked("four-eyes: true\n");
    let run = judged(&world);
    for other in
        ["alice", " ALICE ", "а\u{200b}liсe", "ａlice", "Alice <alice@shop.example>", "a-lice"]
    {
        let ended = over(&world, &run[..8], "alice", other);
        assert!(ended.expect(2).stderr.contains("one person"), "{other}: {ended}");
    }
    for (by, approved_by) in [("", "bob"), ("alice", " "), ("\u{3164}", "bob"), ("alice", "…")] {
        let ended = over(&world, &run[..8], by, approved_by);
        assert!(ended.code == Some(2) && ended.stderr.contains("says nothing"), "{ended}");
    }
    over(&world, &run[..8], "alice", "bob").expect(0);
    // Without the policy names are not compared, and the answer says so.
    let world = blocked("");
    let run = judged(&world);
    let ended = over(&world, &run[..8], "alice", "alice");
    assert!(ended.expect(0).stdout.contains("nobody checked"), "{ended}");
}

#[test]
fn a_ci_is_kept_with_the_names() {
    let world = blocked("");
    let run = judged(&world);
    let arguments = [
        "checklist",
        "override",
        &run[..8],
        "--by",
        "alice",
        "--approved-by",
        "bob",
        "--reason",
        "a reason",
    ];
    let command = crate::cli::envparity(arguments).profiles(&world.profiles.path(""));
    let history = world.history();
    let command = command.args(["--history".as_ref(), history.as_os_str()]);
    command.env("GITHUB_ACTOR", "octocat").run().expect(0);
    let report = world.judge(&["-o", "json"]).json();
    assert_eq!(report["overrides"][0]["claims"]["GITHUB_ACTOR"], "octocat");
}

#[test]
fn what_is_no_blocked_checklist_is_not_overridden() {
    let world = blocked("");
    let run = judged(&world);
    let fails = |ended: Ended, words: &str| {
        assert!(ended.expect(2).stderr.contains(words), "{words}: {ended}");
    };
    fails(over(&world, "run:0000000000", "a", "b"), "no run begins with 0000000000");
    fails(over(&world, "run:12", "a", "b"), "at least 4 digits");
    fails(over(&world, "qualif", "a", "b"), "is not the id of a run");
    fails(over(&world, &format!("run:{}/qualif", &run[..8]), "a", "b"), "is not a run");
    // An audit is none, nor is an override.
    let audit = world.command(&["audit", "--at", crate::world::NOW, "-o", "json"]).json();
    let audit = text(&audit["run"]["history"]["digest"]);
    fails(over(&world, &audit[..10], "a", "b"), "of the kind audit");
    let done = over(&world, &run[..8], "alice", "bob");
    let own =
        done.expect(0).stdout.lines().next().unwrap().rsplit("run:").next().unwrap().to_owned();
    fails(over(&world, own.trim(), "a", "b"), "of the kind override");
    fails(over(&world, &run[..8], "carol", "dave"), "was overridden already");
    world.command_without_profiles(&["history", "verify"]).expect(0);
}

#[test]
fn a_verdict_that_was_altered_is_not_overridden() {
    let world = blocked("");
    let run = judged(&world);
    let connection = rusqlite::Connection::open(world.history()).unwrap();
    connection.execute("UPDATE run SET at = at + 1", []).unwrap();
    let ended = over(&world, &run[..8], "alice", "bob");
    assert!(ended.expect(2).stderr.contains("not as written"), "{ended}");
}
