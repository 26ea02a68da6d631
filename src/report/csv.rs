//! The matrix as CSV (RFC 4180, UTF-8, one heading), for spreadsheets and scripts: a row for each
//! component.
//!
//! With a history, columns behind all others say since when things stand. `docs/FORMATS.md` says what each column holds. What would start a formula has a single quote in
//! front ([`spreadsheet`]). Findings on what is no component of the matrix are in the other formats
//! only.

use super::escape::spreadsheet;
use super::view::ReportView;
use super::view::coverage::EnvironmentView;
use super::view::finding::FindingView;
use super::view::matrix::{CellView, RowView};
use super::view::standing::StandingSince;
use super::view::verdict::verdict_sentence;
use super::{Audit, Format, RenderError, RenderOptions};
use crate::model::matrix::CellReading;

pub(super) struct Csv;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn summary(&self) -> &'static str {
        "the matrix, a row for each component, for spreadsheets: safe from formulas"
    }

    fn render(&self, report: &Audit, _: &RenderOptions) -> Result<String, RenderError> {
        render_matrix(&ReportView::new(report))
            .map_err(|message| RenderError { format: self.name(), message })
    }
}

fn render_matrix(view: &ReportView<'_>) -> Result<String, String> {
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .quote_style(::csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    let mut write =
        |fields: Vec<String>| writer.write_record(fields.iter().map(|field| spreadsheet(field)));
    write(heading_fields(view)).map_err(|e| e.to_string())?;
    for row in &view.rows {
        write(component_record(row, view)).map_err(|e| e.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| e.to_string())
}

/// Behind the name of each environment.
const OF_ENVIRONMENT: [&str; 9] = [
    "state", "product", "version", "instances", "level", "direction", "differs", "remarks",
    "figures",
];

/// Behind all environments, the same in every row.
const OF_AUDIT: [&str; 2] = ["verdict", "verdict sentence"];

fn heading_fields(view: &ReportView<'_>) -> Vec<String> {
    let first = ["component", "class", "owner", "baseline", "severity", "findings", "waived"];
    let mut heading: Vec<String> = first.map(str::to_owned).into();
    for environment in &view.environments {
        let name = environment.name();
        heading.extend(OF_ENVIRONMENT.iter().map(|column| format!("{name} {column}")));
    }
    heading.extend(OF_AUDIT.map(str::to_owned));
    if view.audit.standing.is_some() {
        heading.push("first-seen".to_owned());
        heading.extend(view.environments.iter().map(|one| format!("{} since", one.name())));
    }
    heading
}

/// One component.
fn component_record(row: &RowView<'_>, view: &ReportView<'_>) -> Vec<String> {
    let found = view.of_component(row.component());
    let mut all = found.findings.iter().chain(&found.waived);
    let severity = found.findings.iter().map(FindingView::severity).max();
    let mut record = vec![
        row.component().to_owned(),
        row.row.class.as_str().to_owned(),
        all.find_map(FindingView::owner).unwrap_or_default().to_owned(),
        view.audit.baseline.to_string(),
        severity.map(|severity| severity.to_string()).unwrap_or_default(),
        finding_ids(&found.findings),
        finding_ids(&found.waived),
    ];
    let figures = view.figures_of(row.component());
    for (index, (cell, environment)) in row.cells.iter().zip(&view.environments).enumerate() {
        let remarks = cell_remarks(row.component(), cell, environment);
        let figures = figures.map(|of| of.words_in(index)).unwrap_or_default();
        record.extend(of_environment(cell, remarks, figures));
    }
    record.push(view.audit.judgement.verdict.as_str().to_owned());
    record.push(verdict_sentence(view.audit, str::to_owned));
    if view.audit.standing.is_some() {
        let time = |known: Option<StandingSince>| {
            known.map(|known| known.since.to_string()).unwrap_or_default()
        };
        let oldest = found.findings.iter().filter_map(|one| one.standing);
        record.push(time(oldest.min_by_key(|known| known.since)));
        record.extend(row.cells.iter().map(|cell| time(cell.standing)));
    }
    record
}

/// In the order of their rules, as they are found.
fn finding_ids(findings: &[FindingView<'_>]) -> String {
    let mut sorted = findings.to_vec();
    sorted.sort_by_key(|one| one.position);
    sorted.iter().map(FindingView::id).collect::<Vec<_>>().join(" ")
}

/// What is not running, or counts though nobody can tell, and what is said of the targets whose
/// facts are in the row.
fn cell_remarks(component: &str, cell: &CellView<'_>, environment: &EnvironmentView<'_>) -> String {
    let mut remarks = cell.not_running();
    for target in &environment.targets {
        let name = target.name();
        if collector_of(&name) == collector_of(component) {
            let notes = target.coverage.notes.iter();
            remarks.extend(notes.map(|note| format!("{name}: {}", note.text)));
        }
    }
    remarks.join("; ")
}

fn collector_of(name: &str) -> &str {
    name.split('/').next().unwrap_or_default()
}

fn of_environment(
    view: &CellView<'_>,
    remarks: String,
    figures: String,
) -> [String; OF_ENVIRONMENT.len()] {
    let cell = view.cell;
    let joined = |field: fn(&CellReading) -> String| {
        cell.readings.iter().map(field).collect::<Vec<_>>().join("; ")
    };
    let differs = [(cell.other_product, "product"), (cell.other_variant, "variant")];
    [
        // What is too old proves nothing of now.
        if view.is_stale { "stale" } else { cell.state.as_str() }.to_owned(),
        joined(|reading| reading.product.as_deref().unwrap_or_default().to_owned()),
        joined(|reading| reading.reading.to_string()),
        joined(|reading| reading.instances.to_string()),
        cell.level.map_or("", |level| level.as_str()).to_owned(),
        cell.direction.map_or("", |direction| direction.as_str()).to_owned(),
        differs.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect::<Vec<_>>().join(" "),
        remarks,
        figures,
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::view::testing::{audit_of, hostile};
    use crate::wire::report::DriftReport;

    fn table(report: &DriftReport) -> Result<String, String> {
        super::render_matrix(&super::ReportView::new(&audit_of(report)))
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
        for column in super::heading_fields(&super::ReportView::new(&audit_of(&report))) {
            assert!(told.contains(&format!("`{}`", column.replace("dev ", "E "))), "{column}");
        }
    }

    #[test]
    fn an_empty_matrix_has_a_heading() {
        let report = DriftReport { matrix: Vec::new(), ..hostile() };
        assert_eq!(rows(&report), Vec::<BTreeMap<String, String>>::new());
    }
}
