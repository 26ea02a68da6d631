//! What a report says to somebody who has just written the first profiles: what is waived, what was
//! not judged and why, and what to do next.

use crate::cli::{Ended, Profiles};
use crate::estate::{Estate, NOW};

const WAIVER: &str = "kind: Waivers\nwaivers:\n- id: wait\n  rule: version-skew\n  component: redis/cache\n  \
                      environments: [qualif, prod]\n  reason: r\n  owner: o\n  expires: 2026-12-31\n";

/// What finds something on a component that is equal.
const RANGE: &str = "kind: Policy\nranges:\n- {require: 'redis >=7'}\n";

fn waiver(qualif: &str, prod: &str) -> String {
    format!("{WAIVER}  versions: {{qualif: \"{qualif}\", prod: \"{prod}\"}}\n")
}

fn audit(estate: &Estate, more: &[&str]) -> Ended {
    estate.run(&[&["audit", "--at", NOW], more].concat())
}

/// All that a person reads, with single spaces.
fn words(ran: &Ended) -> String {
    ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The environments of the audit.
fn listed(estate: &Estate, environments: &str, more: &str) {
    let text = format!("kind: Audit\nbaseline: prod\nenvironments: [{environments}]\n{more}");
    estate.write("audit.yaml", &text);
}

#[test]
fn what_is_waived_stays_in_the_verdict() {
    let all = waiver("redis 6.2.x", "redis 7.0.x");
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[("waivers.yaml", &all)]);
    let table = audit(&estate, &[]);
    assert_eq!(table.code, Some(0), "{table}");
    assert!(
        words(&table).contains("everything required was read; 1 high waived (exit 0)"),
        "{table}"
    );
    for format in ["html", "markdown"] {
        let ran = audit(&estate, &["-o", format]);
        assert!(ran.stdout.contains("1 high waived"), "{format}: {ran}");
    }
    for format in ["json", "yaml", "sarif", "markdown"] {
        let ran = audit(&estate, &["-o", format]);
        assert!(ran.stdout.contains("waived by wait"), "{format}: {ran}");
    }
    let report = audit(&estate, &["-o", "json"]).json();
    assert_eq!(report["verdict"]["reasons"][0]["kind"], "waived", "{report:#}");
    // What could not have blocked is not told of there.
    let table = audit(&estate, &["--fail-on", "critical"]);
    assert!(!table.last_line().contains("waived"), "{table}");
}

#[test]
fn equal_is_what_runs_the_same_whatever_was_found_on_it() {
    let estate = Estate::new("redis-6.2.5", "redis-6.2.5", &[("policy.yaml", RANGE)]);
    let table = audit(&estate, &[]);
    assert!(
        table.stdout.contains("out-of-range") && table.stdout.contains("1 of 1 equal"),
        "{table}"
    );
    assert!(audit(&estate, &["-o", "markdown"]).stdout.contains("1 of 1 component equal"));
    assert!(audit(&estate, &["-o", "html"]).stdout.contains("1 of 1<"));
    // Another environment that is in no gate cannot be read.
    estate.environment("dev", "none");
    listed(&estate, "dev, qualif, prod", "");
    let table = audit(&estate, &[]);
    assert!(table.stdout.contains("1 of 1 equal where read"), "{table}");
    let markdown = audit(&estate, &["-o", "markdown"]);
    assert!(markdown.stdout.contains("1 of 1 component equal where read"), "{markdown}");
    assert_eq!(audit(&estate, &["-o", "json"]).json()["summary"]["equal"], "1 of 1");
    // What runs another version is not equal, no matter who was not read.
    estate.environment("qualif", "redis-7.0.15");
    assert!(audit(&estate, &[]).stdout.contains("0 of 1 equal"));
}

#[test]
fn next_names_what_read_does_not_tell() {
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    let profile = estate.read("prod.yaml").replacen("apiVersion: envparity/v1\n", "", 1);
    estate.write("prod.yaml", &format!("{profile}expect: [redis/cach]\n"));
    let table = audit(&estate, &[]);
    let said = words(&table);
    let gap = "prod redis/cach is expected and was not seen; did you mean redis/cache?";
    assert!(said.contains(&format!("NEXT close the gap: {gap}")), "{table}");
    assert!(!said.contains("required: false"), "{table}");
    estate.write("prod.yaml", &profile);
    // No gate: baseline first, or one environment only.
    for (environments, says) in
        [("prod, qualif", "name two environments"), ("prod", "prod is the only environment")]
    {
        if environments == "prod" {
            std::fs::remove_file(estate.path("qualif.yaml")).unwrap();
        }
        listed(&estate, environments, "");
        let table = audit(&estate, &[]);
        let said = words(&table);
        assert!(said.contains("NEXT close the gap: no gate was judged"), "{table}");
        assert!(said.contains(says) && !said.contains("required: false"), "{table}");
    }
}

