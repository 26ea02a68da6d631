//! What settles an item names commands that exist, with options that they take.

use crate::cli::envparity;

/// Subcommands that have subcommands.
const GROUPS: [&str; 5] = ["checklist", "history", "mark", "release", "waiver"];

/// Fails unless the text names a command of ours or of kubectl, and each of ours exists.
#[track_caller]
pub(crate) fn check_commands(told: &str) {
    assert!(told.contains("envparity ") || told.contains("kubectl "), "no command in {told:?}");
    for (_, rest) in
        told.match_indices("envparity ").map(|(at, name)| told.split_at(at + name.len()))
    {
        check_command(rest);
    }
}

/// One command, which ends where the sentence goes on.
fn check_command(text: &str) {
    let ends = |word: &str| word.ends_with([',', ';', ':']);
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        if matches!(word, "--" | "and" | "then" | "or") {
            break;
        }
        words.push(word.trim_end_matches([',', ';', ':', ')']));
        if ends(word) {
            break;
        }
    }
    let is_word = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let mut command = vec![words[0]];
    if let Some(second) = words.get(1).filter(|word| is_word(word) && !word.starts_with('-'))
        && GROUPS.contains(&words[0])
    {
        command.push(second);
    }
    let help = envparity([&command[..], &["--help"]].concat()).run();
    assert_eq!(help.code, Some(0), "{command:?} of {text:?}: {help}");
    for option in words.iter().filter(|word| word.starts_with("--")) {
        let takes =
            help.stdout.split_whitespace().any(|word| word.trim_end_matches(',') == *option);
        assert!(takes, "{command:?} does not take {option}: {text:?}");
    }
}

#[test]
fn a_command_that_does_not_exist_is_found() {
    check_commands("envparity release capture v22 --from qualif --force; then go");
    for wrong in ["envparity relase capture v22", "envparity audit --sometimes", "write it"] {
        let found = std::panic::catch_unwind(|| check_commands(wrong));
        assert!(found.is_err(), "{wrong}");
    }
}
