//! The one module that knows the YAML library: reading with places, writing with one style.
//!
//! Reading refuses duplicate keys, unknown tags of size (entity bombs) and, unless all are asked
//! for, several documents in one file. Errors carry a place and a message, never a source line.
//! What a message quotes may be a secret: `profile/` takes that out.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::deceptive::is_deceptive;
use super::syntax::{Mistake, in_words};

/// A text that is not of the shape wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ShapeError {
    /// What is wrong, in a lowercase fragment.
    pub message: String,
    /// Line from 1; 0 if not known.
    pub line: usize,
    /// Column from 1, in characters; 0 if not known.
    pub column: usize,
    /// What to write instead, where that can be said of the text alone.
    pub help: Option<String>,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Line from 1.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
}

impl<T> std::ops::Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_yaml::Spanned::<T>::deserialize(deserializer)?;
        let place = spanned.referenced;
        Ok(Self {
            line: to_usize(place.line()),
            column: to_usize(place.column()),
            value: spanned.value,
        })
    }
}

impl<T: std::fmt::Display> std::fmt::Display for Located<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.value.fmt(f)
    }
}

/// What stands in no text yet.
impl<T: Into<String>> From<T> for Located<String> {
    fn from(text: T) -> Self {
        Self { value: text.into(), line: 0, column: 0 }
    }
}

impl<T: JsonSchema> JsonSchema for Located<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }
}

/// Who wrote the text: it decides how large it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A person: the library's own limits hold (250,000 nodes).
    Person,
    /// A program of ours, perhaps large; still bounded, and references to anchors are not needed.
    Program,
}

/// Reads one document.
///
/// # Errors
/// The first thing that is not of the shape of `T`, with its place.
pub fn read<T: DeserializeOwned>(text: &str, origin: Origin) -> Result<T, ShapeError> {
    serde_yaml::from_str_with_options(text, reader_options(origin))
        .map_err(|error| shape_error(&error, text))
}

/// Reads all documents of a text; those that are empty count for nothing.
///
/// # Errors
/// As [`read`].
pub fn read_all<T: DeserializeOwned>(text: &str, origin: Origin) -> Result<Vec<T>, ShapeError> {
    serde_yaml::from_multiple_with_options(text, reader_options(origin))
        .map_err(|error| shape_error(&error, text))
}

fn reader_options(origin: Origin) -> serde_yaml::Options {
    let budget = match origin {
        Origin::Person => serde_yaml::budget! {},
        Origin::Program => serde_yaml::budget! {
            // Evidence of 100,000 containers has two million, of some hundred bytes each.
            max_nodes: 3_000_000,
            max_events: 8_000_000,
            max_total_scalar_bytes: 256 * 1024 * 1024,
            max_aliases: 0,
        },
    };
    serde_yaml::options! {
        budget: budget,
        with_snippet: false,
    }
}

fn shape_error(error: &serde_yaml::Error, text: &str) -> ShapeError {
    let place = error.location();
    let line = place.map_or(0, |p| to_usize(p.line()));
    let column = place.map_or(0, |p| to_usize(p.column()));
    let rendered = error.without_snippet().to_string();
    // The library repeats the place behind (or in front of) its message.
    let at = format!(" at line {line}, column {column}");
    let message = rendered.replace(&at, "");
    let message = message.trim_start_matches(&format!("line {line} column {column}: ")).trim();
    let Mistake { message, line, column, help } = in_words(message, text, line, column);
    ShapeError { message, line, column, help }
}

/// Writes one document: two spaces, plain scalars where they are safe, no folding, and nothing that
/// acts or hides.
///
/// # Errors
/// If the value has no YAML form.
pub fn write<T: Serialize>(value: &T) -> Result<String, serde_yaml::SerializeError> {
    let text = emit_yaml(value)?;
    if !text.chars().any(must_be_escaped) {
        return Ok(text);
    }
    // The library prints these as they are. A control character, which it quotes and escapes, holds
    // each one's place.
    let mut marked = serde_json::to_value(value).map_err(|e| e.to_string())?;
    mark_strings(&mut marked);
    Ok(remove_marks(&emit_yaml(&marked)?))
}

