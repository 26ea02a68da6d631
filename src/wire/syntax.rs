//! What is wrong with a YAML text, in our words: where the mistake is, and what to write instead.
//! The library names what its parser waits for, and at times the line after the mistake. Nothing
//! of the text is quoted but a key, and the caller decides whether that may be shown.

use crate::model::nearest_name;

/// The words of a mistake.
pub(super) struct Mistake {
    pub(super) message: String,
    pub(super) line: usize,
    pub(super) column: usize,
    /// What to write instead; `None` if the message says it.
    pub(super) help: Option<String>,
}

/// Puts the library's message about a place of `text` into words.
pub(super) fn in_words(message: &str, text: &str, line: usize, column: usize) -> Mistake {
    let place = TextPlace { text, line, column };
    let (message, help) = if let Some(key) = message.strip_prefix("duplicate mapping key: ") {
        place.duplicate_key(key.split(", set Duplicate").next().unwrap_or(key))
    } else if let Some(rest) = message.strip_prefix("unknown variant ") {
        unknown_value(rest)
    } else if let Some(of_context) = place.misplaced_text(message) {
        return of_context;
    } else {
        match FIXED.iter().find(|(begins, _, _)| message.starts_with(begins)) {
            Some((_, said, help)) => ((*said).to_owned(), Some((*help).to_owned())),
            None => (general_message(message), None),
        }
    };
    let help = help.filter(|help| !help.is_empty());
    Mistake { message, line, column, help }
}

/// How the library's messages begin, what is wrong, and what to write.
const FIXED: &[(&str, &str, &str)] = &[
    ("expected sequence start", "a list is expected here", ""),
    ("expected mapping start", "keys with values are expected here", ""),
    ("expected string scalar", "a text is expected here", ""),
    ("invalid boolean", "true or false is expected here", ""),
    ("invalid bool", "true or false is expected here", ""),
    ("unclosed quote", "unclosed quote", "close the text with the quote that opens it"),
    ("invalid trailing content after", "text after a closing quote", "put all of it in the quotes"),
    ("unclosed bracket", "unclosed bracket", "close each [ with ] and each { with }"),
    ("mismatched bracket", "mismatched bracket", "close each [ with ] and each { with }"),
    ("while parsing a flow", "unclosed bracket", "close each [ with ], and put commas in between"),
    ("illegal placement of", "unclosed bracket", "close each [ with ] and each { with }"),
    ("invalid indentation in flow", "unclosed bracket", "close each [ with ] and each { with }"),
    ("invalid indentation in multiline quoted", "unclosed quote", "end the text on its line"),
    (
        "alias references unknown anchor",
        "a value that begins with * must be quoted",
        "write \"*\" with quotes around all of it",
    ),
    (
        "while scanning an anchor or alias",
        "a value that begins with * or & must be quoted",
        "put quotes around all of it",
    ),
    (
        "while parsing a quoted scalar, found unknown escape",
        "unknown escape sequence between double quotes",
        "use single quotes, or write \\\\ for a backslash",
    ),
    (
        "while parsing a quoted scalar",
        "invalid escape sequence between double quotes",
        "use single quotes, or write \\\\ for a backslash",
    ),
    (
        "while scanning a block scalar",
        "unexpected text after | or >",
        "start the text on the next line, or quote it",
    ),
    (
        "multiple YAML documents",
        "a second document begins here",
        "put it into a file of its own, and remove the ---",
    ),
    ("recursion limit", "nested too deeply", ""),
    ("budget breached: Aliases", "references to anchors (*name) are not allowed here", ""),
    ("budget breached", "too large for a file of this kind", "split it into several files"),
    (
        "block sequence entries are not allowed",
        "a list cannot begin here",
        "start it on the line below its key",
    ),
];

/// What is left: the library's message without its parser's terms.
fn general_message(message: &str) -> String {
    match message.split_once("did not find expected ") {
        Some((_, expected)) if message.starts_with("while ") => {
            format!("invalid YAML: {expected} is expected here")
        }
        _ => message.to_owned(),
    }
}

fn unknown_value(rest: &str) -> (String, Option<String>) {
    let (found, known) = rest.split_once(", expected ").unwrap_or((rest, ""));
    let names = known.trim_start_matches("one of ").split([',', ' ', '`']);
    let names = names.filter(|name| !name.is_empty() && *name != "or");
    let help =
        nearest_name(found.trim_matches('`'), names).map(|near| format!("did you mean {near}?"));
    (format!("unknown value {rest}"), help)
}

