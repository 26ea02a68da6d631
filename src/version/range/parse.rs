//! From text to conditions. What people write for other tools is refused with what to write
//! instead.

use std::str::FromStr;

use super::super::number::Number;
use super::super::reading::Body;
use super::super::scheme::Scheme;
use super::super::{read, read_any};
use super::{MAX_LENGTH, Operator, Range, RangeCondition, RangeError, conflict};

const ADVICE: &str =
    "bounds are written as >=7.0, <8, beginnings as 7.2.x; a bare version is exactly that one";
const CUT: &str = "only numbers stand before .x, and nothing behind it";
const SPACE: &str = "a space stands between a product and its range: redis >=7.0, <8";
const COMMAS: &str = "conditions are separated by commas, and all of them must hold";

impl FromStr for Range {
    type Err = RangeError;

    /// Reads conditions separated by commas, all of which must hold: `>=`, `<=`, `>`, `<` or `=`
    /// with a version; a bare version, which is the same as `=`; or the beginning of one with `.x`
    /// or `.*`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.len() > MAX_LENGTH {
            return Err(RangeError {
                text: shorten_for_line(text),
                why: "it is too long for one".into(),
            });
        }
        let error = |why| RangeError { text: shorten_for_line(text), why };
        let conditions = text
            .split(',')
            .map(|part| parse_condition(part.trim()).map_err(|why| error(why.into())));
        let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
        match conflict::find_conflict(&conditions) {
            Some(why) => Err(error(why.into())),
            None => Ok(Self { text: text.to_owned(), conditions }),
        }
    }
}

/// What of a text fits into a line.
fn shorten_for_line(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn parse_condition(text: &str) -> Result<RangeCondition, &'static str> {
    const OPERATORS: [(&str, Operator); 4] = [
        (">=", Operator::AtLeast),
        ("<=", Operator::AtMost),
        (">", Operator::Above),
        ("<", Operator::Below),
    ];
    let operator =
        OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?)));
    let version =
        operator.map_or_else(|| text.strip_prefix('=').unwrap_or(text), |(_, rest)| rest).trim();
    if text.is_empty() {
        return Err("a condition is empty");
    }
    refuse_foreign(version)?;
    let wildcard = wildcard_prefix(version);
    match operator {
        Some(_) if wildcard.is_some() => {
            Err("behind an operator stands a whole version, without .x")
        }
        Some(_) if version.contains(char::is_whitespace) => Err(COMMAS),
        Some(_) if !is_version(version) => Err("behind an operator stands a version"),
        Some((operator, _)) => Ok(RangeCondition::Bound(operator, version.to_owned())),
        None => match wildcard {
            Some(numbers) => numbers.map(RangeCondition::Within),
            None if is_cut(version) => Err(CUT),
            None => Ok(RangeCondition::Exactly(version.to_owned())),
        },
    }
}

/// What other tools' ranges are made of, and no version is.
fn refuse_foreign(version: &str) -> Result<(), &'static str> {
    let mut words = version.split_whitespace();
    let begins_version =
        |word: &str| word.trim_start_matches(['v', 'V']).starts_with(|c: char| c.is_ascii_digit());
    if version.is_empty() {
        return Err("behind an operator stands a version");
    }
    if version.starts_with(['^', '~', '!', '=', '|', '[', '(', ']', '\u{2264}', '\u{2265}', '&']) {
        return Err(ADVICE);
    }
    if version.contains(['<', '>', '=', '\u{2264}', '\u{2265}']) {
        let names_product =
            version.starts_with(|c: char| c.is_ascii_alphabetic()) && !begins_version(version);
        return Err(if names_product { SPACE } else { COMMAS });
    }
    if version.contains("||") || version.contains("&&") {
        return Err(COMMAS);
    }
    if words.next().is_some_and(begins_version)
        && words.any(|word| begins_version(word) || matches!(word, "-" | "or" | "and" | "to"))
    {
        return Err(COMMAS);
    }
    if version.ends_with(['+', '.', '-']) {
        return Err(ADVICE);
    }
    Ok(())
}

fn is_version(text: &str) -> bool {
    let says_one = |body: &Body| matches!(body, Body::Version(_) | Body::Date(_) | Body::Api(_));
    says_one(read_any(text).body()) || says_one(read(Scheme::ImageTag, text).body())
}

/// The numbers before `.x` or `.*`, if the text ends so.
fn wildcard_prefix(text: &str) -> Option<Result<Vec<Number>, &'static str>> {
    if text == "*" {
        return Some(Ok(Vec::new()));
    }
    let mut prefix = text;
    while let Some(shorter) = [".x", ".X", ".*"].iter().find_map(|end| prefix.strip_suffix(end)) {
        prefix = shorter;
    }
    let digits = prefix.strip_prefix(['v', 'V']).unwrap_or(prefix);
    let numbers = || digits.split('.').map(|digits| Number::parse(digits).ok_or(CUT)).collect();
    (prefix.len() < text.len()).then(numbers)
}

/// `7.x.1` and `7.2.x-alpine`, which look like beginnings and are none.
fn is_cut(text: &str) -> bool {
    let numbers = text.trim_start_matches(['v', 'V']);
    let rest = numbers.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let behind = rest.strip_prefix(['x', 'X', '*']);
    numbers.len() > rest.len() && behind.is_some_and(|rest| rest.starts_with(['.', '-', '+', '_']))
}
