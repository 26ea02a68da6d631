//! How far the collection is, on stderr, if a person is watching.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::collect::Progress;
use crate::model::{EnvironmentName, TargetId};
use crate::report::escape::terminal;

/// A bar, or nothing where stderr is not a terminal.
pub(super) struct RunProgress(Mutex<Option<ProgressBar>>);

/// No bar: where rounds follow each other.
pub(super) struct NoProgress;

impl Progress for NoProgress {
    fn started(&self, _: usize) {}
    fn finished(&self, _: &EnvironmentName, _: &TargetId, _: bool) {}
}

impl RunProgress {
    pub(super) fn new() -> Self {
        Self(Mutex::new(None))
    }

    fn with(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        act(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

impl Progress for RunProgress {
    fn started(&self, targets: usize) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let bar = ProgressBar::new(targets as u64);
        let style = ProgressStyle::with_template(
            "{spinner} reading {pos}/{len} targets {bar:20} {elapsed} {msg}",
        );
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.with(|slot| *slot = Some(bar));
    }

    fn finished(&self, environment: &EnvironmentName, target: &TargetId, complete: bool) {
        tracing::debug!(%environment, %target, complete, "read");
        self.with(|slot| {
            if let Some(bar) = slot {
                bar.inc(1);
                if !complete {
                    bar.set_message(format!(
                        "{}: not read",
                        terminal(&format!("{environment} {target}"))
                    ));
                }
            }
        });
    }
}

impl Drop for RunProgress {
    fn drop(&mut self) {
        self.with(|slot| {
            if let Some(bar) = slot.take() {
                bar.finish_and_clear();
            }
        });
    }
}

/// Where a person waits, what is going on.
pub(super) struct Waiting(Option<ProgressBar>);

impl Waiting {
    pub(super) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(ProgressBar::new_spinner);
        if let Some(bar) = &bar {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self(bar)
    }

    /// Beside a program that prints lines of its own: drawn anew only when there is news.
    pub(super) fn beside_output() -> Self {
        Self(std::io::stderr().is_terminal().then(ProgressBar::new_spinner))
    }

    /// Whether anybody sees it.
    pub(super) fn is_shown(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn show(&self, text: &str) {
        self.0.iter().for_each(|bar| bar.set_message(terminal(text)));
    }

    /// So that a line can be printed.
    pub(super) fn hide(&self) {
        self.0.iter().for_each(|bar| bar.suspend(|| ()));
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.iter().for_each(ProgressBar::finish_and_clear);
    }
}
