//! Names of operating systems, as hosts tell them.

/// The words before the number of an operating system's full name, in lower case: `debian
/// gnu/linux`.
pub(super) fn parse_system_name(text: &str) -> String {
    let is_number = |word: &str| {
        let bare = word.trim_start_matches('(');
        bare.strip_prefix('v').unwrap_or(bare).starts_with(|c: char| c.is_ascii_digit())
    };
    let words = text.split_whitespace().take_while(|word| !is_number(word));
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}