fn emit_yaml<T: Serialize>(value: &T) -> Result<String, serde_yaml::SerializeError> {
    let options = serde_yaml::ser_options! {
        compact_list_indent: true,
        prefer_block_scalars: false,
    };
    let mut text = String::new();
    serde_yaml::to_fmt_writer_with_options(&mut text, value, options)?;
    Ok(text)
}

/// What may not stand in a YAML text as it is, or would show another text than is there.
fn must_be_escaped(c: char) -> bool {
    is_deceptive(c) || (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Before and behind the number of a character.
const MARKS: [char; 2] = ['\u{1}', '\u{2}'];

fn mark_strings(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::String(text) => *text = mark_text(text),
        Value::Array(items) => items.iter_mut().for_each(mark_strings),
        Value::Object(map) => {
            let own = std::mem::take(map);
            map.extend(own.into_iter().map(|(key, mut value)| {
                mark_strings(&mut value);
                (mark_text(&key), value)
            }));
        }
        _ => {}
    }
}

fn mark_text(text: &str) -> String {
    let mut marked = String::with_capacity(text.len());
    for c in text.chars() {
        // A backslash too: what looks like an escaped mark would be taken for one.
        if must_be_escaped(c) || MARKS.contains(&c) || c == '\\' {
            marked.extend([
                MARKS[0].to_string(),
                format!("{:x}", u32::from(c)),
                MARKS[1].to_string(),
            ]);
        } else {
            marked.push(c);
        }
    }
    marked
}

/// The marks are the only ones of their kind, since those that were there are marked themselves.
fn remove_marks(text: &str) -> String {
    const BEFORE: &str = "\\x01";
    const BEHIND: &str = "\\x02";
    let mut pieces = text.split(BEFORE);
    let mut unmarked = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let number = piece
            .split_once(BEHIND)
            .and_then(|(hex, rest)| Some((u32::from_str_radix(hex, 16).ok()?, rest)));
        match number {
            Some((number @ ..=0xffff, rest)) => {
                unmarked.push_str(&format!("\\u{number:04X}{rest}"))
            }
            Some((number, rest)) => unmarked.push_str(&format!("\\U{number:08X}{rest}")),
            None => unmarked.push_str(&format!("{BEFORE}{piece}")),
        }
    }
    unmarked
}

fn to_usize(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct YamlSample {
        name: Located<String>,
        version: String,
    }

    #[test]
    fn places_are_those_of_the_value() {
        let sample: YamlSample = read("version: 16.10\nname:  dev\n", Origin::Person).unwrap();
        assert_eq!((sample.name.as_str(), sample.name.line, sample.name.column), ("dev", 2, 8));
        assert_eq!(sample.version, "16.10");
    }

    #[test]
    fn errors_say_what_and_where_once() {
        let error =
            read::<YamlSample>("name: a\nnmae: b\nversion: '1'\n", Origin::Person).unwrap_err();
        assert_eq!((error.line, error.column), (2, 1), "{error:?}");
        assert!(error.message.contains("nmae") && !error.message.contains("line"), "{error:?}");
        let error =
            read::<YamlSample>("name: a\nname: b\nversion: '1'\n", Origin::Person).unwrap_err();
        assert!(error.message.contains("duplicate"), "{error:?}");
    }

    #[test]
    fn what_acts_or_hides_is_escaped_and_comes_back() {
        let texts: Vec<String> = [
            "\u{202e}x", "\u{1}", "\u{1}202e\u{2}", "\\x01202e\\x02", "\u{e0041}\n\u{9b}",
            "\u{ffff}\t",
        ]
        .map(str::to_owned)
        .into();
        let text = write(&texts).unwrap();
        assert!(text.chars().all(|c| c == '\n' || c.is_ascii_graphic() || c == ' '), "{text:?}");
        assert_eq!(read::<Vec<String>>(&text, Origin::Program).unwrap(), texts, "{text}");
    }

    #[test]
    fn what_other_readers_would_misread_is_quoted() {
        let text = write(&vec!["no", "2026-11-22", "1.10", "y", "plain"]).unwrap();
        assert!(text.contains("\"no\"") || text.contains("'no'"), "{text}");
        assert!(!text.contains("- 1.10\n") && text.contains("- plain\n"), "{text}");
    }
}
