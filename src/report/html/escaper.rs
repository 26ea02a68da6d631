//! What every value of the page passes on its way out of a template.

use std::fmt;

use askama::filters::Escaper;

use crate::report::escape;

/// Writes text as [`escape::html`] makes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageEscaper;

impl Escaper for PageEscaper {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        dest.write_str(&escape::html(text))
    }
}
