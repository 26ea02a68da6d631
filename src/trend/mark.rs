//! What somebody excluded by a mark.

use crate::model::{LoadSpan, SpanMark};

/// Whether a span has a moment in common with one that somebody excluded.
pub(super) fn is_excluded(span: LoadSpan, marks: &[SpanMark]) -> bool {
    marks.iter().any(|mark| mark.is_excluded && mark.span.overlaps(span))
}
