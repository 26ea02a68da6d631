//! Files of ours that are not reports: what they are instead.

use crate::wire::header::{FileKind, Header};
use crate::wire::yaml::{self, Origin, ShapeError};

/// What is wrong with a text that is not a report, if it is another file of ours.
pub(super) fn other_kind(text: &str) -> Option<ShapeError> {
    let header: Header = yaml::read(text, Origin::Program).ok()?;
    (header.kind != FileKind::DriftReport).then(|| refuse_kind(header.kind))
}

pub(super) fn refuse_kind(kind: FileKind) -> ShapeError {
    let message = format!("it is of kind {}, and a report is of kind DriftReport", kind.as_str());
    ShapeError { message, line: 0, column: 0, help: None }
}
