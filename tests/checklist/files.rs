//! Files of releases: captured, read, refused.

use crate::world::{TAKEN, World, v21, v22};

#[test]
fn a_release_is_what_an_environment_runs() {
    let world = World::without_releases();
    world.capture(&["v21", "--from", "production"]).expect(0);
    let ended = world.capture(&["v22", "--from", "qualif", "--previous", "v21"]);
    assert!(
        ended
            .expect(0)
            .stdout
            .contains("3 services as of 2026-04-13T18:39:00Z, 2 changed since v21"),
        "{ended}"
    );
    let text = std::fs::read_to_string(world.release_path("v22")).unwrap();
    assert!(text.contains("came:\n  qualif: \"2026-04-13T18:39:00Z\"\n"), "{text}");
    let show = world.command_without_history(&["release", "show", "v22"]);
    assert!(
        show.expect(0).stdout.contains("image/team/timemachine   v22 a2200000  changed"),
        "{show}"
    );
    let diff = world.command_without_history(&["release", "diff", "v21", "v22"]);
    let stdout = &diff.expect(0).stdout;
    assert!(stdout.starts_with("v21 -> v22: 1 service equal\n"), "{diff}");
    assert!(stdout.contains("image/team/stock-import  v21 b2100000 -> v22 b2200000"), "{diff}");
    world.command_without_history(&["check-profiles", "--strict"]).expect(0);
}

#[test]
fn a_file_is_never_replaced_unasked_and_what_people_wrote_is_kept() {
    let world = World::new();
    let before = std::fs::read_to_string(world.release_path("v22")).unwrap();
    let ended = world.capture(&["v22", "--from", "qualif"]);
    assert!(ended.expect(2).stderr.contains("--force"), "{ended}");
    assert_eq!(std::fs::read_to_string(world.release_path("v22")).unwrap(), before);
    let own = "type: hotfix\nfreeze: {environment: qualif, from: 2026-04-09T18:00:00+02:00}\n";
    world.add_to_release("v22", own);
    world.capture(&["v22", "--from", "qualif", "--force"]).expect(0);
    let after = std::fs::read_to_string(world.release_path("v22")).unwrap();
    for kept in
        ["type: hotfix", "from: \"2026-04-09T16:00:00Z\"", "previous: v21", "2026-04-09T12:02"]
    {
        assert!(after.contains(kept), "{kept}: {after}");
    }
    // Other builds have not been there since then.
    let mut others = v22();
    others[0] = ("timemachine", "v22", "a23");
    world.services("qualif", &others, TAKEN);
    world.capture(&["v22", "--from", "qualif", "--force"]).expect(0);
    let after = std::fs::read_to_string(world.release_path("v22")).unwrap();
    assert!(after.contains("qualif: \"2026-04-13T18:39:00Z\""), "{after}");
}

#[test]
fn a_release_that_was_not_read_whole_is_not_written() {
    let world = World::without_releases();
    let failed = "{failed: {kind: timeout, message: no answer, advice: wait}}";
    world.evidence("qualif", &v22(), TAKEN, failed);
    let ended = world.capture(&["v22", "--from", "qualif"]);
    assert!(ended.expect(3).stderr.contains("docker/app containers: no answer"), "{ended}");
    assert!(!world.release_path("v22").exists());
    world.evidence("qualif", &Vec::new(), TAKEN, "complete");
    let ended = world.capture(&["v22", "--from", "qualif"]);
    assert!(ended.expect(2).stderr.contains("runs no own service"), "{ended}");
}

#[test]
fn two_builds_of_one_service_are_written_and_told() {
    let world = World::new();
    let mut both = v22();
    both.push(("worker", "v22", "e01"));
    both.push(("worker", "v22", "e02"));
    world.services("qualif", &both, TAKEN);
    let ended = world.capture(&["v23", "--from", "qualif", "--previous", "v22"]);
    assert!(ended.expect(0).stderr.contains("image/team/worker runs 2 builds"), "{ended}");
    let text = std::fs::read_to_string(world.release_path("v23")).unwrap();
    assert!(text.contains("others:"), "{text}");
}

#[test]
fn stored_evidence_is_as_good_as_live() {
    let world = World::without_releases();
    world.command(&["audit", "--at", "2026-04-13T18:40:00Z", "--report-only"]).expect(0);
    world.services("qualif", &v21(), TAKEN);
    for (name, from) in [("a", "qualif@2026-04-13T18:40:00Z"), ("b", "qualif")] {
        world.capture(&[name, "--from", from, "--recorded-only"]).expect(0);
        let text = std::fs::read_to_string(world.release_path(name)).unwrap();
        assert!(text.contains("version: v22"), "{text}");
    }
    let path = world.profiles.path("qualif-app.yaml.txt").display().to_string();
    world.capture(&["c", "--from", &path]).expect(0);
    world.capture(&["d", "--from", "nowhere"]).expect(3);
    let ended = world.capture(&["e", "--from", "qualif", "--previous", "v2"]);
    assert!(ended.expect(2).stderr.contains("no release \"v2\""), "{ended}");
    world.capture(&["../f", "--from", "qualif"]).expect(2);
    assert!(!world.profiles.path("f.yaml").exists());
}

#[test]
fn mistakes_in_files_are_told_with_their_place() {
    let world = World::new();
    for (lines, told) in [
        ("freeze: {environment: qualfi, from: 2026-04-09T18:00:00Z}\n", "did you mean qualif?"),
        ("freeze: {environment: qualif, from: 2026-04-09 18:00}\n", "not a time with an offset"),
        ("gate: [qualif, qualif]\n", "a gate needs two environments"),
        ("gate: [qualif, prodction]\n", "did you mean production?"),
        ("baseline: v22\n", "does not come before itself"),
        ("typo: 1\n", "unknown field"),
        (
            "exceptions: [{component: a, digest: \"sha256:1\", reason: b, by: c, approved-by: d, at: \
             2026-04-09T18:00:00Z}]\n",
            "not a digest",
        ),
    ] {
        let before = std::fs::read_to_string(world.release_path("v22")).unwrap();
        world.add_to_release("v22", lines);
        let ended = world.command_without_history(&["check-profiles"]);
        assert!(ended.expect(2).stderr.contains(told), "{lines}: {ended}");
        assert!(ended.stderr.contains("v22.yaml:"), "{ended}");
        std::fs::write(world.release_path("v22"), before).unwrap();
    }
    for (text, told) in [
        ("items: [{item: new-comand}]\n", "did you mean new-command?"),
        ("items: [{item: new-command, question: sure?}]\n", "not by a person"),
        ("items: [{item: parity, max: 5ms}]\n", "max: belongs to cost-per-call"),
        ("items: [{item: parity}, {item: parity}]\n", "stands twice"),
        ("items: [{item: mine, question: \" \"}]\n", "says nothing"),
    ] {
        world.profiles.config("checklist.yaml", &format!("kind: Checklist\n{text}"));
        let ended = world.command_without_history(&["check-profiles"]);
        assert!(ended.expect(2).stderr.contains(told), "{text}: {ended}");
    }
}

#[test]
fn a_name_without_a_file_is_a_warning() {
    let world = World::new();
    world.edit_release("v22", |text| text.replace("previous: v21", "previous: v2l"));
    let ended = world.command_without_history(&["check-profiles"]);
    assert!(ended.expect(0).stderr.contains("did you mean v21?"), "{ended}");
    std::fs::remove_file(world.release_path("v21")).unwrap();
    let ended = world.command_without_history(&["check-profiles"]);
    assert!(ended.expect(0).stderr.contains("envparity release capture v2l --from"), "{ended}");
}
