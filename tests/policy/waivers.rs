//! A reviewer's round: audit, read, waive, audit again. And everything that a waiver must not do.

use std::fs;

use crate::cli::Ended;
use crate::estate::{Estate, NOW, rules};

fn state(report: &serde_json::Value) -> &str {
    report["waivers"][0]["state"].as_str().unwrap()
}

#[test]
fn a_reviewers_round_turns_the_verdict_and_time_turns_it_back() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    let (code, report) = estate.audit(NOW, &[]);
    assert_eq!((code, rules(&report, "findings")), (Some(1), vec!["version-skew"]));

    // Read: the id's beginning is what the table shows.
    let path = estate.report("report.yml.txt");
    let id = &report["findings"][0]["id"].as_str().unwrap()[..4];
    let Ended { code, stdout, stderr, .. } = estate.run(&[
        "waiver", "add", id, "--reason", "7.0 follows in January", "--owner", "platform",
        "--expires", "2026-12-31", "--report", &path, "--at", NOW,
    ]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stdout.contains("redis-cache-version-skew")
            && stdout.contains("prod")
            && stdout.contains("2026-12-31"),
        "{stdout}"
    );

    let (code, report) = estate.audit(NOW, &[]);
    assert_eq!(
        (code, rules(&report, "findings"), rules(&report, "waived")),
        (Some(0), vec![], vec!["version-skew"])
    );
    assert_eq!(report["verdict"]["is"], "go");
    assert_eq!(
        (state(&report), report["waived"][0]["waiver"].as_str().unwrap()),
        ("active", "redis-cache-version-skew")
    );
    assert_eq!(report["summary"]["waived"], 1);

    // Its last day, and the day behind it. What was read must be of then.
    estate.write(
        "qualif.yaml",
        &estate.read("qualif.yaml")["apiVersion: envparity/v1\n".len()..]
            .replace("targets", "max-age: 90d\ntargets"),
    );
    estate.write(
        "prod.yaml",
        &estate.read("prod.yaml")["apiVersion: envparity/v1\n".len()..]
            .replace("targets", "max-age: 90d\ntargets"),
    );
    let (code, report) = estate.audit("2026-12-31T23:59:59Z", &[]);
    assert_eq!((code, state(&report)), (Some(0), "expiring"));
    let (code, report) = estate.audit("2027-01-01T00:00:00Z", &[]);
    assert_eq!((code, state(&report)), (Some(1), "expired"));
    assert_eq!(rules(&report, "findings"), ["version-skew", "waiver-expired"]);
    assert_eq!(report["findings"][1]["severity"], "medium");
}

#[test]
fn a_new_drift_opens_it_again_and_says_why() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    assert_eq!(estate.waive("version-skew", &[]).code, Some(0));
    estate.environment("qualif", "redis-8.0.2");
    let (code, report) = estate.audit(NOW, &[]);
    assert_eq!(
        (code, &rules(&report, "findings")[..2]),
        (Some(1), &["version-skew", "waiver-unused"][..])
    );
    let said = report["findings"][1]["summary"].as_str().unwrap();
    assert!(said.contains("qualif runs redis 8.0.2, and the waiver is for redis 6.2"), "{said}");
    // Another product is another finding.
    estate.environment("qualif", "valkey-8.0.1");
    assert_eq!(rules(&estate.audit(NOW, &[]).1, "findings"), ["product-differs", "waiver-unused"]);
}

