//! Finds a credential in what a server says, however it is spelled: as it is, in base64, escaped
//! for a URL, JSON, HTML or XML, or cut at the end. Pure.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

/// What stands in its place.
pub(in crate::collect) const HIDDEN: &str = "[hidden]";

/// Shorter ones would be found in words that have nothing to do with them: `7`, or `db`.
const SHORTEST: usize = 3;

/// From this length on it is found within a word, too.
const LONG: usize = 6;

/// So much of it at the end of a text is enough: the rest was cut off.
const CUT: usize = 8;

const ENGINES: [GeneralPurpose; 2] = [
    GeneralPurpose::new(&alphabet::STANDARD, NO_PAD),
    GeneralPurpose::new(&alphabet::URL_SAFE, NO_PAD),
];

/// What is not to be repeated.
#[derive(Default)]
pub(in crate::collect) struct Repeats {
    /// The longest first: what holds another is hidden as a whole.
    needles: Vec<Needle>,
}

struct Needle {
    text: Vec<u8>,
    /// Whether it counts only as a word of its own.
    is_word: bool,
}

impl Repeats {
    /// A credential: a password or a token; and as Basic authentication has it, with its user.
    pub(in crate::collect) fn add(&mut self, user: Option<&str>, secret: &str) {
        let user = user.unwrap_or_default();
        for engine in &ENGINES {
            self.needle(engine.encode(format!("{user}:{secret}")));
            for lead in 0..3 {
                self.needle(inner(engine, lead, secret));
            }
        }
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        self.needle(hex);
        self.needles.push(Needle { text: secret.into(), is_word: secret.len() < LONG });
        self.needles.retain(|needle| needle.text.len() >= SHORTEST);
        self.needles.sort_by(|a, b| b.text.len().cmp(&a.text.len()).then(a.text.cmp(&b.text)));
        self.needles.dedup_by(|a, b| a.text == b.text && a.is_word == b.is_word);
    }

    /// In another spelling, of which a short one means nothing.
    fn needle(&mut self, text: String) {
        if text.len() >= LONG {
            self.needles.push(Needle { text: text.into(), is_word: false });
        }
    }

    pub(in crate::collect) fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// The text without what is not to be repeated; `None` if it holds nothing of it.
    pub(in crate::collect) fn hide(&self, text: &str) -> Option<String> {
        let mut hidden: Option<String> = None;
        for needle in &self.needles {
            let text = hidden.as_deref().unwrap_or(text);
            hidden = needle.hide(text).or(hidden);
        }
        hidden
    }
}

/// What any base64 of a text holds that has `secret` behind `lead` bytes (modulo 3) of something:
/// the digits that depend on nothing else.
fn inner(engine: &GeneralPurpose, lead: usize, secret: &str) -> String {
    let mut bytes = vec![0; lead];
    bytes.extend_from_slice(secret.as_bytes());
    let digits = engine.encode(&bytes);
    let (first, last) = ((lead * 8).div_ceil(6), bytes.len() * 8 / 6);
    digits.get(first..last).unwrap_or_default().to_owned()
}

impl Needle {
    fn hide(&self, text: &str) -> Option<String> {
        let bytes = text.as_bytes();
        let (mut rest, mut safe) = (0, Vec::new());
        let mut at = 0;
        while at < bytes.len() {
            match self.end(bytes, at) {
                Some(end) => {
                    safe.extend_from_slice(&bytes[rest..at]);
                    safe.extend_from_slice(HIDDEN.as_bytes());
                    (at, rest) = (end, end);
                }
                None => at += 1,
            }
        }
        if rest == 0 {
            return None;
        }
        safe.extend_from_slice(&bytes[rest..]);
        Some(String::from_utf8_lossy(&safe).into_owned())
    }

    /// Where it ends, if it begins at `start`.
    fn end(&self, text: &[u8], start: usize) -> Option<usize> {
        let is_word_at = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
        if self.is_word && start > 0 && is_word_at(start - 1) {
            return None;
        }
        // A character may be spelled in several ways, so that several places are reached.
        let mut reached = vec![start];
        for (found, wanted) in self.text.iter().enumerate() {
            if found >= CUT && reached.contains(&text.len()) {
                return Some(text.len());
            }
            let mut next = Vec::new();
            for &at in &reached {
                let fits = |(byte, _): &(u8, usize)| byte.eq_ignore_ascii_case(wanted);
                for (_, width) in spellings(text, at).into_iter().flatten().filter(fits) {
                    if !next.contains(&(at + width)) {
                        next.push(at + width);
                    }
                }
            }
            if next.is_empty() {
                return None;
            }
            reached = next;
        }
        reached.into_iter().max().filter(|end| !(self.is_word && is_word_at(*end)))
    }
}

