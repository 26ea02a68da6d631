//! The corpus of version cases, through the library and through `envparity version batch`.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "support/cli.rs"]
mod cli;

use std::fs;

use cli::envparity;
use envparity::wire::reading::BatchRow;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Corpus {
    cases: Vec<Value>,
}

fn cases() -> Vec<Value> {
    let path = format!("{}/tests/corpus/versions.yaml", env!("CARGO_MANIFEST_DIR"));
    let corpus: Corpus = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(corpus.cases.len() >= 130);
    corpus.cases
}

/// What is expected and not so: only what the case asserts counts.
fn mismatch(case: &Value, got: &Value) -> Option<String> {
    let expect = &case["expect"];
    let differs = |want: &Value, got: &Value| want != got;
    match expect {
        Value::Object(fields) => {
            let wrong: Vec<String> = fields
                .iter()
                .filter(|(name, want)| {
                    differs(want, got.get(name.as_str()).unwrap_or(&Value::Null))
                })
                .map(|(name, want)| format!("{name}: want {want}, got {}", got[name.as_str()]))
                .collect();
            (!wrong.is_empty()).then(|| format!("{} {}: {}", case["id"], case, wrong.join("; ")))
        }
        want => differs(want, got).then(|| format!("{} {case}: got {got}", case["id"])),
    }
}

fn without_expectation(case: &Value) -> Value {
    let mut row = case.clone();
    let fields = row.as_object_mut().unwrap();
    for name in ["expect", "source", "note", "extra"] {
        fields.remove(name);
    }
    row
}

#[test]
fn the_library_passes_the_corpus() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let row: BatchRow = serde_json::from_value(without_expectation(case)).unwrap();
            mismatch(case, &row.answer().unwrap())
        })
        .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The cases of `tests/corpus/suites`, a file a suite.
fn suites() -> Vec<Value> {
    let folder = format!("{}/tests/corpus/suites", env!("CARGO_MANIFEST_DIR"));
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = paths.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    let lines = files.flat_map(|path| {
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    });
    lines.collect()
}

/// The same comparison from the other side.
fn reversed(case: &Value) -> Option<Value> {
    let mut other = case.clone();
    (other["a"], other["b"]) = (case["b"].clone(), case["a"].clone());
    if let Some(order) = case["expect"].as_i64().filter(|_| case["kind"] == "compare") {
        other["expect"] = json!(-order);
    }
    case["a"].is_string().then_some(other)
}

#[test]
fn the_library_passes_the_suites() {
    let suites = suites();
    assert!(suites.len() > 1500, "{}", suites.len());
    let wrong: Vec<String> = suites
        .iter()
        .flat_map(|case| [Some(case.clone()), reversed(case)])
        .flatten()
        .filter_map(|case| {
            let row: BatchRow = serde_json::from_value(without_expectation(&case)).unwrap();
            mismatch(&case, &row.answer().unwrap())
        })
        .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn batch_passes_the_corpus_in_order() {
    let cases = cases();
    let input: String =
        cases.iter().map(|case| without_expectation(case).to_string() + "\n").collect();
    let text = envparity(["version", "batch"]).stdin(input).run().stdout;
    let answers: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), cases.len());
    for (case, answer) in cases.iter().zip(&answers) {
        assert_eq!(case["id"], answer["id"]);
        assert_eq!(mismatch(case, &answer["got"]), None);
    }
}

#[test]
fn batch_answers_a_bad_row_in_its_place() {
    let input = "nonsense\n{\"id\":1,\"kind\":\"parse\",\"scheme\":\"nope\",\"input\":\"1\"}\n{\"id\":2,\"kind\":\"compare\",\"a\":\"1\"}\n";
    let text = envparity(["version", "batch"]).stdin(input).run().stdout;
    let ids: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone())
        .collect();
    assert_eq!(ids, [json!(null), json!(1), json!(2)]);
    assert!(text.lines().all(|line| line.contains("\"error\"")), "{text}");
}
