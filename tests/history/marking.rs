//! `mark span`: what is said of the past stands in the chain.

use crate::cli::{Profiles, recorded_info};

fn profiles() -> Profiles {
    let profiles = Profiles::of(&["qualif", "prod"]);
    for name in ["qualif", "prod"] {
        profiles.recorded(name, &recorded_info("redis-7.0.15"));
    }
    let audit = profiles.read("audit.yaml");
    let more = "timezone: Europe/Paris\nhistory: {path: envparity.db}\n";
    profiles.write("audit.yaml", &format!("{audit}{more}"));
    profiles
}

const SPAN: &str = "2026-04-14T11:05+02:00..2026-04-14T11:30+02:00";

#[test]
fn a_mark_is_kept_and_listed_with_its_author() {
    let profiles = profiles();
    let mark = |more: &[&str], ci: &[(&str, &str)]| {
        let run = [&["mark", "span", "qualif"], more].concat();
        profiles.run_with(&run, ci).expect(0).stdout.clone()
    };
    let ci = [("GITLAB_USER_LOGIN", "bob"), ("CI_JOB_URL", "https://ci/1")];
    let first = mark(&[SPAN, "--label", "reproduction", "--exclude"], &ci);
    let told =
        "qualif, 2026-04-14 11:05+02:00 to 2026-04-14 11:30+02:00: reproduction, excluded, by ";
    assert!(first.contains(told), "{first}");
    let author = "; GITLAB_USER_LOGIN=bob, CI_JOB_URL=https://ci/1 (claimed)";
    assert!(first.contains(author) && !first.contains("overlaps"), "{first}");
    let second = mark(&["2026-04-14T09:00Z..2026-04-14T09:10Z", "--label", "again"], &[]);
    assert!(second.contains(&format!("it overlaps {told}")), "{second}");
    mark(&["-2h..-1h", "--label", "imports"], &[]);
    let listed = profiles.run(&["history", "list"]).expect(0).stdout.clone();
    assert_eq!(listed.matches(" mark ").count(), 3, "{listed}");
    assert!(listed.contains(told) && listed.contains("imports, by "), "{listed}");
    let verified = profiles.run(&["history", "verify"]).expect(0).stdout.clone();
    assert!(verified.starts_with("3 runs, all as written"), "{verified}");
}

#[test]
fn what_is_no_mark_is_refused_and_nothing_is_kept() {
    let profiles = profiles();
    for (environment, span, label, said) in [
        ("qalif", SPAN, "x", "did you mean qualif?"),
        ("qualif", "2026-04-14T11:05 CET..now", "x", "Paris was at +02:00 that day"),
        ("qualif", "2026-04-14T11:05..now", "x", "has no offset"),
        ("qualif", "-1h..-2h", "x", "the earlier time first"),
        ("qualif", "now..2036-01-01T00:00Z", "x", "31 days ahead"),
        ("qualif", "-2h", "x", "write FROM..TO"),
        ("qualif", SPAN, " ", "the label says nothing"),
        ("qualif", SPAN, "a\nb", "the label says nothing"),
        ("qualif", SPAN, &"x".repeat(201), "more than 200 characters"),
    ] {
        let ended = profiles.run(&["mark", "span", environment, span, "--label", label]);
        assert!(ended.expect(2).says(said), "{span}: {ended}");
    }
    assert!(!profiles.path("envparity.db").exists());
    profiles.run(&["mark", "span", "qualif", SPAN]).expect(2);
}

#[test]
fn without_a_name_the_history_is_here_and_said_to_be() {
    let profiles = profiles();
    let text = profiles.read("audit.yaml").replace("history: {path: envparity.db}\n", "");
    profiles.write("audit.yaml", &text);
    let here = tempfile::tempdir().unwrap();
    let run = ["mark", "span", "qualif", "-2h..now", "--label", "x"];
    let ended = profiles.command(&run).current_dir(here.path()).run();
    assert!(ended.expect(0).stderr.contains("using ./envparity.db"), "{ended}");
    assert!(here.path().join("envparity.db").is_file());
}
