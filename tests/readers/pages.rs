//! The pages of `serve`, opened in a browser: what they say, on a phone and in the dark, by keyboard,
//! and that nothing that was read acts in them.

use envparity::daemon::pages::{render_index, render_timeline};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::reports::{hostile, rich};
use crate::serve_world::{status, timeline};

struct Opened {
    browser: Browser,
    _folder: TempDir,
}

fn opened(html: &str, width: u32) -> Opened {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("page.html");
    std::fs::write(&path, html).unwrap();
    let mut browser = Browser::new();
    browser.resize(width, 900);
    browser.open(&path, "");
    Opened { browser, _folder: folder }
}

/// The pages at their widest and narrowest, light and dark.
const VIEWS: [(u32, &str); 4] = [(1400, "light"), (1400, "dark"), (400, "light"), (400, "dark")];

/// Whether a page scrolls sideways, and texts with too little contrast, as the browser paints them.
fn looks_right(browser: &mut Browser, width: u32, scheme: &str) {
    browser.resize(width, 900);
    let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
    browser.call("Emulation.setEmulatedMedia", &media);
    let wide = browser.evaluate("document.documentElement.scrollWidth - window.innerWidth");
    assert!(wide.as_i64().unwrap() <= 0, "{width} {scheme}: scrolls sideways by {wide}");
    let paler = browser.evaluate(CONTRAST);
    assert_eq!(paler, json!([]), "{width} {scheme}: contrast below 4.5");
}

