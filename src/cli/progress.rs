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
