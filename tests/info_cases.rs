//! INFO texts and declared facts as people record them: what is read of each file, and what the
//! verdict makes of it.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "support/cli.rs"]
mod cli;

use std::fs;
use std::path::Path;

use cli::{Ended, envparity, repository};
use serde_json::Value;

/// An audit that wrote a report.
struct Ran {
    code: Option<i32>,
    stdout: String,
    report: Value,
}

/// An audit of qualif against prod: the text of a recorded Redis each, and declared facts.
fn audit(infos: [&str; 2], declared: [&str; 2]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let head = "apiVersion: envparity/v1\nkind: ";
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("audit.yaml", &format!("{head}Audit\nbaseline: prod\nenvironments: [qualif, prod]\n"));
    for ((name, info), facts) in ["qualif", "prod"].into_iter().zip(infos).zip(declared) {
        write(&format!("{name}.txt"), info);
        let recorded = format!("  recorded: [{{name: cache, path: {name}.txt}}]\n");
        let declared = if facts.is_empty() {
            String::new()
        } else {
            let end = "by: platform, on: 2026-01-01, expires: 2999-01-01";
            format!("  declared: [{{{facts}, {end}}}]\n")
        };
        let text = format!("{head}Environment\nname: {name}\ntargets:\n{recorded}{declared}");
        write(&format!("{name}.yaml"), &text);
    }
    run(folder.path())
}

fn run(folder: &Path) -> Ran {
    let output = folder.join("report.json");
    let json = format!("json={}", output.display());
    let ended = envparity(["audit", "-o", "table", "-o", &json]).profiles(folder).run();
    let report = fs::read(&output).unwrap_or_else(|_| panic!("{ended}"));
    let Ended { code, stdout, .. } = ended;
    Ran { code, stdout, report: serde_json::from_slice(&report).unwrap() }
}

fn case(name: &str) -> Ran {
    let read = |end: &str| {
        let path = repository("tests/cases/data/samples").join(format!("{name}.input{end}"));
        fs::read_to_string(path).unwrap()
    };
    audit([&read(""), &read(".baseline")], ["", ""])
}

impl Ran {
    fn rules(&self) -> Vec<&str> {
        let all = self.report["findings"].as_array().unwrap();
        all.iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
    }

    fn reasons(&self) -> String {
        self.report["verdict"]["reasons"].to_string()
    }

    fn readings(&self, environment: &str) -> usize {
        let row = &self.report["matrix"].as_array().unwrap()[0];
        let cells = row["cells"].as_array().unwrap();
        let cell = cells.iter().find(|cell| cell["environment"] == environment).unwrap();
        cell["readings"].as_array().unwrap().len()
    }
}

#[track_caller]
fn assert_verdict(ran: &Ran, code: i32) {
    assert_eq!(ran.code, Some(code), "{}", ran.stdout);
}

fn info(version: &str, run_id: &str) -> String {
    format!(
        "# Server\nredis_version:{version}\nrun_id:{run_id}\n# Memory\nmaxmemory_policy:noeviction\n# Keyspace\n"
    )
}

#[test]
fn several_texts_that_name_no_server_are_refused() {
    for name in ["MIN-two-infos", "info-two-infos-new-first", "info-loop-over-hosts"] {
        let ran = case(name);
        assert!(ran.stdout.contains("2 INFO texts"), "{}", ran.stdout);
        assert!(ran.report.to_string().contains("a file of its own"), "{}", ran.stdout);
        assert_verdict(&ran, 3);
    }
}

#[test]
fn each_node_of_a_recorded_cluster_counts() {
    let ran = case("info-cluster-call-two-nodes");
    assert_eq!(ran.readings("qualif"), 2, "{}", ran.stdout);
    assert!(ran.rules().contains(&"version-split"), "{}", ran.stdout);
    assert!(ran.report.to_string().contains("node 192.0.2.2:6379"));
    assert_verdict(&ran, 1);
}

#[test]
fn a_loop_that_names_its_hosts_is_read_whole_and_the_last_counts_as_the_first() {
    let (old, new) = (info("7.0.15", "b"), info("7.2.4", "a"));
    let prod = info("7.2.4", "c");
    for text in [
        format!("10.0.0.1:6379\n{old}10.0.0.2:6379\n{new}"),
        format!("10.0.0.1:6379\n{new}10.0.0.2:6379\n{old}"),
        format!("== cache-0:6379 ==\n{new}\n== cache-1:6379 ==\n{old}"),
    ] {
        let ran = audit([&text, &prod], ["", ""]);
        assert_eq!(ran.readings("qualif"), 2, "{}", ran.stdout);
        assert_verdict(&ran, 1);
    }
    let same = format!("10.0.0.1:6379\n{new}10.0.0.2:6379\n{}", info("7.2.4", "d"));
    assert_verdict(&audit([&same, &prod], ["", ""]), 0);
    // One server under two names proves nothing of the second.
    let ran = audit([&format!("10.0.0.1:6379\n{new}10.0.0.2:6379\n{new}"), &prod], ["", ""]);
    assert!(ran.stdout.contains("the same server as 10.0.0.1:6379"), "{}", ran.stdout);
    assert_verdict(&ran, 3);
    // Nor does one that refused to answer.
    let cut =
        format!("10.0.0.1:6379: {new}10.0.0.2:6379: (error) NOAUTH Authentication required.\n");
    let ran = audit([&cut, &prod], ["", ""]);
    assert!(ran.stdout.contains("NOAUTH"), "{}", ran.stdout);
    assert_verdict(&ran, 3);
}

