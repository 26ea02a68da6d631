//! Reads a folder of profile files: all problems of all files at once, or profiles.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::broken::{self, Broken};
use super::check::{self, CheckedAgainst, ParsedFile, ProblemSource, ProfileFiles};
use super::git;
use super::places;
use super::scrub::scrub_problem;
use super::spelling;
use super::surroundings::Surroundings;
use super::warnings;
use super::{FileProblem, ProfileErrors, Profiles};
use crate::model::{ProductNames, nearest_name};
use crate::wire::file;
use crate::wire::header::{FileKind, Header};
use crate::wire::problem::Problem;
use crate::wire::yaml::{self, Origin};

/// Larger files were not written by a person.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// Loads every `*.yaml` and `*.yml` of `folder` and of its `releases/`. `rule_ids` are the rules
/// that a policy may name, `today` is the day in UTC from which waivers are seen.
///
/// # Errors
/// The mistakes of all files; of a file whose shape is wrong, those up to the first that is not a
/// key too many.
pub fn load(folder: &Path, rule_ids: &[&str], today: Date) -> Result<Profiles, ProfileErrors> {
    load_and(folder, rule_ids, today, |_, _| ()).map(|(profiles, ())| profiles)
}

/// The same, with what makes a GO cheap or cannot work. A waiver of every version, which an audit
/// passes over, is a problem here.
///
/// # Errors
/// As [`load`].
pub fn load_with_warnings(
    folder: &Path,
    rule_ids: &[&str],
    today: Date,
    around: &Surroundings<'_>,
) -> Result<(Profiles, Vec<FileProblem>), ProfileErrors> {
    let seen = |files: &ProfileFiles, names: &ProductNames| {
        let unbound = files.waivers.iter().flat_map(|ParsedFile { source, config }| {
            config.unbound_problems().into_iter().map(|problem| source.problem(problem))
        });
        (unbound.collect::<Vec<_>>(), warnings::profile_warnings(files, folder, names, around))
    };
    let (profiles, (unbound, warnings)) = load_and(folder, rule_ids, today, seen)?;
    if unbound.is_empty() { Ok((profiles, warnings)) } else { Err(ProfileErrors(unbound)) }
}

/// Profiles, and what is seen of the checked files.
fn load_and<T>(
    folder: &Path,
    rule_ids: &[&str],
    today: Date,
    see: impl FnOnce(&ProfileFiles, &ProductNames) -> T,
) -> Result<(Profiles, T), ProfileErrors> {
    let mut files = ProfileFiles::default();
    let mut problems = Vec::new();
    let mut digest = Sha256::new();
    match list_files(folder) {
        Ok(paths) if paths.is_empty() => {
            files.broken.push(Broken::default());
            problems.push(of_folder(
                folder,
                "the folder holds no *.yaml file",
                "see profiles/ of envparity for worked examples",
            ));
        }
        Ok(paths) => {
            for path in paths {
                match read_file(&path, &mut digest) {
                    Ok(text) => parse(path, &text, &mut files, &mut problems),
                    Err(error) => {
                        files.broken.push(Broken::default());
                        problems.push(of_folder(
                            &path,
                            &format!("cannot be read: {error}"),
                            "make it a readable regular file, or move it away",
                        ));
                    }
                }
            }
        }
        Err(error) => {
            let message = format!("cannot be read: {error}");
            files.broken.push(Broken::default());
            problems.push(of_folder(
                folder,
                &message,
                "name the folder of the profiles with --profiles DIR",
            ));
        }
    }
    let names = spelling::component_spellings(&files);
    spelling::correct_names(&mut files, &names);
    let asked = CheckedAgainst { rule_ids, today, names: &names };
    problems.extend(check::check_all(&files, asked));
    let no_audit = || of_folder(folder, "no file of kind Audit", check::AUDIT_ADVICE);
    if files.audits.is_empty() && !files.broken.iter().any(Broken::may_be_audit) {
        problems.push(no_audit());
    }
    if !problems.is_empty() {
        problems.sort_by_key(|p| (p.path.clone(), p.problem.line, p.problem.column));
        return Err(ProfileErrors(problems));
    }
    let seen = see(&files, &names);
    let places = places::find_places(&files, folder, &in_repository(folder));
    let digest = abbreviate_digest(digest.finalize().as_slice());
    match check::compose_profiles(folder, files, digest, places, names) {
        Some(profiles) => Ok((profiles, seen)),
        None => Err(ProfileErrors(vec![no_audit()])),
    }
}

/// The folder as seen from the root of the repository that holds it, which is how anyone who reads
/// a report finds it; outside of one, as it was given.
fn in_repository(folder: &Path) -> PathBuf {
    let whole = folder.canonicalize().unwrap_or_default();
    let root = git::repository_root(folder);
    let inside = root.as_deref().and_then(|root| whole.strip_prefix(root).ok());
    let given = || folder.components().filter(|part| *part != Component::CurDir).collect();
    inside.map_or_else(given, Path::to_owned)
}

fn of_folder(path: &Path, message: &str, advice: &str) -> FileProblem {
    FileProblem { path: path.to_owned(), problem: Problem::of_file(message, advice) }
}

