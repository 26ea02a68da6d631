//! A row of CSV for each point.

use crate::report::escape::spreadsheet;
use crate::wire::trend::TrendReport;

const HEADING: [&str; 12] = [
    "target", "environment", "server", "figure", "command", "unit", "at", "seconds", "value",
    "at least", "excluded", "events",
];

pub(super) fn table_text(report: &TrendReport) -> Result<String, String> {
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .quote_style(::csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    writer.write_record(HEADING).map_err(|e| e.to_string())?;
    for series in &report.figures {
        for server in &series.servers {
            for dot in &server.points {
                let yes = |is: bool| if is { "yes" } else { "" }.to_owned();
                let row = [
                    report.target.clone(),
                    series.environment.clone(),
                    server.place.clone(),
                    series.figure.clone(),
                    series.command.clone().unwrap_or_default(),
                    series.unit.clone(),
                    dot.at.to_string(),
                    dot.seconds.unwrap_or(report.bucket_seconds).to_string(),
                    dot.value.map(|value| value.to_string()).unwrap_or_default(),
                    yes(dot.at_least),
                    yes(dot.excluded),
                    dot.events.join(" "),
                ];
                let safe = row.iter().map(|field| spreadsheet(field));
                writer.write_record(safe).map_err(|e| e.to_string())?;
            }
        }
    }
    let bytes = writer.into_inner().map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| e.to_string())
}