#[test]
fn a_target_that_was_not_read_is_where_read_tells() {
    let estate = Estate::new("none", "redis-7.0.15", &[]);
    let table = audit(&estate, &[]);
    assert!(words(&table).contains("NEXT close 1 gap (qualif recorded/"), "{table}");
    for (format, says) in [("json", "\"source\": \"recorded\""), ("junit", "recorded qualif.txt")] {
        let ran = audit(&estate, &["-o", format]);
        assert!(ran.stdout.contains(says), "{format}: {ran}");
        assert!(!ran.stdout.contains("live"), "{format}: {ran}");
    }
}

#[test]
fn what_left_an_environment_out_is_named() {
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    estate.environment("dev", "redis-7.0.15");
    listed(&estate, "dev, qualif, prod", "");
    let table = audit(&estate, &["--env", "prod"]);
    let said = words(&table);
    assert!(said.contains("partial: dev, qualif left out by --env"), "{table}");
    let cause = "no gate was judged: --env leaves out a side of the gate qualif -> prod";
    assert!(said.contains(cause) && !said.contains("name two environments"), "{table}");
    let table = audit(&estate, &["dev", "prod"]);
    let said = words(&table);
    assert!(
        said.contains("partial: qualif left out by FROM TO") && !said.contains("--env"),
        "{table}"
    );
    // What was not judged is named where it is counted.
    assert!(
        said.contains("left out): what qualif shares with others, left out by FROM TO"),
        "{table}"
    );
}

#[test]
fn without_a_gate_nothing_is_left_out() {
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    listed(&estate, "qualif, prod", "gates: []\n");
    let table = audit(&estate, &[]);
    let said = words(&table);
    assert!(said.contains("not judged: none") || !said.contains("not judged:"), "{table}");
    assert!(!said.contains("1 gap"), "{table}");
    assert!(!audit(&estate, &["-o", "markdown"]).stdout.contains("1 gap"));
    let checked = estate.run(&["check-profiles"]);
    assert!(checked.stdout.contains("with 1 warning"), "{checked}");
    assert!(checked.stdout.contains("no gate: nothing blocks"), "{checked}");
    assert!(checked.stderr.contains("gates: [] is empty: no finding blocks"), "{checked}");
}

#[test]
fn a_report_of_other_profiles_says_so() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    let other = Profiles::of(&["qualif", "prod"]);
    for name in ["qualif", "prod"] {
        let targets = format!(
            "targets:\n  recorded:\n  - {{name: queue, path: '{}', taken: {NOW}}}\n",
            estate.path(&format!("{name}.txt")).display()
        );
        other.environment(name, &targets);
    }
    let report = other.run(&["audit", "--at", NOW, "-o", "json"]);
    std::fs::write(estate.path("then.txt"), &report.stdout).unwrap();
    let then = estate.path("then.txt").display().to_string();
    let said = words(&audit(&estate, &["--since", &then]));
    assert!(said.contains("made by other profiles"), "{said}");
    // An edit of the same profiles is not news.
    let report = audit(&estate, &["-o", "json"]);
    std::fs::write(estate.path("then.txt"), &report.stdout).unwrap();
    listed(&estate, "qualif, prod", "gates: [[qualif, prod]]\n");
    let said = words(&audit(&estate, &["--since", &then]));
    assert!(!said.contains("profiles: "), "{said}");
}

#[test]
fn a_waiver_that_fits_nothing_says_so_while_something_is_unread() {
    let all = waiver("redis 5.0.x", "redis 7.0.x");
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[("waivers.yaml", &all)]);
    let profile = estate.read("qualif.yaml").replacen("apiVersion: envparity/v1\n", "", 1);
    let more = "  recorded:\n  - {name: gone, path: gone.txt, required: false}\n";
    estate.write("qualif.yaml", &profile.replacen("  recorded:\n", more, 1));
    let table = audit(&estate, &[]);
    assert!(table.stdout.contains("1 active, covering nothing so far"), "{table}");
    assert!(audit(&estate, &["-v"]).stdout.contains("covers nothing so far"));
    for format in ["html", "markdown"] {
        let ran = audit(&estate, &["-o", format]);
        assert!(ran.stdout.contains("covers nothing so far"), "{format}: {ran}");
    }
    let report = audit(&estate, &["-o", "json"]);
    std::fs::write(estate.path("then.txt"), &report.stdout).unwrap();
    let then = estate.path("then.txt").display().to_string();
    let list = estate.run(&["waiver", "list", "--report", &then, "--at", NOW]);
    assert!(list.stdout.contains("covers nothing so far"), "{list}");
}

