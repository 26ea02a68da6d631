//! Markdown by markdown-it: its tables have the report's rows, and no text from outside is markup.

use serde_json::Value;

use crate::common::{audit, python, quickstart, quickstart_json};
use crate::texts::{AMBIGUOUS, HOSTILE, declared, huge};

fn items(value: &Value) -> Vec<&Value> {
    value.as_array().unwrap().iter().collect()
}

/// The rows of the table with that first column, without its heading.
fn table<'a>(read: &'a Value, first: &str) -> Vec<Vec<&'a str>> {
    let tables = items(&read["tables"]);
    let table = tables
        .into_iter()
        .find(|table| table[0][0] == first)
        .unwrap_or_else(|| panic!("no table {first}: {read}"));
    let rows: Vec<Vec<&str>> = items(table)
        .iter()
        .map(|row| items(row).iter().map(|cell| cell.as_str().unwrap()).collect())
        .collect();
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "rows of other lengths");
    rows[1..].to_vec()
}

/// All that may pass as HTML is ours.
fn is_harmless(read: &Value) {
    for html in items(&read["html"]) {
        let mut rest = html.as_str().unwrap().to_owned();
        for ours in
            ["<details>", "<details open>", "</details>", "<summary>", "</summary>", "<b>", "</b>"]
        {
            rest = rest.replace(ours, "");
        }
        assert!(!rest.contains(['<', '>']), "{html}");
    }
    assert!(
        items(&read["links"]).is_empty() && items(&read["images"]).is_empty(),
        "{} {}",
        read["links"],
        read["images"]
    );
    assert_eq!(read["headings"], 1);
    // GitHub and GitLab look for mentions and references in what is no code, after Markdown.
    for prose in items(&read["prose"]).iter().map(|text| text.as_str().unwrap()) {
        assert!(
            !prose.contains(['@', '#', '!', '$', '~', '&', '<', '[', '*', '_', '`', '\\']),
            "{prose}"
        );
        assert!(
            !prose.contains("://") && !prose.contains("www.") && !prose.contains("GH-"),
            "{prose}"
        );
        assert!(!prose.chars().any(|c| c.is_control() || c == '\u{202e}'), "{prose:?}");
    }
}

#[test]
fn tables_have_the_rows_of_the_report() {
    let json = quickstart_json();
    let read = python("read_markdown.py", &[], &quickstart("markdown"));
    is_harmless(&read);
    let findings = table(&read, "Severity");
    assert_eq!(findings.len(), items(&json["findings"]).len());
    for finding in items(&json["findings"]) {
        let id = &finding["id"].as_str().unwrap()[..8];
        let row = findings.iter().find(|row| row[6] == id).unwrap_or_else(|| panic!("{id}"));
        assert_eq!(
            [row[0], row[1], row[2], row[4]].map(Value::from),
            ["severity", "rule", "component", "summary"].map(|key| finding[key].clone())
        );
    }
    let matrix = table(&read, "Component");
    let shown: Vec<&str> = matrix.iter().map(|row| row[0]).collect();
    let equal = items(&json["matrix"])
        .iter()
        .filter(|row| !shown.contains(&row["component"].as_str().unwrap()))
        .count();
    assert_eq!(matrix.len() + equal, items(&json["matrix"]).len());
    for row in items(&json["matrix"]) {
        let name = row["component"].as_str().unwrap();
        let levels = items(&row["cells"])
            .iter()
            .any(|cell| !cell["level"].is_null() && cell["level"] != "equal");
        assert!(!levels || shown.contains(&name), "{name} differs and is not shown");
    }
    let reasons = items(&json["verdict"]["reasons"]);
    let told: Vec<&str> = items(&read["items"]).iter().map(|item| item.as_str().unwrap()).collect();
    for reason in &reasons {
        let wanted =
            format!("{}: {}", reason["kind"].as_str().unwrap(), reason["text"].as_str().unwrap());
        assert!(told.contains(&wanted.as_str()), "{wanted}\n{told:?}");
    }
}

#[test]
fn the_first_ten_lines_are_all_that_is_unfolded_above() {
    let text = quickstart("markdown");
    let head: Vec<&str> = text.lines().take_while(|line| !line.starts_with("<details")).collect();
    assert!(head.len() <= 11 && head.last() == Some(&""), "{head:?}");
    assert!(head[0].starts_with("## envparity: NO-GO"), "{head:?}");
}

#[test]
fn hostile_text_is_text_in_markdown() {
    let profiles = declared(HOSTILE, HOSTILE);
    let text = audit(profiles.folder(), "markdown");
    let json: Value = serde_json::from_str(&audit(profiles.folder(), "json")).unwrap();
    let read = python("read_markdown.py", &[], &text);
    is_harmless(&read);
    // nothing is left out here, so that each text stands in its row as it is
    assert!(!text.contains("left out for length"), "{text}");
    let names: Vec<&str> = table(&read, "Component").iter().map(|row| row[0]).collect();
    for row in items(&json["matrix"]) {
        let shown = envparity::report::escape::terminal(row["component"].as_str().unwrap());
        let versions = items(&row["cells"])
            .iter()
            .any(|cell| cell["level"] != "equal" && !cell["level"].is_null());
        assert!(!versions || names.contains(&shown.as_str()), "{shown:?} is not in {names:?}");
    }
}

#[test]
fn a_huge_report_is_below_githubs_limit() {
    let profiles = huge(5_000);
    let start = std::time::Instant::now();
    let text = audit(profiles.folder(), "markdown");
    println!(
        "5,000 x 3: {} characters, {} bytes in {:?}",
        text.chars().count(),
        text.len(),
        start.elapsed()
    );
    assert!(text.len() < 65_536 && text.len() > 32_768, "{}", text.len());
    let read = python("read_markdown.py", &[], &text);
    is_harmless(&read);
    let json: Value = serde_json::from_str(&audit(profiles.folder(), "json")).unwrap();
    let shown = table(&read, "Severity").len();
    assert!(
        text.contains(&format!("{shown} of {} shown, for length", items(&json["findings"]).len())),
        "{shown}"
    );
    assert!(text.contains("rows left out for length"));
    assert!(text.starts_with("## envparity: ") && items(&json["matrix"]).len() >= 5_000);
    // what a name holds must not matter either
    let texts = [AMBIGUOUS, HOSTILE].concat();
    let long: Vec<String> =
        (0..3_000).map(|i| format!("{i} {}", texts[i % texts.len()].repeat(20))).collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    let text = audit(declared(&long, &long).folder(), "markdown");
    assert!(text.len() < 65_536, "{}", text.len());
    is_harmless(&python("read_markdown.py", &[], &text));
}
