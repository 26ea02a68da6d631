//! Since when findings stand and environments run what they run, from audit to audit.

use serde_json::Value;

use crate::cli::{Ended, Profiles, Report, recorded_info};

const HISTORY: &str = "history: {path: envparity.db}\n";

/// Day `day` of December, at six.
fn day(day: u32) -> String {
    format!("2026-12-{day:02}T06:00:00Z")
}

/// A Redis of that version in an environment; `None`: nobody answers.
fn runs(profiles: &Profiles, environment: &str, version: Option<&str>) {
    let info = std::fs::read_to_string(recorded_info("redis-7.0.15")).unwrap();
    let id = if environment == "prod" { "5a" } else { environment };
    let own = |line: &str| match line.split_once(':') {
        Some(("redis_version", _)) => format!("redis_version:{}", version.unwrap_or_default()),
        Some((key @ ("run_id" | "master_replid"), _)) => {
            let digits: String = id.bytes().map(|byte| format!("{byte:02x}")).collect();
            format!("{key}:{:0<40.40}", digits.repeat(3))
        }
        _ => line.to_owned(),
    };
    let name = format!("{environment}.txt");
    match version {
        Some(_) => profiles.write(&name, &info.lines().map(own).collect::<Vec<_>>().join("\n")),
        None => drop(std::fs::remove_file(profiles.path(&name))),
    }
    profiles.recorded(environment, &profiles.path(&name));
}

fn world(policy: &str) -> Profiles {
    let profiles = Profiles::of(&["dev", "qualif", "prod"]);
    let audit = profiles.read("audit.yaml");
    profiles.write("audit.yaml", &format!("{audit}{HISTORY}"));
    if !policy.is_empty() {
        profiles.config("policy.yaml", &format!("kind: Policy\n{policy}"));
    }
    for (name, version) in [("dev", "7.2.4"), ("qualif", "7.0.14"), ("prod", "7.0.15")] {
        runs(&profiles, name, Some(version));
    }
    profiles
}

fn audit_with(profiles: &Profiles, on: u32, more: &[&str]) -> Report {
    let at = day(on);
    let arguments = [&["audit", "-o", "json", "--at", at.as_str()], more].concat();
    let ended: Ended = profiles.run(&arguments);
    assert!(ended.code != Some(2), "{ended}");
    Report::parse(&ended.stdout)
}

fn audit(profiles: &Profiles, on: u32) -> Report {
    audit_with(profiles, on, &[])
}

/// `first-seen` of the skew of an environment from production.
fn skew(report: &Report, environment: &str) -> Option<String> {
    let found = report.findings("version-skew").into_iter();
    let mut own =
        found.filter(|one| one["environments"].as_array().unwrap().contains(&environment.into()));
    own.next().map(|one| one["first-seen"].as_str().unwrap_or("none").to_owned())
}

fn cell(report: &Report, environment: &str) -> Value {
    report.cell("redis/cache", environment)["first-seen"].clone()
}

#[test]
fn a_finding_stands_until_a_run_could_have_seen_it_and_did_not() {
    let profiles = world("");
    assert_eq!(skew(&audit(&profiles, 1), "qualif"), Some(day(1)));
    assert_eq!(skew(&audit(&profiles, 2), "qualif"), Some(day(1)));
    // Runs that leave qualif out, or another pair alone.
    for (on, more) in [
        (3, &["--env", "dev"][..]),
        (4, &["dev", "prod"]),
        (5, &["--gate", "dev:prod"]),
        (6, &["--env", "dev", "--baseline", "dev"]),
    ] {
        assert_eq!(skew(&audit_with(&profiles, on, more), "qualif"), None);
    }
    assert_eq!(skew(&audit(&profiles, 7), "qualif"), Some(day(1)));
    // Nobody answers in qualif, then in production.
    runs(&profiles, "qualif", None);
    assert_eq!(skew(&audit(&profiles, 8), "qualif"), None);
    runs(&profiles, "qualif", Some("7.0.14"));
    runs(&profiles, "prod", None);
    audit(&profiles, 9);
    runs(&profiles, "prod", Some("7.0.15"));
    // It moves, and stays what it is.
    runs(&profiles, "qualif", Some("7.0.13"));
    let report = audit(&profiles, 10);
    assert_eq!(skew(&report, "qualif"), Some(day(1)));
    assert_eq!(cell(&report, "qualif"), day(10));
    assert_eq!(cell(&report, "prod"), day(1));
    // A waived one stands too.
    let id = report.findings("version-skew")[1]["id"].as_str().unwrap().to_owned();
    let add = ["waiver", "add", &id, "--reason", "x", "--owner", "y", "--expires", "2027-02-28"];
    profiles.config("waivers.yaml", "kind: Waivers\nwaivers: []\n");
    profiles.run(&[&add[..], &["--at", &day(10)]].concat()).expect(0);
    let report = audit(&profiles, 11);
    assert_eq!(report["waived"][0]["first-seen"], day(1));
    std::fs::remove_file(profiles.path("waivers.yaml")).unwrap();
    // Gone, and back.
    runs(&profiles, "qualif", Some("7.0.15"));
    assert_eq!(skew(&audit(&profiles, 12), "qualif"), None);
    runs(&profiles, "qualif", Some("7.0.14"));
    let report = audit(&profiles, 13);
    assert_eq!(skew(&report, "qualif"), Some(day(13)));
    assert_eq!(skew(&report, "dev"), Some(day(1)));
    profiles.run(&["history", "verify"]).expect(0);
    // Nothing of it without a history.
    let text = profiles.read("audit.yaml").replace(HISTORY, "");
    profiles.write("audit.yaml", &text);
    let report = audit(&profiles, 14);
    assert_eq!(skew(&report, "qualif").as_deref(), Some("none"));
    assert_eq!(cell(&report, "prod"), Value::Null);
}

