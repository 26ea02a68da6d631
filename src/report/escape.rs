//! Makes text from outside harmless for its reader.

use crate::wire::deceptive::is_deceptive;

/// For a terminal, one line: control characters (escape sequences, newlines), bidirectional
/// overrides and invisible characters become `\u{…}`, so that text can neither act nor hide.
pub fn terminal(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_deceptive(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// The same for several lines.
pub fn terminal_lines(text: &str) -> String {
    text.lines().map(terminal).collect::<Vec<_>>().join("\n")
}

/// For JSON text: what acts or hides becomes `\\uXXXX`, which means the same to
/// a reader of JSON. Outside of strings JSON is ASCII.
pub fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        // serde_json escapes the other control characters of ASCII.
        if c == '\u{7f}' || (!c.is_ascii() && (c.is_control() || is_deceptive(c))) {
            let mut units = [0; 2];
            safe.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::terminal;

    #[test]
    fn nothing_acts_or_hides() {
        assert_eq!(terminal("a\u{1b}[31mb\nc"), "a\\u{1b}[31mb\\u{a}c");
        assert_eq!(terminal("\u{202e}gnp.exe\u{200b}\u{9b}2J"), "\\u{202e}gnp.exe\\u{200b}\\u{9b}2J");
        assert_eq!(terminal("≠ ünïcode ▲"), "≠ ünïcode ▲");
    }
}
