//! CSV by Python's csv module: the matrix of the JSON report, and no cell that a spreadsheet would
//! compute.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::common::{audit, python, quickstart, quickstart_json};
use crate::texts::{AMBIGUOUS, HOSTILE, declared};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What a cell says, without what keeps it from being a formula.
fn said(cell: &Value) -> String {
    let cell = text(cell);
    let mut said = String::new();
    let mut rest = cell.chars().peekable();
    while let Some(c) = rest.next() {
        let guards = c == '\'' && rest.peek().is_some_and(|next| "=+-@＝＋－＠".contains(*next));
        if !guards || said.chars().last().is_some_and(|before| !",;|\" \u{a0}".contains(before)) {
            said.push(c);
        }
    }
    said
}

fn is_the_matrix_of(csv: &str, json: &Value) {
    let read = python("read_csv.py", &[], csv);
    let (rows, matrix) = (read["rows"].as_array().unwrap(), json["matrix"].as_array().unwrap());
    assert_eq!(rows.len(), matrix.len());
    let shown = envparity::report::escape::terminal;
    for (row, wanted) in rows.iter().zip(matrix) {
        assert_eq!(said(&row["component"]), shown(text(&wanted["component"])));
        assert_eq!((&row["class"], &row["baseline"]), (&wanted["class"], &json["baseline"]));
        for cell in wanted["cells"].as_array().unwrap() {
            let of = |column: &str| said(&row[format!("{} {column}", text(&cell["environment"]))]);
            let readings: &[Value] = cell["readings"].as_array().map_or(&[], Vec::as_slice);
            let joined = |key: &str| {
                let texts = readings.iter().map(|reading| match &reading[key] {
                    Value::Number(number) => number.to_string(),
                    other => text(other).to_owned(),
                });
                shown(&texts.collect::<Vec<_>>().join("; "))
            };
            assert_eq!(of("state"), text(&cell["state"]));
            assert_eq!(of("version"), joined("version"));
            assert_eq!(of("product"), joined("product"));
            assert_eq!(of("instances"), joined("instances"));
            assert_eq!(of("level"), text(&cell["level"]));
            assert_eq!(of("direction"), text(&cell["direction"]));
            assert_eq!(of("differs").contains("product"), cell["other-product"] == true);
            assert_eq!(of("differs").contains("variant"), cell["other-variant"] == true);
        }
        let ids = |list: &str| {
            let all = json[list].as_array().unwrap().iter();
            let own = all.filter(|finding| finding["component"] == wanted["component"]);
            own.map(|finding| text(&finding["id"]).to_owned()).collect::<BTreeSet<_>>()
        };
        let told = |column: &str| {
            text(&row[column]).split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>()
        };
        assert_eq!(told("findings"), ids("findings"));
        assert_eq!(told("waived"), ids("waived"));
        assert_eq!(text(&row["severity"]).is_empty(), ids("findings").is_empty());
    }
}

#[test]
fn csv_is_the_matrix_of_the_json_report() {
    is_the_matrix_of(&quickstart("csv"), &quickstart_json());
}

#[test]
fn hostile_text_is_the_same_text_and_no_formula() {
    let texts = [AMBIGUOUS, HOSTILE].concat();
    let profiles = declared(&texts, &texts);
    let csv = audit(profiles.folder(), "csv");
    is_the_matrix_of(&csv, &serde_json::from_str(&audit(profiles.folder(), "json")).unwrap());
    let read = python("read_csv.py", &[], &csv);
    for row in read["rows"].as_array().unwrap() {
        for cell in row.as_object().unwrap().values().map(text) {
            assert!(cell.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{cell:?}");
            // wherever a spreadsheet may begin a cell: at the start, and behind each of what it may
            // take for a separator
            for start in cell.split([',', ';', '|', '"']).map(str::trim_start) {
                assert!(
                    !start.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r']),
                    "{cell:?}"
                );
            }
        }
    }
}