#[test]
fn it_is_bound_to_the_minor_or_to_the_very_version() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    assert_eq!(estate.waive("version-skew", &[]).code, Some(0));
    assert!(
        estate.audit(NOW, &[]).1["waivers"][0]["versions"]["prod"]
            .as_str()
            .unwrap()
            .starts_with("redis 7.0")
    );
    let exact = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    assert_eq!(exact.waive("version-skew", &["--exact", "--id", "mine"]).code, Some(0));
    let report = exact.audit(NOW, &[]).1;
    assert_eq!(
        (&report["waivers"][0]["versions"]["prod"], &report["waivers"][0]["id"]),
        (&"redis 7.0.15".into(), &"mine".into())
    );
    assert_eq!(report["verdict"]["is"], "go");
    let products = Estate::new("redis-7.0.15", "valkey-8.0.1", &[]);
    assert_eq!(products.waive("product-differs", &[]).code, Some(0));
    let report = products.audit(NOW, &[]).1;
    assert!(
        report["waivers"][0]["versions"]["prod"].as_str().unwrap().starts_with("valkey 8.0"),
        "{report}"
    );
    assert_eq!(report["verdict"]["is"], "go");
}

const WAIVER: &str = "kind: Waivers\nwaivers:\n- id: one\n  rule: version-skew\n  component: redis/cache\n  \
    environments: [qualif, prod]\n  versions: {qualif: \"6.2.x\", prod: \"7.0.x\"}\n  reason: because\n  \
    owner: platform\n  expires: 2026-12-31\n";

#[test]
fn a_malformed_file_stops_the_run_and_says_where() {
    let estate = |text: &str| Estate::new("redis-6.2.5", "redis-7.0.15", &[("waivers.yaml", text)]);
    assert_eq!(estate(WAIVER).audit(NOW, &[]).0, Some(0));
    for (was, is, says) in [
        ("  reason: because\n", "", "reason"),
        ("reason: because", "reason: \" \"", "reason is empty"),
        ("  owner: platform\n", "", "owner"),
        ("  expires: 2026-12-31\n", "", "expires"),
        ("2026-12-31", "2026-02-30", "not a date"),
        ("2026-12-31", "31.12.2026", "not a date"),
        ("2026-12-31", "2028-01-01", "days ahead"),
        ("version-skew", "version-skwe", "unknown rule"),
        ("version-skew", "waiver-unused", "cannot be waived"),
        ("version-skew", "floating-tag", "is not about versions"),
        ("  versions: {qualif: \"6.2.x\", prod: \"7.0.x\"}\n", "", "is about versions"),
        (", prod: \"7.0.x\"}", "}", "\"prod\" has none"),
        (", prod: \"7.0.x\"}", ", dev: \"7.0.x\"}", "environments: does not"),
        ("\"7.0.x\"", "\"^7\"", "not a version range"),
        ("\"7.0.x\"", "\">=\"", "not a version range"),
        ("\"7.0.x\"", "\"\"", "not a version range"),
        ("redis/cache", "redis/*", "names one component"),
        ("[qualif, prod]", "[]", "environments: is empty"),
        ("[qualif, prod]", "[qualif, prod, prod]", "stands twice"),
        ("[qualif, prod]", "[qualif, production]", "unknown environment"),
        ("  owner:", "  severity: low\n  owner:", "severity"),
        ("kind: Waivers\n", "kind: Waivers\nwaiver: []\n", "waiver"),
        ("waivers:\n", "waivers:\n- 1\n", "waivers.yaml"),
    ] {
        let text = WAIVER.replacen(was, is, 1);
        assert_ne!(text, WAIVER, "{was}");
        let Ended { code, stdout, stderr, .. } = estate(&text).run(&["audit", "--at", NOW]);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{is}: {stderr}");
        assert!(stderr.contains(says) && stderr.contains("waivers.yaml"), "{is}: {stderr}");
    }
    let twice = format!("{WAIVER}{}", WAIVER.split_once("waivers:\n").unwrap().1);
    let Ended { code, stderr, .. } = estate(&twice).run(&["audit", "--at", NOW]);
    assert!(code == Some(2) && stderr.contains("two waivers named"), "{stderr}");
}

#[test]
fn the_policy_says_how_long_a_waiver_may_last() {
    let files = [("waivers.yaml", WAIVER), ("policy.yaml", "kind: Policy\nwaiver-span: 30d\n")];
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &files);
    let Ended { code, stderr, .. } = estate.run(&["audit", "--at", NOW]);
    assert!(code == Some(2) && stderr.contains("the limit is 30 days"), "{stderr}");
    assert_eq!(
        estate.audit("2026-12-05T00:00:00Z", &[]).0,
        Some(3),
        "no longer too far ahead; the evidence is old"
    );
}

