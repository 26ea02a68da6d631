//! Reads version texts, orders them, and says how far apart two are.
//!
//! Usable on its own: it knows schemes and grammars, never our components, environments or
//! products. What is known about a product (its scheme, how many numbers a full version has)
//! is handed in by the caller as a [`Scheme`] and a precision.
//!
//! Three rules hold everywhere:
//! - what cannot be ordered is [`Level::Incomparable`], never coerced into a number;
//! - packaging (`-0ubuntu2`, `-gke.100`) and variants (`-alpine3.19`) never become a
//!   pre-release, or `1.27.3-gke.100` would sort below `1.27.3`;
//! - the text itself is always kept, so that a report can quote what was said.

mod generic;
mod image;
mod level;
mod number;
mod reading;
mod tag;

pub use image::{ImageReference, ImageReferenceError};
pub use level::{Difference, Direction, Incomparable, Level, difference};
pub use number::Number;
pub use reading::{Body, Date, Identifier, Reading, Scheme, Semver, Version};

/// Reads `text` by `scheme`. Total: a text that the scheme cannot read is [`Body::Opaque`].
pub fn read(scheme: Scheme, text: &str) -> Reading {
    let trimmed = text.trim();
    let body = match scheme {
        Scheme::Generic => generic::read(trimmed),
        Scheme::ImageTag => tag::read(trimmed),
        Scheme::RedisModule => generic::read_redis_module(trimmed),
        Scheme::OsImage => generic::read_os_image(trimmed),
    };
    Reading::new(scheme, text, body)
}
