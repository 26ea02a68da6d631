//! JUnit by lxml, against the schema by which Jenkins' xunit plugin refuses reports, and its counts
//! against the JSON report.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::common::{AT, audit, printed, python, quickstart, quickstart_json, repository};
use crate::texts::{AMBIGUOUS, HOSTILE, declared};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

fn count<'a>(items: impl Iterator<Item = &'a Value>, key: &str, word: &str) -> usize {
    items.filter(|item| item[key] == word).count()
}

/// Suites by name, after their counts were compared with the report's.
fn agree(junit: &str, json: &Value) -> BTreeMap<String, Value> {
    let suites = python("read_junit.py", &[], junit);
    let cases: Vec<&Value> = items(&suites).flat_map(|suite| items(&suite["cases"])).collect();
    // Each finding is told once, active or waived.
    let told: Vec<String> = cases
        .iter()
        .map(|case| format!("{}\n{}", text(&case["text"]), text(&case["out"])))
        .collect();
    for finding in items(&json["findings"]).chain(items(&json["waived"])) {
        let id = format!("[{}]", text(&finding["id"]));
        assert_eq!(told.iter().filter(|lines| lines.contains(&id)).count(), 1, "{id}");
    }
    // A finding above info fails its case, and nothing else does.
    let counting = items(&json["findings"]).filter(|finding| finding["severity"] != "info");
    let counting: BTreeSet<&str> = counting.map(|finding| text(&finding["id"])).collect();
    let failures: Vec<&&Value> = cases.iter().filter(|case| case["ending"] == "failure").collect();
    for failure in &failures {
        assert!(counting.iter().any(|id| text(&failure["text"]).contains(id)), "{failure}");
    }
    for id in &counting {
        assert_eq!(
            failures.iter().filter(|failure| text(&failure["text"]).contains(id)).count(),
            1,
            "{id}"
        );
    }
    // What is incomplete is an error of coverage, and where nothing is, there is none.
    let gaps = count(items(&json["verdict"]["reasons"]), "kind", "incomplete");
    let suites: BTreeMap<String, Value> =
        items(&suites).map(|s| (text(&s["name"]).to_owned(), s.clone())).collect();
    let of_coverage = items(&suites["coverage"]["cases"]).filter(|case| case["ending"] == "error");
    assert_eq!(of_coverage.map(|case| text(&case["text"]).lines().count()).sum::<usize>(), gaps);
    assert_eq!(cases.iter().any(|case| case["ending"] == "error"), gaps > 0);
    suites
}

#[test]
fn junit_is_of_the_schema_and_tells_what_json_tells() {
    let json = quickstart_json();
    let suites = agree(&quickstart("junit"), &json);
    let gate = &suites["qualif -> ovh-production"];
    let ending = |name: &str| {
        let case = items(&gate["cases"]).find(|case| case["name"] == name).unwrap();
        (text(&case["ending"]).to_owned(), text(&case["type"]).to_owned())
    };
    assert_eq!(ending("redis/cache"), ("failure".to_owned(), "product-differs".to_owned()));
    assert_eq!(ending("host/kernel"), ("error".to_owned(), "not-read".to_owned()));
    assert_eq!(
        ending("image/postgresql"),
        ("failure".to_owned(), "version-skew".to_owned()),
        "low is a finding too"
    );
    assert_eq!(
        ending("image/team/stock-import"),
        ("passed".to_owned(), String::new()),
        "info is told, and fails nothing"
    );
    assert_eq!(gate["timestamp"], "2026-11-23T00:06:00.000+00:00");
    // Of the matrix, what both could have.
    let both = items(&json["matrix"]).filter(|row| {
        items(&row["cells"])
            .filter(|cell| cell["environment"] != "dev")
            .all(|cell| cell["state"] != "not-applicable")
    });
    assert_eq!(gate["tests"], both.count());
    assert_eq!(suites["dev"]["tests"], json["environments"][0]["components"]);
}

#[test]
fn hostile_text_is_text_in_xml() {
    let texts = [AMBIGUOUS, HOSTILE].concat();
    let profiles = declared(&texts, &texts);
    let json: Value = serde_json::from_str(&audit(profiles.folder(), "json")).unwrap();
    let suites = agree(&audit(profiles.folder(), "junit"), &json);
    let names: BTreeSet<&str> =
        items(&suites["qualif -> prod"]["cases"]).map(|case| text(&case["name"])).collect();
    for component in items(&json["matrix"]).map(|row| text(&row["component"])) {
        let shown = envparity::report::escape::xml(component);
        assert!(names.contains(shown.as_str()), "{component:?}");
    }
}

#[test]
fn a_diff_tells_what_differs() {
    let evidence = |name: &str| {
        repository(&format!("examples/quickstart/evidence/{name}.yaml")).display().to_string()
    };
    let arguments = ["diff", &evidence("dev"), &evidence("qualif"), "-o", "junit"];
    let suites = python("read_junit.py", &[], &printed(&arguments));
    let told = items(&suites)
        .flat_map(|s| items(&s["cases"]))
        .filter(|c| text(&c["text"]).contains("version-skew"));
    assert!(told.count() > 0);
}

#[test]
fn the_same_audit_is_the_same_file() {
    assert_eq!(quickstart("junit"), quickstart("junit"));
    assert!(quickstart("junit").contains(&AT.replace('Z', ".000+00:00")));
}
