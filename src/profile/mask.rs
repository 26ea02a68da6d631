//! Hides whatever may be a secret in a profile's text, so that a snippet can be shown.
//!
//! Only `${env:…}` and `${file:…}` may stand behind a key that names a secret; anything else
//! there is hidden, on its line and on the deeper lines below it. User names and passwords in
//! URLs are hidden everywhere. Every hidden character becomes one `*`: places stay right.

/// Parts of keys behind which a secret may stand.
const SECRET_WORDS: &[&str] =
    &["pass", "pwd", "secret", "token", "credential", "auth", "apikey", "api-key", "api_key", "private"];

/// The text with secrets hidden, and what was hidden (to keep it out of messages too). What
/// stands behind `unknown`, a key that we do not know, may be a secret under a misspelt name.
pub(super) fn mask(text: &str, unknown: Option<&str>) -> (String, Vec<String>) {
    let mut hidden = Vec::new();
    let mut masked = String::with_capacity(text.len());
    // Indentation of a key whose value may go on below.
    let mut secret_block: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        let blank = line.trim().is_empty();
        if secret_block.is_some_and(|key_indent| indent > key_indent && !blank) {
            push_hidden(&mut masked, line, indent, &mut hidden);
            continue;
        }
        if !blank {
            secret_block = None;
        }
        match secret_value(line, unknown) {
            Some(start) => {
                secret_block = Some(indent);
                push_hidden(&mut masked, line, start, &mut hidden);
            }
            None => push_without_userinfo(&mut masked, line, &mut hidden),
        }
    }
    (masked, hidden)
}

/// Takes hidden texts out of a message.
pub(super) fn scrub(message: &str, hidden: &[String]) -> String {
    let long_enough = hidden.iter().filter(|text| text.chars().count() >= 3);
    long_enough.fold(message.to_owned(), |message, text| message.replace(text.as_str(), "***"))
}

/// Where the value of a key that names a secret begins, unless it is a reference.
fn secret_value(line: &str, unknown: Option<&str>) -> Option<usize> {
    let colons = line.match_indices(':').map(|(colon, _)| colon);
    colons.filter(|&colon| names_secret(&line[..colon], unknown)).map(|colon| colon + 1).find(|&value| {
        let separated = line[value..].starts_with([' ', '\n', '\r', '"', '\'']);
        separated && !is_reference(line[value..].trim_start_matches([' ', '"', '\'']))
    })
}

/// Whether the word before a colon is a key that names a secret.
fn names_secret(before: &str, unknown: Option<&str>) -> bool {
    let key = before.rsplit([' ', '{', ',', '"', '\'']).find(|part| !part.is_empty()).unwrap_or_default();
    let lower = key.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| lower.contains(word)) || unknown == Some(key)
}

fn is_reference(value: &str) -> bool {
    (value.starts_with("${env:") || value.starts_with("${file:")) && value.contains('}')
}

fn push_hidden(masked: &mut String, line: &str, start: usize, hidden: &mut Vec<String>) {
    let end = line.trim_end().len().max(start);
    masked.push_str(&line[..start]);
    let value = line[start..end].trim();
    hidden.extend([value, value.trim_matches(['"', '\'', '}', ',', ' '])].map(str::to_owned));
    masked.extend(line[start..end].chars().map(|c| if c == ' ' { ' ' } else { '*' }));
    masked.push_str(&line[end..]);
}

/// `redis://user:secret@host` becomes `redis://***********@host`.
fn push_without_userinfo(masked: &mut String, line: &str, hidden: &mut Vec<String>) {
    let mut rest = line;
    while let Some(scheme) = rest.find("://") {
        let start = scheme + 3;
        let authority = rest[start..].find([' ', '\n', '"', '\'', ',', '}']).map_or(rest.len(), |i| start + i);
        // The last `@`: a password may hold one.
        let Some(at) = rest[start..authority].rfind('@').map(|i| start + i) else {
            masked.push_str(&rest[..authority]);
            rest = &rest[authority..];
            continue;
        };
        let userinfo = &rest[start..at];
        hidden.push(userinfo.to_owned());
        hidden.extend(userinfo.split_once(':').map(|(_, password)| password.to_owned()));
        masked.push_str(&rest[..start]);
        masked.extend(userinfo.chars().map(|_| '*'));
        masked.push_str(&rest[at..authority]);
        rest = &rest[authority..];
    }
    masked.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let (masked, _) = mask(text, None);
        assert_eq!(masked.chars().count(), text.chars().count(), "places must stay right");
        masked
    }

    #[test]
    fn literal_secrets_are_hidden_wherever_they_stand() {
        for text in [
            "password: hunter2\n",
            "  passwrod_pass: \"hunter2\"\n",
            "- {name: cache, password: hunter2, url: x}\n",
            "url: redis://user:hunter2@host\n",
            "url: \"redis://:hun@ter2hunter2@host\"\n",
            "password: |\n  hunter2\n  hunter2\nname: x\n",
            "password:\n- hunter2\n- [hunter2]\n",
            "auth-token: hunter2",
        ] {
            assert!(!masked(text).contains("hunter2"), "{text} -> {}", masked(text));
        }
        assert!(masked("password: |\n  hunter2\nname: x\n").ends_with("name: x\n"));
    }

    #[test]
    fn references_and_all_else_stay() {
        for text in [
            "password: ${env:REDIS_PASSWORD}\n",
            "{password: \"${file:/run/x}\", name: y}\n",
            "url: redis://host:6379\n",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn the_value_of_an_unknown_key_is_hidden() {
        let (masked, _) = mask("- {name: x, pasword: hunter2}\n", Some("pasword"));
        assert_eq!(masked, "- {name: x, pasword: ********\n");
    }

    #[test]
    fn what_was_hidden_leaves_messages_too() {
        let (_, hidden) = mask("password: hunter2\n", None);
        assert_eq!(scrub("invalid value `hunter2`", &hidden), "invalid value `***`");
    }
}
