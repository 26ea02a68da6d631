//! README's reviewer's round is what the program prints.

use std::fs;
use std::path::Path;

use crate::cli::{ENVPARITY, program, repository};

const MARKER: &str = "<!-- round: ENVPARITY_REGEN=1 cargo test --test policy";

/// What a shell prints for this line of the README.
fn printed_by(line: &str, folder: &Path) -> String {
    let folder_of_binary = Path::new(ENVPARITY).parent().unwrap();
    let path = format!("{}:{}", folder_of_binary.display(), std::env::var("PATH").unwrap());
    let script = format!("{{ {line}; }} 2>&1");
    let shell = program("bash").args(["-c", &script]).current_dir(folder);
    shell.env("PATH", path).env("COLUMNS", "110").run().stdout
}

#[test]
fn readme_shows_a_reviewers_round() {
    let root = repository("");
    let folder = tempfile::tempdir().unwrap();
    printed_by(
        &format!("cp -r '{}' profiles", root.join("examples/review").display()),
        folder.path(),
    );
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (before, rest) = readme.split_once(MARKER).unwrap();
    let (comment, rest) = rest.split_once("```console\n").unwrap();
    let (block, after) = rest.split_once("```\n").unwrap();
    let commands: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    let printed: Vec<String> = commands
        .iter()
        .map(|command| format!("$ {command}\n{}", printed_by(command, folder.path())))
        .collect();
    let verdicts: Vec<&str> =
        printed.iter().filter_map(|text| text.lines().last()?.split(':').next()).collect();
    assert_eq!([verdicts[0], verdicts[2], verdicts[3]], ["NO-GO", "GO", "NO-GO"], "{printed:#?}");
    let wanted = format!("{before}{MARKER}{comment}```console\n{}```\n{after}", printed.join("\n"));
    if std::env::var_os("ENVPARITY_REGEN").is_some() {
        fs::write(root.join("README.md"), &wanted).unwrap();
    }
    let found = fs::read_to_string(root.join("README.md")).unwrap();
    assert!(
        found == wanted,
        "README does not show what is printed: ENVPARITY_REGEN=1 cargo test --test policy"
    );
}