#[test]
fn what_is_merely_unread_makes_no_waiver_unused() {
    let estate = Estate::new("nothing", "redis-7.0.15", &[("waivers.yaml", WAIVER)]);
    let (code, report) = estate.audit(NOW, &[]);
    assert_eq!((code, state(&report), rules(&report, "findings")), (Some(3), "active", vec![]));
    estate.environment("qualif", "redis-7.0.15");
    let (code, report) = estate.audit(NOW, &[]);
    assert_eq!(
        (code, state(&report), rules(&report, "findings")),
        (Some(0), "unused", vec!["waiver-unused"])
    );
    assert!(
        report["findings"][0]["summary"]
            .as_str()
            .unwrap()
            .contains("there is no version-skew finding like it")
    );
}

/// A file with comments everywhere.
fn commented() -> String {
    let text = WAIVER.replace("- id: one", "# of the first\n- id: old # 1");
    format!("{text}# the last word\n")
}

#[test]
fn adding_keeps_comments_and_order() {
    let estate = Estate::new("redis-6.2.5", "valkey-8.0.1", &[("accepted.yaml", &commented())]);
    let before = estate.read("accepted.yaml");
    let Ended { code, stdout, stderr, .. } = estate.waive("product-differs", &[]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("accepted.yaml"), "{stdout}");
    let after = estate.read("accepted.yaml");
    assert!(after.starts_with(before.trim_end_matches("# the last word\n")), "{after}");
    assert!(
        after.contains("# the last word\n")
            && after.contains("- id: redis-cache-product-differs\n"),
        "{after}"
    );
    let waived = estate.audit(NOW, &[]).1["waived"][0]["id"].as_str().unwrap().to_owned();
    refuses(&estate, &waived, &[], "waived already, by redis-cache-product-differs");
}

/// `waiver add` with other arguments says that, ends with 2 and leaves the file alone.
fn refuses(estate: &Estate, id: &str, more: &[(&str, &str)], says: &str) {
    let before = estate.read("accepted.yaml");
    let usual = [("--reason", "r"), ("--owner", "o"), ("--expires", "2026-12-31"), ("--at", NOW)];
    let usual = usual.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    let mut arguments = vec!["waiver", "add", id];
    arguments.extend(usual.chain(more).flat_map(|(name, value)| [*name, *value]));
    let Ended { code, stderr, .. } = estate.run(&arguments);
    assert!(code == Some(2) && stderr.contains(says), "{id} {more:?}: {stderr}");
    assert_eq!(estate.read("accepted.yaml"), before, "{id} {more:?}");
}

#[test]
fn adding_refuses_what_the_next_audit_would() {
    let estate = Estate::new("redis-6.2.5", "valkey-8.0.1", &[("accepted.yaml", &commented())]);
    let id = estate.audit(NOW, &[]).1["findings"][0]["id"].as_str().unwrap().to_owned();
    refuses(&estate, &id, &[("--expires", "2026-01-01")], "in the past");
    refuses(&estate, &id, &[("--expires", "2030-01-01")], "days ahead");
    refuses(&estate, &id, &[("--expires", "tomorrow")], "--expires");
    refuses(&estate, &id, &[("--owner", " ")], "owner is empty");
    refuses(&estate, &id, &[("--id", "old")], "two waivers named");
    refuses(&estate, "0000", &[], "unknown finding");
    refuses(&estate, "0", &[], "too short");
}

