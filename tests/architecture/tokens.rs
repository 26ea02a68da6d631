//! Rust source as a row of tokens, without comments and without what only tests compile.

/// Words, `::`, single signs, and string literals with their first quote.
pub(crate) fn read(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if c.is_whitespace() {
            rest = &rest[c.len_utf8()..];
            continue;
        } else if let Some(length) = comment(rest) {
            rest = &rest[length..];
            continue;
        } else if let Some(length) = string(rest) {
            length
        } else if c == '\'' {
            rest = &rest[quote(rest)..];
            continue;
        } else if c.is_alphanumeric() || c == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            c.len_utf8()
        };
        found.push(rest[..length].to_owned());
        rest = &rest[length..];
    }
    without_tests(&found)
}

/// The length of the comment that the text starts with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    let mut at = text.strip_prefix("/*").map(|_| 2)?;
    let mut depth = 1;
    while depth > 0 && at < text.len() {
        let rest = &text[at..];
        let step = if rest.starts_with("/*") {
            depth += 1;
            2
        } else if rest.starts_with("*/") {
            depth -= 1;
            2
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        at += step;
    }
    Some(at)
}

/// The length of the string literal that the text starts with: plain, raw, of bytes.
fn string(text: &str) -> Option<usize> {
    let prefix = text.find(|c: char| !matches!(c, 'b' | 'c' | 'r')).filter(|end| *end <= 2)?;
    let is_raw = text[..prefix].ends_with('r');
    let hashes = text[prefix..].len() - text[prefix..].trim_start_matches('#').len();
    let start = prefix + hashes + 1;
    if !text[prefix + hashes..].starts_with('"') || (hashes > 0 && !is_raw) {
        return None;
    }
    if is_raw {
        let end = format!("\"{}", "#".repeat(hashes));
        return Some(text[start..].find(&end).map_or(text.len(), |at| start + at + end.len()));
    }
    let mut escaped = false;
    for (at, c) in text[start..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(start + at + 1),
            _ => {}
        }
    }
    Some(text.len())
}

/// The length of a character literal or of a lifetime.
fn quote(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    let Some((_, first)) = chars.next() else { return 1 };
    if first == '\\' {
        return chars.skip(1).find(|(_, c)| *c == '\'').map_or(text.len(), |(at, _)| at + 1);
    }
    match chars.next() {
        Some((at, '\'')) => at + 1,
        _ => text[1..]
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(text.len(), |at| at + 1),
    }
}

/// Without items under `#[cfg(test)]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match attribute(&tokens[at..]) {
            Some(length) if is_of_tests(&tokens[at..at + length]) => {
                at += length;
                while let Some(length) = attribute(&tokens[at..]) {
                    at += length;
                }
                at += item(&tokens[at..]);
            }
            Some(length) => {
                kept.extend_from_slice(&tokens[at..at + length]);
                at += length;
            }
            None => {
                kept.push(tokens[at].clone());
                at += 1;
            }
        }
    }
    kept
}

/// The length of the attribute that the tokens start with.
fn attribute(tokens: &[String]) -> Option<usize> {
    (tokens.first()? == "#" && tokens.get(1)? == "[").then(|| 1 + group(&tokens[1..]))
}

fn is_of_tests(attribute: &[String]) -> bool {
    let words: Vec<&str> = attribute.iter().skip(2).map(String::as_str).collect();
    matches!(words[..], ["cfg", "(", "test", ..] | ["cfg", "(", "all", "(", "test", ..])
}

/// The length of a group in brackets of any kind, with all that is in it.
pub(crate) fn group(tokens: &[String]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// The length of an item, of a field or of an arm.
fn item(tokens: &[String]) -> usize {
    const ITEMS: &[&str] = &[
        "pub", "fn", "mod", "use", "impl", "struct", "enum", "const", "static", "type", "trait",
        "unsafe", "async", "extern", "macro_rules",
    ];
    let is_item = tokens.first().is_some_and(|first| ITEMS.contains(&first.as_str()));
    let is_use = tokens.iter().take_while(|token| *token != ";").any(|token| token == "use");
    let is_use = is_use && tokens.iter().take(8).any(|token| token == "use");
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            ";" => return at + 1,
            "," if !is_item => return at + 1,
            "{" if !is_use => return at + group(&tokens[at..]),
            "(" | "[" | "{" => at += group(&tokens[at..]),
            "}" | ")" => return at,
            _ => at += 1,
        }
    }
    at
}

#[test]
fn text_becomes_tokens() {
    let text = r##"// a::b
        use a::b; /* c::d /* e */ */ let s = "f\"::g"; let r = r#"h"i"#; 'x'; '\''; &'a str"##;
    let wanted = [
        "use", "a", "::", "b", ";", "let", "s", "=", "\"f\\\"::g\"", ";", "let", "r", "=",
        "r#\"h\"i\"#", ";", ";", ";", "&", "str",
    ];
    assert_eq!(read(text), wanted);
}

#[test]
fn what_only_tests_compile_goes() {
    let text = "#[cfg(test)] use a::{b, c}; #[cfg(test)] #[path = \"x\"] mod tests { fn f() {} }
        #[cfg(test)] pub(super) fn g() -> [u8; 2] { h(); } #[cfg(not(test))] mod kept;
        struct S { #[cfg(test)] x: T<u8>, y: U }";
    let wanted = "# [ cfg ( not ( test ) ) ] mod kept ; struct S { y : U }";
    assert_eq!(read(text).join(" "), wanted);
}
