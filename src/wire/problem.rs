//! A problem in a file that a person wrote, with its place and what to do.

use super::yaml::{Located, ShapeError};

/// One problem; all of a run are shown at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line from 1; 0 if it has no place.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
    /// A lowercase fragment.
    pub message: String,
    /// What helps.
    pub advice: String,
}

impl Problem {
    /// A problem at the place of a value.
    pub fn at<T>(
        place: &Located<T>,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            line: place.line,
            column: place.column,
            message: message.into(),
            advice: advice.into(),
        }
    }

    /// A problem of a whole file.
    pub fn of_file(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { line: 0, column: 0, message: message.into(), advice: advice.into() }
    }
}

impl From<ShapeError> for Problem {
    fn from(error: ShapeError) -> Self {
        let advice =
            "`envparity schema KIND` tells the shape of each kind; see also profiles/schema";
        Self {
            line: error.line,
            column: error.column,
            message: error.message,
            advice: error.help.unwrap_or_else(|| advice.to_owned()),
        }
    }
}
