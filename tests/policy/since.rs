//! What became of findings since an earlier report, and that what is merely unread is not resolved.

use serde_json::Value;

use crate::cli::Ended;
use crate::estate::{Estate, NOW, POLICY, rules};

const HOUR_LATER: &str = "2026-11-22T22:00:00Z";

fn since(estate: &Estate, report: &str, more: &[&str]) -> (Option<i32>, Value) {
    let mut arguments = vec!["--since", report];
    arguments.extend(more);
    estate.audit(HOUR_LATER, &arguments)
}

fn trends(report: &Value) -> Vec<(&str, &str)> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|f| (f["rule"].as_str().unwrap(), f["since"].as_str().unwrap())).collect()
}

fn fates(report: &Value) -> Vec<(&str, &str)> {
    let gone = report["since"]["gone"].as_array().unwrap().iter();
    gone.map(|f| (f["rule"].as_str().unwrap(), f["fate"].as_str().unwrap())).collect()
}

#[test]
fn nothing_new_is_said_as_such_and_blocks_only_when_all_counts() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    let report = estate.report("then.txt");
    let (code, now) = since(&estate, &report, &[]);
    assert_eq!(
        (code, trends(&now), fates(&now)),
        (Some(1), vec![("version-skew", "unchanged")], vec![])
    );
    assert_eq!(now["since"]["at"], NOW);
    assert_eq!(now["since"]["changed"], serde_json::json!([]));
    let (code, now) = since(&estate, &report, &["--fail-on-new"]);
    assert_eq!((code, &now["verdict"]["new-only"]), (Some(0), &true.into()));
    assert_eq!(now["verdict"]["known"], serde_json::json!([now["findings"][0]["id"]]));
}

#[test]
fn new_worse_better_and_resolved_are_told_apart() {
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    let equal = estate.report("equal.txt");
    estate.environment("qualif", "redis-6.2.5");
    let major = estate.report("major.txt");
    let (code, now) = since(&estate, &equal, &["--fail-on-new"]);
    assert_eq!((code, trends(&now)), (Some(1), vec![("version-skew", "new")]));

    // 7.0.15 against 8.0.2 and 8.0.6: a major, then a patch.
    estate.environment("qualif", "redis-8.0.2");
    estate.environment("prod", "redis-8.0.6");
    let patch = estate.report("patch.txt");
    let skew = |report: &Value| {
        trends(report)
            .into_iter()
            .find(|(rule, _)| *rule == "version-skew")
            .map(|(_, trend)| trend.to_owned())
    };
    let (code, now) = since(&estate, &major, &["--fail-on-new"]);
    assert_eq!((code, skew(&now).as_deref()), (Some(0), Some("better")));
    estate.environment("qualif", "redis-6.2.5");
    let (code, now) = since(&estate, &patch, &["--fail-on-new"]);
    assert_eq!(
        (code, skew(&now).as_deref()),
        (Some(1), Some("worse")),
        "what has become worse is news"
    );
    estate.environment("qualif", "redis-8.0.6");
    let (_, now) = since(&estate, &patch, &[]);
    assert!(fates(&now).contains(&("version-skew", "resolved")), "{now}");
    assert_eq!(now["since"]["summary"]["resolved"], 1);
}

#[test]
fn what_is_unread_old_left_out_or_gone_from_the_profiles_is_unknown() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    let report = estate.report("then.txt");
    let unknown = |estate: &Estate, at: &str| {
        let (_, now) = estate.audit(at, &["--since", &report]);
        (rules(&now, "findings").len(), fates(&now) == [("version-skew", "unknown")])
    };
    estate.environment("qualif", "nothing");
    assert_eq!(unknown(&estate, HOUR_LATER), (0, true), "unread");
    // Equal now, but of two days ago.
    estate.environment("qualif", "redis-7.0.15");
    assert_eq!(unknown(&estate, "2026-11-24T21:00:00Z"), (0, true), "old");
    estate.write("qualif.yaml", "kind: Environment\nname: qualif\n");
    // Without a target of its own a Redis is missing, and what was said of its version is not
    // known.
    assert_eq!(unknown(&estate, HOUR_LATER), (1, true), "no target any more");
    estate.write("audit.yaml", "kind: Audit\nbaseline: prod\nenvironments: [prod]\n");
    std::fs::remove_file(estate.path("qualif.yaml")).unwrap();
    assert_eq!(unknown(&estate, HOUR_LATER), (0, true), "no environment any more");
    let (_, now) = estate.audit(HOUR_LATER, &["--since", &report]);
    let changed = now["since"]["changed"].to_string();
    assert!(
        changed.contains("environment qualif: not in this run") && changed.contains("gates: "),
        "{changed}"
    );
}

