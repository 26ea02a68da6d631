//! OpenMetrics, read by `prometheus_client`: by its OpenMetrics parser, and by that of the older
//! text format, which is what node_exporter's textfile collector reads.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::cli::Profiles;
use crate::common::{audit, printed, python, quickstart, quickstart_json};

/// Labels in the order of their names, and the value.
type Samples = BTreeMap<BTreeMap<String, String>, i64>;

/// The samples of each family, which both parsers have read alike.
fn read(text: &str) -> BTreeMap<String, Samples> {
    let mut read = python("openmetrics.py", &[], text);
    // the older format has no unit
    for family in read["openmetrics"].as_array_mut().unwrap() {
        assert_eq!(family["type"], "gauge", "{family}");
        assert_ne!(family["help"], "", "{family}");
        let name = family["name"].as_str().unwrap();
        let wanted =
            ["seconds", "bytes"].into_iter().find(|unit| name.ends_with(&format!("_{unit}")));
        let wanted = wanted.unwrap_or_default();
        assert_eq!(family["unit"].take(), wanted);
    }
    read["classic"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .for_each(|family| family["unit"] = Value::Null);
    assert_eq!(read["openmetrics"], read["classic"]);
    let families = read["classic"].as_array().unwrap();
    let families = families
        .iter()
        .map(|family| (family["name"].as_str().unwrap().to_owned(), samples(family)));
    families.collect()
}

fn samples(family: &Value) -> Samples {
    let samples = family["samples"].as_array().unwrap();
    let read = samples.iter().map(|sample| {
        assert_eq!(sample["name"], family["name"]);
        (
            serde_json::from_value(sample["labels"].clone()).unwrap(),
            sample["value"].as_i64().unwrap(),
        )
    });
    let read: Samples = read.collect();
    assert_eq!(read.len(), samples.len(), "two samples of one series");
    read
}

fn labels(of: &[(&str, &Value)]) -> BTreeMap<String, String> {
    of.iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The numbers, written down apart from the program's own.
fn number(cell: &Value) -> Option<i64> {
    if cell["other-product"] == true {
        return Some(7);
    }
    let words = ["equal", "within-precision", "build", "prerelease", "patch", "minor", "major"];
    match cell["level"].as_str()? {
        "incomparable" => Some(-1),
        word => {
            words.iter().position(|known| *known == word).map(|index| i64::try_from(index).unwrap())
        }
    }
}

#[test]
fn both_parsers_read_what_the_report_says() {
    let (read, report) = (read(&quickstart("openmetrics")), quickstart_json());
    for word in ["go", "no-go", "incomplete"] {
        let wanted = i64::from(report["verdict"]["is"] == word);
        assert_eq!(read["envparity_verdict"][&labels(&[("is", &json!(word))])], wanted, "{word}");
    }
    let incomplete =
        list(&report["verdict"]["reasons"]).iter().any(|reason| reason["kind"] == "incomplete");
    assert!(incomplete, "the quickstart has something that was not read");
    assert_eq!(read["envparity_last_success_timestamp_seconds"][&BTreeMap::new()], 0);
    let version = labels(&[("version", &json!(env!("CARGO_PKG_VERSION")))]);
    assert_eq!(read["envparity_build_info"], BTreeMap::from([(version, 1)]));
    assert_eq!(read["envparity_waivers"].values().copied().collect::<Vec<_>>(), [0; 4]);

    let mut up = Samples::new();
    for environment in list(&report["environments"]) {
        for target in list(&environment["targets"]) {
            let failed = list(&target["parts"]).iter().any(|part| part["outcome"] == "failed");
            let required = environment["required"] == true && target["required"] == true;
            let required = json!(required.to_string());
            let labels = labels(&[
                ("environment", &environment["name"]),
                ("target", &target["target"]),
                ("required", &required),
            ]);
            up.insert(labels, i64::from(!failed && target.get("stale").is_none()));
        }
    }
    assert_eq!(read["envparity_target_up"], up);
    assert!(up.values().any(|up| *up == 0) && up.values().any(|up| *up == 1));

    let mut info = Samples::new();
    let mut drift = Samples::new();
    for row in list(&report["matrix"]) {
        for cell in list(&row["cells"]) {
            for reading in list(&cell["readings"]) {
                let labels = labels(&[
                    ("component", &row["component"]),
                    ("class", &row["class"]),
                    ("environment", &cell["environment"]),
                    ("product", &reading["product"]),
                    ("version", &reading["version"]),
                    ("source", &reading["source"]),
                ]);
                info.insert(labels, 1);
            }
            let labels =
                labels(&[("component", &row["component"]), ("environment", &cell["environment"])]);
            drift.extend(number(cell).map(|number| (labels, number)));
        }
    }
    assert_eq!(read["envparity_component_info"], info);
    let told = read["envparity_drift_level"].clone();
    let (unobserved, told): (Samples, Samples) =
        told.into_iter().partition(|(_, number)| *number == -2);
    assert_eq!(told, drift);
    assert!(!unobserved.is_empty(), "the engine of production was not read");
    assert!(read["envparity_series_dropped"].values().all(|dropped| *dropped == 0));
}

#[test]
fn findings_are_counted_as_the_report_does() {
    let (read, report) = (read(&quickstart("openmetrics")), quickstart_json());
    let mut counts = Samples::new();
    for finding in list(&report["findings"]) {
        let gate = json!((finding["in-gate"] == true).to_string());
        let labels = labels(&[
            ("rule", &finding["rule"]),
            ("severity", &finding["severity"]),
            ("disposition", &json!("active")),
            ("gate", &gate),
        ]);
        *counts.entry(labels).or_default() += 1;
    }
    let found = &read["envparity_findings"];
    let nonzero: Samples =
        found.iter().filter(|(_, count)| **count != 0).map(|(l, c)| (l.clone(), *c)).collect();
    assert_eq!(nonzero, counts);
    let named: BTreeSet<(&str, &str)> = found
        .keys()
        .map(|labels| (labels["severity"].as_str(), labels["disposition"].as_str()))
        .collect();
    let severities = ["critical", "high", "medium", "low", "info"];
    let mut wanted: BTreeSet<(&str, &str)> = severities
        .iter()
        .flat_map(|severity| [(*severity, "active"), (*severity, "waived")])
        .collect();
    wanted.insert(("off", "off"));
    assert_eq!(named, wanted, "zeros are named");
}

/// Profiles of declared facts alone, whose texts are anything.
#[test]
fn hostile_labels_survive_both_parsers() {
    let profiles = Profiles::of(&["dev", "prod"]);
    // In a gate such versions would not be versions.
    let audit_file = "kind: Audit\nbaseline: prod\nenvironments: [dev, prod]\ngates: []\n";
    profiles.config("audit.yaml", audit_file);
    let component = "own/a\"b\\c\nd{e=\"f\"},g} 1 # EOF é漢\\n\\\\\"";
    let versions = ["1.0\"} 1\nenvparity_verdict{is=\"go\"} 0", "\\", "1.0 \u{1b}[2J\u{202e}"];
    let texts = [component, "own/plain", "own/acts"];
    for name in ["dev", "prod"] {
        let facts = texts.iter().zip(versions).map(|(component, version)| {
            json!({"component": component, "version": version, "by": "x", "on": "2026-01-01", "expires": "2027-01-01"})
        });
        let facts: Vec<Value> = facts.collect();
        // YAML reads JSON
        profiles.environment(name, &format!("targets: {}\n", json!({"declared": facts})));
    }
    let read = read(&audit(profiles.folder(), "openmetrics"));
    let of = |component: &str| {
        let info = read["envparity_component_info"]
            .keys()
            .filter(|labels| labels["component"] == component);
        info.map(|labels| labels["version"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of(component), [versions[0]; 2]);
    assert_eq!(of("own/plain"), [versions[1]; 2]);
    // for these the format has no escape: they are shown, and do not act
    assert_eq!(of("own/acts"), ["1.0 \\u{1b}[2J\\u{202e}"; 2]);
    assert_eq!(read["envparity_verdict"].values().sum::<i64>(), 1);
    // everything was read, so the run succeeded, at the time of the report
    let success = read["envparity_last_success_timestamp_seconds"][&BTreeMap::new()];
    assert_eq!(success, 1_795_392_360, "2026-11-23T00:06:00Z");
}

#[test]
fn a_diff_has_metrics_too() {
    let evidence = |name: &str| {
        crate::common::repository(&format!("examples/quickstart/evidence/{name}.yaml"))
    };
    let (dev, qualif) = (evidence("dev"), evidence("qualif"));
    let text =
        printed(&["diff", dev.to_str().unwrap(), qualif.to_str().unwrap(), "-o", "openmetrics"]);
    assert!(!read(&text)["envparity_component_info"].is_empty());
}
