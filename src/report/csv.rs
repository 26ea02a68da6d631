//! The matrix as CSV (RFC 4180, UTF-8, one heading), for spreadsheets and scripts: a row for each
//! component.
//!
//! `docs/FORMATS.md` says what each column holds. What would start a formula has a single quote in
//! front ([`spreadsheet`]). Findings on what is no component of the matrix are in the other formats
//! only.

use std::collections::BTreeMap;

use super::escape::spreadsheet;
use super::{Audit, Format, RenderError, View, dto};
use crate::model::Severity;
use crate::wire::report::{Cell, DriftReport, Environment, Finding, Reading, Row};

pub(super) struct Csv;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn summary(&self) -> &'static str {
        "the matrix, a row for each component, for spreadsheets: safe from formulas"
    }

    fn render(&self, report: &Audit, _: &View) -> Result<String, RenderError> {
        table(&dto::report(report)).map_err(|message| RenderError { format: self.name(), message })
    }
}

fn table(report: &DriftReport) -> Result<String, String> {
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .quote_style(::csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    let mut write =
        |fields: Vec<String>| writer.write_record(fields.iter().map(|field| spreadsheet(field)));
    write(heading(report)).map_err(|e| e.to_string())?;
    let (active, waived) = (by_component(&report.findings), by_component(&report.waived));
    for row in &report.matrix {
        let environments = (report.baseline.as_str(), report.environments.as_slice());
        write(line(row, environments, &active, &waived)).map_err(|e| e.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| e.to_string())
}

/// Behind the name of each environment.
const OF_ENVIRONMENT: [&str; 8] =
    ["state", "product", "version", "instances", "level", "direction", "differs", "remarks"];

fn heading(report: &DriftReport) -> Vec<String> {
    let first = ["component", "class", "owner", "baseline", "severity", "findings", "waived"];
    let mut heading: Vec<String> = first.map(str::to_owned).into();
    for environment in &report.environments {
        heading
            .extend(OF_ENVIRONMENT.iter().map(|column| format!("{} {column}", environment.name)));
    }
    heading
}

type Findings<'a> = BTreeMap<&'a str, Vec<&'a Finding>>;

fn by_component(findings: &[Finding]) -> Findings<'_> {
    let mut found = Findings::new();
    findings.iter().for_each(|finding| found.entry(&finding.component).or_default().push(finding));
    found
}

fn line(
    row: &Row,
    (baseline, environments): (&str, &[Environment]),
    active: &Findings<'_>,
    waived: &Findings<'_>,
) -> Vec<String> {
    let name = row.component.as_str();
    let none = Vec::new();
    let (active, waived) = (active.get(name).unwrap_or(&none), waived.get(name).unwrap_or(&none));
    let ids = |findings: &[&Finding]| {
        findings.iter().map(|f| f.id.as_str()).collect::<Vec<_>>().join(" ")
    };
    let severity = active.iter().filter_map(|f| f.severity.parse::<Severity>().ok()).max();
    let mut line = vec![
        row.component.clone(),
        row.class.clone(),
        active.iter().chain(waived).find_map(|f| f.owner.clone()).unwrap_or_default(),
        baseline.to_owned(),
        severity.map(|severity| severity.to_string()).unwrap_or_default(),
        ids(active),
        ids(waived),
    ];
    for (cell, environment) in row.cells.iter().zip(environments) {
        line.extend(of_environment(cell, remarks(name, cell, environment)));
    }
    line
}

/// What is not running, or counts though nobody can tell, and what is said of the targets whose
/// facts are in the row.
fn remarks(component: &str, cell: &Cell, environment: &Environment) -> String {
    let states = cell.not_running.iter().map(|(word, n)| format!("{n} {word}"));
    let collector = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
    let of_row =
        environment.targets.iter().filter(|t| collector(&t.target) == collector(component));
    let notes = of_row.flat_map(|t| t.notes.iter().map(|note| format!("{}: {note}", t.target)));
    states.chain(notes).collect::<Vec<_>>().join("; ")
}

fn of_environment(cell: &Cell, remarks: String) -> [String; OF_ENVIRONMENT.len()] {
    let joined = |field: fn(&Reading) -> String| {
        cell.readings.iter().map(field).collect::<Vec<_>>().join("; ")
    };
    let differs = [(cell.other_product, "product"), (cell.other_variant, "variant")];
    [
        // What is too old proves nothing of now.
        if cell.stale { "stale".to_owned() } else { cell.state.clone() },
        joined(|reading| reading.product.clone().unwrap_or_default()),
        joined(|reading| reading.version.clone()),
        joined(|reading| reading.instances.to_string()),
        cell.level.clone().unwrap_or_default(),
        cell.direction.clone().unwrap_or_default(),
        differs.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect::<Vec<_>>().join(" "),
        remarks,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::yaml;

    fn hostile() -> DriftReport {
        yaml::read(include_str!("../../tests/fixtures/reports/hostile.yaml"), yaml::Origin::Program)
            .unwrap()
    }

    /// By the library's own reader: tests/readers has another.
    fn rows(report: &DriftReport) -> Vec<BTreeMap<String, String>> {
        let text = table(report).unwrap();
        assert!(
            text.ends_with("\r\n") && text.lines().count() == report.matrix.len() + 1,
            "{text}"
        );
        ::csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
    }

    #[test]
    fn a_row_tells_what_the_matrix_and_the_findings_tell() {
        let rows = rows(&hostile());
        assert_eq!(rows.len(), 5);
        let redis = &rows[4];
        let wanted = [
            ("component", "redis/cache"),
            ("class", "platform"),
            ("owner", "'@team/redis"),
            ("baseline", "prod"),
            ("severity", "critical"),
            ("findings", "a100000000000000 a200000000000000 a400000000000000"),
            ("waived", ""),
            ("qualif state", "present"),
            ("qualif product", "valkey"),
            ("qualif version", "7.0.15"),
            ("qualif instances", "1"),
            ("qualif level", "minor"),
            ("qualif direction", "behind"),
            ("qualif differs", "product variant"),
            ("prod level", ""),
        ];
        for (column, value) in wanted {
            assert_eq!(redis[column], value, "{column}");
        }
        let split = &rows[1];
        assert_eq!(
            (split["qualif version"].as_str(), split["qualif instances"].as_str()),
            ("v20; v22", "1; 3")
        );
        assert_eq!(split["waived"], "b100000000000000 b200000000000000");
        assert_eq!(rows[2]["dev state"], "unobserved");
    }

    #[test]
    fn nothing_starts_a_formula() {
        let text = table(&hostile()).unwrap();
        assert!(text.contains("\"'=1+1;'@SUM(A1)\""), "{text}");
        assert!(text.contains("\"image/=cmd|'/C calc'!A0\""), "{text}");
        let mut report = hostile();
        report.environments[0].name = "=dev".to_owned();
        assert!(table(&report).unwrap().contains("\"'=dev state\""));
    }

    #[test]
    fn every_column_is_documented() {
        let told = include_str!("../../docs/FORMATS.md");
        let report =
            DriftReport { environments: vec![hostile().environments.remove(0)], ..hostile() };
        for column in heading(&report) {
            assert!(told.contains(&format!("`{}`", column.replace("dev ", "E "))), "{column}");
        }
    }

    #[test]
    fn an_empty_matrix_has_a_heading() {
        let report = DriftReport { matrix: Vec::new(), ..hostile() };
        assert_eq!(rows(&report), Vec::<BTreeMap<String, String>>::new());
    }
}