#[test]
fn another_drift_as_far_apart_is_new() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    let report = estate.report("then.txt");
    let info = estate.read("qualif.txt");
    for version in ["0.1.0", "99.0.0", "6.0.1"] {
        let moved = info.replace("redis_version:6.2.5", &format!("redis_version:{version}"));
        std::fs::write(estate.path("qualif.txt"), moved).unwrap();
        let (code, now) = since(&estate, &report, &["--fail-on-new"]);
        assert!(
            code == Some(1) && trends(&now).contains(&("version-skew", "new")),
            "{version}: {now}"
        );
    }
    // A patch of what was known is known.
    let moved = info.replace("redis_version:6.2.5", "redis_version:6.2.14");
    std::fs::write(estate.path("qualif.txt"), moved).unwrap();
    let (code, now) = since(&estate, &report, &["--fail-on-new"]);
    assert!(code == Some(0) && trends(&now).contains(&("version-skew", "unchanged")), "{now}");
}

#[test]
fn a_finding_that_enters_a_gate_is_worse_and_what_is_ignored_is_not_resolved() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    let audit = "kind: Audit\nbaseline: prod\nenvironments: [qualif, prod]\n";
    estate.write("audit.yaml", &format!("{audit}gates: []\n"));
    estate.write("policy.yaml", &format!("{POLICY}- {{rule: version-skew, severity: high}}\n"));
    let report = estate.report("then.txt");
    estate.write("audit.yaml", audit);
    let (code, now) = since(&estate, &report, &["--fail-on-new"]);
    assert!(code == Some(1) && trends(&now).contains(&("version-skew", "worse")), "{now}");
    let profile = estate.read("qualif.yaml").replace("targets:", "ignore: [redis/cache]\ntargets:");
    std::fs::write(estate.path("qualif.yaml"), profile).unwrap();
    assert!(fates(&since(&estate, &report, &[]).1).contains(&("version-skew", "unknown")));
}

/// An environment that runs one own service.
fn runs_app(estate: &Estate, environment: &str, tag: &str) {
    let evidence = format!(
        "kind: Evidence\nenvironment: {environment}\ntaken: {NOW:?}\ntargets:\n- id: docker/edge\n  \
         endpoint: unix:///run/docker.sock\n  taken: {NOW:?}\n  parts:\n    containers: complete\n    \
         engine: complete\n    images: complete\n  fields:\n    engine: 27.3.1\n    id: {environment}\n  \
         images:\n  - reference: team/app:{tag}\n    image-id: sha256:{tag}\n    state: running\n    \
         container: app\nend:\n  targets: 1\n  images: 1\n"
    );
    estate.write(&format!("{environment}.evidence"), &evidence);
    let target = format!("{{name: edge, path: {environment}.evidence}}");
    let targets = format!("targets:\n  recorded:\n  - {target}\n");
    estate.write(
        &format!("{environment}.yaml"),
        &format!("kind: Environment\nname: {environment}\n{targets}"),
    );
}

#[test]
fn a_rule_that_is_off_stands_for_no_other() {
    let estate = Estate::new("redis-6.2.5", "redis-6.2.5", &[]);
    runs_app(&estate, "qualif", "1.0.0");
    runs_app(&estate, "prod", "2.0.0");
    let found = estate.audit(NOW, &[]).1;
    assert!(rules(&found, "findings").contains(&"promotion-inversion"), "{found}");
    assert!(rules(&found, "findings").iter().all(|rule| *rule != "version-skew"), "{found}");
    let off = format!("{POLICY}- {{rule: promotion-inversion, severity: \"off\"}}\n");
    estate.write("policy.yaml", &off);
    let (code, now) = estate.audit(NOW, &[]);
    assert_eq!(code, Some(1), "{now}");
    assert!(
        rules(&now, "findings").contains(&"version-skew"),
        "the difference is there all the same: {now}"
    );
}

