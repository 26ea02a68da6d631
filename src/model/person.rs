//! Whether two names are one person's, however they are written.
//!
//! Names are claimed, and nothing proves them; but `alice` must not pass for somebody else by
//! writing `Alice `, `ａlice` or `аlice` with a Cyrillic letter. What is alike is the same: to be
//! asked for another name costs less than to be one's own second pair of eyes.

/// Whether two names are one person's: the same words in any order, whatever their case, accents,
/// blanks and signs, with letters that look alike taken for one.
pub fn is_same_person(one: &str, other: &str) -> bool {
    let (one, other) = (name_words(one), name_words(other));
    one == other || one.concat() == other.concat()
}

/// Whether nothing of a name is left that tells persons apart.
pub fn is_nameless(name: &str) -> bool {
    name_words(name).is_empty()
}

/// The words of a name in a form that all ways to write it share, sorted.
fn name_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = person_of(name)
        .chars()
        .filter_map(lower_case)
        .filter(|c| !is_mark(*c))
        .flat_map(char::to_lowercase)
        .map(look_alike)
        .collect::<String>()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.replace("rn", "m").replace("vv", "w"))
        .collect();
    words.sort();
    words
}

/// Of `Alice <alice@shop.example>` the name, and of a lone address what stands before the `@`.
fn person_of(name: &str) -> String {
    let (before, address) = name.split_once('<').unwrap_or((name, ""));
    let named = if before.trim().is_empty() { address } else { before };
    let local = |word: &str| word.split('@').next().unwrap_or_default().to_owned();
    // `@alice` is how hosts of repositories write `alice`.
    let words = named.split_whitespace().map(|word| local(word.trim_start_matches('@')));
    words.collect::<Vec<_>>().join(" ")
}

/// Letters of other widths and styles as plain ones; what shows nothing goes.
fn lower_case(c: char) -> Option<char> {
    let code = u32::from(c);
    let letter = |number: u32| char::from_u32(u32::from('a') + number % 26);
    match code {
        _ if is_unseen(c) => None,
        // Fullwidth forms.
        0xff01..=0xff5e => char::from_u32(code - 0xfee0),
        // Mathematical alphabets, letters and digits.
        0x1d400..=0x1d6a3 => letter(code - 0x1d400),
        0x1d7ce..=0x1d7ff => char::from_u32(u32::from('0') + (code - 0x1d7ce) % 10),
        // In circles, and in squares.
        0x24b6..=0x24cf => letter(code - 0x24b6),
        0x24d0..=0x24e9 => letter(code - 0x24d0),
        0x1f130..=0x1f149 => letter(code - 0x1f130),
        0x1f170..=0x1f189 => letter(code - 0x1f170),
        _ => Some(c),
    }
}

/// What programs show as nothing.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Marks above and below letters, and the apostrophes of names.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\'' | '\u{2018}' | '\u{2019}' | '\u{02bc}')
}

/// Each letter of a row looks like the first, as far as names are concerned.
const ALIKE: [&str; 27] = [
    "aàáâãäåāăąǎǻạảấầẩẫậắằẳẵặɑаαӑӓ",
    "bʙвьƅ",
    "cçćĉċčсϲⅽ",
    "dďđԁⅾ",
    "eèéêëēĕėęěẹẻẽếềểễệеёєεҽѐ℮",
    "fƒϝ",
    "gĝğġģɡǧց",
    "hĥħһнհ",
    "jĵјϳ",
    "kķкκќ",
    "lĺļľŀłiìíîïĩīĭįıỉịіїι1ӏǀⅼⅰℓɩɪ",
    "mмⅿ",
    "nñńņňŉпηոռ",
    "oòóôõöøōŏőơọỏốồổỗộớờởỡợоοσ0օӧ๐",
    "pрρþ",
    "qԛզ",
    "rŕŗřгɾ",
    "sśŝşšșѕꜱ5",
    "tţťŧțтτ",
    "uùúûüũūŭůűųưụủứừửữựυս",
    "vνѵⅴ",
    "wŵшԝωɯ",
    "xхχⅹ",
    "yýÿŷỳỵỷỹуγўү",
    "zźżžᴢ",
    "æǣǽ",
    "œ",
];

/// The letter that a lower-case letter looks like.
fn look_alike(c: char) -> char {
    let row = ALIKE.iter().find(|row| row.contains(c));
    row.and_then(|row| row.chars().next()).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_one_however_the_name_is_written() {
        for other in [
            "alice",
            " Alice\t",
            "ALICE",
            "ａｌｉｃｅ",
            "аlice",
            "αlιcе",
            "al\u{200b}ice",
            "a.lice",
            "a1ice",
            "aIice",
            "𝐚𝐥𝐢𝐜𝐞",
            "Ⓐⓛⓘⓒⓔ",
            "álìçe",
            "a\u{301}lice",
            "alice@shop.example",
            "@alice",
            "Alice <a.smith@shop.example>",
            "<alice@shop.example>",
            "al-ice",
            "alice\u{a0}",
        ] {
            assert!(is_same_person("alice", other), "{other:?}");
        }
        assert!(is_same_person("Alice Smith", "smith, alice"));
        assert!(is_same_person("Łukasz Żak", "lukasz.zak@shop.example"));
        assert!(is_same_person("Renée O’Brien", "renee obrien"));
        assert!(is_same_person("corner", "comer"), "two letters that look like one");
    }

    #[test]
    fn other_people_are_others() {
        for (one, other) in [
            ("alice", "bob"),
            ("alice", "alicia"),
            ("Alice Smith", "Alice Jones"),
            ("王伟", "王芳"),
            ("Иван", "Олег"),
            ("ops1", "ops2"),
            ("a@one.example", "b@one.example"),
        ] {
            assert!(!is_same_person(one, other), "{one} {other}");
        }
    }

    #[test]
    fn signs_and_blanks_are_nobody() {
        for name in ["", " ", "--", "\u{200b}", "\u{3164}", "<>", "@", "\u{301}"] {
            assert!(is_nameless(name), "{name:?}");
        }
        assert!(!is_nameless("王") && !is_nameless("x@y"));
    }
}
