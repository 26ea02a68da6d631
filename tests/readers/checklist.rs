//! The checklist in a browser, and by the readers of JUnit and Markdown: complete, and harmless
//! whatever names say.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::cli::{list, text};
use crate::common::python;
use crate::release_world::{World, qualif_info};

/// What names of people's own making may hold.
const EVIL: [&str; 4] =
    ["<img src=x onerror=alert(1)>", "</style><script>alert(2)</script>", "]]>|`", "\u{202e}gnp"];

/// v22 calls KEYS, and everything that people write is hostile.
fn hostile() -> World {
    let world = World::new();
    world.info("qualif", &qualif_info().with("keys", 4, 48_000));
    let question = json!(EVIL.concat());
    world.profiles.config(
        "checklist.yaml",
        &format!("kind: Checklist\nitems:\n- {{item: mine, question: {question}}}\n"),
    );
    let run = world.judge(&["-o", "json"]).json();
    let run = text(&run["run"]["history"]["digest"]).to_owned();
    let reason = EVIL.concat();
    world
        .command(&[
            "checklist",
            "override",
            &run[..10],
            "--by",
            EVIL[0],
            "--approved-by",
            EVIL[1],
            "--reason",
            &reason,
        ])
        .expect(0);
    world
}

fn opened(world: &World) -> (Browser, TempDir) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("checklist.html");
    let page = world.judge(&["-o", "html"]);
    std::fs::write(&path, &page.expect(1).stdout).unwrap();
    let mut browser = Browser::new();
    browser.resize(1400, 900);
    browser.open(&path, "");
    (browser, folder)
}

#[test]
fn the_page_of_a_checklist_says_what_the_json_says() {
    let world = World::new();
    world.info("qualif", &qualif_info().with("keys", 4, 48_000));
    let report = world.judge(&["-o", "json"]).json();
    let (mut browser, _folder) = opened(&world);
    assert_eq!(browser.evaluate("document.querySelector('h1').textContent"), "NO-GO v22");
    let rows = browser.evaluate(
        "Array.from(document.querySelectorAll('tbody.item')).map((item) => \
         [item.querySelector('tbody th, tr th').textContent, \
         item.querySelector('.outcome .out').textContent, \
         Array.from(item.querySelectorAll('td.seen')).map((cell) => cell.textContent)])",
    );
    let rows: Vec<(String, String, Vec<String>)> = serde_json::from_value(rows).unwrap();
    let items: Vec<&Value> = list(&report["items"]).collect();
    assert_eq!(rows.len(), items.len());
    for (item, (name, outcome, seen)) in items.iter().zip(&rows) {
        assert_eq!(
            (text(&item["item"]), text(&item["outcome"])),
            (name.as_str(), outcome.to_lowercase().as_str())
        );
        let wanted: Vec<&str> = list(&item["seen"]).map(|one| text(&one["text"])).collect();
        assert!(seen.iter().zip(wanted).all(|(seen, wanted)| seen.ends_with(wanted)), "{name}");
        let figures = list(&item["figures"]).count();
        let shown = browser.evaluate(&format!(
            "Array.from(document.querySelectorAll('tbody.item')).find((one) => \
             one.querySelector('th').textContent === {name:?}).querySelectorAll('dt').length"
        ));
        assert_eq!(shown, figures, "{name}");
    }
    let steps = browser.evaluate(
        "Array.from(document.querySelectorAll('.steps code')).map((one) => one.textContent)",
    );
    for item in items.iter().filter(|item| item["settle"].is_object()) {
        assert!(list(&steps).any(|step| *step == item["settle"]["command"]), "{item}");
    }
    // Each link leads to something.
    let astray = "Array.from(document.querySelectorAll('a')).filter((a) => \
                  !document.querySelector(a.getAttribute('href'))).length";
    assert_eq!(browser.evaluate(astray), 0);
    assert_eq!(browser.evaluate("document.scripts.length"), 0);
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn no_width_makes_the_page_of_a_checklist_scroll_sideways() {
    for world in [World::new(), hostile()] {
        world.info("qualif", &qualif_info().with("keys", 4, 48_000));
        let (mut browser, _folder) = opened(&world);
        for width in [320, 400, 760, 1400, 2200] {
            browser.resize(width, 800);
            browser.evaluate(
                "for (const one of document.querySelectorAll('details')) one.open = true",
            );
            let excess =
                "document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(browser.evaluate(excess), 0, "{width}");
        }
    }
}

#[test]
fn hostile_names_are_shown_and_do_nothing() {
    let world = hostile();
    let (mut browser, _folder) = opened(&world);
    let foreign = "document.querySelectorAll('img, script, iframe, object, embed, base, form, a[href]:not([href^=\"#\"])').length";
    assert_eq!(browser.evaluate(foreign), 0);
    let handlers = "Array.from(document.querySelectorAll('*')).some((e) => Array.from(e.attributes).some((a) => \
                    a.name.startsWith('on') || a.name === 'style'))";
    assert_eq!(browser.evaluate(handlers), false);
    let shown = browser.evaluate("document.body.textContent");
    for evil in &EVIL[..3] {
        assert!(text(&shown).contains(evil), "{evil}");
    }
    assert!(text(&shown).contains("\\u{202e}gnp"));
    assert_eq!(browser.complaints(), Vec::<Value>::new());
    // JUnit is well-formed, and holds each item once.
    let report = world.judge(&["-o", "json"]).json();
    let junit = world.judge(&["-o", "junit"]);
    let suites = python("read_junit.py", &[], &junit.expect(1).stdout);
    let cases: Vec<&str> = list(&suites)
        .flat_map(|suite| list(&suite["cases"]))
        .map(|case| text(&case["name"]))
        .collect();
    let names: Vec<&str> = list(&report["items"]).map(|item| text(&item["item"])).collect();
    assert_eq!(cases, names);
    // Markdown holds no tag, and a row for each item.
    let markdown = world.judge(&["-o", "markdown"]);
    let told = &markdown.expect(1).stdout;
    let plain = without_code(told);
    assert!(!plain.contains("<img") && !plain.contains("<script"), "{told}");
    let rows = told.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| |"));
    assert_eq!(rows.count(), names.len(), "{told}");
    // YAML and JSON say the same, and a terminal is told no command.
    let table = world.judge(&[]);
    assert!(!table.stdout.contains(['\u{1b}', '\u{202e}']), "{table}");
}

/// Markdown without its code spans, in which a tag is text.
fn without_code(markdown: &str) -> String {
    let run = |text: &str| text.len() - text.trim_start_matches('`').len();
    let (mut plain, mut rest) = (String::new(), markdown);
    while let Some(start) = rest.find('`') {
        plain += &rest[..start];
        let length = run(&rest[start..]);
        let inner = &rest[start + length..];
        let mut at = 0;
        // It ends at the next run that is as long; if there is none, it is text.
        rest = loop {
            let Some(found) = inner[at..].find('`') else {
                plain += &rest[start..start + length];
                break inner;
            };
            let other = run(&inner[at + found..]);
            at += found + other;
            if other == length {
                break &inner[at..];
            }
        };
    }
    plain + rest
}