#[test]
fn a_pair_that_is_compared_no_more_resolves_nothing() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    estate.environment("dev", "redis-6.2.5");
    estate.write(
        "audit.yaml",
        "kind: Audit\nbaseline: prod\nenvironments: [dev, qualif, prod]\ngates: [[qualif, prod]]\n",
    );
    let report = estate.report("then.txt");
    let (_, now) = since(&estate, &report, &["--baseline", "qualif"]);
    let gone = now["since"]["gone"].as_array().unwrap();
    let of_dev =
        gone.iter().find(|f| f["environments"] == serde_json::json!(["dev", "prod"])).unwrap();
    assert_eq!(
        (&of_dev["rule"], &of_dev["fate"]),
        (&"version-skew".into(), &"unknown".into()),
        "{now}"
    );
}

#[test]
fn a_changed_policy_is_said_and_what_it_hides_is_not_resolved() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    let report = estate.report("then.txt");
    estate.write(
        "policy.yaml",
        &POLICY.replace("kind: Policy", "kind: Policy # said otherwise, not another"),
    );
    assert_eq!(since(&estate, &report, &[]).1["since"]["changed"], serde_json::json!([]));
    estate.write("policy.yaml", &format!("{POLICY}- {{rule: version-skew, severity: \"off\"}}\n"));
    let (_, now) = since(&estate, &report, &[]);
    assert_eq!(fates(&now), [("version-skew", "off")]);
    assert!(now["since"]["changed"][0].as_str().unwrap().starts_with("policy: "), "{now}");
}

#[test]
fn a_waived_finding_is_waived_and_an_opened_one_is_new() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    let open = estate.report("open.txt");
    assert_eq!(estate.waive("version-skew", &[]).code, Some(0));
    let waived = estate.report("waived.txt");
    assert_eq!(fates(&since(&estate, &open, &[]).1), [("version-skew", "waived")]);
    std::fs::remove_file(estate.path("waivers.yaml")).unwrap();
    let (code, now) = since(&estate, &waived, &["--fail-on-new"]);
    assert_eq!((code, trends(&now)), (Some(1), vec![("version-skew", "new")]));
}

#[test]
fn another_finding_for_the_same_is_no_resolution() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    let report = estate.report("then.txt");
    estate.environment("qualif", "valkey-8.0.1");
    let (_, now) = since(&estate, &report, &[]);
    assert!(trends(&now).contains(&("product-differs", "new")), "{now}");
    assert_eq!(fates(&now), [], "the product differs, and the version with it");
}

#[test]
fn only_a_report_is_taken_and_said_so_before_anything_is_contacted() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[("notes.txt", "kind: Policy\n")]);
    let json = estate.path("then.json");
    estate.run(&["audit", "--at", NOW, "-o", &format!("json={}", json.display())]);
    assert_eq!(since(&estate, json.to_str().unwrap(), &[]).0, Some(1), "JSON is as good");
    for (file, says) in [
        ("notes.txt", "not a report"),
        ("nowhere.txt", "failed to read"),
        (".", "not a regular file"),
    ] {
        let path = estate.path(file);
        let Ended { code, stdout, stderr, .. } =
            estate.run(&["audit", "--since", path.to_str().unwrap()]);
        assert!(code == Some(2) && stdout.is_empty() && stderr.contains(says), "{file}: {stderr}");
    }
    let Ended { code, stderr, .. } = estate.run(&["audit", "--fail-on-new"]);
    assert!(code == Some(2) && stderr.contains("--since"), "{stderr}");
}

/// Servers with these versions, from one real answer.
fn versions(estate: &Estate, qualif: &str, prod: &str) {
    for (name, version) in [("qualif", qualif), ("prod", prod)] {
        estate.environment(name, "redis-7.0.15");
        let info = estate.read(&format!("{name}.txt"));
        let (product, version) = version.split_once(' ').unwrap_or(("redis", version));
        let own = match product {
            "valkey" => {
                format!("server_name:valkey\r\nvalkey_version:{version}\r\nredis_version:7.2.4")
            }
            "keydb" => format!("redis_version:{version}\r\nmvcc_depth:0"),
            _ => format!("redis_version:{version}"),
        };
        let info = info.replace("redis_version:7.0.15", &own);
        std::fs::write(estate.path(&format!("{name}.txt")), info).unwrap();
    }
}

