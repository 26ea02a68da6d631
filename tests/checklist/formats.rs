//! What a checklist prints, in every format.

use envparity::profile::schema;
use serde_json::Value;

use crate::world::{World, qualif_info};

fn blocked() -> World {
    let world = World::new();
    world.info("qualif", &qualif_info().with("keys", 4, 48_000));
    world
}

#[test]
fn the_table_says_what_was_seen_what_it_must_be_and_what_to_do() {
    let world = blocked();
    let ended = world.judge(&[]);
    ended.expect(1);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(
        lines[0].starts_with("envparity checklist --release v22  Mon 2026-04-13 18:40"),
        "{ended}"
    );
    assert!(
        lines[1].starts_with("v22: 2 of 3 services changed (stock-import, timemachine)"),
        "{ended}"
    );
    for word in ["judged without load evidence", "must be", "REDIS UNDER v22"] {
        assert!(ended.stdout.contains(word), "{word}: {ended}");
    }
    assert!(lines.iter().any(|line| line.starts_with(" 8 new-command        NO-GO")), "{ended}");
    assert!(lines.iter().any(|line| line.starts_with("NEXT  ")), "{ended}");
    let verdict = "NO-GO v22: new-command, cost-per-call; not proven: freeze, cost-per-unit,";
    assert!(ended.says(verdict) && ended.last_line().ends_with("performance (exit 1)"), "{ended}");
    for columns in [80, 100, 140] {
        let ended = world.judge_in(columns);
        let is_wide = |line: &&str| line.chars().count() > columns;
        assert_eq!(ended.stdout.lines().find(is_wide), None, "{ended}");
    }
    assert_eq!(world.judge(&["--report-only"]).expect(0).code, Some(0));
}

#[test]
fn files_follow_the_schema_and_hold_full_precision() {
    let world = blocked();
    let report = world.judge(&["-o", "json"]).json();
    assert_eq!(report, {
        let mut yaml = world.judge(&["-o", "yaml"]).yaml();
        // What changes from run to run.
        yaml["run"] = report["run"].clone();
        yaml
    });
    let (_, schema) =
        schema::all().into_iter().find(|(name, _)| *name == "checklist-report").unwrap();
    let required = |value: &Value| value["required"].as_array().unwrap().clone();
    for key in required(schema.as_value()) {
        assert!(report.get(key.as_str().unwrap()).is_some(), "{key}");
    }
    let figures =
        crate::cli::list(&report["items"]).flat_map(|item| crate::cli::list(&item["figures"]));
    let cost = figures.into_iter().find(|figure| figure["unit"] == "ms").unwrap();
    let value = cost["value"].as_f64().unwrap();
    assert!((value - 12.0 * 1_310_000.0 / 41_000.0).abs() < 1e-9, "{cost}");
    assert_eq!(cost["limit"], 5.0);
    // Each run is kept, with its number.
    assert_eq!(report["run"]["history"]["run"], "1", "{report:#}");
}

#[test]
fn markdown_and_junit_have_an_entry_for_each_item() {
    let world = blocked();
    let markdown = world.judge(&["-o", "markdown"]);
    let rows = markdown.expect(1).stdout.lines().filter(|line| line.starts_with("| ")).count();
    assert_eq!(rows, 17, "{markdown}");
    assert!(markdown.stdout.starts_with("## "), "{markdown}");
    let junit = world.judge(&["-o", "junit"]);
    let xml = &junit.expect(1).stdout;
    assert_eq!(xml.matches("<testcase ").count(), 16, "{xml}");
    assert_eq!(xml.matches("<failure").count(), 2, "{xml}");
    assert_eq!(xml.matches("<error").count(), 7, "{xml}");
}

#[test]
fn what_an_environment_says_cannot_act_on_a_terminal_or_a_page() {
    let world = World::new();
    world.profiles.config(
        "checklist.yaml",
        "kind: Checklist\nitems:\n- {item: mine, question: \"\\e[31m<b>@all</b>|\"}\n",
    );
    let table = world.judge(&[]);
    assert!(!table.stdout.contains('\u{1b}'), "{table}");
    let markdown = world.judge(&["-o", "markdown"]);
    assert!(!markdown.stdout.contains(" <b>@all"), "{markdown}");
    let junit = world.judge(&["-o", "junit"]);
    assert!(!junit.stdout.contains("<b>"), "{junit}");
}

#[test]
fn formats_and_releases_are_refused_by_what_is_meant() {
    let world = World::new();
    let ended = world.judge(&["-o", "jsn"]);
    assert!(ended.expect(2).stderr.contains("did you mean json?"), "{ended}");
    world.judge(&["-o", "yaml", "-o", "json"]).expect(2);
    let history = format!("yaml={}", world.history().display());
    assert!(world.judge(&["-o", &history]).expect(2).stderr.contains("part of the history"));
    let ended = world.command(&["checklist", "--release", "v2"]);
    assert!(ended.expect(2).stderr.contains("did you mean"), "{ended}");
    world.command(&["checklist"]).expect(2);
}

/// `docs/CHECKLIST.md` shows what is printed. `ENVPARITY_REGEN=1` writes it anew.
#[test]
fn the_page_shows_what_is_printed() {
    let ended = blocked().judge_in(112);
    let printed = ended.expect(1).stdout.lines().map(|line| match line.split_once("profiles ") {
        // It tells these very files apart from all others.
        Some((before, _)) if line.starts_with("envparity ") => {
            format!("{before}profiles 9f31c2…\n")
        }
        _ => format!("{line}\n"),
    });
    let path = crate::cli::repository("docs/CHECKLIST.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("## What it prints\n").unwrap();
    let (intro, rest) = rest.split_once("```text\n").unwrap();
    let (_, after) = rest.split_once("```\n").unwrap();
    let printed: String = printed.collect();
    let wanted = format!("{before}## What it prints\n{intro}```text\n{printed}```\n{after}");
    if std::env::var_os("ENVPARITY_REGEN").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == wanted, "ENVPARITY_REGEN=1 writes it anew");
}
