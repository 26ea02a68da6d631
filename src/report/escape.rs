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

/// For HTML, as text of an element or as an attribute in quotes: as for a terminal, and what is
/// markup becomes a character reference.
pub fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() || is_deceptive(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
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

/// For XML 1.0, one line: as for a terminal, and so for the two characters that XML has no room for
/// either (<https://www.w3.org/TR/xml/#charsets>). What XML marks up with is its writer's business.
pub fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in terminal(text).chars() {
        if matches!(c, '\u{fffe}' | '\u{ffff}') {
            safe.extend(c.escape_unicode())
        } else {
            safe.push(c)
        }
    }
    safe
}

/// For one cell of CSV that people open in a spreadsheet, as OWASP has it
/// (<https://owasp.org/www-community/attacks/CSV_Injection>): a single quote stands before what
/// would start a formula, at the start of the cell and behind what a spreadsheet may take for a
/// separator or a quote. Control characters as for a terminal. Quoting for CSV is its writer's
/// business.
pub fn spreadsheet(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut may_start = true;
    for c in terminal(text).chars() {
        if may_start && matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') {
            safe.push('\'');
        }
        safe.push(c);
        // Blanks are trimmed by some, so that they do not make a start harmless.
        may_start = matches!(c, ',' | ';' | '|' | '"') || (may_start && c.is_whitespace());
    }
    safe
}

/// For the prose of a Markdown table or list on GitHub and GitLab: plain words stay as they are,
/// everything else is a code span, in which nothing is marked up, linked, mentioned (`@name`),
/// referred to (`#1`, `GH-1`) or an emoji. Escaping would not do: both services look for mentions
/// in what comes out of Markdown.
pub fn markdown(text: &str) -> String {
    let safe = terminal(text);
    let words = safe.split_whitespace().map(|word| {
        let core = word
            .trim_start_matches(['(', '"', '\''])
            .trim_end_matches([')', ',', '.', ';', ':', '"', '\'']);
        if word == "->" || is_prose(core) {
            return word.to_owned();
        }
        let start = word.len() - word.trim_start_matches(['(', '"', '\'']).len();
        let (before, rest) = word.split_at(start);
        let behind = rest.strip_prefix(core).unwrap_or_default();
        format!("{before}{}{behind}", markdown_code(core))
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a word means nothing but itself to Markdown, GitHub and GitLab.
fn is_prose(word: &str) -> bool {
    let is_plain =
        |c: char| c.is_alphanumeric() || matches!(c, '.' | ',' | '-' | '/' | '=' | '\'' | '…');
    // `GH-1`, and what trackers of issues look for.
    let is_reference = word.split_once('-').is_some_and(|(project, number)| {
        project.chars().all(|c| c.is_ascii_alphabetic())
            && number.starts_with(|c: char| c.is_ascii_digit())
    });
    let is_commit = (7..=40).contains(&word.len()) && word.chars().all(|c| c.is_ascii_hexdigit());
    let is_site = word.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."));
    word.chars().all(is_plain) && !is_reference && !is_commit && !is_site
}

/// As a code span of Markdown, which no backtick ends
/// (<https://spec.commonmark.org/0.31.2/#code-spans>); nothing for nothing. In a table, a pipe
/// needs a backslash even here: `|` is the only character that this leaves to the caller.
pub fn markdown_code(text: &str) -> String {
    let text = terminal(text);
    if text.is_empty() {
        return text;
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // One blank on both sides is taken away again.
    let edge = |c: char| c == '`' || c == ' ';
    let pad = if text.starts_with(edge) || text.ends_with(edge) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::{html, markdown, markdown_code, spreadsheet, terminal, xml};

    #[test]
    fn nothing_acts_or_hides() {
        assert_eq!(terminal("a\u{1b}[31mb\nc"), "a\\u{1b}[31mb\\u{a}c");
        assert_eq!(
            terminal("\u{202e}gnp.exe\u{200b}\u{9b}2J"),
            "\\u{202e}gnp.exe\\u{200b}\\u{9b}2J"
        );
        assert_eq!(terminal("≠ ünïcode ▲"), "≠ ünïcode ▲");
    }

    #[test]
    fn xml_has_no_character_that_xml_has_not() {
        assert_eq!(
            xml("a\0\u{b}\u{ffff}\u{fffe}\u{85}<é"),
            "a\\u{0}\\u{b}\\u{ffff}\\u{fffe}\\u{85}<é"
        );
    }

    #[test]
    fn no_cell_starts_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "＠x"] {
            assert_eq!(spreadsheet(formula), format!("'{formula}"));
            assert_eq!(spreadsheet(&format!("a;{formula}")), format!("a;'{formula}"));
            assert_eq!(spreadsheet(&format!("a, \"{formula}")), format!("a, \"'{formula}"));
            assert_eq!(spreadsheet(&format!(" \u{a0}{formula}")), format!(" \u{a0}'{formula}"));
        }
        assert_eq!(spreadsheet("\t=1"), "\\u{9}=1");
        assert_eq!(spreadsheet("image/a-b@sha256:1=2"), "image/a-b@sha256:1=2");
    }

    #[test]
    fn markdown_marks_up_and_links_nothing() {
        let prose = "qualif redis 6.2.5, ovh-production valkey 8.0.1 (a major behind): image/a";
        assert_eq!(markdown(prose), prose);
        for word in [
            "@alice", "#12", "GH-12", "!7", "$3", "~label", ":tada:x", "http://x.y", "www.x.y",
            "a@b.c", "<img", "*b*", "_a_", "[a]", "![a](b", "a|b", "\\", "deadbeef", "&amp", "-->",
        ] {
            assert_eq!(markdown(word), format!("`{word}`"), "{word}");
            assert_eq!(
                markdown(&format!("see ({word}), x")),
                format!("see (`{word}`), x"),
                "{word}"
            );
        }
        assert_eq!(markdown("a\nb"), "`a\\u{a}b`");
    }

    #[test]
    fn no_backtick_ends_a_code_span() {
        assert_eq!(markdown_code("a`b``c"), "```a`b``c```");
        assert_eq!(markdown_code("`"), "`` ` ``");
        assert_eq!(markdown_code(" a "), "`  a  `");
        assert_eq!(markdown_code(""), "");
    }

    #[test]
    fn no_markup_and_nothing_that_acts_reaches_a_page() {
        assert_eq!(
            html("<script>alert('1')</script>"),
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"
        );
        assert_eq!(
            html("\"><img src=x onerror=alert(1)>"),
            "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"
        );
        assert_eq!(html("&lt;"), "&amp;lt;");
        assert_eq!(html("a\0b\n\u{202e}\u{200b}"), "a\\u{0}b\\u{a}\\u{202e}\\u{200b}");
        assert_eq!(html("≠ ünïcode image/redis"), "≠ ünïcode image/redis");
    }
}
