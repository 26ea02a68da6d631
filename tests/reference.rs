//! Generated files are what the program would generate now. `ENVPARITY_REGEN=1` writes them.

#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "support/cli.rs"]
mod cli;

use std::fs;
use std::path::{Path, PathBuf};

use cli::envparity;
use envparity::cli::reference;
use envparity::profile::schema;

fn check(path: &str, wanted: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("ENVPARITY_REGEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let advice = "ENVPARITY_REGEN=1 cargo test --test reference writes it anew";
    assert!(found == wanted, "{} is not what the program generates: {advice}", path.display());
}

#[test]
fn reference_is_current() {
    check("REFERENCE.md", &reference::markdown());
}

#[test]
fn schemas_are_current() {
    for (name, schema) in schema::all_schemas() {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        check(&format!("profiles/schema/{name}.json"), &text);
    }
}

#[test]
fn the_program_prints_the_schemas_that_are_published() {
    let all: Vec<&str> = schema::all_schemas().into_iter().map(|(name, _)| name).collect();
    assert_eq!(schema::PUBLISHED.map(|(name, _)| name).to_vec(), all);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, text) in schema::PUBLISHED {
        let file = fs::read_to_string(root.join(format!("profiles/schema/{name}.json"))).unwrap();
        assert_eq!(text, file, "{name}");
        assert_eq!(envparity(["schema", name]).run().expect(0).stdout, file, "{name}");
    }
}

#[test]
fn schemas_are_2020_12_and_document_every_key() {
    for (name, schema) in schema::all_schemas() {
        let value = schema.as_value();
        assert_eq!(value["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        let undocumented =
            value["properties"].as_object().unwrap().iter().filter(|(key, property)| {
                !matches!(key.as_str(), "apiVersion" | "kind")
                    && property.get("description").is_none()
            });
        assert_eq!(
            undocumented.map(|(key, _)| key.as_str()).collect::<Vec<_>>(),
            Vec::<&str>::new(),
            "{name}"
        );
    }
}

/// The quickstart's command and what it prints, as README shows them.
#[test]
fn readme_shows_what_the_quickstart_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let command = readme.lines().find_map(|line| line.strip_prefix("$ cargo run -- ")).unwrap();
    let quickstart = envparity(command.split_whitespace()).current_dir(root);
    let ended = quickstart.env("COLUMNS", "120").run();
    let printed = &ended.expect(0).stdout;
    let marker = "<!-- quickstart";
    let (before, rest) = readme.split_once(marker).unwrap();
    let (comment, rest) = rest.split_once("```text\n").unwrap();
    let (_, after) = rest.split_once("```\n").unwrap();
    check("README.md", &format!("{before}{marker}{comment}```text\n{printed}```\n{after}"));
}