/// What a server says of itself is a version to it, and never a range to us.
#[test]
fn nothing_wider_than_what_runs_is_ever_bound() {
    for (version, exact) in [
        ("6.2.5-rc1 || >=0", false),
        ("7.x", false),
        ("*", false),
        ("6.2.5 || >=0", true),
        (">=0", true),
    ] {
        let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
        let info = estate
            .read("qualif.txt")
            .replace("redis_version:6.2.5", &format!("redis_version:{version}"));
        fs::write(estate.path("qualif.txt"), info).unwrap();
        let (_, report) = estate.audit(NOW, &[]);
        let Some(finding) =
            report["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "version-skew")
        else {
            continue;
        };
        let id = finding["id"].as_str().unwrap();
        let mut arguments = vec![
            "waiver", "add", id, "--reason", "r", "--owner", "o", "--expires", "2026-12-31",
            "--at", NOW,
        ];
        arguments.extend(exact.then_some("--exact"));
        let Ended { code, stderr, .. } = estate.run(&arguments);
        let bound = fs::read_to_string(estate.path("waivers.yaml")).unwrap_or_default();
        assert!(
            code == Some(2) || !(bound.contains(">=") || bound.contains("7.x")),
            "{version}: {stderr}{bound}"
        );
    }
}

#[test]
fn nothing_wider_is_bound_from_a_report_that_says_so() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    let path = estate.report("report.txt");
    let report = fs::read_to_string(&path).unwrap();
    fs::write(&path, report.replace("qualif: redis 6.2.x", "qualif: \">=0\"")).unwrap();
    let id = estate.audit(NOW, &[]).1["findings"][0]["id"].as_str().unwrap().to_owned();
    let arguments = [
        "waiver", "add", &id, "--reason", "r", "--owner", "o", "--expires", "2026-12-31", "--at",
        NOW,
    ];
    let Ended { code, stderr, .. } = estate.run(&[&arguments[..], &["--report", &path]].concat());
    assert!(code == Some(2) && stderr.contains("neither a version nor a minor"), "{stderr}");
    assert!(!estate.path("waivers.yaml").exists());
}

#[test]
fn waivers_are_listed_and_checked_by_their_dates_and_by_a_report() {
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[("waivers.yaml", WAIVER)]);
    let Ended { code, stdout, .. } = estate.run(&["waiver", "list", "--at", NOW]);
    assert_eq!(code, Some(0));
    assert!(
        stdout.starts_with(
            "active    one   version-skew of redis/cache in prod 7.0.x; qualif 6.2.x\n"
        ),
        "{stdout}"
    );
    assert!(stdout.contains("platform, through 2026-12-31: because"), "{stdout}");
    assert_eq!(estate.run(&["waiver", "check", "--at", NOW]).code, Some(0));
    assert_eq!(estate.run(&["waiver", "check", "--at", "2027-01-01T00:00:00Z"]).code, Some(1));
    let report = estate.report("report.txt");
    let Ended { code, stdout, .. } =
        estate.run(&["waiver", "check", "--at", NOW, "--report", &report]);
    assert!(code == Some(1) && stdout.contains("1 unused"), "{stdout}");
    estate.write("waivers.yaml", &WAIVER.replace("id: one", "id: other"));
    let Ended { code, stdout, .. } =
        estate.run(&["waiver", "check", "--at", NOW, "--report", &report]);
    assert!(code == Some(3) && stdout.contains("1 not in the report"), "{stdout}");
    let Ended { code, stderr, .. } =
        estate.run(&["waiver", "check", "--report", estate.path("audit.yaml").to_str().unwrap()]);
    assert!(code == Some(2) && stderr.contains("is not a report"), "{stderr}");
}

