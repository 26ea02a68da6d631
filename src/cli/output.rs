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
use crate::report::RenderOptions;

/// Writes to standard output. A reader who has gone away has read enough.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.context("failed to write to standard output"),
    }
}

/// The formats asked for; a table if none was.
pub(super) fn choices(arguments: &OutputArguments) -> anyhow::Result<Vec<OutputChoice>> {
    let choices = if arguments.output.is_empty() {
        vec!["table".parse().map_err(|e| anyhow!("{e}"))?]
    } else {
        arguments.output.clone()
    };
    if choices.iter().filter(|choice| choice.path.is_none()).count() > 1 {
        return Err(anyhow!(
            "only one format can go to standard output: give the others a path, as in yaml=report.yaml"
        ));
    }
    let paths: Vec<PathBuf> =
        choices.iter().filter_map(|choice| choice.path.as_deref()).map(real).collect();
    let twice =
        paths.iter().enumerate().find(|(i, path)| paths[..*i].contains(path) && !is_special(path));
    if let Some((_, path)) = twice {
        return Err(anyhow!(
            "two formats go to {}: the second would replace the first",
            path.display()
        ));
    }
    Ok(choices)
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
    let verdict = Exit::from(report.judgement.verdict);
    let report_only = arguments.report_only || report.reports_only;
    let mut exit = match (has_failed, report_only) {
        (true, _) => Exit::Error,
        (false, true) => Exit::Done,
        (false, false) => verdict,
    };
    // Files first: standard output may be a pipe that closes.
    let (to_files, to_stdout): (Vec<_>, Vec<_>) =
        choices.iter().partition(|choice| choice.path.is_some());
    for choice in to_files.into_iter().chain(to_stdout) {
        // The last report shows whether an earlier one failed.
        let shown = if exit == Exit::Error { Exit::Error } else { verdict };
        let view = view(choice, shown, report_only && exit != Exit::Error, verbose);
        let written =
            choice.format.render(report, &view).map_err(anyhow::Error::from).and_then(|text| {
                match &choice.path {
                    Some(path) => files.write(path, &text),
                    None => print(&text),
                }
            });
        if let Err(error) = written {
            print_error_line(&format!("error: {error:#}"));
            exit = Exit::Error;
        }
    }
    exit
}

fn view(choice: &OutputChoice, verdict: Exit, report_only: bool, verbose: u8) -> RenderOptions {
    let terminal = choice.path.is_none() && io::stdout().is_terminal();
    // As other programs do, COLUMNS counts where there is no terminal to ask.
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|_| choice.path.is_none());
    let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let color = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    RenderOptions {
        width: if terminal { width } else { columns },
        color,
        unfold: verbose > 0,
        exit: verdict.code(),
        report_only,
    }
}
