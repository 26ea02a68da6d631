//! What a command reads must survive what it writes: no output replaces an input, by whatever path,
//! link or descriptor it is named.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::files::end_of_links;
use crate::notify::config::SinkConfig;
use crate::profile::{Environment, Profiles};
use crate::report::escape::terminal;
use crate::wire::file;

/// The files that a command reads.
#[derive(Default)]
pub(super) struct Inputs {
    /// The folder of the profiles, where each YAML file is one.
    folder: Option<PathBuf>,
    files: Vec<Input>,
}

/// One file that is read.
struct Input {
    path: PathBuf,
    /// What it is, in words that fit behind "FILE is ".
    what: String,
}

impl Inputs {
    /// What profiles are, and what they name: recorded answers, secrets, certificates, kubeconfigs.
    pub(super) fn of_profiles<'a>(
        profiles: &Profiles,
        environments: impl IntoIterator<Item = &'a Environment>,
    ) -> Self {
        let mut inputs = Self { folder: Some(real(&profiles.folder)), ..Self::default() };
        for environment in environments {
            for target in environment.targets.all() {
                let id = format!("{}/{}", target.kind().name, target.name().value);
                let of = format!("{id} of {}", environment.name);
                let own = target.file().map(|path| profiles.folder.join(path));
                for path in target.reads(&profiles.folder) {
                    let what = match &own {
                        Some(own) if *own == path => {
                            format!("the evidence of a recorded target, {of}")
                        }
                        _ => format!("read by {of}"),
                    };
                    inputs.add(&path, &what);
                }
            }
        }
        for path in profiles.notify.iter().flat_map(SinkConfig::reads) {
            inputs.add(&profiles.folder.join(path), "read by notify: of audit.yaml");
        }
        inputs
    }

    /// What is read of a folder of profiles that need not be loaded.
    pub(super) fn of_folder(folder: &Path) -> Self {
        Self { folder: Some(real(folder)), ..Self::default() }
    }

    /// One more file, and what it is.
    pub(super) fn add(&mut self, path: &Path, what: &str) {
        self.files.push(Input { path: path.to_owned(), what: what.to_owned() });
    }

    /// A history: its file, and those that SQLite keeps beside it.
    pub(super) fn add_history(&mut self, path: &Path) {
        let file = real(path);
        for beside in ["", "-wal", "-shm", "-journal"] {
            let mut name = file.clone().into_os_string();
            name.push(beside);
            self.add(Path::new(&name), "part of the history");
        }
    }

    /// Refuses to write there if it is, or would become, an input.
    pub(super) fn spare(&self, output: &Path) -> anyhow::Result<()> {
        let shown = terminal(&output.display().to_string());
        let (place, identity) = (real(output), identity(output));
        if self.is_profile(&place) || self.profiles().any(|path| is_one(&path, &place, identity)) {
            bail!(
                "{shown} is in the profiles folder, where every YAML file is a profile: write \
                 elsewhere"
            );
        }
        if place.components().any(|part| part.as_os_str() == ".git") {
            bail!("{shown} is in the folder of a git repository: write elsewhere");
        }
        if let Some(input) = self.files.iter().find(|input| is_one(&input.path, &place, identity)) {
            bail!("{shown} is {}: write elsewhere", terminal(&input.what));
        }
        if belongs_to_database(&place) {
            bail!("{shown} belongs to an SQLite database, perhaps a history: write elsewhere");
        }
        Ok(())
    }

    /// Whether a file of that name would be read as a profile.
    fn is_profile(&self, place: &Path) -> bool {
        let is_yaml = place.extension().is_some_and(|ext| ext == "yaml" || ext == "yml");
        let (folder, parent) = (self.folder.as_deref(), place.parent());
        let is_in = |folder: &Path| parent == Some(folder);
        is_yaml && folder.is_some_and(|top| is_in(top) || is_in(&real(&top.join("releases"))))
    }

    /// The profiles that are there, which links and hard links name, too.
    fn profiles(&self) -> impl Iterator<Item = PathBuf> {
        let folders = self.folder.iter().flat_map(|top| [top.clone(), top.join("releases")]);
        let entries = folders.flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten());
        entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ext| ext == "yaml" || ext == "yml"))
    }
}

/// Whether a file is an SQLite database, or one that SQLite keeps beside a database: a history need
/// not be named by the command that would overwrite it.
fn belongs_to_database(place: &Path) -> bool {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let is_database =
        |path: &Path| file::read_beginning(path, 16).is_ok_and(|start| start.starts_with(MAGIC));
    let name = place.to_string_lossy();
    let mut beside = ["-wal", "-shm", "-journal"].into_iter();
    is_database(place)
        || beside.any(|end| name.strip_suffix(end).is_some_and(|of| is_database(Path::new(of))))
}

/// Whether an input is what an output names: the same file by whatever name, or the same place
/// where there is none yet.
fn is_one(input: &Path, place: &Path, wanted: Option<(u64, u64)>) -> bool {
    match identity(input) {
        Some(found) => wanted == Some(found),
        None => wanted.is_none() && real(input) == place,
    }
}

/// Device and number of a regular file, which are the same by all its names.
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    Some((found.dev(), found.ino()))
}

/// Where a path leads, as far as it exists: `./report.yaml`, or a link to it, is `report.yaml`.
pub(super) fn real(path: &Path) -> PathBuf {
    let path = end_of_links(path).unwrap_or_else(|_| path.to_owned());
    let folder =
        || path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let whole = || Some(folder().canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(whole).unwrap_or_else(|| path.clone())
}
