//! REFERENCE.md, from what the program itself knows. A test compares the file with this.

use std::fmt::Write;

use clap::builder::StyledStr;

use super::exit::Exit;
use crate::checklist::{ITEMS, Item, ItemMeta};
use crate::model::FailureKind;
use crate::normalize::product::{Product, Products};
use crate::policy::rule_metas;
use crate::report::FORMATS;
use crate::rules::Hook;
use crate::version::{FLAVOURS, Incomparable, Level, Levels, Scheme, VOCABULARY, Vocabulary};

/// The whole file.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Reference\n\nGenerated from the program: `ENVPARITY_REGEN=1 cargo test --test \
         reference` writes it anew.\n",
    );
    for section in [
        commands(),
        formats(),
        exits(),
        rules(),
        items(),
        failures(),
        schemes(),
        words(),
        levels(),
        places(),
        products(),
    ] {
        text.push('\n');
        text.push_str(&section);
    }
    text
}

fn commands() -> String {
    let mut text = "## Commands\n".to_owned();
    let mut command = super::command().term_width(100);
    command.build();
    for sub in command.get_subcommands_mut() {
        push_command(sub, "", &mut text);
    }
    text
}

/// A command, then the commands below it: `release`, `release capture` and so on.
fn push_command(command: &mut clap::Command, above: &str, text: &mut String) {
    if command.get_name() == "help" {
        return;
    }
    let name = format!("{above}{}", command.get_name());
    let about = command.get_about().map(StyledStr::to_string).unwrap_or_default();
    let help = command.render_help().to_string();
    let usage = help.split_once("Usage:").map_or(help.as_str(), |(_, usage)| usage);
    let lines: Vec<&str> = usage.lines().map(str::trim_end).collect();
    let _ = writeln!(
        text,
        "\n### `{name}`\n\n{about}\n\n```text\nUsage:{}\n```",
        lines.join("\n").trim_end()
    );
    for sub in command.get_subcommands_mut() {
        push_command(sub, &format!("{name} "), text);
    }
}

fn items() -> String {
    let row = |item: &&dyn Item| {
        let meta = item.meta();
        let rollbacks = if meta.judges_rollbacks { "yes" } else { "skipped" };
        let ItemMeta { id, section, summary, why, .. } = meta;
        format!("| `{id}` | {} | {summary} | {why} | {rollbacks} |\n", section.as_str())
    };
    format!(
        "## Items of the checklist\n\nA question of your own (`kind: Checklist`) is an item too; \
         its \
         answer must be yes.\n\n\
         | item | section | must hold | why | for a rollback |\n|---|---|---|---|---|\n{}",
        ITEMS.iter().map(row).collect::<String>()
    )
}

fn formats() -> String {
    let rows =
        FORMATS.iter().map(|format| format!("| `{}` | {} |\n", format.name(), format.summary()));
    format!("## Formats of the report\n\n| `-o` | |\n|---|---|\n{}", rows.collect::<String>())
}

fn exits() -> String {
    let rows = Exit::ALL.iter().map(|exit| format!("| {} | {} |\n", exit.code(), exit.meaning()));
    format!("## Exit codes\n\n| code | meaning |\n|---|---|\n{}", rows.collect::<String>())
}

fn rules() -> String {
    let mut text = "## Rules\n".to_owned();
    for meta in rule_metas() {
        let hooks: Vec<&str> = meta.hooks.iter().copied().map(Hook::as_str).collect();
        let _ = write!(
            text,
            "\n### `{}`\n\n{}\n\n*Why it is bad.* {}\n\n*How to fix it.* {}\n\nLooks at: {}.",
            meta.id,
            meta.summary,
            meta.why,
            meta.fix,
            hooks.join(", "),
        );
        if !meta.subsumes.is_empty() {
            let _ = write!(text, " Stands for: {}.", meta.subsumes.join(", "));
        }
        text.push_str("\n\n| severity by default | in a gate | elsewhere |\n|---|---|---|\n");
        for (what, defaults) in meta.defaults {
            let _ = writeln!(text, "| {what} | {} | {} |", defaults.in_gate, defaults.elsewhere);
        }
    }
    text
}

fn schemes() -> String {
    let rows = Scheme::ALL
        .iter()
        .map(|scheme| format!("| `{}` | {} |\n", scheme.as_str(), scheme.summary()));
    format!("## Version schemes\n\n| scheme | reads |\n|---|---|\n{}", rows.collect::<String>())
}

/// What the words in the tail of a version mean, from the grammars' own lists.
fn words() -> String {
    let row = |known: &Vocabulary| {
        let words: Vec<String> = known.words.iter().map(|word| format!("`{word}`")).collect();
        format!(
            "| {} | {} | {} | `{}` |\n",
            known.kind,
            words.join(", "),
            known.meaning,
            known.example
        )
    };
    let rows: String = VOCABULARY.iter().map(row).collect();
    let flavours = FLAVOURS.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    format!(
        "## Words in versions\n\nWhat stands around the numbers of a version, in any case of its \
         letters. Behind `+`, and behind \
         `_` in a tag, is build metadata: another build of the version, without an order. A \
         number behind `-` is packaging. \
         Letters and digits of a commit, and a date behind a version, are packaging too. All \
         other words are the variant of an image (`alpine3.19`), or, before the version, its \
         channel (`edge-24.5.1`).\n\n\
         | words | which | meaning | example |\n|---|---|---|---|\n{rows}\n\
         Flavours of MySQL, told by its text: {flavours}. They are not part of the version.\n"
    )
}

fn levels() -> String {
    let incomparable = Level::Incomparable(Incomparable::Opaque);
    let all = [
        (Level::Equal, "the same version, or the same content"),
        (
            Level::WithinPrecision,
            "the shorter of two tags, or a wildcard (`6.x`), is true of the longer: neither equal \
             nor drift",
        ),
        (Level::Build, "build metadata or packaging differ"),
        (Level::Prerelease, "the pre-release differs"),
        (
            Level::Patch,
            "the third or a later number differs, unless the product counts otherwise, or a \
             counter of updates: `CU18`, `SP2`, `.post1`, `-hotfix-2`",
        ),
        (Level::Minor, "the second number differs, unless the product counts otherwise"),
        (Level::Major, "the first number differs"),
        (
            incomparable,
            "the two have no order: a floating tag, a commit, an unreadable text, a date or a \
             build number against a version, other schemes, a sentinel",
        ),
    ];
    let rows = all.map(|(level, meaning)| format!("| `{}` | {meaning} |\n", level.as_str()));
    format!("## Levels\n\n| level | meaning |\n|---|---|\n{}", rows.concat())
}

fn places() -> String {
    "## Places\n\nWhat runs in one place of an environment is compared with what runs in the same \
     place of \
     the other. A place is\n\n\
     - the namespace or compose project, by the name that `namespaces:` of the catalogue gives \
     it;\n\
     - the workload or compose service;\n\
     - the container of a pod (one that has another name in the other environment is paired by its \
     workload); of a container without a service, its own name;\n\
     - in front of them the target, by the name that `targets:` of the catalogue gives it, if \
     either environment has several targets of that collector.\n\n\
     Replicas, nodes of a cluster, servers of one Redis and containers of one compose service are \
     not told apart: their names say nothing in another environment. Within a place each version \
     is compared with the nearest on the other side, and what runs in a place that only one side \
     has with all that the other side runs of the component. The worst counts. Versions of two \
     products have no distance: another product in a place of both sides, or none in common, is \
     a finding of its own; a product that one side has more is a missing or an unexpected \
     component.\n"
        .to_owned()
}

fn products() -> String {
    let products = Products::new(&[]);
    let row = |p: &Product| {
        let scheme = p.scheme.map(|scheme| format!("`{}`", scheme.as_str())).unwrap_or_default();
        let levels = if p.levels == Levels::DEFAULT { String::new() } else { p.levels.to_string() };
        let component =
            if p.images.is_empty() { String::new() } else { format!("`image/{}`", p.family) };
        let (aliases, sentinels, images) =
            (p.aliases.join(", "), p.sentinels.join(", "), p.images.join(", "));
        format!(
            "| {} | {aliases} | {component} | {scheme} | {levels} | {sentinels} | {images} |\n",
            p.name
        )
    };
    let rows: String = products.iter().map(row).collect();
    let mut patterns: Vec<(&str, Vec<&str>)> = Vec::new();
    for (pattern, product) in
        products.iter().flat_map(|product| product.patterns.iter().map(move |p| (p, product)))
    {
        match patterns.iter_mut().find(|(source, _)| *source == pattern.as_str()) {
            Some((_, names)) => names.push(&product.name),
            None => patterns.push((pattern.as_str(), vec![&product.name])),
        }
    }
    let patterns: String = patterns
        .iter()
        .map(|(source, names)| {
            format!("| `{}` | {} |\n", source.replace('|', "\\|"), names.join(", "))
        })
        .collect();
    format!(
        "## Products\n\nImages of these products are platform; all others are own services. A \
         catalogue adds products, and replaces those of a name, under `products:`. Levels are \
         major, minor, patch unless \
         others stand here.\n\n\
         | product | aliases | component | scheme | levels | sentinels | images \
         |\n|---|---|---|---|---|---|---|\n{rows}\n\
         ### Expressions for tags\n\nWhat none of its product's expressions fits is read as any \
         tag.\n\n\
         | expression | products |\n|---|---|\n{patterns}"
    )
}

fn failures() -> String {
    let rows = FailureKind::ALL
        .iter()
        .map(|kind| format!("| `{}` | {} |\n", kind.as_str(), kind.advice()));
    format!(
        "## Why something was not read\n\n| kind | what usually helps |\n|---|---|\n{}",
        rows.collect::<String>()
    )
}
