//! `envparity dossier`: a span of the history as a folder for an auditor.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::args::DossierArguments;
use super::exit::Exit;
use super::past::HistoryPlace;
use super::{CommandError, author, clock, output, problems};
use crate::history::parse_moment;
use crate::pipeline::{self, DossierAsked, DossierError};
use crate::report::escape::{terminal, terminal_lines};

/// Ends with 1 if the history is not what was written: the dossier is there, and says so.
pub(super) fn run(arguments: &DossierArguments) -> Result<Exit, CommandError> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let made = clock()();
    let moment = |text: &str| match text {
        "now" => Ok(made),
        text => parse_moment(text, made, &profiles.timezone),
    };
    let asked = DossierAsked {
        from: moment(&arguments.from).context("--from")?,
        to: moment(&arguments.to).context("--to")?,
        made,
        claims: author::claims(),
    };
    if asked.from >= asked.to {
        bail_with("the span ends before it begins: write the earlier time behind --from")?;
    }
    let place = HistoryPlace::of_or_default(&arguments.history, Some(&profiles))?;
    let folder = NewFolder::beside(&arguments.out)?;
    let mut history = place.open_to_read().map_err(|error| place.failed(&error))?;
    let mut sink = |path: &str, bytes: &[u8]| folder.write(path, bytes);
    let done = pipeline::dossier(&profiles, &mut history, &asked, &mut sink);
    let summary = done.map_err(|error| match error {
        DossierError::History(error) => place.failed(&error),
        DossierError::Written(text) => anyhow!("failed to write {text}"),
    })?;
    folder.finish(&arguments.out)?;
    let shown = arguments.out.display();
    let mut text = format!("{shown}: {}\n", summary.in_words());
    text.push_str("check it there: sha256sum -c --quiet SHA256SUMS; README.txt has the rest\n");
    output::print(&terminal_lines(&text))?;
    match summary.broken {
        None => Ok(Exit::Done),
        Some(broken) => {
            let line = format!("the history is not as written: {broken}");
            output::print_error_line(&terminal(&line));
            Ok(Exit::NoGo)
        }
    }
}

fn bail_with(text: &str) -> anyhow::Result<()> {
    bail!("{text}")
}

/// A folder that is made beside its place, and is there whole or not at all.
struct NewFolder(tempfile::TempDir);

impl NewFolder {
    fn beside(out: &Path) -> anyhow::Result<Self> {
        if fs::symlink_metadata(out).is_ok() {
            return Err(exists(out));
        }
        let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let made = tempfile::Builder::new().prefix(".envparity-dossier-").tempdir_in(parent);
        let shown = terminal(&out.display().to_string());
        Ok(Self(made.with_context(|| format!("failed to make {shown}"))?))
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), String> {
        let whole = self.0.path().join(path);
        let folder = whole.parent().unwrap_or(self.0.path());
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&whole, bytes));
        written.map_err(|error| format!("{path}: {error}"))
    }

    /// Gives it its name, if nothing has got that meanwhile.
    fn finish(self, out: &Path) -> anyhow::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let aside: PathBuf = self.0.path().to_owned();
        // As other programs make folders, and not for its owner alone: less than the umask allows
        // is for whoever moves it on.
        fs::set_permissions(&aside, fs::Permissions::from_mode(0o755))?;
        match renameat_with(CWD, &aside, CWD, out, RenameFlags::NOREPLACE) {
            Ok(()) => {
                // It has another name now.
                let _ = self.0.keep();
                Ok(())
            }
            Err(rustix::io::Errno::EXIST | rustix::io::Errno::NOTEMPTY) => Err(exists(out)),
            Err(error) => {
                let shown = terminal(&out.display().to_string());
                Err(anyhow!(error)).with_context(|| format!("failed to make {shown}"))
            }
        }
    }
}

fn exists(out: &Path) -> anyhow::Error {
    let shown = terminal(&out.display().to_string());
    anyhow!("{shown} exists, and a dossier never replaces anything: name another folder with --out")
}
