//! Hides whatever may be a secret in a profile's text, so that a snippet can be shown.
//!
//! An allow-list: known keys stay, and values that look harmless behind keys that hold none but
//! harmless ones. Each other character becomes one `*`: places stay right. Once a line is not
//! understood, no value below it is shown, because it may go on there.

use crate::collect::config::COLLECTORS;
use crate::model::KeyShape as Value;

/// Every key of every kind of profile, but those that a collector has of its own.
#[rustfmt::skip]
const KEYS: &[(Value, &[&str])] = &[
    (Value::Word, &[
        "apiVersion", "kind", "name", "baseline", "timezone", "required", "deadline", "max-age", "fail-on", "rule",
        "component", "severity", "image", "workload", "namespace", "container", "version",
        "expires", "family", "scheme", "below", "info-version", "id", "subject",
        "owner", "control", "waiver-span", "lookahead", "pin", "require",
    ]),
    (Value::Words, &[
        "environments", "gates", "expect", "ignore", "components", "levels", "only-in", "shared", "mirrors",
        "namespaces", "include", "exclude", "aliases", "images", "sentinels", "tag", "versions",
    ]),
    (Value::Below, &[
        "rules", "match", "products", "older", "targets", "tls", "waivers", "owners", "controls", "ranges",
    ]),
    (Value::Hidden, &[
        "username", "password", "else-recorded", "ca", "cert", "key", "server-name", "reason",
    ]),
];

/// The text with all but what is harmless hidden. `unknown` is a key that we do not know and that
/// may be shown, see [`unknown_key`].
pub(super) fn mask(text: &str, unknown: Option<&str>) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut lost = false;
    // Column of a key whose value is a scalar, which may go on below.
    let mut scalar: Option<usize> = None;
    // A lone CR ends a line too.
    for line in text.split_inclusive(['\n', '\r']) {
        let chars: Vec<char> = line.chars().collect();
        let mut at = Line { unknown, lost, ..Line::new(&chars) };
        let blank = line.trim().is_empty() || line.trim_start_matches([' ', '\t']).starts_with('#');
        if !blank {
            let indent = at.indent();
            if scalar.is_none_or(|column| indent <= column) {
                scalar = None;
                match at.pair_or_item() {
                    Some(is_scalar) => scalar = is_scalar.then_some(indent),
                    None => lost = true,
                }
            }
        }
        masked.extend(chars.iter().zip(&at.shown).map(|(c, shown)| if *shown { *c } else { '*' }));
    }
    masked
}

/// The key that a message calls unknown, if it looks like one and stands as one in that place:
/// else it may be a secret that slipped out of its own place.
pub(super) fn unknown_key<'a>(
    message: &'a str,
    text: &str,
    line: usize,
    column: usize,
) -> Option<&'a str> {
    let key = quoted(message.strip_prefix("unknown field ")?)?;
    let line = text.split('\n').nth(line.checked_sub(1)?)?;
    let (at, _) = line.char_indices().nth(column.checked_sub(1)?)?;
    let before = line[..at].trim_end_matches([' ', '"', '\'']);
    let begins = before.chars().all(|c| c == ' ' || c == '-') || before.ends_with(['{', ',']);
    let after = line[at..]
        .trim_start_matches(['"', '\''])
        .strip_prefix(key)?
        .trim_start_matches(['"', '\'']);
    let separated = after
        .strip_prefix(':')
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r']));
    (is_identifier(key) && begins && separated).then_some(key)
}

/// A message of the parser without what it quotes from the text, unless `masked` shows that too.
pub(super) fn scrub(message: &str, masked: &str, unknown: Option<&str>) -> String {
    let may_stay =
        |text: &str| unknown == Some(text) || known(text).is_some() || is_shown(text, masked);
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
            return format!(
                "{}{expected}",
                format!("{shape}{}", words.join(" ")).trim_end_matches([' ', ':'])
            );
        }
    }
    let Some(start) = found.find(['`', '"', '\'']) else {
        // `duplicate mapping key: X` and the like.
        return match found
            .split_once(": ")
            .filter(|(_, rest)| !may_stay(rest) && !rest.contains(' '))
        {
            Some((before, _)) => format!("{before}{expected}"),
            None => message.to_owned(),
        };
    };
    match quoted(&found[start..]) {
        // Nothing behind it stays: the value itself may hold a quote.
        Some(text) if may_stay(text) => format!("{}{expected}", &found[..start + text.len() + 2]),
        _ => format!("{}{expected}", found[..start].trim_end_matches([' ', ':', '('])),
    }
}

