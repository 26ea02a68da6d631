//! Makes text from outside harmless for its reader.

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

/// Makes deceptive characters visible, `\\u{202e}`, in every string below.
pub(super) fn strings(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => {
            let visible = |c: char| if is_deceptive(c) { c.escape_unicode().to_string() } else { c.to_string() };
            *text = text.chars().map(visible).collect();
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(strings),
        serde_json::Value::Object(map) => map.values_mut().for_each(strings),
        _ => {}
    }
}

/// For JSON text: what is not ASCII and acts or hides becomes `\\uXXXX`, which means the same to
/// a reader of JSON. Outside of strings JSON is ASCII.
pub fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_ascii() && (c.is_control() || is_deceptive(c)) {
            let mut units = [0; 2];
            safe.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Unicode's bidirectional controls (UAX #9), zero-width and other invisible format characters,
/// line separators, and tags.
pub(super) fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{00ad}' | '\u{180e}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
