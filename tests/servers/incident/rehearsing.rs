//! `mark work` and `rehearse` on a real Redis: what they keep, refuse and end with.

use std::time::Instant;

use super::*;

impl Play {
    fn shell(&self, line: &str) -> Ended {
        let work = "stock-location=10";
        self.run(&["rehearse", "v22", "--work", work, "--", "sh", "-c", line])
    }
}

#[test]
fn a_rehearsal_ends_as_its_command_does_and_failed_ones_are_kept() {
    let play = Play::new(Binary::Redis70);
    play.units(10);
    let early = play.shell("true");
    assert!(early.expect(2).stderr.contains("no release \"v22\""), "{early}");
    play.release();
    let passed = play.shell("echo to-stdout; echo to-stderr >&2");
    assert!(passed.expect(0).stdout.contains("to-stdout"), "{passed}");
    assert!(passed.stderr.contains("to-stderr"), "{passed}");
    let failed = play.shell("exit 7");
    assert!(failed.expect(1).stdout.contains("failed: the command ended with 7"), "{failed}");
    play.checklist().expect("rehearsal", "incomplete", &["is failed: the command ended with 7"]);
    let begun = Instant::now();
    let long = ["rehearse", "v22", "--work", "a=1", "--for", "2s", "--", "sleep", "600"];
    assert!(play.run(&long).expect(1).stdout.contains("had not ended after 2 s"));
    assert!(begun.elapsed() < Duration::from_secs(60));
    assert!(
        play.run(&["rehearse", "v22", "--work", "a=0", "--", "true"]).expect(2).says("no unit")
    );
    play.run(&["rehearse", "v22", "--work", "a=1", "--", "/nonexistent"]).expect(2);
    play.run(&["history", "verify"]).expect(0);
}

#[test]
fn other_builds_are_refused_before_and_void_a_rehearsal_on_the_way() {
    let play = Play::new(Binary::Redis70);
    play.units(10);
    play.release();
    let evidence = play.profiles.path("qualif-app.evidence").display().to_string();
    let change = format!("sed -i 's/763232/763233/' {evidence}");
    let changed = play.shell(&change);
    assert!(changed.expect(1).stdout.contains("invalid: other builds at the end"), "{changed}");
    play.checklist().expect("rehearsal", "incomplete", &["is invalid: other builds"]);
    let refused = play.shell("true");
    assert!(refused.expect(2).stderr.contains("qualif does not run v22"), "{refused}");
    play.deploy("qualif", "v22");
    let mut play = play;
    play.qualif.stop();
    let refused = play.shell("true");
    assert!(refused.expect(2).stderr.contains("cannot be read before"), "{refused}");
}

#[test]
fn signals_reach_the_command_and_all_that_it_started() {
    let play = Play::new(Binary::Redis70);
    play.release();
    let told = play.profiles.path("told");
    let line = format!(
        "trap 'echo heard > {0}; exit 3' TERM; echo begun > {0}; while :; do sleep 0.1; done",
        told.display()
    );
    let arguments = ["rehearse", "v22", "--work", "a=1"];
    let history = play.history();
    let mut child = envparity(arguments)
        .profiles(play.profiles.folder())
        .args(["--history".as_ref(), history.as_os_str()])
        .args(["--", "sh", "-c", &line])
        .start();
    let deadline = Instant::now() + scaled(Duration::from_secs(30));
    while std::fs::read_to_string(&told).unwrap_or_default() != "begun\n" {
        assert!(Instant::now() < deadline, "the command does not begin");
        std::thread::sleep(Duration::from_millis(50));
    }
    crate::support::cli::send_signal("TERM", &child);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(std::fs::read_to_string(&told).expect("it was told"), "heard\n");
    let mut store = Store::open(&history, &SqliteOptions::default()).expect("it is there");
    let runs = store.runs_of_kind("rehearsal").expect("it is read");
    assert_eq!(runs.last().expect("it is kept").1["outcome"], "failed");
}

#[test]
fn marks_are_refused_where_they_would_say_nothing() {
    let play = Play::new(Binary::Redis70);
    let mark = |rest: &[&str]| play.run(&[&["mark", "work"], rest].concat());
    for (arguments, told) in [
        (&["qualif", "a", "--count", "0"][..], "says that nothing was done"),
        (&["qualif", "a", "--count", "1"], "--start, before the first unit"),
        (&["qualif", "a"], "required"),
        (&["qualif", "a", "--start", "--count", "1"], "cannot be used with"),
        (&["qualfi", "a", "--start"], "did you mean qualif?"),
        (&["qualif", "a b", "--start"], "is no name of work"),
        (&["qualif", "a", "--start", "--release", "v99"], "no release \"v99\""),
        (&["qualif", "a", "--start", "--at", "2020-01-01T00:00:00Z"], "no sample within a minute"),
        (&["qualif", "a", "--start", "--at", "2999-01-01T00:00:00Z"], "in the future"),
    ] {
        let ended = mark(arguments);
        assert!(ended.expect(2).stderr.contains(told), "{arguments:?}: {ended}");
    }
    mark(&["qualif", "a", "--start"]).expect(0);
    play.run(&["sample"]).expect(0);
    let at = now().to_string();
    mark(&["qualif", "a", "--count", "3", "--at", &at]).expect(0);
    let mut play = play;
    play.qualif.stop();
    let ended = play.run(&["mark", "work", "qualif", "a", "--count", "1"]);
    assert!(ended.expect(3).stderr.contains("not read: redis/cache"), "{ended}");
    play.run(&["history", "verify"]).expect(0);
}

/// envparity says HELLO and INFO to the Redis that it marks, and takes that off again.
#[test]
fn what_marks_and_rehearsals_cost_is_no_cost_of_the_work() {
    let play = Play::new(Binary::Redis70);
    play.units(10);
    play.release();
    play.shell("sleep 11").expect(0);
    let stats = play.qualif.command(&["INFO", "commandstats"]);
    let names = stats.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split(':').next());
    let foreign: Vec<&str> =
        names.filter(|name| !["hello", "info", "get", "set"].contains(name)).collect();
    assert_eq!(foreign, Vec::<&str>::new());
    let told = play.checklist();
    told.expect("cost-per-unit", "incomplete", &["count implausible: 0 commands for 10 units"]);
}