#[test]
fn zeros_are_nobodys_identity() {
    for name in ["MIN-zero-run-id", "info-run-id-zeros"] {
        let ran = case(name);
        assert!(!ran.rules().contains(&"shared-instance"), "{}", ran.stdout);
        assert_verdict(&ran, 0);
    }
    let zeros = "0".repeat(40);
    let nodes = format!("h-1:1\n{}h-2:1\n{}", info("7.2.4", &zeros), info("7.2.4", &zeros));
    assert_verdict(&audit([&nodes, &info("7.2.4", "c")], ["", ""]), 0);
}

#[test]
fn a_version_that_no_release_carries_proves_nothing_in_a_gate() {
    for name in ["MIN-999", "info-redis-999-unstable"] {
        let ran = case(name);
        assert!(ran.rules().contains(&"unreleased-build"), "{}", ran.stdout);
        assert!(!ran.rules().contains(&"version-skew"), "{}", ran.stdout);
        assert!(ran.reasons().contains("999.999.999"), "{}", ran.stdout);
        assert_verdict(&ran, 3);
    }
}

#[test]
fn a_target_whose_version_is_no_version_is_incomplete_in_a_gate() {
    let same = [info("7.2.4", "a"), info("7.2.4", "b")];
    let same = [same[0].as_str(), same[1].as_str()];
    for text in ["?", "unstable", "about 16", "latest", "-"] {
        let odd = [info(text, "a"), info("7.2.4", "b")];
        let ran = audit([&odd[0], &odd[1]], ["", ""]);
        assert!(ran.reasons().contains("qualif redis/cache reports"), "{text}: {}", ran.stdout);
        assert_verdict(&ran, 3);
        // On both sides alike, which is not parity either.
        let fact = format!("component: postgresql/orders, version: \"{text}\"");
        let ran = audit(same, [&fact, &fact]);
        assert!(ran.reasons().contains("prod postgresql/orders reports"), "{text}: {}", ran.stdout);
        assert_verdict(&ran, 3);
        // What the verdict does not need it does not wait for, and says so.
        let spared = format!("{fact}, required: false");
        let ran = audit(same, [&spared, &spared]);
        let not_judged = ran.report["verdict"]["not-judged"].to_string();
        assert!(not_judged.contains("qualif postgresql/orders reports"), "{text}: {}", ran.stdout);
        assert_verdict(&ran, 0);
    }
    let fact = "component: postgresql/orders, version: \"16.4\"";
    assert_verdict(&audit(same, [fact, fact]), 0);
}

#[test]
fn a_declared_fact_is_of_the_product_that_it_states() {
    let same = [info("7.2.4", "a"), info("7.2.4", "b")];
    let same = [same[0].as_str(), same[1].as_str()];
    let fact = |component: &str, product: &str, version: &str| {
        let product =
            if product.is_empty() { String::new() } else { format!("product: {product}, ") };
        format!("component: {component}, {product}version: \"{version}\"")
    };
    // By an alias: 16.3 to 16.4 is a patch of PostgreSQL, and would be a minor of a stranger.
    let ran = audit(
        same,
        [&fact("db/orders", "postgres", "16.3"), &fact("db/orders", "postgresql", "16.4")],
    );
    assert!(ran.report["findings"][0]["level"] == "patch", "{:#}", ran.report["findings"]);
    assert!(!ran.stdout.contains("product not stated"), "{}", ran.stdout);
    let ran = audit(
        same,
        [&fact("db/orders", "mysql", "8.0.36"), &fact("db/orders", "postgresql", "16.4")],
    );
    assert!(ran.rules().contains(&"product-differs"), "{}", ran.stdout);
    assert_verdict(&ran, 1);
    let ran = audit(same, [&fact("db/orders", "", "16.4"), &fact("db/orders", "", "16.4")]);
    assert!(ran.stdout.contains("declared/db/orders: product not stated"), "{}", ran.stdout);
    let named = fact("postgres/orders", "", "16.4");
    let ran = audit(same, [&named, &named]);
    assert!(!ran.stdout.contains("product not stated"), "{}", ran.stdout);
    assert_verdict(&ran, 0);
}