/// A line and a column of a text, from 1.
struct TextPlace<'a> {
    text: &'a str,
    line: usize,
    column: usize,
}

impl<'a> TextPlace<'a> {
    fn line_at(&self, number: usize) -> &'a str {
        let index = number.checked_sub(1);
        index.and_then(|index| self.text.lines().nth(index)).unwrap_or_default()
    }

    fn character(&self) -> Option<char> {
        self.line_at(self.line).chars().nth(self.column.checked_sub(1)?)
    }

    fn mistake_at(line: usize, column: usize, message: &str, help: &str) -> Mistake {
        let (message, help) = (message.to_owned(), Some(help.to_owned()));
        Mistake { message, line, column, help }
    }

    fn mistake_here(&self, message: &str, help: &str) -> Mistake {
        Self::mistake_at(self.line, self.column, message, help)
    }

    /// A key that stands twice, and where it stands first.
    fn duplicate_key(&self, key: &str) -> (String, Option<String>) {
        let begins = |line: &str| {
            let from = line.char_indices().nth(self.column.saturating_sub(1));
            from.is_some_and(|(at, _)| {
                let rest = line[at..].trim_start_matches(['"', '\'']);
                rest.strip_prefix(key)
                    .is_some_and(|rest| rest.trim_start_matches(['"', '\'']).starts_with(':'))
            })
        };
        let first = (1..self.line).rev().find(|number| begins(self.line_at(*number)));
        let help = match first {
            Some(line) => format!("it is already in line {line}: remove one, or merge them"),
            None => "remove one, or merge them".to_owned(),
        };
        (format!("duplicate key `{key}`"), Some(help))
    }

    /// Mistakes whose words depend on the lines around.
    fn misplaced_text(&self, message: &str) -> Option<Mistake> {
        let has = |words: &str| message.contains(words);
        if has("tab") && !has("table") {
            return Some(self.tab_mistake());
        }
        if has("unexpected character") || message.starts_with("while scanning a directive") {
            return Some(self.character_of_its_own());
        }
        if has("simple key") {
            return Some(self.without_colon(self.line));
        }
        if has("values are not allowed") || has("keys are not allowed") {
            return Some(self.second_colon().unwrap_or_else(|| self.after_the_line_above()));
        }
        if has("parsing a block")
            || has("invalid indentation") && !has("in flow") && !has("multiline")
        {
            return Some(self.indentation_mistake());
        }
        if has("unexpected end of input") || has("unexpected eof") || has("unexpected EOF") {
            let (said, help) = if self.text.trim().is_empty() {
                ("the file is empty", "")
            } else {
                ("the file ends too early", "look for a bracket that is not closed")
            };
            let help = Some(help.to_owned()).filter(|help| !help.is_empty());
            let (line, column) = (self.line, self.column);
            return Some(Mistake { message: said.to_owned(), line, column, help });
        }
        None
    }

    /// The parser points behind the tab.
    fn tab_mistake(&self) -> Mistake {
        let found = [self.line, self.line.saturating_sub(1), self.line + 1].into_iter().find_map(
            |number| Some((number, self.line_at(number).chars().position(|c| c == '\t')?)),
        );
        let (line, column) = found.map_or((self.line, self.column), |(line, at)| (line, at + 1));
        Self::mistake_at(line, column, "a tab in the indentation", "indent with spaces")
    }

    fn character_of_its_own(&self) -> Mistake {
        match self.character() {
            Some(c) if c.is_control() => self.mistake_here("a control character", "remove it"),
            _ => self.mistake_here(
                "a value cannot begin with this character",
                "put the value in quotes",
            ),
        }
    }

    fn without_colon(&self, number: usize) -> Mistake {
        let line = self.line_at(number);
        let column = line.chars().take_while(|c| *c == ' ').count() + 1;
        let glued =
            line.split_once(':').is_some_and(|(key, rest)| is_word(key) && !rest.is_empty());
        if glued {
            let column = line.chars().take_while(|c| *c != ':').count() + 1;
            return Self::mistake_at(
                number,
                column,
                "missing space after the colon",
                "write KEY: VALUE",
            );
        }
        Self::mistake_at(number, column, "missing colon after a key", "write KEY: VALUE")
    }

    /// A colon in a value that is not quoted: `name: a: b`.
    fn second_colon(&self) -> Option<Mistake> {
        let before: String =
            self.line_at(self.line).chars().take(self.column.saturating_sub(1)).collect();
        let (key, value) = before.split_once(": ")?;
        let is_second = is_word(key) && !value.trim().is_empty();
        is_second
            .then(|| self.mistake_here("a second colon in one line", "put the value in quotes"))
    }

    /// A line that is deeper than the one above, which has no room for it.
    fn after_the_line_above(&self) -> Mistake {
        let above = (1..self.line).rev().find(|number| {
            let line = self.line_at(*number).trim();
            !line.is_empty() && !line.starts_with('#')
        });
        let glued = |line: &str| {
            line.split_once(':').is_some_and(|(_, rest)| !rest.is_empty() && !rest.starts_with(' '))
        };
        match above {
            Some(number)
                if !self.line_at(number).contains(": ")
                    && !self.line_at(number).trim_end().ends_with(':')
                    && (is_word(self.line_at(number)) || glued(self.line_at(number))) =>
            {
                self.without_colon(number)
            }
            _ => self.indentation_mistake(),
        }
    }

    fn indentation_mistake(&self) -> Mistake {
        let line = self.line_at(self.line);
        let column = line.chars().take_while(|c| *c == ' ').count() + 1;
        let help = "keys of one block start in the same column";
        Self::mistake_at(self.line, column, "wrong indentation", help)
    }
}

