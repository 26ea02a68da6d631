//! Problems of profiles, each with its file, line, snippet and advice.

use std::io::{IsTerminal, Write};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Severity,
};

use super::args::PROFILES;
use super::clock;
use super::output::complain;
use crate::model::count;
use crate::normalize::config::CatalogueConfig;
use crate::pipeline;
use crate::profile::Surroundings;
use crate::profile::{self, FileProblem, ProfileErrors, Profiles};
use crate::report::escape::terminal;

/// Loads profiles as of now; problems are shown, and the error then only counts them.
pub(super) fn load(folder: &Path) -> anyhow::Result<Profiles> {
    load_at(folder, None)
}

/// The same, with waivers as of another time.
pub(super) fn load_at(folder: &Path, at: Option<Timestamp>) -> anyhow::Result<Profiles> {
    let today = at.unwrap_or_else(|| clock()()).to_zoned(TimeZone::UTC).date();
    profile::load(folder, &pipeline::rule_ids(), today).map_err(|errors| refused(folder, &errors))
}

/// The same as of now, with warnings; both are shown.
pub(super) fn load_with_warnings(
    folder: &Path,
    around: &Surroundings<'_>,
) -> anyhow::Result<(Profiles, Vec<FileProblem>)> {
    let today = clock()().to_zoned(TimeZone::UTC).date();
    let loaded = profile::load_with_warnings(folder, &pipeline::rule_ids(), today, around);
    let (profiles, warnings) = loaded.map_err(|errors| refused(folder, &errors))?;
    show(&warnings, Severity::Warning);
    Ok((profiles, warnings))
}

fn refused(folder: &Path, errors: &ProfileErrors) -> anyhow::Error {
    show(&errors.0, Severity::Error);
    let folder = terminal(&folder.display().to_string());
    anyhow::anyhow!("{} in {folder}", count(errors.0.len(), "problem"))
}

/// The catalogue of a folder; without one, that of the default folder if it holds profiles.
pub(super) fn catalogue(folder: Option<&Path>) -> anyhow::Result<Option<CatalogueConfig>> {
    let default = Path::new(PROFILES);
    match folder {
        Some(folder) => Ok(load(folder)?.catalogue),
        None if default.join("audit.yaml").is_file() => Ok(load(default)?.catalogue),
        None => Ok(None),
    }
}

fn show(problems: &[FileProblem], severity: Severity) {
    let color = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_context_lines(1);
    for problem in problems {
        let mut text = String::new();
        let (diagnostic, source) = diagnostic(problem, severity);
        let report = miette::Report::new(diagnostic).with_source_code(source);
        if handler.render_report(&mut text, report.as_ref()).is_err() {
            let path = problem.path.display().to_string();
            text = format!("{}: {}", terminal(&path), terminal(&problem.problem.message));
        }
        // The theme's own colours must pass; what stands in the file was made harmless before.
        let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end());
    }
    if problems.len() > 1 {
        complain("");
    }
}

fn diagnostic(
    problem: &FileProblem,
    severity: Severity,
) -> (MietteDiagnostic, NamedSource<String>) {
    let FileProblem { path, masked, problem } = problem;
    // Escapes are longer than what they stand for, so only harmless texts keep their columns.
    let harmless: Vec<String> = masked.lines().map(terminal).collect();
    let source = harmless.join("\n") + "\n";
    let path = terminal(&path.display().to_string());
    let message = match problem.line {
        0 => format!("{path}: {}", terminal(&problem.message)),
        _ => terminal(&problem.message),
    };
    let mut diagnostic =
        MietteDiagnostic::new(message).with_help(terminal(&problem.advice)).with_severity(severity);
    if let Some(offset) = offset(&source, problem.line, problem.column) {
        diagnostic = diagnostic.with_label(LabeledSpan::at_offset(offset, "here"));
    }
    (diagnostic, NamedSource::new(path, source))
}

/// Byte offset of a line and column, both from 1.
fn offset(source: &str, line: usize, column: usize) -> Option<usize> {
    let before: usize = source.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let text = source.get(before..)?.lines().next()?;
    let within = text.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(i, _)| i);
    Some(before + within)
}
