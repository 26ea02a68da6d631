//! Text for viewers of SARIF, which show it on pages and make links of some of it.

use super::object::Message;
use crate::report::escape;

/// Characters of a message at most: GitHub shows no more of one.
const MAX_TEXT: usize = 1_000;

/// One message in plain text.
pub(super) fn text_message(text: &str) -> Message {
    Message { text: plain_text(text) }
}

/// What acts or hides is made visible, and what a viewer would take for a link of the message
/// (SARIF 3.11.6) is escaped. Then cut.
pub(super) fn plain_text(text: &str) -> String {
    let mut safe = escape::terminal(text);
    if safe.contains("](") {
        safe = safe.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
    }
    match safe.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => safe[..end].to_owned() + "…",
        None => safe,
    }
}

/// A path as a URI: of a file if it is absolute, else relative.
pub(super) fn file_uri(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    let mut uri = scheme.to_owned();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_hides_or_links() {
        assert_eq!(plain_text("[a] {0} \u{1b}[2J\n\u{202e}"), "[a] {0} \\u{1b}[2J\\u{a}\\u{202e}");
        assert_eq!(plain_text("[click](http://evil)"), "\\[click\\](http://evil)");
        assert_eq!(plain_text(&"é".repeat(2_000)).chars().count(), MAX_TEXT + 1);
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(file_uri("profiles/my dev#1:é.yaml"), "profiles/my%20dev%231%3A%C3%A9.yaml");
        assert_eq!(file_uri("/srv/profiles/dev.yaml"), "file:///srv/profiles/dev.yaml");
    }
}