/// Whether a line is a key and nothing else, perhaps the first of a list's item.
fn is_word(line: &str) -> bool {
    let word = line.trim().trim_start_matches("- ").trim_matches(['"', '\'']);
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::wire::yaml::{self, Origin};

    type Free = BTreeMap<String, serde_json::Value>;

    /// A text, the line to look at, and how the message begins.
    const MISTAKES: &[(&str, usize, &str)] = &[
        ("a: 1\n b: 2\n", 2, "wrong indentation"),
        ("a:\n  b:\n  - c: 1\n     d: 2\n", 4, "wrong indentation"),
        ("a:\n  b:\n  - c: 1\n   d: 2\n", 4, "wrong indentation"),
        ("a:\n\tb: 1\n", 2, "a tab in the indentation"),
        ("a:\n  b: 1\n\tc: 2\n", 3, "a tab in the indentation"),
        ("a: 1\nb: 2\na: 3\n", 3, "duplicate key `a`"),
        ("a:\n  b: 1\n  b: 2\n", 3, "duplicate key `b`"),
        ("a: \"b\nc: d\n", 1, "unclosed quote"),
        ("a: 'b\nc: d\n", 1, "unclosed quote"),
        ("a: 'b' c\n", 1, "text after a closing quote"),
        ("a: 1\nb\n", 2, "missing colon after a key"),
        ("x: 1\na\n  b: 1\n", 2, "missing colon after a key"),
        ("a:\n  b\n  - c: 1\n", 2, "missing colon after a key"),
        ("a: 1\nb 3s\n", 2, "missing colon after a key"),
        ("a: 1\nb:3s\n", 2, "missing space after the colon"),
        ("a: b: c\n", 1, "a second colon in one line"),
        ("a: {b: [1}\n", 1, "mismatched bracket"),
        ("a: @x\n", 1, "a value cannot begin with this character"),
        ("a: %x\n", 1, "a value cannot begin with this character"),
        ("a: *x\n", 1, "a value that begins with * must be quoted"),
        ("a: \"\\q\"\n", 1, "unknown escape sequence"),
        ("a: |x\n", 1, "unexpected text after | or >"),
        ("a: 1\n---\nb: 2\n", 3, "a second document begins here"),
        ("- a\n", 1, "keys with values are expected here"),
    ];

    /// Words of the parser.
    const JARGON: &[&str] = &[
        "scalar", "mapping", "scanning", "parsing", "context", "sequence start", "Options",
        "anchor",
    ];

    #[test]
    fn mistakes_are_told_in_words_at_their_line() {
        for (text, line, said) in MISTAKES {
            let error = yaml::read::<Free>(text, Origin::Person).expect_err(text);
            assert!(error.message.starts_with(said), "{text:?}: {error:?}");
            assert_eq!(error.line, *line, "{text:?}: {error:?}");
            let all = format!("{} {}", error.message, error.help.unwrap_or_default());
            assert!(!JARGON.iter().any(|word| all.contains(word)), "{text:?}: {all}");
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_told_with_its_first_line() {
        let error =
            yaml::read::<Free>("a: 1\n# b\nc: 2\na: 3\n", Origin::Person).expect_err("twice");
        assert!(error.help.unwrap_or_default().contains("line 1"));
    }
}
