//! What components are called in files and in reports: aliases of products, names that are near,
//! and containers that are what is a target elsewhere.

use serde_json::Value;

use crate::cli::{Profiles, Report, recorded_info};

const ALL: &str = "kind: Audit\nbaseline: prod\nenvironments: [qualif, prod]\n";

/// A declared fact.
fn fact(component: &str, version: &str) -> String {
    format!(
        "  - {{component: {component}, version: '{version}', by: a, on: 2026-01-01, \
         expires: 2999-01-01}}\n"
    )
}

/// Qualif and prod, of which each declares these.
fn declared(qualif: &[(&str, &str)], prod: &[(&str, &str)], more: &str) -> Profiles {
    let profiles = Profiles::of(&["qualif", "prod"]);
    for (name, facts, more) in [("qualif", qualif, more), ("prod", prod, "")] {
        let facts: String = facts.iter().map(|(name, version)| fact(name, version)).collect();
        profiles.environment(name, &format!("{more}targets:\n  declared:\n{facts}"));
    }
    profiles
}

fn report(profiles: &Profiles) -> Report {
    profiles.audit().any_report()
}

#[test]
fn facts_meet_whatever_alias_of_the_product_they_are_named_by() {
    for [here, there] in [
        ["postgres/orders", "postgresql/orders"],
        ["postgresql/orders", "pg/orders"],
        ["pg/orders", "postgres/orders"],
        ["Postgres/orders", "PG/orders"],
    ] {
        let profiles = declared(&[(here, "16.4")], &[(there, "15.2")], "");
        let report = report(&profiles);
        assert_eq!(report.components(), ["postgresql/orders"], "{here} {there}");
        assert_eq!(report.all_findings(), ["version-skew postgresql/orders"], "{here} {there}");
    }
}

#[test]
fn an_alias_that_a_collector_is_named_by_stays() {
    let profiles = declared(&[("http/orders", "1.2.3")], &[("apache/orders", "1.2.3")], "");
    let alias = "kind: Catalogue\nproducts:\n- {name: apache, aliases: [http, chart]}\n";
    profiles.config("catalogue.yaml", alias);
    assert_eq!(report(&profiles).components(), ["apache/orders", "http/orders"]);
    // What an engine does not tell of is missed all the same.
    let profiles = declared(&[("x/y", "1.2.3")], &[("x/y", "1.2.3"), ("moby/orders", "27.1")], "");
    assert_eq!(report(&profiles).all_findings(), ["missing-component moby/orders"]);
}

#[test]
fn every_file_may_name_a_component_by_an_alias() {
    let facts = [("postgres/orders", "16.4"), ("x/y", "1.2.3"), ("mongo/old", "4.0.1")];
    let more = "expect: [PG/orders, postgres/none]\nignore: ['mongo/*', 'p{ostgres,g}/*']\n";
    let profiles = declared(&facts, &[("pg/orders", "15.2"), ("x/y", "1.2.3")], more);
    profiles.config("audit.yaml", ALL);
    profiles.config(
        "policy.yaml",
        "kind: Policy\nrules:\n- {rule: version-skew, components: ['postgres/*'], severity: medium}\n\
         owners:\n- {components: [pg/orders], owner: data}\n\
         ranges:\n- {require: '>=16', components: [pg/*]}\n",
    );
    profiles.config(
        "catalogue.yaml",
        "kind: Catalogue\ncomponents:\n- {component: postgres/orders, scheme: semver}\n",
    );
    let report = report(&profiles);
    // Of a pattern only a literal first segment is a name.
    assert_eq!(report.components(), ["postgresql/orders", "x/y"]);
    let gaps = report.reasons("incomplete");
    assert_eq!(gaps, ["qualif postgresql/none is expected and was not seen"], "{gaps:?}");
    let skew = report.findings("version-skew")[0];
    assert_eq!((&skew["severity"], &skew["owner"]), (&"medium".into(), &"data".into()));
    assert_eq!(report.findings("out-of-range")[0]["component"], "postgresql/orders");
    let page = profiles.run(&["explain-policy", "pg/orders"]);
    assert!(page.stdout.starts_with("postgresql/orders\n  owner     data"), "{page}");
    assert!(page.stdout.contains("range     require >=16"), "{page}");
    let warned = profiles.run(&["check-profiles"]).stderr;
    assert!(warned.contains("\"postgresql/none\"") && !warned.contains("\"postgresql/orders\""));
}