#[test]
fn news_is_another_minor_that_is_no_step_towards_the_same_baseline() {
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    // Then, now, and whether it blocks.
    for (then, now, code, why) in [
        (("6.0.1", "7.2.4"), ("6.0.9", "7.2.4"), 0, "a patch"),
        (("6.0.1", "7.2.4"), ("6.2.5", "7.2.4"), 0, "a step"),
        (("6.0.1", "7.2.4"), ("5.0.5", "7.2.4"), 1, "a step back"),
        (("6.0.1", "7.2.4"), ("6.2.5", "7.4.0"), 1, "a step, and another baseline"),
        (("6.0.1", "7.2.4"), ("6.0.1", "7.4.0"), 1, "another baseline"),
        (("6.0.1", "7.2.4"), ("6.0.1", "7.2.9"), 0, "a patch of the baseline"),
        (("8.2.1", "7.0.4"), ("8.0.5", "7.0.4"), 0, "a step back to the baseline"),
        (("8.0.1", "7.0.4"), ("8.2.5", "7.0.4"), 1, "further ahead"),
        (("6.2.1", "7.0.4"), ("8.2.5", "7.0.4"), 1, "past the baseline"),
        (("6.2.1", "7.2.4"), ("7.0.5", "7.2.4"), 0, "a step that makes it a minor"),
        (("6.2.1", "7.2.4"), ("8.0.5", "8.2.4"), 1, "a minor of other versions"),
        (("6.2.1", "7.2.4"), ("valkey 6.2.1", "valkey 7.2.4"), 1, "another product"),
        (("valkey 8.0.1", "7.2.4"), ("valkey 8.0.2", "7.2.4"), 0, "a patch of the product"),
        (("valkey 8.0.1", "7.2.4"), ("valkey 8.1.0", "7.2.4"), 1, "a minor of the product"),
    ] {
        then_and_now(&estate, then, now, code, why);
    }
}

/// Judges versions of both sides by what was known of others, and expects this exit code.
fn then_and_now(estate: &Estate, then: (&str, &str), now: (&str, &str), code: i32, why: &str) {
    versions(estate, then.0, then.1);
    let report = estate.report("then.txt");
    versions(estate, now.0, now.1);
    let (found, report) = since(estate, &report, &["--fail-on-new"]);
    assert_eq!(found, Some(code), "{why}: {then:?} {now:?} {report}");
}

#[test]
fn another_product_than_the_known_one_is_news() {
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    for (then, now, code, why) in [
        (("valkey 8.0.1", "7.2.4"), ("keydb 6.3.4", "7.2.4"), 1, "another product in qualif"),
        (("valkey 8.0.1", "7.2.4"), ("valkey 8.0.1", "keydb 6.3.4"), 1, "another in production"),
        (("valkey 8.0.1", "7.2.4"), ("7.2.4", "valkey 8.0.1"), 1, "the other way round"),
        (("valkey 8.0.1", "7.2.4"), ("valkey 8.0.1", "7.2.9"), 0, "the same two"),
        (("6.2.5", "7.2.4"), ("valkey 7.2.5", "7.2.4"), 1, "a product where versions differed"),
        (("valkey 7.2.5", "7.2.4"), ("6.2.5", "7.2.4"), 1, "versions where the product did"),
    ] {
        then_and_now(&estate, then, now, code, why);
    }
}

/// A finding that another rule tells now is neither resolved nor lost: the sides differ in another
/// way.
#[test]
fn what_a_rule_supersedes_is_not_resolved() {
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    versions(&estate, "6.2.5", "7.2.4");
    let skewed = estate.report("skewed.txt");
    versions(&estate, "valkey 7.2.5", "7.2.4");
    let (_, now) = since(&estate, &skewed, &[]);
    assert_eq!(trends(&now), [("product-differs", "new")]);
    assert_eq!(fates(&now), [], "version-skew is superseded: {now}");
    // It is not so the other way: the products are the same again.
    let differing = estate.report("differing.txt");
    versions(&estate, "6.2.5", "7.2.4");
    let (_, now) = since(&estate, &differing, &[]);
    assert_eq!(trends(&now), [("version-skew", "new")]);
    assert_eq!(fates(&now), [("product-differs", "resolved")]);
    // Nor where nothing differs any more.
    versions(&estate, "7.2.4", "7.2.4");
    assert_eq!(fates(&since(&estate, &skewed, &[]).1), [("version-skew", "resolved")]);
}

