//! PostgreSQL keeps any text but one with a NUL, which servers that we ask may well send. Pure.

/// A code point that is no character and stands in no text of ours.
const MARK: char = '\u{10ffff}';

/// The text as it is stored: MARK and `0` for a NUL, MARK and `1` for MARK itself.
pub(super) fn encode_text(text: &str) -> String {
    if !text.contains(['\0', MARK]) {
        return text.to_owned();
    }
    text.replace(MARK, "\u{10ffff}1").replace('\0', "\u{10ffff}0")
}

/// The text as it was given.
pub(super) fn decode_text(text: &str) -> String {
    if !text.contains(MARK) {
        return text.to_owned();
    }
    text.replace("\u{10ffff}0", "\0").replace("\u{10ffff}1", "\u{10ffff}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_comes_back_as_it_was() {
        for text in ["", "cache", "a\0b", "\0", "\u{10ffff}", "\u{10ffff}0\0\u{10ffff}1", "é\0\0"]
        {
            let stored = encode_text(text);
            assert!(!stored.contains('\0'), "{text:?}");
            assert_eq!(decode_text(&stored), text);
        }
    }
}
