//! YAML by PyYAML, which reads version 1.1; JSON and every profile by jsonschema.

use serde_json::{Value, json};

use crate::common::{audit, printed, python, quickstart, quickstart_json, repository};
use crate::texts::{AMBIGUOUS, HOSTILE, declared};

/// Every kind that has a schema.
const KINDS: [&str; 7] =
    ["audit", "catalogue", "environment", "evidence", "policy", "report", "waivers"];

fn schema(kind: &str) -> String {
    printed(&["schema", kind])
}

/// What is wrong with each of some documents, by name.
fn validate(cases: &[(&str, &str, &str)]) -> Value {
    let cases: Vec<Value> = cases
        .iter()
        .map(|(name, schema, text)| json!({"name": name, "schema": schema, "text": text}))
        .collect();
    python("validate.py", &[], &json!(cases).to_string())
}

#[test]
fn yaml_says_to_pyyaml_what_json_says() {
    assert_eq!(python("read_yaml.py", &[], &quickstart("yaml")), quickstart_json());
}

#[test]
fn texts_stay_texts_to_a_reader_of_yaml_1_1() {
    let texts = [AMBIGUOUS, HOSTILE].concat();
    let profiles = declared(&texts, &texts);
    let json: Value = serde_json::from_str(&audit(profiles.folder(), "json")).unwrap();
    let rows = json["matrix"].as_array().unwrap();
    let cells = rows.iter().flat_map(|row| row["cells"].as_array().unwrap());
    let versions: Vec<&Value> = cells.map(|cell| &cell["readings"][0]["version"]).collect();
    for text in &texts {
        assert!(rows.iter().any(|row| row["component"] == *text), "no component {text:?}");
        assert!(versions.iter().any(|version| *version == text.trim()), "no version {text:?}");
    }
    let yaml = audit(profiles.folder(), "yaml");
    assert_eq!(python("read_yaml.py", &[], &yaml), json);
    let serde: Value =
        envparity::wire::yaml::read(&yaml, envparity::wire::yaml::Origin::Program).unwrap();
    assert_eq!(serde, json);
}

#[test]
fn reports_are_of_their_schema() {
    let profiles = declared(HOSTILE, AMBIGUOUS);
    let report = schema("report");
    let hostile = audit(profiles.folder(), "json");
    let whole = std::fs::read_to_string(repository("tests/fixtures/reports/hostile.yaml")).unwrap();
    let found = validate(&[
        ("json", &report, &quickstart("json")),
        ("yaml", &report, &quickstart("yaml")),
        ("hostile", &report, &hostile),
        ("every key", &report, &whole),
    ]);
    assert_eq!(found, json!({"json": [], "yaml": [], "hostile": [], "every key": []}));
}

#[test]
fn what_is_of_no_schema_is_refused() {
    let mut report = quickstart_json();
    report["verdict"]["is"] = json!(1);
    report.as_object_mut().unwrap().remove("matrix");
    let environment = "apiVersion: envparity/v1\nkind: Environment\nname: dev\ntargts: {}\n";
    let found = validate(&[
        ("report", &schema("report"), &report.to_string()),
        ("environment", &schema("environment"), environment),
        ("kind", &schema("policy"), "apiVersion: envparity/v2\nkind: Policy\n"),
    ]);
    let said = found.to_string();
    assert!(
        said.contains("'matrix' is a required property")
            && said.contains("1 is not of type 'string'"),
        "{said}"
    );
    assert!(found["environment"].to_string().contains("targts"), "{said}");
    assert!(found["kind"].to_string().contains("envparity/v2"), "{said}");
}

/// Path, kind and text of every file that we ship and that says a kind of ours.
fn shipped() -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![repository("profiles"), repository("examples")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Some(text) = std::fs::read_to_string(&path)
                .ok()
                .filter(|_| path.extension().is_some_and(|e| e == "yaml"))
            else {
                continue;
            };
            let kind = text
                .lines()
                .find_map(|line| line.strip_prefix("kind: "))
                .unwrap_or_default()
                .to_lowercase();
            if text.lines().any(|line| line == "apiVersion: envparity/v1") {
                found.push((path.to_string_lossy().into_owned(), kind, text));
            }
        }
    }
    assert!(found.len() >= 10, "{found:?}");
    found
}

#[test]
fn shipped_profiles_are_of_their_schemas() {
    let schemas = KINDS.map(|kind| (kind, schema(kind)));
    let shipped = shipped();
    let cases: Vec<(&str, &str, &str)> = shipped
        .iter()
        .map(|(path, kind, text)| {
            let (_, schema) = schemas
                .iter()
                .find(|(name, _)| name == kind)
                .unwrap_or_else(|| panic!("{path}: no schema"));
            (path.as_str(), schema.as_str(), text.as_str())
        })
        .collect();
    let found = validate(&cases);
    for (path, wrong) in found.as_object().unwrap() {
        assert_eq!(*wrong, json!([]), "{path}");
    }
}

/// An editor with a language server shows what a key means; evidence is written by the program, and
/// edited by nobody.
#[test]
fn shipped_profiles_name_their_schema() {
    for (path, kind, text) in shipped().iter().filter(|(_, kind, _)| kind != "evidence") {
        let first = text.lines().next().unwrap_or_default();
        let named = first.strip_prefix("# yaml-language-server: $schema=");
        let named = named.unwrap_or_else(|| panic!("{path} does not begin with its schema"));
        let folder = std::path::Path::new(path).parent().unwrap();
        let wanted = repository(&format!("profiles/schema/{kind}.json"));
        assert_eq!(
            folder.join(named).canonicalize().unwrap(),
            wanted.canonicalize().unwrap(),
            "{path}"
        );
    }
}

/// As published: every kind that the program names has a schema, and every schema is one.
#[test]
fn schemas_are_schemas() {
    let published: Vec<String> = std::fs::read_dir(repository("profiles/schema"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let texts: Vec<String> = published.iter().map(|kind| schema(kind)).collect();
    // the script checks the schema before the document
    let cases: Vec<(&str, &str, &str)> = published
        .iter()
        .zip(&texts)
        .map(|(kind, text)| (kind.as_str(), text.as_str(), "{}"))
        .collect();
    let found = validate(&cases);
    assert_eq!(found.as_object().unwrap().len(), published.len());
    for (kind, wrong) in found.as_object().unwrap() {
        assert!(
            wrong.to_string().contains("apiVersion"),
            "{kind}: an empty document is of it: {wrong}"
        );
    }
    for kind in KINDS {
        assert!(published.iter().any(|name| name == kind), "{kind} is not published");
    }
}