/// Words by which serde names what it found.
const KINDS: &[&str] = &[
    "string", "character", "boolean", "integer", "floating", "point", "map", "sequence", "null",
    "unit", "value", "byte", "array", "Option", "enum", "variant", "newtype", "struct", "tuple",
];

/// What stands between the first quote and the last of its kind.
fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '`' | '"' | '\''))?;
    let end = text[1..].find(quote)?;
    Some(&text[1..=end]).filter(|text| !text.is_empty())
}

fn is_shown(text: &str, masked: &str) -> bool {
    let mut words = masked.split(|c: char| c.is_whitespace() || "\"'[]{},".contains(c));
    is_token(text) && !text.contains('*') && words.any(|word| word == text)
}

fn is_identifier(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
}

/// What may stand behind a key; of one that several have, what shows least.
fn known(key: &str) -> Option<Value> {
    let own = COLLECTORS.0.iter().flat_map(|kind| kind.keys);
    let shapes = KEYS.iter().chain(own).filter(|(_, keys)| keys.contains(&key));
    let is_collector = COLLECTORS.0.iter().any(|kind| kind.name == key);
    shapes.map(|(shape, _)| *shape).chain(is_collector.then_some(Value::Below)).min()
}

/// A text between single quotes that certainly ends with the last of them.
fn is_single_quoted(text: &str) -> bool {
    let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    inner.is_some_and(|inner| !inner.contains('\''))
}

