//! Reads version texts, orders them, and says how far apart two are.
//!
//! Usable on its own: it knows schemes and grammars, never our components, environments or
//! products. What is known about a product (its scheme, what its numbers mean, expressions for its
//! tags) is handed in by the caller.
//!
//! Three rules hold everywhere:
//! - what cannot be ordered is [`Level::Incomparable`], never coerced into a number;
//! - packaging (`-0ubuntu2`, `-gke.100`) and variants (`-alpine3.19`) never become a
//!   pre-release, or `1.27.3-gke.100` would sort below `1.27.3`;
//! - the text itself is always kept, so that a report can quote what was said.

mod commit;
mod detect;
mod difference;
mod grammar;
mod identifier;
mod image;
mod level;
mod levels;
mod number;
mod order;
mod pattern;
mod range;
mod reading;
mod reason;
mod scheme;
mod system;
mod vocabulary;

pub use commit::Commit;
pub use difference::{difference, difference_of};
pub use identifier::Identifier;
pub use image::{ImageReference, ImageReferenceError};
pub use level::{Difference, Direction, Incomparable, Level};
pub use levels::Levels;
pub use number::Number;
pub use order::order;
pub use pattern::{GROUPS, Pattern, PatternError, read_tag};
pub use range::{Containment, Range, RangeError};
pub use reading::{
    ApiVersion, Body, Date, Detail, More, Reading, Semver, Stage, Update, UpdateKind, Version,
};
pub use scheme::Scheme;
pub use vocabulary::{FLAVOURS, VOCABULARY, Vocabulary};

/// Longer texts, in bytes, are not versions: their beginning is kept, and nothing is read.
const MAX_LENGTH: usize = 256;

/// Reads `text` by `scheme`. Total, and linear in the length: a text that the scheme cannot
/// read is [`Body::Opaque`].
pub fn read(scheme: Scheme, text: &str) -> Reading {
    let trimmed = text.trim();
    if trimmed.len() > MAX_LENGTH {
        return Reading::new(scheme, &shorten_text(trimmed), Body::Opaque);
    }
    Reading::new(scheme, text, grammar::read_body(scheme, trimmed))
}

/// The beginning of a text that is too long to be read; it stays too long.
fn shorten_text(text: &str) -> String {
    let starts = text.char_indices().map(|(start, _)| start);
    let end = starts.take_while(|start| *start <= MAX_LENGTH).last().unwrap_or(0);
    format!("{}…", &text[..end])
}

/// Reads `text` by the scheme that its form suggests.
pub fn read_any(text: &str) -> Reading {
    read(Scheme::detect(text), text)
}