/// Each text of a lane with the colour behind it: WCAG's contrast, where it is below 4.5.
const CONTRAST: &str = "
(() => {
  const parts = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (text) => {
    const [r, g, b] = parts(text).map((one) => {
      const share = one / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pale = [];
  for (const one of document.querySelectorAll('.lane svg > text')) {
    const rect = one.parentElement.querySelector('rect');
    if (!rect) continue;
    const [fill, back] = [getComputedStyle(one).fill, getComputedStyle(rect).fill];
    if (!fill.startsWith('rgb') || !back.startsWith('rgb')) continue;
    const [a, b] = [light(fill), light(back)].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) pale.push([fill, back, one.textContent]);
  }
  return pale.slice(0, 3);
})()";

/// The name and role of everything that a screen reader meets.
fn accessible(browser: &mut Browser) -> Vec<(String, String)> {
    let tree = browser.call("Accessibility.getFullAXTree", &json!({}));
    let nodes = tree["nodes"].as_array().unwrap().iter().filter(|node| node["ignored"] != true);
    let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
    nodes.map(|node| (text(&node["role"]), text(&node["name"]))).collect()
}

#[test]
fn the_first_page_tells_verdict_incidents_runs_and_what_is_due() {
    let Opened { mut browser, _folder } = opened(&render_index(&status(Some(rich()), false)), 1400);
    assert_eq!(
        browser.evaluate("document.querySelector('h1').textContent"),
        "NO-GO, and INCOMPLETE"
    );
    let text = browser.evaluate("document.body.innerText");
    let text = text.as_str().unwrap();
    for told in [
        "walk share 0.0 % -> 34 % (limit 5 %)",
        "changed in the hour before: timemachine v21 -> v22 at 22:04",
        "in 9 h",
        "2 missed, 0 skipped",
        "run:3f2a6c01",
        "the last run failed: what is shown is of the run before",
        "1 notice not taken by a sink",
        "34.0 %",
        "a sampled server has not answered",
    ] {
        assert!(text.contains(told), "{told} is not in {text}");
    }
    for (width, scheme) in VIEWS {
        looks_right(&mut browser, width, scheme);
    }
    let headings = accessible(&mut browser);
    let headings = headings.iter().filter(|(role, _)| role == "heading");
    let names: Vec<&str> = headings.map(|(_, name)| name.as_str()).collect();
    for wanted in ["NO-GO, and INCOMPLETE", "Incidents", "Schedules", "Last runs"] {
        assert!(names.contains(&wanted), "{wanted} is not in {names:?}");
    }
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn before_the_first_audit_nothing_looks_like_a_go() {
    let page = render_index(&status(None, false));
    let Opened { mut browser, _folder } = opened(&page, 1400);
    assert_eq!(browser.evaluate("document.querySelector('h1').textContent"), "NO AUDIT YET");
    assert_eq!(browser.evaluate("document.querySelectorAll('.verdict.go').length"), 0);
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn hostile_texts_do_not_act() {
    let pages = [render_index(&status(Some(hostile()), true)), render_timeline(&timeline(6, true))];
    for page in pages {
        let Opened { mut browser, _folder } = opened(&page, 1400);
        assert_eq!(browser.evaluate("window.hit === undefined"), true);
        assert_eq!(browser.evaluate("document.querySelectorAll('img').length"), 0);
        let text = browser.evaluate("document.documentElement.textContent");
        assert!(!text.as_str().unwrap().contains(['\u{202e}', '\u{1b}']));
        assert_eq!(browser.complaints(), Vec::<Value>::new());
        for (width, scheme) in VIEWS {
            looks_right(&mut browser, width, scheme);
        }
    }
}

const ROWS: &str =
    "Array.from(document.querySelectorAll('.row')).filter((row) => !row.hidden).length";

#[test]
fn three_months_of_sixty_components_are_filtered_by_keyboard() {
    let page = render_timeline(&timeline(60, false));
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    let Opened { mut browser, _folder } = opened(&page, 1400);
    browser.wait_for("document.getElementById('count').textContent === '60 of 60 components'");
    browser.press("/");
    assert_eq!(browser.evaluate("document.activeElement.id"), "q");
    for key in ["e", "-", "0", "4"] {
        browser.press(key);
    }
    browser.wait_for("document.getElementById('count').textContent === '1 of 60 components'");
    assert_eq!(browser.evaluate(ROWS), 1);
    browser.click("button[type=reset]");
    browser.wait_for("document.getElementById('count').textContent === '60 of 60 components'");
    browser.click("#changed");
    browser.wait_for("document.getElementById('count').textContent === '40 of 60 components'");
    browser.click("input[name=environment][value='0']");
    let strips = "Array.from(document.querySelectorAll('.row .lanes[data-e=\"0\"]')).every((one) => one.hidden)";
    assert_eq!(browser.evaluate(strips), true);
    for (width, scheme) in VIEWS {
        looks_right(&mut browser, width, scheme);
    }
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

/// The first day of a history fills its page, and a time that is not known stays empty.
#[test]
fn a_young_history_fills_the_page() {
    let mut young = timeline(3, false);
    let first = young.to - jiff::SignedDuration::from_hours(5);
    young.marks.retain(|mark| mark.at >= first);
    for strip in young.rows.iter_mut().flat_map(|row| &mut row.strips) {
        strip.spans.retain(|span| span.to > first);
        strip.spans.iter_mut().for_each(|span| span.from = span.from.max(first));
    }
    let Opened { mut browser, _folder } = opened(&render_timeline(&young), 1400);
    let wide = browser.evaluate(
        "Math.min(...Array.from(document.querySelectorAll('.row .lane > svg:first-of-type > rect'), \
         (one) => one.getBoundingClientRect().width))",
    );
    assert!(wide.as_f64().unwrap() > 100.0, "{wide}");
    assert_eq!(browser.evaluate("document.querySelectorAll('.axis .tick').length > 5"), true);
    young.rows.clear();
    young.marks.clear();
    let empty = render_timeline(&young);
    assert!(empty.contains("None: the history holds no audit of this time."));
}

/// A strip is a picture; who does not see it opens the row, and reads the same in a table.
#[test]
fn a_row_opens_by_keyboard_and_its_table_says_what_the_strip_shows() {
    let Opened { mut browser, _folder } = opened(&render_timeline(&timeline(6, false)), 1400);
    let first = accessible(&mut browser);
    assert!(!first.iter().any(|(role, _)| role == "row"), "tables are folded at first");
    browser.evaluate("document.querySelector('.row summary').focus()");
    browser.press("\r");
    browser.wait_for("document.querySelector('.row').open");
    let spans = "JSON.stringify(Array.from(document.querySelectorAll('.row[open] .lanes svg svg > text'), (one) => one.textContent).sort())";
    let cells = "JSON.stringify(Array.from(document.querySelectorAll('.row[open] [data-l=Runs]'), (one) => one.textContent).sort())";
    assert_eq!(browser.evaluate(spans), browser.evaluate(cells));
    let read = accessible(&mut browser);
    let tables: Vec<&str> =
        read.iter().filter(|(role, _)| role == "table").map(|(_, name)| name.as_str()).collect();
    assert_eq!(tables.len(), 1, "{tables:?}");
    assert!(tables[0].starts_with("What ran of "), "{tables:?}");
}