/// A word that no one takes for anything else.
fn is_token(text: &str) -> bool {
    (1..=80).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._/*+-".contains(c))
}

/// `${env:NAME}` or `${file:PATH}` and nothing more.
fn is_reference(text: &str) -> bool {
    let Some(inner) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else {
        return false;
    };
    match inner.split_once(':') {
        Some(("env", name)) => is_token(name) && !name.contains(['*', '/', '+']),
        Some(("file", path)) => is_token(path),
        _ => false,
    }
}

/// Scheme, host and port, or the path of a socket.
fn is_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let (host, port) = rest.split_once(':').unwrap_or((rest, "0"));
    let is_port = (1..=5).contains(&port.len()) && port.chars().all(|c| c.is_ascii_digit());
    let path = scheme == "unix" || !host.contains('/');
    scheme.chars().all(|c| c.is_ascii_lowercase())
        && is_token(host)
        && is_port
        && path
        && !host.contains(['*', '+'])
}

/// One line, read from left to right.
struct Line<'a> {
    chars: &'a [char],
    shown: Vec<bool>,
    at: usize,
    unknown: Option<&'a str>,
    lost: bool,
}

impl<'a> Line<'a> {
    fn new(chars: &'a [char]) -> Self {
        let shown = chars.iter().map(|c| matches!(c, ' ' | '\t' | '\n' | '\r')).collect();
        Self { chars, shown, at: 0, unknown: None, lost: false }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied().filter(|c| !matches!(c, '\n' | '\r'))
    }

    fn show(&mut self) {
        self.shown[self.at] = true;
        self.at += 1;
    }

    fn spaces(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.at += 1;
        }
    }

    /// Passes spaces and the dashes of list items; the column behind them.
    fn indent(&mut self) -> usize {
        self.spaces();
        while self.peek() == Some('-')
            && matches!(self.chars.get(self.at + 1), None | Some(' ' | '\t' | '\n' | '\r'))
        {
            self.show();
            self.spaces();
        }
        self.at
    }

    /// Whether it is a pair with a scalar; `None` if the line is not understood.
    fn pair_or_item(&mut self) -> Option<bool> {
        match self.peek() {
            None => Some(false),
            Some('{' | '[') => self.flow_or_nothing(Value::Hidden).map(|()| false),
            _ => {
                let start = self.at;
                let Some(value) = self.key() else {
                    self.at = start;
                    let item = self.rest();
                    return (is_token(&item) || is_address(&item) || is_single_quoted(&item))
                        .then_some(true);
                };
                self.spaces();
                match self.peek() {
                    None | Some('#') => {
                        matches!(value, Value::Words | Value::Below | Value::Addresses)
                            .then_some(false)
                    }
                    Some('{' | '[') => self.flow_or_nothing(value).map(|()| false),
                    Some(_) => {
                        let start = self.at;
                        let text = self.rest();
                        self.scalar(start, &text, value).then_some(true)
                    }
                }
            }
        }
    }

    /// A key and its colon.
    fn key(&mut self) -> Option<Value> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || "_-./".contains(c)) {
            self.at += 1;
        }
        let key: String = self.chars[start..self.at].iter().collect();
        let separated =
            matches!(self.chars.get(self.at + 1), None | Some(' ' | '\t' | '\n' | '\r'));
        if key.is_empty() || self.peek() != Some(':') || !separated {
            return None;
        }
        let value = known(&key);
        if value.is_some() || self.unknown == Some(&key) {
            self.shown[start..self.at].fill(true);
        }
        self.show();
        Some(value.unwrap_or(Value::Hidden))
    }

    /// The rest of the line without its comment.
    fn rest(&mut self) -> String {
        let text: String = self.chars[self.at..].iter().collect();
        let text = text.trim_end();
        self.at = self.chars.len();
        [" #", "\t#"]
            .iter()
            .filter_map(|mark| text.find(mark))
            .min()
            .map_or(text, |end| &text[..end])
            .trim_end()
            .into()
    }

    /// Shows the scalar if it is harmless; whether it certainly ends on this line.
    fn scalar(&mut self, start: usize, text: &str, value: Value) -> bool {
        let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
        let inner = match quote {
            Some(quote) => match text[1..].strip_suffix(quote) {
                // Between single quotes a backslash is one: expressions have them.
                Some(inner)
                    if !inner.contains(quote) && (quote == '\'' || !inner.contains('\\')) =>
                {
                    inner
                }
                _ => return false,
            },
            None if text.starts_with(['|', '>', '&', '*', '!', '%', '@', '`', '?', '{', '[']) => {
                return false;
            }
            None => text,
        };
        let harmless = match value {
            Value::Word | Value::Words => is_token(inner),
            Value::Address | Value::Addresses => is_address(inner),
            Value::Below | Value::Hidden => false,
        };
        if !self.lost && (harmless || is_reference(inner)) {
            self.shown[start..start + text.chars().count()].fill(true);
        }
        true
    }

    /// A list or map that ends on this line; else all of it stays hidden.
    fn flow_or_nothing(&mut self, value: Value) -> Option<()> {
        let before = self.shown.clone();
        let done = self.flow(value, 0).and_then(|()| {
            self.spaces();
            matches!(self.peek(), None | Some('#')).then_some(())
        });
        if done.is_none() {
            self.shown = before;
        }
        done
    }

    fn flow(&mut self, value: Value, depth: usize) -> Option<()> {
        let close = if self.peek() == Some('{') { '}' } else { ']' };
        self.show();
        loop {
            self.spaces();
            if self.peek() == Some(close) {
                self.show();
                return Some(());
            }
            let value = if close == '}' { self.key()? } else { value };
            self.spaces();
            match self.peek()? {
                '{' | '[' if depth < 8 => self.flow(value, depth + 1)?,
                _ => self.flow_scalar(value)?,
            }
            self.spaces();
            match self.peek()? {
                ',' => self.show(),
                c if c == close => {}
                _ => return None,
            }
        }
    }

    fn flow_scalar(&mut self, value: Value) -> Option<()> {
        let start = self.at;
        let ends = |line: &Self, c: char| match line.chars[start] {
            quote @ ('"' | '\'') => line.at > start + 1 && line.chars[line.at - 1] == quote,
            // The brace of a reference ends itself, not the map.
            '$' if line.chars[start..line.at].contains(&'{')
                && !line.chars[start..line.at].contains(&'}') =>
            {
                false
            }
            _ => matches!(c, ',' | '}' | ']'),
        };
        while self.peek().is_some_and(|c| !ends(self, c)) {
            self.at += 1;
        }
        let text: String = self.chars[start..self.at].iter().collect();
        let text = text.trim_end();
        // An empty value may go on elsewhere; ` #` hides the rest of the line.
        (!text.is_empty() && !text.contains(" #") && self.scalar(start, text, value)).then_some(())
    }
}

#[cfg(test)]
mod tests;