#[test]
fn profiles_that_can_give_no_go_are_warned_of() {
    let warned = |estate: &Estate| estate.run(&["check-profiles"]).stderr;
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    listed(&estate, "qualif, prod", "gates: [[prod, qualif]]\n");
    let said = warned(&estate);
    assert!(
        said.contains("the gate goes backwards: \"prod\", the baseline, comes after"),
        "{said}"
    );
    assert!(said.contains("write [qualif, prod]"), "{said}");
    listed(&estate, "qualif, prod", "");
    assert_eq!(warned(&estate), "");
    estate.write("qualif.yaml", "kind: Environment\nname: qualif\n");
    let said = warned(&estate);
    assert!(said.contains("\"qualif\" is required and has no target"), "{said}");
    estate.write("qualif.yaml", "kind: Environment\nname: qualif\nrequired: false\n");
    assert!(!warned(&estate).contains("has no target"));
    std::fs::remove_file(estate.path("qualif.yaml")).unwrap();
    listed(&estate, "prod", "");
    assert!(warned(&estate).contains("\"prod\" is the only environment: no gate can be judged"));
    listed(&estate, "prod", "gates: []\n");
    let said = warned(&estate);
    assert!(said.contains("no finding blocks") && !said.contains("only environment"), "{said}");
}

#[test]
fn mistakes_are_told_in_our_words() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    let checked = |estate: &Estate| estate.run(&["check-profiles"]).stderr;
    listed(&estate, "dev, qualif, prod", "");
    let said = checked(&estate);
    assert!(said.contains("no file of kind Environment has the name \"dev\""), "{said}");
    listed(&estate, "qualif, prod", "gates: [qualif, prod]\n");
    let said = checked(&estate);
    assert!(said.contains("a list is expected here"), "{said}");
    assert!(said.contains("gates: [[FROM, TO]]"), "{said}");
    listed(&estate, "qualif, prod", "timezon: UTC\n");
    assert!(checked(&estate).contains("did you mean timezone?"));
    listed(&estate, "qualif, prod", "");
    let profile = estate.read("qualif.yaml").replacen("apiVersion: envparity/v1\n", "", 1);
    estate.write("qualif.yaml", &format!("{profile}requierd: true\n"));
    assert!(checked(&estate).contains("did you mean required?"));
    estate.write("qualif.yaml", &profile);
    let audit_yaml = estate.path("audit.yaml").display().to_string();
    for (arguments, says) in [
        (&["audit", "prod"][..], "give FROM and TO"),
        (&["audit", "--at", "today"], "write a time with its zone, as 2026-11-23T06:00:00Z"),
        (&["audit", "--since", &audit_yaml], "it is of kind Audit, and a report is of kind"),
        (
            &["waiver", "add", "abcd", "--reason", "r", "--owner", "o", "--expires", "tomorrow"],
            "write a day as 2026-12-31, or 30d",
        ),
    ] {
        let ran = estate.run(arguments);
        assert_eq!(ran.code, Some(2), "{ran}");
        assert!(ran.stderr.contains(says), "{ran}");
        assert!(!ran.stderr.contains("parse") && !ran.stderr.contains("values required"), "{ran}");
    }
    let audit = estate.audit(NOW, &[]).1;
    let id = audit["findings"][0]["id"].as_str().unwrap();
    let more = ["--reason", "r", "--owner", "o", "--at", NOW];
    let add = |expires: &str| {
        estate.run(&[&["waiver", "add", id, "--expires", expires], &more[..]].concat())
    };
    let far = add("4000d");
    assert!(far.code == Some(2) && far.stderr.matches("waiver-span").count() == 1, "{far}");
    let ran = add("30d");
    assert!(ran.code == Some(0) && ran.stdout.contains("through 2026-12-22"), "{ran}");
}

#[test]
fn what_is_too_old_says_which_setting_decides() {
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    let later = estate.run(&["audit", "--at", "2026-12-22T21:00:00Z"]);
    let said = words(&later);
    assert!(said.contains("raise max-age:") && said.contains("taken:"), "{later}");
    assert!(!said.contains("declared fact"), "{later}");
}

#[test]
fn a_component_that_nobody_has_is_not_explained() {
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    let report = estate.report("report.txt");
    let ran = estate.run(&["explain-policy", "redis/cach", "--report", &report]);
    assert!(ran.stdout.contains("no component of this name; did you mean redis/cache?"), "{ran}");
    assert!(!ran.stdout.contains("version-skew"), "{ran}");
    let ran = estate.run(&["explain-policy", "redis/cache", "--report", &report]);
    assert!(ran.stdout.contains("version-skew") && ran.stdout.contains("none: no row"), "{ran}");
}