#[test]
fn owners_controls_and_the_deciding_line_are_told() {
    let policy = "kind: Policy\nrules:\n- {rule: end-of-life, severity: \"off\"}\n- {rule: version-skew, severity: medium}\n\
        - {rule: version-skew, components: [\"redis/*\"], levels: [major], severity: critical}\n\
        owners:\n- {components: [\"*\"], owner: all}\n- {components: [\"redis/*\"], owner: data}\n\
        controls:\n- {control: \"ISO 27001 A.8.31\", rules: [version-skew]}\n";
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[("policy.yaml", policy)]);
    let finding = &estate.audit(NOW, &[]).1["findings"][0];
    assert_eq!((&finding["severity"], &finding["owner"]), (&"critical".into(), &"data".into()));
    assert_eq!(finding["controls"], serde_json::json!(["ISO 27001 A.8.31"]));
    let report = estate.report("report.txt");
    let Ended { code, stdout, stderr, .. } =
        estate.run(&["explain-policy", "redis/cache", "--report", &report]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("owner     data (") && stdout.contains("policy.yaml:9)"), "{stdout}");
    assert!(
        stdout.contains("critical, by") && stdout.contains("policy.yaml:6 (in a gate)"),
        "{stdout}"
    );
    let skew = stdout.split("\nversion-skew\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let lines: Vec<&str> = skew.lines().collect();
    assert!(
        lines[0].contains("policy.yaml:6")
            && lines[0].contains("levels major")
            && lines[0].ends_with("critical"),
        "{skew}"
    );
    assert!(lines[1].contains("policy.yaml:5") && lines[1].ends_with("medium"), "{skew}");
    assert_eq!(
        lines[2].trim(),
        "a control of ISO 27001 A.8.31",
        "nothing built in is asked behind a row for all"
    );
}

#[test]
fn a_waiver_of_what_is_gone_or_never_was_is_unused_when_all_was_read() {
    for component in ["redis/sessions", "image/legacy", "postgresql/orders"] {
        let waivers = WAIVER.replace("redis/cache", component);
        let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[("waivers.yaml", &waivers)]);
        let report = estate.audit(NOW, &[]).1;
        assert_eq!((state(&report), component), ("unused", component));
        assert!(rules(&report, "findings").contains(&"waiver-unused"), "{report}");
    }
    // An unread file may hold anything.
    let waivers = WAIVER.replace("redis/cache", "image/legacy");
    let estate = Estate::new("redis-7.0.15", "nothing", &[("waivers.yaml", &waivers)]);
    assert_eq!(state(&estate.audit(NOW, &[]).1), "active");
}

#[test]
fn a_waiver_of_every_version_is_refused_and_covers_nothing() {
    for wide in ["*", ">=0", ">=0.0.0", "<7 || >=7", "redis *", "6.2.x || redis >=0"] {
        let waivers = WAIVER.replace("\"6.2.x\"", &format!("{wide:?}"));
        let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[("waivers.yaml", &waivers)]);
        let (code, report) = estate.audit(NOW, &[]);
        assert_eq!((code, state(&report)), (Some(1), "unused"), "{wide}");
        assert!(report.to_string().contains("which is every version"), "{wide}: {report}");
    }
}

#[test]
fn a_waiver_of_an_end_of_life_goes_on_where_some_are_fixed() {
    let policy = ("policy.yaml", "apiVersion: envparity/v1\nkind: Policy\nfail-on: medium\n");
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    fs::write(estate.path(policy.0), policy.1).unwrap();
    let (code, report) = estate.audit(NOW, &[]);
    let found = &report["findings"][0];
    assert_eq!((code, rules(&report, "findings")), (Some(1), vec!["end-of-life"]));
    assert_eq!(
        (&found["summary"], &found["subject"]),
        (&"redis 7.0, ended 2024-07-29: prod, qualif (7.0.15)".into(), &"redis 7.0".into())
    );
    assert_eq!(estate.waive("end-of-life", &[]).code, Some(0));
    estate.environment("qualif", "redis-8.0.6");
    let report = estate.audit(NOW, &[]).1;
    assert!(rules(&report, "waived").contains(&"end-of-life"), "{report}");
    // Another cycle is not covered.
    estate.environment("qualif", "redis-6.2.5");
    estate.environment("prod", "redis-6.2.5");
    fs::write(estate.path("policy.yaml"), format!("{}lookahead: 400d\n", policy.1)).unwrap();
    let report = estate.audit(NOW, &[]).1;
    assert!(rules(&report, "findings").contains(&"end-of-life"), "{report}");
}