#[test]
fn what_an_environment_runs_has_its_own_time() {
    let profiles = world("");
    audit(&profiles, 1);
    runs(&profiles, "prod", Some("7.0.16"));
    audit(&profiles, 2);
    // Not read: the knowledge stays, and is not shown of what is not known to run.
    runs(&profiles, "prod", None);
    assert_eq!(cell(&audit(&profiles, 3), "prod"), Value::Null);
    audit_with(&profiles, 4, &["--env", "dev"]);
    runs(&profiles, "prod", Some("7.0.16"));
    let report = audit(&profiles, 5);
    let seen = ["dev", "qualif", "prod"].map(|name| cell(&report, name));
    assert_eq!(seen, [day(1).into(), day(1).into(), Value::from(day(2))]);
    // An audit of the past says nothing of what was first seen later.
    assert_eq!(cell(&audit(&profiles, 1), "prod"), Value::Null);
    assert_eq!(cell(&audit(&profiles, 6), "prod"), day(2));
}

#[test]
fn every_format_for_people_tells_it() {
    let profiles = world("");
    audit(&profiles, 1);
    let text = |format: &str, width: &str| {
        let at = day(29);
        let run = ["audit", "-o", format, "--at", &at];
        profiles.run_with(&run, &[("COLUMNS", width)]).stdout
    };
    let wide = text("table", "120");
    assert!(wide.contains("for 28 d") && wide.contains("7.0.14 (28 d)"), "{wide}");
    let narrow = text("table", "80");
    assert!(narrow.contains("for 28 d") && !narrow.contains("(28 d)"), "{narrow}");
    for format in ["markdown", "html"] {
        let text = text(format, "80");
        assert!(text.matches("for 28 d").count() >= 4, "{format}: {text}");
    }
    let yaml = text("yaml", "80");
    assert!(yaml.contains("first-seen: \"2026-12-01T06:00:00Z\""), "{yaml}");
}

/// Severity and first-seen of the skew of qualif.
fn severity(report: &Report) -> (String, String) {
    let skews = report.findings("version-skew").into_iter();
    let mut own =
        skews.filter(|one| one["environments"].as_array().unwrap().contains(&"qualif".into()));
    let one = own.next().unwrap();
    (one["severity"].as_str().unwrap().to_owned(), one["summary"].as_str().unwrap().to_owned())
}

#[test]
fn what_is_ahead_for_too_long_is_raised() {
    let rows = "rules:\n- {rule: version-skew, levels: [patch], severity: info}\n";
    let profiles = world(&format!("{rows}allow-ahead: 14d\n"));
    runs(&profiles, "qualif", Some("7.0.16"));
    assert_eq!(severity(&audit(&profiles, 1)).0, "info");
    // It moves on, and has been ahead all the time.
    runs(&profiles, "qualif", Some("7.0.17"));
    assert_eq!(severity(&audit(&profiles, 15)).0, "info");
    let (told, summary) = severity(&audit(&profiles, 16));
    assert_eq!(told, "medium");
    assert!(summary.ends_with(", since 2026-12-01: longer than allow-ahead lets it"), "{summary}");
    // Production moves: it waits for what qualif has run since the 15th.
    runs(&profiles, "prod", Some("7.0.16"));
    assert_eq!(severity(&audit(&profiles, 17)).0, "info");
    assert_eq!(severity(&audit(&profiles, 29)).0, "info");
    assert_eq!(severity(&audit(&profiles, 30)).0, "medium");
    // Behind is something else, and interrupts it.
    runs(&profiles, "qualif", Some("7.0.15"));
    assert_eq!(severity(&audit(&profiles, 31)).0, "info");
    runs(&profiles, "qualif", Some("7.0.17"));
    let late = profiles.run(&["audit", "-o", "json", "--at", "2027-01-03T06:00:00Z"]).stdout;
    assert_eq!(severity(&Report::parse(&late)).0, "info");
    assert!(Report::parse(&late).notes().iter().all(|note| !note.contains("allow-ahead")));
}

