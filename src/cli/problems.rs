//! Problems of profiles, each with its file, line, column and advice.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::PROFILES;
use super::clock;
use super::output::print_error_line;
use crate::model::count;
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
    show("warning", &warnings);
    Ok((profiles, warnings))
}

fn refused(folder: &Path, errors: &ProfileErrors) -> anyhow::Error {
    show("error", &errors.0);
    let folder = terminal(&folder.display().to_string());
    anyhow::anyhow!("{} in {folder}", count(errors.0.len(), "problem"))
}

/// The profiles of a folder; without one, those of the default folder if it holds any.
pub(super) fn load_if_any(folder: Option<&Path>) -> anyhow::Result<Option<Profiles>> {
    let default = Path::new(PROFILES);
    match folder {
        Some(folder) => Ok(Some(load(folder)?)),
        None if default.join("audit.yaml").is_file() => Ok(Some(load(default)?)),
        None => Ok(None),
    }
}

fn show(word: &str, problems: &[FileProblem]) {
    for FileProblem { path, problem } in problems {
        let path = path.display();
        let place = match (problem.line, problem.column) {
            (0, _) => format!("{path}"),
            (line, 0) => format!("{path}:{line}"),
            (line, column) => format!("{path}:{line}:{column}"),
        };
        print_error_line(&format!(
            "{word}: {}",
            terminal(&format!("{place}: {}", problem.message))
        ));
        print_error_line(&format!("  help: {}", terminal(&problem.advice)));
    }
}
