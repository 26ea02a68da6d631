//! Messages of the YAML parser without what they quote: in a profile that may be a secret which
//! slipped out of its own place. The place says where to look.

use crate::wire::problem::Problem;

/// Longer ones are not keys that somebody mistyped.
const MAX_KEY: usize = 40;

/// Takes out of a problem's message what it quotes from `text`, but for a key that stands as one at
/// the problem's place.
pub(super) fn scrub_problem(problem: &mut Problem, text: &str) {
    let place = ProblemPlace { text, line: problem.line, column: problem.column };
    problem.message = scrub_message(&problem.message, &place);
}

fn scrub_message(message: &str, place: &ProblemPlace<'_>) -> String {
    // Which fields there are is text of ours.
    if message.starts_with("missing field ") {
        return message.to_owned();
    }
    // The last one: the value itself may hold the words. What is expected is text of ours.
    let (found, expected) =
        match message.rfind(", expected ").or_else(|| message.rfind(", there are no fields")) {
            Some(at) => message.split_at(at),
            None => (message, ""),
        };
    for shape in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some(kind) = found.strip_prefix(shape) {
            let kind = kind.split(['"', '`', '\'', '\\']).next().unwrap_or_default();
            let words: Vec<&str> = kind.split(' ').filter(|word| KINDS.contains(word)).collect();
            let said = format!("{shape}{}", words.join(" "));
            return format!("{}{expected}", said.trim_end_matches([' ', ':']));
        }
    }
    let Some(start) = found.find(['`', '"', '\'']) else {
        // `duplicate mapping key: X` and the like.
        let last = found.split_once(": ").filter(|(_, last)| !last.contains(' '));
        return match last.filter(|(_, last)| !place.is_key(last)) {
            Some((said, _)) => format!("{said}{expected}"),
            None => message.to_owned(),
        };
    };
    // Nothing behind it stays: the value itself may hold a quote.
    match first_quoted(&found[start..]).filter(|text| place.is_key(text)) {
        Some(key) => format!("{}{expected}", &found[..start + key.len() + 2]),
        None => format!("{}{expected}", found[..start].trim_end_matches([' ', ':', '('])),
    }
}

/// Words by which serde names what it found.
const KINDS: &[&str] = &[
    "string", "character", "boolean", "integer", "floating", "point", "map", "sequence", "null",
    "unit", "value", "byte", "array", "Option", "enum", "variant", "newtype", "struct", "tuple",
];

/// What stands between the first quote and the next of its kind.
fn first_quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '`' | '"' | '\''))?;
    let end = text[1..].find(quote)?;
    Some(&text[1..=end])
}

/// Where a problem is.
struct ProblemPlace<'a> {
    text: &'a str,
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
}

impl ProblemPlace<'_> {
    /// Whether a key of that name stands here: what looks like one and has a colon behind it.
    fn is_key(&self, name: &str) -> bool {
        is_identifier(name) && self.has_key(name).unwrap_or(false)
    }

    fn has_key(&self, name: &str) -> Option<bool> {
        const QUOTES: [char; 2] = ['"', '\''];
        let line = self.text.split('\n').nth(self.line.checked_sub(1)?)?;
        let (at, _) = line.char_indices().nth(self.column.checked_sub(1)?)?;
        let before = line[..at].trim_end_matches([' ', '"', '\'']);
        let begins = before.chars().all(|c| c == ' ' || c == '-') || before.ends_with(['{', ',']);
        let after = line[at..].trim_start_matches(QUOTES).strip_prefix(name)?;
        let value = after.trim_start_matches(QUOTES).strip_prefix(':')?;
        Some(begins && (value.is_empty() || value.starts_with([' ', '\t', '\r'])))
    }
}

fn is_identifier(text: &str) -> bool {
    (1..=MAX_KEY).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::yaml::{self, Origin};

    const HEAD: &str =
        "apiVersion: envparity/v1\nkind: Environment\nname: prod\ntargets:\n  redis:\n";

    /// What people may write where a secret goes: name and text, below `redis:` unless it is a
    /// file.
    const SECRETS: &[(&str, &str)] = include!("../../tests/fixtures/secrets.rs");

    #[test]
    fn no_message_shows_a_secret_however_it_is_written() {
        for (name, text) in SECRETS {
            let is_whole = text.contains("apiVersion");
            let whole = if is_whole { (*text).to_owned() } else { format!("{HEAD}{text}") };
            let read =
                yaml::read::<super::super::config::EnvironmentConfig>(&whole, Origin::Person);
            let Err(error) = read else { continue };
            let mut problem = Problem::from(error);
            scrub_problem(&mut problem, &whole);
            assert!(!problem.message.contains("hunter2"), "{name}: {}", problem.message);
        }
    }

    #[test]
    fn messages_quote_only_keys() {
        let text = "name: x\nnmae: x\n- {name: y, hunter2}\n";
        for (message, line, column, said) in [
            (
                "invalid type: string \"a\", expected hunter2\", expected a map",
                1,
                1,
                "invalid type: string, expected a map",
            ),
            ("invalid value: integer `1`, expected x", 1, 7, "invalid value: integer, expected x"),
            ("unknown field `hunter2`, expected `a`", 3, 13, "unknown field, expected `a`"),
            ("unknown field `nmae`, expected `a`", 2, 1, "unknown field `nmae`, expected `a`"),
            ("unknown field `nmae`, expected `a`", 1, 1, "unknown field, expected `a`"),
            ("unknown variant `hunter2`, expected `a`", 1, 7, "unknown variant, expected `a`"),
            ("duplicate mapping key: hunter2", 3, 13, "duplicate mapping key"),
            ("duplicate mapping key: name", 1, 1, "duplicate mapping key: name"),
            ("missing field `name`", 1, 1, "missing field `name`"),
        ] {
            let place = ProblemPlace { text, line, column };
            assert_eq!(scrub_message(message, &place), said);
        }
    }
}
