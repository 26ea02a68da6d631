//! Stored evidence of one environment, of a file or of the history.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;

use super::past::Past;
use crate::collect::config::COLLECTORS;
use crate::collect::recorded::MAX_FILE;
use crate::history::Found;
use crate::model::Evidence;
use crate::wire::{self, file};

/// What a text refers to, and the time that it names, if it names one.
pub(super) fn of_reference(
    text: &str,
    past: &mut Past,
) -> anyhow::Result<(Evidence, Option<Timestamp>)> {
    match past.find(text)? {
        Found::File(path) => Ok((read(&path)?, None)),
        Found::Evidence { run, environment } => {
            let (all, is_run) = (past.evidence(&run)?, text.starts_with("run:"));
            let found = all.into_iter().find(|evidence| evidence.environment == environment);
            let lost = || anyhow!("run {} has no evidence of {environment}", run.id);
            Ok((found.ok_or_else(lost)?, past.moment_of(text)?.or(is_run.then_some(run.at))))
        }
        Found::Run(run) if run.environments.is_empty() => {
            Err(anyhow!("{text} is a run of the kind {:?} and has no evidence", run.kind))
        }
        Found::Run(run) => Err(anyhow!(
            "{text} has evidence of {}: say which, as in {text}/{}",
            run.environments.join(", "),
            run.environments.first().map_or("", String::as_str)
        )),
    }
}

fn read(path: &Path) -> anyhow::Result<Evidence> {
    let shown = path.display();
    let bytes =
        file::read_capped(path, MAX_FILE).with_context(|| format!("failed to read {shown}"))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| anyhow!("{shown}: not an evidence file: not UTF-8 text"))?;
    wire::evidence::read_evidence(&text, &shown.to_string(), COLLECTORS).map_err(|e| {
        anyhow!(
            "{shown}:{}:{}: not an evidence file: {e}\n  help: {}",
            e.line,
            e.column,
            wire::evidence::shape_advice(&e)
        )
    })
}
