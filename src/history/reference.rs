//! References into the past, wherever a file is accepted. Pure.
//!
//! `NAME` (newest), `NAME@-7d`, `NAME@2026-04-13T20:00+02:00` (newest at or before), `run:3f2a` and
//! `run:3f2a/NAME`, `./file.yaml`. A time needs its offset: which moment a zone's name or a bare
//! time of day means is said in the error, and not guessed.

mod moment;

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use moment::{MomentError, parse as parse_moment};

/// What a text refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A file.
    File(PathBuf),
    /// One run, by the beginning of its digest.
    Run {
        /// At least four hex digits, in lower case.
        digits: String,
        /// Which environment of it, if it says so.
        environment: Option<String>,
    },
    /// What an environment answered.
    Environment {
        /// Its name.
        name: String,
        /// The newest answer at or before this time; `None` for the newest of all.
        until: Option<Timestamp>,
    },
}

/// A text that is not a reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Too short, or no hex.
    #[error(
        "run:{0} is not the id of a run: write at least {MIN_DIGITS} digits of it, as history list shows them"
    )]
    Digits(String),
    /// Nothing in front of the `@`, or what cannot be a name.
    #[error("{0:?} names no environment: write NAME, NAME@-7d, NAME@TIME, run:DIGITS or ./FILE")]
    Name(String),
    /// What stands behind the `@`.
    #[error(transparent)]
    Moment(#[from] MomentError),
}

/// Fewer digits name too many runs by chance.
const MIN_DIGITS: usize = 4;

/// Reads a reference. `zone` is the one of the profiles, for telling what a time without an offset
/// could mean.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Reference, ReferenceError> {
    if is_path(text) {
        return Ok(Reference::File(PathBuf::from(text)));
    }
    if let Some(rest) = text.strip_prefix("run:") {
        return parse_run(rest);
    }
    let (name, when) = text.split_once('@').map_or((text, None), |(name, when)| (name, Some(when)));
    if !is_name(name) {
        return Err(ReferenceError::Name(text.to_owned()));
    }
    let until = when.map(|when| moment::parse(when, now, zone)).transpose()?;
    Ok(Reference::Environment { name: name.to_owned(), until })
}

fn parse_run(text: &str) -> Result<Reference, ReferenceError> {
    let (digits, environment) =
        text.split_once('/').map_or((text, None), |(digits, name)| (digits, Some(name)));
    let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_hex || !(MIN_DIGITS..=64).contains(&digits.len()) {
        return Err(ReferenceError::Digits(digits.to_owned()));
    }
    if let Some(name) = environment.filter(|name| !is_name(name)) {
        return Err(ReferenceError::Name(name.to_owned()));
    }
    let environment = environment.map(str::to_owned);
    Ok(Reference::Run { digits: digits.to_ascii_lowercase(), environment })
}

/// Whether it is written as a path: with a folder, or with an ending that only files have.
fn is_path(text: &str) -> bool {
    let file = text.split_once('@').map_or(text, |(before, _)| before);
    let ends = [".yaml", ".yml", ".json", ".txt"].iter().any(|ending| text.ends_with(ending));
    text == "-" || ends || (file.contains('/') && !text.starts_with("run:"))
}

fn is_name(text: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_of_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Reference, String> {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Paris").unwrap();
        parse(text, now, &zone).map_err(|error| error.to_string())
    }

    fn of(name: &str, until: Option<&str>) -> Reference {
        let until = until.map(|text| text.parse().unwrap());
        Reference::Environment { name: name.to_owned(), until }
    }

    #[test]
    fn each_form_is_read() {
        assert_eq!(read("qualif"), Ok(of("qualif", None)));
        assert_eq!(read("ovh-production"), Ok(of("ovh-production", None)));
        assert_eq!(read("qualif@-7d"), Ok(of("qualif", Some("2026-11-16T12:00:00Z"))));
        assert_eq!(read("q@-90m"), Ok(of("q", Some("2026-11-23T10:30:00Z"))));
        let at = Some("2026-04-13T18:00:00Z");
        for text in ["2026-04-13T20:00+02:00", "2026-04-13T18:00Z", "2026-04-13 20:00:00+02"] {
            assert_eq!(read(&format!("a.b@{text}")), Ok(of("a.b", at)), "{text}");
        }
        let run = |digits: &str, environment: Option<&str>| Reference::Run {
            digits: digits.to_owned(),
            environment: environment.map(str::to_owned),
        };
        assert_eq!(read("run:3F2a"), Ok(run("3f2a", None)));
        assert_eq!(read("run:3f2ab/dev"), Ok(run("3f2ab", Some("dev"))));
        for path in ["./file", "a/b", "/x@y/z", "dev.yaml", "dev@-7d.json", "../run:3f2a", "-"] {
            assert_eq!(read(path), Ok(Reference::File(path.into())), "{path}");
        }
    }

    #[test]
    fn what_is_no_reference_says_what_would_be_one() {
        for text in ["run:3f2", "run:", "run:xyz1", "run:3f2g"] {
            assert!(read(text).unwrap_err().contains("at least 4 digits"), "{text}");
        }
        for text in ["", "@-7d", "a b", "-x", "run:3f2a/", "é"] {
            assert!(read(text).unwrap_err().contains("names no environment"), "{text}");
        }
    }
}