#[test]
fn a_known_setting_or_digest_covers_these_values_only() {
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    estate.write("policy.yaml", &format!("{POLICY}- {{rule: setting-drift, severity: high}}\n"));
    let policy = |value: &str| {
        estate.environment("qualif", "redis-7.0.15");
        let info = estate.read("qualif.txt");
        let moved =
            info.replace("maxmemory_policy:noeviction", &format!("maxmemory_policy:{value}"));
        assert_ne!(info, moved);
        std::fs::write(estate.path("qualif.txt"), moved).unwrap();
    };
    policy("allkeys-lru");
    let report = estate.report("then.txt");
    assert_eq!(since(&estate, &report, &["--fail-on-new"]).0, Some(0));
    policy("volatile-ttl");
    let (code, now) = since(&estate, &report, &["--fail-on-new"]);
    assert!(code == Some(1) && trends(&now).contains(&("setting-drift", "new")), "{now}");

    let estate = Estate::new("redis-6.2.5", "redis-6.2.5", &[]);
    let build = |environment: &str, digest: &str| {
        runs_app(&estate, environment, "1.4.2");
        let path = estate.path(&format!("{environment}.evidence"));
        let text = std::fs::read_to_string(&path).unwrap();
        let image = format!("repo-digests: [\"team/app@sha256:{}\"]", digest.repeat(64));
        std::fs::write(&path, text.replace("image-id: sha256:1.4.2", &image)).unwrap();
    };
    build("qualif", "a");
    build("prod", "b");
    let report = estate.report("then.txt");
    let (code, now) = since(&estate, &report, &["--fail-on-new"]);
    assert!(code == Some(0) && trends(&now).contains(&("digest-mismatch", "unchanged")), "{now}");
    build("qualif", "c");
    let (code, now) = since(&estate, &report, &["--fail-on-new"]);
    assert!(code == Some(1) && trends(&now).contains(&("digest-mismatch", "new")), "{now}");
}

#[test]
fn a_report_of_later_or_of_other_gates_is_refused() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    let report = estate.report("then.txt");
    let run = |at: &str| estate.run(&["audit", "--at", at, "--since", &report]);
    assert_eq!(run("2026-11-22T20:55:00Z").code, Some(1));
    let Ended { code, stdout, stderr, .. } = run("2026-11-22T20:54:59Z");
    assert!(code == Some(2) && stdout.is_empty() && stderr.contains("--at"), "{stderr}");
    estate.environment("dev", "redis-6.2.5");
    let audit = "kind: Audit\nbaseline: prod\nenvironments: [dev, qualif, prod]\n";
    estate.write("audit.yaml", &format!("{audit}gates: [[dev, prod]]\n"));
    let Ended { code, stdout, stderr, .. } = run(HOUR_LATER);
    assert!(code == Some(2) && stdout.is_empty(), "{stderr}");
    assert!(stderr.contains("qualif -> prod") && stderr.contains("dev -> prod"), "{stderr}");
    estate.write("audit.yaml", &format!("{audit}gates: [[dev, prod], [qualif, prod]]\n"));
    assert_eq!(run(HOUR_LATER).code, Some(1));
}

#[test]
fn an_end_that_concerns_fewer_environments_is_known_and_not_resolved() {
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    estate.write(
        "policy.yaml",
        "kind: Policy\nfail-on: medium\nrules:\n- {rule: version-skew, severity: low}\n",
    );
    let report = estate.report("then.txt");
    estate.environment("qualif", "redis-8.0.6");
    let (code, now) = since(&estate, &report, &["--fail-on-new"]);
    assert!(trends(&now).contains(&("end-of-life", "unchanged")), "{now}");
    assert_eq!((code, fates(&now)), (Some(0), vec![]), "{now}");
}

#[test]
fn twenty_thousand_findings_are_no_more_work_than_their_number() {
    let estate = Estate::new("redis-6.2.5", "redis-7.0.15", &[]);
    let json = estate.path("then.json");
    estate.run(&["audit", "--at", NOW, "-o", &format!("json={}", json.display())]);
    let mut report: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    let one = report["findings"][0].clone();
    let findings = (0..20_000).map(|i| {
        let mut finding = one.clone();
        finding["id"] = format!("{:016x}", i / 2).into();
        finding
    });
    report["findings"] = findings.collect();
    std::fs::write(&json, report.to_string()).unwrap();
    let start = std::time::Instant::now();
    let (_, now) = since(&estate, json.to_str().unwrap(), &[]);
    let limit = crate::cli::slowness::scaled(std::time::Duration::from_secs(20));
    assert!(start.elapsed() < limit, "{:?}", start.elapsed());
    assert_eq!(now["since"]["gone"].as_array().unwrap().len(), 10_000);
}