#[test]
fn without_a_history_it_is_off_and_said_to_be() {
    let profiles = world("allow-ahead: 14d\n");
    let quiet = profiles.run(&["check-profiles"]).expect(0).clone();
    assert!(!quiet.says("allow-ahead"), "{quiet}");
    let text = profiles.read("audit.yaml").replace(HISTORY, "");
    profiles.write("audit.yaml", &text);
    let report = audit(&profiles, 1);
    let told =
        report.notes().iter().any(|note| note.starts_with("allow-ahead of the policy is off"));
    assert!(told, "{:?}", report.notes());
    let warned = profiles.run(&["check-profiles"]).expect(0).clone();
    assert!(warned.stderr.contains("policy.yaml:3") && warned.says("allow-ahead"), "{warned}");
    let explained = profiles.run(&["explain-policy", "redis/cache"]).expect(0).clone();
    assert!(explained.stdout.contains("ahead of the baseline for longer"), "{explained}");
    // Nor may it be nothing, or no time.
    for wrong in ["0s", "14", "two weeks"] {
        profiles.config("policy.yaml", &format!("kind: Policy\nallow-ahead: {wrong}\n"));
        profiles.run(&["check-profiles"]).expect(2);
    }
}

/// What a report says of the age of a finding, in the other formats.
#[test]
fn every_format_says_since_when_things_stand() {
    let profiles = world("");
    audit(&profiles, 1);
    let (first, at) = (day(1), day(6));
    let told = |format: &str| {
        let ended = profiles.run(&["audit", "-o", format, "--at", &at]);
        assert!(ended.code != Some(2), "{ended}");
        ended.stdout
    };
    let junit = told("junit");
    assert!(junit.contains(&format!("; first-seen: {first}")), "{junit}");
    let sarif: Value = serde_json::from_str(&told("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(!results.is_empty());
    assert!(results.iter().all(|one| one["properties"]["firstSeen"] == first.as_str()), "{sarif}");
    let mut rows = csv::Reader::from_reader(told("csv").into_bytes().leak() as &[u8]);
    let headings: Vec<String> = rows.headers().unwrap().iter().map(str::to_owned).collect();
    let last: Vec<&str> = headings.iter().rev().take(4).rev().map(String::as_str).collect();
    assert_eq!(last, ["first-seen", "dev since", "qualif since", "prod since"]);
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let redis = rows.iter().find(|row| &row[0] == "redis/cache").unwrap();
    let times: Vec<&str> = redis.iter().rev().take(4).collect();
    assert_eq!(times, [first.as_str(); 4]);
    let metrics = told("openmetrics");
    let seconds = first.parse::<jiff::Timestamp>().unwrap().as_second();
    let family = "envparity_oldest_finding_timestamp_seconds{";
    let ages: Vec<&str> = metrics.lines().filter(|line| line.starts_with(family)).collect();
    assert!(!ages.is_empty() && ages.iter().all(|line| line.ends_with(&seconds.to_string())));
    for format in ["table", "markdown", "html"] {
        assert!(told(format).contains("for 5 d"), "{format}");
    }
    // Without a history nothing of it.
    let text = profiles.read("audit.yaml").replace(HISTORY, "");
    profiles.write("audit.yaml", &text);
    for format in ["junit", "sarif", "csv", "openmetrics"] {
        let text = told(format);
        for word in ["first-seen", "firstSeen", " since\"", "oldest_finding"] {
            assert!(!text.contains(word), "{format}: {word}: {text}");
        }
    }
}

/// A diff of two environments knows the ages that audits have seen, as of its newer side.
#[test]
fn a_diff_of_the_past_says_since_when_findings_stand() {
    let profiles = world("");
    for on in [1, 4] {
        audit(&profiles, on);
    }
    let diff = |sides: [&str; 2], format: &str| {
        let ended = profiles.run(&["diff", sides[0], sides[1], "-o", format, "--report-only"]);
        ended.expect(0).stdout.clone()
    };
    let report = Report::parse(&diff(["prod", "qualif"], "json"));
    assert_eq!(skew(&report, "qualif"), Some(day(1)));
    assert!(diff(["prod", "qualif"], "table").contains("for 3 d"));
    // As of then it was new; a file has no past.
    let then = format!("prod@{}", day(1));
    let report = Report::parse(&diff([&then, &format!("qualif@{}", day(1))], "json"));
    assert_eq!(skew(&report, "qualif"), Some(day(1)));
    std::fs::create_dir(profiles.path("now")).unwrap();
    for name in ["qualif", "prod"] {
        profiles.collect(name, &format!("now/{name}.yaml")).expect(0);
    }
    let (a, b) = (profiles.path("now/prod.yaml"), profiles.path("now/qualif.yaml"));
    let report = Report::parse(&diff([a.to_str().unwrap(), b.to_str().unwrap()], "json"));
    assert_eq!(skew(&report, "qualif").as_deref(), Some("none"));
}
