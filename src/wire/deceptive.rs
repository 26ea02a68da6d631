//! Characters that act on the reader of a text, or hide from the reader.

/// Unicode's bidirectional controls (UAX #9), line separators, what programs may show as nothing
/// (`Default_Ignorable_Code_Point` of `DerivedCoreProperties.txt`: zero widths, fillers, variation
/// selectors, tags), annotations, and letters and signs whose picture is empty.
pub fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{00ad}' | '\u{034f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{13441}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a text shows nothing to anyone who reads it.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || is_deceptive(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_blank() {
        for c in
            "\u{3164}\u{2800}\u{fe0f}\u{115f}\u{1160}\u{ffa0}\u{e0101}\u{e0041}\u{200b}".chars()
        {
            assert!(is_deceptive(c) && is_blank(&format!(" {c}\u{a0}")), "{c:?}");
        }
        for text in ["é", "漢", "\u{1f600}", "x\u{200b}"] {
            assert!(!is_blank(text), "{text:?}");
        }
        assert!(!"é漢▲▼≠…→·".chars().any(is_deceptive));
    }
}