#[test]
fn a_waiver_may_name_its_component_by_an_alias() {
    let profiles = declared(&[("postgres/orders", "16.4")], &[("postgresql/orders", "15.2")], "");
    profiles.config(
        "waivers.yaml",
        "kind: Waivers\nwaivers:\n- {id: w, rule: version-skew, component: pg/orders, \
         environments: [qualif, prod], versions: {qualif: '16.4', prod: '15.2'}, reason: r, \
         owner: o, expires: 2026-12-31}\n",
    );
    let ran = profiles.run(&["audit", "-o", "json", "--at", "2026-11-22T00:00:00Z"]);
    let report = ran.any_report();
    assert_eq!(report.rules("waived"), ["version-skew"], "{ran}");
    assert!(report.findings("waiver-unused").is_empty(), "{ran}");
}

#[test]
fn one_fact_by_two_names_is_refused() {
    let twice = [("postgres/orders", "16.4"), ("postgresql/orders", "15.2")];
    let ran = declared(&twice, &[("x/y", "1")], "").run(&["check-profiles"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.says("there are two declared facts named \"postgresql/orders\""), "{ran}");
}

#[test]
fn stored_evidence_has_the_name_that_was_written() {
    let profiles = declared(&[("postgres/orders", "16.4")], &[("postgresql/orders", "16.4")], "");
    profiles.collect("qualif", "qualif.evidence").expect(0);
    let stored = profiles.read("qualif.evidence");
    assert!(stored.contains("postgres/orders") && !stored.contains("postgresql"), "{stored}");
    // The catalogue of later may call the product otherwise.
    let other = "kind: Catalogue\nproducts:\n- {name: elephant, aliases: [postgres, postgresql]}\n";
    profiles.config("catalogue.yaml", other);
    let path = profiles.path("qualif.evidence");
    let recorded =
        format!("targets:\n  recorded:\n  - {{name: stored, path: '{}'}}\n", path.display());
    profiles.environment("qualif", &recorded);
    assert_eq!(report(&profiles).components(), ["elephant/orders", "postgresql/orders"]);
}

#[test]
fn a_missing_component_tells_what_is_there_instead() {
    let said = |qualif: &[(&str, &str)], prod: &[(&str, &str)], rule: &str| -> String {
        let report = report(&declared(qualif, prod, ""));
        report.summaries(rule)[0].1.to_owned()
    };
    let (one, other) = ([("pgsql/orders", "16.4")], [("postgres/orders", "16.4")]);
    assert_eq!(
        said(&one, &other, "missing-component"),
        "prod runs it, qualif does not (near: pgsql/orders)"
    );
    assert_eq!(
        said(&one, &other, "unexpected-component"),
        "qualif runs it, prod does not (near: postgresql/orders)"
    );
    let (a, b) = ([("x/caches", "1"), ("x/queue", "1"), ("y/z", "1")], [("x/cache", "1")]);
    assert_eq!(
        said(&a, &b, "missing-component"),
        "prod runs it, qualif does not (near: x/caches, x/queue)"
    );
    // What production has as well is something else.
    let (a, b) = ([("x/queue", "1")], [("x/queue", "1"), ("x/cache", "1")]);
    assert_eq!(said(&a, &b, "missing-component"), "prod runs it, qualif does not");
}

#[test]
fn what_containers_may_be_is_unobserved_where_they_were_not_read() {
    let profiles = Profiles::of(&["qualif", "prod"]);
    let redis = |name: &str, info: &str| {
        let path = recorded_info(info);
        let path = path.display();
        format!("max-age: 36500d\ntargets:\n  recorded:\n  - {{name: {name}, path: '{path}'}}\n")
    };
    profiles.environment("prod", &redis("cache", "redis-7.0.15"));
    let docker = "  docker:\n  - {name: edge, host: 'tcp://127.0.0.1:1'}\n";
    profiles.environment("qualif", &format!("{}{docker}", redis("main", "redis-6.2.5")));
    let state = |component: &str| -> Value {
        profiles.audit().any_report().cell(component, "qualif")["state"].clone()
    };
    assert_eq!(state("redis/cache"), "missing");
    let found =
        "kind: Catalogue\ncomponents:\n- {component: Redis/cache, match: [{image: '*/redis'}]}\n";
    profiles.config("catalogue.yaml", found);
    assert_eq!(state("redis/cache"), "unobserved");
    let report = report(&profiles);
    assert!(report.findings("missing-component").is_empty(), "{:#}", report["findings"]);
    assert_eq!(report.verdict(), "incomplete");
}
