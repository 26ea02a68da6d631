//! The text of a notice, escaped for where it goes and never longer than it may be. Pure.

use super::notice::Notice;

/// Characters of a text, as it is sent; sinks cut longer ones, some refuse them.
pub(super) const MOST: usize = 2_900;

/// Characters of a line at first, and the fewest that one is cut to.
const LINE: (usize, usize) = (640, 20);

/// Title, reasons, run and link, a line each. Lines are cut until all of it, escaped, has room.
pub(super) fn body(notice: &Notice, link: Option<&str>, escape: fn(&str) -> String) -> String {
    let (mut longest, fewest) = LINE;
    loop {
        let text = written(notice, link, escape, longest);
        if text.chars().count() <= MOST || longest <= fewest {
            return text.chars().take(MOST).collect();
        }
        longest = (longest * 3 / 4).max(fewest);
    }
}

fn written(
    notice: &Notice,
    link: Option<&str>,
    escape: fn(&str) -> String,
    longest: usize,
) -> String {
    let mut lines = vec![escape(&cut(&notice.title, longest))];
    lines.extend(notice.lines.iter().map(|line| format!("- {}", escape(&cut(line, longest)))));
    let run = notice.run.as_ref().map(|run| format!("run:{run}"));
    let at = notice.at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let rest = [run, Some(at), link.map(str::to_owned)];
    let rest: Vec<String> = rest.into_iter().flatten().collect();
    lines.push(escape(&cut(&rest.join(" · "), LINE.0)));
    lines.join("\n")
}

/// At most so many characters.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}

/// Words that call everybody, where a person or a program would be called by `@`.
const EVERYBODY: [&str; 4] = ["channel", "everyone", "here", "all"];

/// Breaks each `@` that would call somebody: behind it stands a space of no width. Digests and
/// addresses keep theirs, since a letter stands before it, unless it would call everybody.
pub(super) fn without_calls(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        safe.push(c);
        if matches!(c, '@' | '＠') {
            let behind = text[at + c.len_utf8()..].to_lowercase();
            let calls_all = EVERYBODY.iter().any(|word| behind.starts_with(word));
            if calls_all || !before.is_alphanumeric() {
                safe.push('\u{200b}');
            }
        }
        before = c;
    }
    safe
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::notice::test_notice;
    use super::*;

    #[test]
    fn nobody_is_called_by_what_was_read() {
        for (text, safe) in [
            ("@channel", "@\u{200b}channel"),
            ("x@HERE", "x@\u{200b}HERE"),
            ("hi @bob", "hi @\u{200b}bob"),
            ("redis@sha256:00", "redis@sha256:00"),
            ("a@b.example", "a@b.example"),
            ("@@all", "@\u{200b}@\u{200b}all"),
        ] {
            assert_eq!(without_calls(text), safe);
        }
    }

    #[test]
    fn a_text_that_grows_by_escaping_still_has_room() {
        let mut notice = test_notice(Timestamp::UNIX_EPOCH);
        notice.title = "&".repeat(500);
        notice.lines = vec!["<é>".repeat(200); 7];
        for escape in [
            |text: &str| text.replace('&', "&amp;").replace('<', "&lt;"),
            |text: &str| text.replace('<', "!!!!!!!!!!"),
        ] {
            let text = body(&notice, Some(&"x".repeat(9_000)), escape);
            assert!(text.chars().count() <= MOST, "{}", text.chars().count());
            // Nothing is cut through an escape, and the run's line is there.
            assert!(text.lines().count() == 9, "{text}");
        }
    }
}