/// The bytes that the text at a place may mean, each with its width: itself, and what it is an
/// escape for.
fn spellings(text: &[u8], at: usize) -> [Option<(u8, usize)>; 2] {
    let Some(&first) = text.get(at) else { return [None, None] };
    let rest = &text[at + 1..];
    let escaped = match first {
        b'%' => hex(rest, 2).map(|byte| (byte, 3)),
        b'+' => Some((b' ', 1)),
        b'\\' => match rest.first() {
            Some(b'u') => hex(&rest[1..], 4).map(|byte| (byte, 6)),
            Some(b'x') => hex(&rest[1..], 2).map(|byte| (byte, 4)),
            Some(b'n') => Some((b'\n', 2)),
            Some(b't') => Some((b'\t', 2)),
            Some(b'r') => Some((b'\r', 2)),
            Some(&other) => Some((other, 2)),
            None => None,
        },
        b'&' => reference(rest).map(|(byte, width)| (byte, width + 1)),
        _ => None,
    };
    [Some((first, 1)), escaped]
}

/// What a part of a URL means.
pub(in crate::collect) fn percent_decoded(text: &str) -> String {
    let (bytes, mut decoded, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        let escaped = hex(&bytes[at + 1..], 2).filter(|_| bytes[at] == b'%');
        decoded.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// So many hexadecimal digits, of a byte.
fn hex(text: &[u8], digits: usize) -> Option<u8> {
    let digits = text.get(..digits).filter(|text| text.iter().all(u8::is_ascii_hexdigit))?;
    let number = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    u8::try_from(number).ok().filter(|byte| digits.len() == 2 || byte.is_ascii())
}

/// A character reference of HTML or XML behind its `&`.
fn reference(text: &[u8]) -> Option<(u8, usize)> {
    const LONGEST: usize = 10;
    let end = text.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&text[..end]).ok()?;
    let byte = match name {
        "amp" => b'&',
        "lt" => b'<',
        "gt" => b'>',
        "quot" => b'"',
        "apos" => b'\'',
        _ => {
            let number = name.strip_prefix('#')?;
            match number.strip_prefix(['x', 'X']) {
                Some(digits) => u8::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            }
        }
    };
    Some((byte, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(secret: &str, text: &str) -> String {
        let mut repeats = Repeats::default();
        repeats.add(Some("auditor"), secret);
        repeats.hide(text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn a_credential_is_found_however_it_is_spelled() {
        for text in [
            r#"p"w/ör%d&1"#,
            r#"p\"w\/ör%d&1"#,
            r#"\u0070\"w/ör%d\u00261"#,
            "p%22w%2för%25d%261",
            "P&quot;W/ör%d&amp;1",
            "p&#34;w&#x2f;ör%d&#38;1",
        ] {
            assert_eq!(hidden("p\"w/ör%d&1", &format!("a {text} z")), "a [hidden] z", "{text}");
        }
        assert_eq!(hidden("two words", "two+words, two%20words"), "[hidden], [hidden]");
    }

    #[test]
    fn base64_and_hex_are_found_wherever_they_begin() {
        // auditor:hunter2-x, hunter2-x, and behind one and two bytes
        for text in ["YXVkaXRvcjpodW50ZXIyLXg=", "aHVudGVyMi14", "68756e746572322d78"] {
            assert_eq!(
                hidden("hunter2-x", &format!("a {text} z")).replace('=', ""),
                "a [hidden] z"
            );
        }
        for lead in ["Basic ", "x", "xy", "user:"] {
            let text = ENGINES[0].encode(format!("{lead}hunter2-x tail"));
            assert!(hidden("hunter2-x", &text).contains(HIDDEN), "{lead}");
        }
    }

    #[test]
    fn a_credential_that_is_cut_is_found_and_a_short_one_only_as_a_word() {
        assert_eq!(hidden("hunter2-long-one", "says hunter2-lo"), "says [hidden]");
        assert_eq!(hidden("hunter2-long-one", "says hunter2-lo-"), "says hunter2-lo-");
        assert_eq!(hidden("dev", "dev-1 of devs is dev"), "[hidden]-1 of devs is [hidden]");
        assert_eq!(hidden("7", "7.2.4"), "7.2.4");
        assert_eq!(hidden("hunter2", "xhunter2y"), "x[hidden]y");
    }
}
