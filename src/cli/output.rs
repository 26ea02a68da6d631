//! Where text goes: standard output, and the files of reports.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use super::args::{OutputArguments, OutputChoice};
use super::exit::Exit;
use super::files::OutputFiles;
use super::inputs::{Inputs, real};
pub(super) use super::stderr::print_error_line;
use crate::model::Audit;
use crate::report::{RenderError, RenderOptions};

/// Writes to standard output. A reader who has gone away has read enough.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.context("failed to write to standard output"),
    }
}

/// Makes the text of a report.
type Render<'a> = Box<dyn Fn(&RenderOptions) -> Result<String, RenderError> + 'a>;

/// One report in one format, and where it goes.
pub(super) struct Rendering<'a> {
    /// `None` for standard output.
    pub(super) path: Option<&'a Path>,
    /// Makes the text.
    pub(super) render: Render<'a>,
}

/// The formats asked for; a table if none was.
pub(super) fn choices(arguments: &OutputArguments) -> anyhow::Result<Vec<OutputChoice>> {
    let choices = if arguments.output.is_empty() {
        vec!["table".parse().map_err(|e| anyhow!("{e}"))?]
    } else {
        arguments.output.clone()
    };
    check_places(choices.iter().map(|choice| choice.path.as_deref()))?;
    Ok(choices)
}

/// Refuses places of which one would replace what stands in another.
pub(super) fn check_places<'a>(
    places: impl Iterator<Item = Option<&'a Path>> + Clone,
) -> anyhow::Result<()> {
    if places.clone().filter(Option::is_none).count() > 1 {
        return Err(anyhow!(
            "only one format can go to standard output: give the others a path, as in \
             yaml=report.yaml"
        ));
    }
    let paths: Vec<PathBuf> = places.flatten().map(real).collect();
    let twice =
        paths.iter().enumerate().find(|(i, path)| paths[..*i].contains(path) && !is_special(path));
    if let Some((_, path)) = twice {
        return Err(anyhow!(
            "two formats go to {}: the second would replace the first",
            path.display()
        ));
    }
    Ok(())
}

/// A device or a pipe takes what it is given.
fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file())
}

/// Refuses to write a report over what the command reads.
pub(super) fn refuse_to_overwrite_inputs(
    choices: &[OutputChoice],
    inputs: &Inputs,
) -> anyhow::Result<()> {
    choices
        .iter()
        .filter_map(|choice| choice.path.as_deref())
        .try_for_each(|path| inputs.spare(path))
}

/// Writes a report in each format. One that cannot be written costs the exit code, not the others;
/// so does what `has_failed` before.
pub(super) fn write_report(
    report: &Audit,
    arguments: &OutputArguments,
    choices: &[OutputChoice],
    verbose: u8,
    files: &OutputFiles,
    has_failed: bool,
) -> Exit {
    let renderings: Vec<Rendering<'_>> = choices
        .iter()
        .map(|choice| Rendering {
            path: choice.path.as_deref(),
            render: Box::new(|view| choice.format.render(report, view)),
        })
        .collect();
    let report_only = arguments.report_only || report.reports_only;
    let verdict = Exit::from(report.judgement.verdict);
    write_all(&renderings, verdict, report_only, verbose, files, has_failed)
}

/// The same for any report: files first, and the exit code of the verdict.
pub(super) fn write_all(
    renderings: &[Rendering<'_>],
    verdict: Exit,
    report_only: bool,
    verbose: u8,
    files: &OutputFiles,
    has_failed: bool,
) -> Exit {
    let mut exit = match (has_failed, report_only) {
        (true, _) => Exit::Error,
        (false, true) => Exit::Done,
        (false, false) => verdict,
    };
    // Files first: standard output may be a pipe that closes.
    let (to_files, to_stdout): (Vec<_>, Vec<_>) =
        renderings.iter().partition(|rendering| rendering.path.is_some());
    for rendering in to_files.into_iter().chain(to_stdout) {
        // The last report shows whether an earlier one failed.
        let shown = if exit == Exit::Error { Exit::Error } else { verdict };
        let view = view(rendering.path, shown, report_only && exit != Exit::Error, verbose);
        let text = (rendering.render)(&view).map_err(anyhow::Error::from);
        let written = text.and_then(|text| match rendering.path {
            Some(path) => files.write(path, &text),
            None => print(&text),
        });
        if let Err(error) = written {
            print_error_line(&format!("error: {error:#}"));
            exit = Exit::Error;
        }
    }
    exit
}

fn view(path: Option<&Path>, verdict: Exit, report_only: bool, verbose: u8) -> RenderOptions {
    RenderOptions {
        unfold: verbose > 0,
        exit: verdict.code(),
        report_only,
        ..options_of(path.is_none())
    }
}

/// How text is to look that goes to standard output, or to a file.
pub(super) fn options_of(is_stdout: bool) -> RenderOptions {
    let terminal = is_stdout && io::stdout().is_terminal();
    // As other programs do, COLUMNS counts where there is no terminal to ask.
    let columns =
        std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).filter(|_| is_stdout);
    let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let color = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    RenderOptions {
        width: if terminal { width } else { columns },
        color,
        unfold: false,
        exit: Exit::Done.code(),
        report_only: false,
    }
}
