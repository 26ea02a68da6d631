//! `kind: Evidence`: what `collect` writes and a `recorded` target reads.
//!
//! `format` says which keys there may be. What a later minor format adds is passed over, since
//! that is what makes it minor; a later major one is refused.

mod convert;
mod document;
mod format;
mod newer;
pub mod pieces;
mod revisions;
mod rows;
mod samples;
#[cfg(test)]
mod tests;

use super::header::FileKind;
use super::yaml::{self, Origin, ShapeError};
use crate::model;
use document::{Document, End, is_name};

pub use document::schema;

/// The evidence as a YAML document.
///
/// # Errors
/// If the YAML library cannot write it.
pub fn write_evidence(evidence: &model::Evidence) -> Result<String, String> {
    yaml::write(&Document::from(evidence)).map_err(|e| e.to_string())
}

/// Reads a YAML document of evidence; `path` is what the source is called. What was read by none of
/// `collectors` cannot be interpreted.
///
/// # Errors
/// The first thing that is not of this format, with its place.
pub fn read_evidence(
    text: &str,
    path: &str,
    collectors: model::Collectors,
) -> Result<model::Evidence, ShapeError> {
    let wrong = |message: String| ShapeError { message, line: 1, column: 1, help: None };
    let document = read_document(text)?;
    if document.kind != FileKind::Evidence {
        return Err(wrong(format!("expected kind Evidence, found {}", document.kind.as_str())));
    }
    let found = End::for_targets(&document.targets, document.format);
    if found != document.end {
        return Err(wrong(
            "the file was cut off or edited: its totals (end:) do not match its content".to_owned(),
        ));
    }
    if !is_name(&document.environment) {
        return Err(wrong("invalid environment name".to_owned()));
    }
    let mut ids: Vec<&str> = document.targets.iter().map(|target| target.id.as_str()).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(wrong("two targets have the same id".to_owned()));
    }
    let format = document.format;
    let targets: Result<Vec<_>, String> =
        document.targets.into_iter().map(|t| t.into_model(path, format, collectors)).collect();
    Ok(model::Evidence {
        environment: document.environment.into(),
        taken: document.taken,
        targets: targets.map_err(wrong)?,
    })
}

/// The document, by the rules of its own format.
fn read_document(text: &str) -> Result<Document, ShapeError> {
    let read = yaml::read::<Document>(text, Origin::Program);
    // Asked only of a file that is not of our shape: to read it twice takes its time.
    let format = match &read {
        Ok(document) => document.format,
        Err(_) => format::of_text(text)?,
    };
    format.check_version().map_err(|message| ShapeError {
        message,
        line: 1,
        column: 1,
        help: None,
    })?;
    match read {
        Err(_) if format.is_newer() => newer::read_newer(text),
        read => read,
    }
}

/// What to do about a file that is not evidence.
pub fn shape_advice(error: &ShapeError) -> &'static str {
    let is_of_later =
        [format::NEWER, "`envparity/v"].iter().any(|said| error.message.contains(said));
    if is_of_later {
        "read it with the version of envparity that wrote it, or collect it again with this one"
    } else {
        "collect it again: envparity collect ENVIRONMENT --to FILE"
    }
}