/// Sorted, so that the digest and the order of problems do not depend on the file system.
fn list_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for folder in [folder.to_owned(), folder.join("releases")] {
        let entries = match fs::read_dir(&folder) {
            Err(error)
                if error.kind() == io::ErrorKind::NotFound && folder.ends_with("releases") =>
            {
                continue;
            }
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            let is_yaml = path.extension().is_some_and(|ext| ext == "yaml" || ext == "yml");
            // Whatever is not a regular file is told by `read`: silence would leave an environment
            // out.
            if is_yaml {
                paths.push(path);
            }
        }
    }
    paths.sort();
    Ok(paths)
}

fn read_file(path: &Path, digest: &mut Sha256) -> io::Result<String> {
    let text = file::read_text(path, MAX_FILE)?;
    for part in [path.file_name().unwrap_or_default().as_encoded_bytes(), text.as_bytes()] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    Ok(text)
}

const HEADER_ADVICE: &str = "each file starts with apiVersion: envparity/v1 and kind: \
    Environment, Audit, Catalogue, Policy, Waivers, Release or Checklist; one document per file";

fn parse(path: PathBuf, text: &str, files: &mut ProfileFiles, problems: &mut Vec<FileProblem>) {
    let source = ProblemSource { path };
    let Err(first) = sort_file(&source, text, files) else { return };
    files.broken.push(Broken::from_text(text));
    for mut problem in broken::find_mistakes(first, text, first_mistake) {
        scrub_problem(&mut problem, text);
        add_advice(&mut problem, text);
        problems.push(source.problem(problem));
    }
}

/// Reads a file and puts it among those of its kind.
fn sort_file(source: &ProblemSource, text: &str, files: &mut ProfileFiles) -> Result<(), Problem> {
    match file_kind(text)? {
        FileKind::Environment => files.environments.push(parse_file(source, text)?),
        FileKind::Audit => files.audits.push(parse_file(source, text)?),
        FileKind::Catalogue => files.catalogues.push(parse_file(source, text)?),
        FileKind::Policy => {
            files.policy_digest = content_digest(text);
            files.policies.push(parse_file(source, text)?);
        }
        FileKind::Waivers => files.waivers.push(parse_file(source, text)?),
        FileKind::Release => files.releases.push(parse_file(source, text)?),
        FileKind::Checklist => files.checklists.push(parse_file(source, text)?),
        other @ (FileKind::Evidence
        | FileKind::DriftReport
        | FileKind::ChecklistReport
        | FileKind::AfterReleaseReport
        | FileKind::Trend) => {
            return Err(Problem::of_file(
                format!("kind {} is not a profile", other.as_str()),
                "keep it in a folder below, and name it as the path of a recorded target",
            ));
        }
    }
    Ok(())
}

fn first_mistake(text: &str) -> Option<Problem> {
    let source = ProblemSource { path: PathBuf::new() };
    sort_file(&source, text, &mut ProfileFiles::default()).err()
}

fn file_kind(text: &str) -> Result<FileKind, Problem> {
    let header = yaml::read::<Header>(text, Origin::Person);
    header.map(|header| header.kind).map_err(|error| {
        let advice = error.help.clone().unwrap_or_else(|| HEADER_ADVICE.to_owned());
        Problem { advice, ..Problem::from(error) }
    })
}

fn parse_file<T: DeserializeOwned>(
    source: &ProblemSource,
    text: &str,
) -> Result<ParsedFile<T>, Problem> {
    let config = yaml::read(text, Origin::Person)?;
    Ok(ParsedFile { source: source.clone(), config })
}

/// Puts the key in front of a message that tells only what its value must be.
fn name_key(problem: &mut Problem, text: &str) {
    if !problem.message.starts_with("expected ") {
        return;
    }
    let line = text.lines().nth(problem.line.saturating_sub(1)).unwrap_or_default();
    let before: String = line.chars().take(problem.column.saturating_sub(1)).collect();
    let before = before.trim_end_matches(['"', '\'', ' ']);
    let Some(before) = before.strip_suffix(':') else { return };
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let key = before.trim_end_matches(['"', '\'']).rsplit(|c| !is_key(c)).next();
    if let Some(key) = key.filter(|key| !key.is_empty()) {
        problem.message = format!("{key}: {}", problem.message);
    }
}

/// Help with what is mistyped most: a key, and the list of gates.
fn add_advice(problem: &mut Problem, text: &str) {
    name_key(problem, text);
    let line = text.lines().nth(problem.line.saturating_sub(1)).unwrap_or_default();
    if line.starts_with("gates:") {
        "write each gate as a pair: gates: [[FROM, TO]]".clone_into(&mut problem.advice);
        return;
    }
    let unknown = problem.message.strip_prefix("unknown field `");
    let named = unknown.and_then(|rest| rest.split_once('`'));
    let Some((field, rest)) = named else { return };
    let known = rest.trim_start_matches(", expected one of ").trim_start_matches(", expected ");
    let known = known.split([',', ' ', '`']).filter(|name| !name.is_empty() && *name != "or");
    if let Some(near) = nearest_name(field, known) {
        problem.advice = format!("did you mean {near}?");
    }
}

/// Of what a file says, whatever its comments and its layout.
fn content_digest(text: &str) -> String {
    let content =
        yaml::read::<serde_json::Value>(text, Origin::Person).map(|content| content.to_string());
    abbreviate_digest(Sha256::digest(content.unwrap_or_default()).as_slice())
}

fn abbreviate_digest(digest: &[u8]) -> String {
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
