//! The HTML page, opened in a browser.

use std::path::PathBuf;

use envparity::model::Audit;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::common::quickstart;
use crate::reports::{HOSTILE, hostile, large, rendered, rich};

/// A page in a folder of its own.
struct Page {
    _folder: TempDir,
    path: PathBuf,
}

fn written(text: &str) -> Page {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("report.html");
    std::fs::write(&path, text).unwrap();
    Page { _folder: folder, path }
}

fn opened(text: &str) -> (Browser, Page) {
    let page = written(text);
    let mut browser = Browser::new();
    browser.resize(1400, 900);
    browser.open(&page.path, "");
    (browser, page)
}

fn page_of(report: &Audit) -> (Browser, Page) {
    opened(&rendered(report, "html"))
}

/// How many elements of that kind are shown.
fn shown(browser: &mut Browser, selector: &str) -> Value {
    browser.evaluate(&format!(
        "Array.from(document.querySelectorAll({selector:?})).filter((e) => !e.closest('[hidden]')).length"
    ))
}

/// The component names of the matrix that are shown, from the top.
fn rows(browser: &mut Browser) -> Vec<String> {
    let names = "Array.from(document.querySelectorAll('.matrix tbody tr')).filter((row) => !row.hidden)\
                 .map((row) => row.children[0].firstChild.textContent.trim())";
    serde_json::from_value(browser.evaluate(names)).unwrap()
}

const ROWS: &str = ".matrix tbody tr";

#[test]
fn the_quickstart_says_what_the_json_says_and_nothing_on_the_console() {
    let report = crate::common::quickstart_json();
    let (mut browser, _page) = opened(&quickstart("html"));
    assert_eq!(
        browser.evaluate("document.querySelector('h1').textContent"),
        "NO-GO, and INCOMPLETE"
    );
    for finding in report["findings"].as_array().unwrap() {
        let id = finding["id"].as_str().unwrap();
        let told = format!("document.getElementById('f-{id}').querySelector('.text').textContent");
        assert_eq!(browser.evaluate(&told), finding["summary"]);
        let card = format!(
            "document.getElementById('f-{id}').closest('.card').querySelector('h3').textContent"
        );
        assert_eq!(browser.evaluate(&card), finding["component"]);
    }
    let reasons = browser.evaluate(
        "Array.from(document.querySelectorAll('.reasons li')).map((one) => one.textContent)",
    );
    let verdict = &report["verdict"];
    let texts = verdict["reasons"].as_array().unwrap().iter().map(|reason| reason["text"].clone());
    let texts: Vec<Value> =
        texts.chain(verdict["not-judged"].as_array().unwrap().iter().cloned()).collect();
    assert_eq!(reasons, json!(texts));
    let matrix = report["matrix"].as_array().unwrap();
    assert_eq!(
        browser.evaluate(&format!("document.querySelectorAll({ROWS:?}).length")),
        matrix.len()
    );
    for row in matrix {
        let component = row["component"].as_str().unwrap();
        let text = browser.evaluate(&format!(
            "Array.from(document.querySelectorAll({ROWS:?})).find((row) => row.children[0].firstChild.textContent.trim() \
             === {component:?}).textContent"
        ));
        let readings = row["cells"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|cell| cell["readings"].as_array())
            .flatten();
        for reading in readings {
            let version = reading["version"].as_str().unwrap();
            assert!(text.as_str().unwrap().contains(version), "{component}: {version} in {text}");
        }
    }
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn filters_narrow_what_is_shown_and_say_how_much() {
    let report = large(60, 4);
    let (mut browser, page) = page_of(&report);
    // Only what differs, until somebody asks for all.
    assert_eq!(shown(&mut browser, ROWS), 15);
    browser.click("#differs");
    browser
        .wait_for("document.getElementById('count').textContent.includes('62 of 62 components')");
    assert_eq!(shown(&mut browser, ROWS), 62);
    // `/` leads to the field; typing narrows both findings and matrix.
    browser.press("/");
    assert_eq!(browser.evaluate("document.activeElement.id"), "q");
    for key in ["-", "0", "0", "0", "3"] {
        browser.press(key);
    }
    browser
        .wait_for("document.getElementById('count').textContent.includes(' 10 of 62 components')");
    assert_eq!(shown(&mut browser, ROWS), 10);
    assert_eq!(shown(&mut browser, ".card"), 2);
    assert_eq!(
        browser.evaluate(
            "document.getElementById('count').textContent.startsWith('4 of 28 findings')"
        ),
        true
    );
    // The state stands in the address, and a page that is opened there shows the same.
    let fragment = browser.evaluate("location.hash");
    assert_eq!(fragment, "#?q=-0003&all=1");
    browser.open(&page.path, fragment.as_str().unwrap());
    browser
        .wait_for("document.getElementById('count').textContent.includes(' 10 of 62 components')");
    browser.click("#filter button[type=reset]");
    browser
        .wait_for("document.getElementById('count').textContent.includes(' 15 of 62 components')");
    // A severity, an owner, a place.
    browser.click("input[value=medium]");
    browser
        .wait_for("document.getElementById('count').textContent.startsWith('14 of 28 findings')");
    browser.evaluate(
        "owner.value = 'web'; owner.dispatchEvent(new Event('change', { bubbles: true }))",
    );
    browser
        .wait_for("!document.getElementById('count').textContent.startsWith('14 of 28 findings')");
    let found = shown(&mut browser, ".f");
    let is_web = |f: &&envparity::model::JudgedFinding| {
        f.owner.as_deref() == Some("web") && f.severity == envparity::model::Severity::Medium
    };
    assert_eq!(found, report.findings.iter().filter(is_web).count());
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn the_picture_leads_to_what_it_counts() {
    let (mut browser, _page) = page_of(&rich());
    let told = browser.evaluate("document.querySelector('.heat button').firstChild.textContent");
    browser.click(".heat button");
    browser.wait_for("location.hash.startsWith('#?severity=')");
    assert_eq!(shown(&mut browser, ".f").to_string(), told.as_str().unwrap());
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn every_version_stands_below_its_environment() {
    let page = written(&quickstart("html"));
    let mut browser = Browser::new();
    browser.resize(1400, 900);
    browser.open(&page.path, "");
    browser.click("#differs");
    let astray = "(() => {
        const left = (cell) => Math.round(cell.getBoundingClientRect().left);
        const heads = Array.from(document.querySelectorAll('.matrix thead th')).map(left);
        const rows = Array.from(document.querySelectorAll('.matrix tbody tr'));
        return [rows.length, rows.filter((row) => Array.from(row.children).some((cell, i) => left(cell) !== heads[i])).length];
    })()";
    let [rows, astray]: [usize; 2] = serde_json::from_value(browser.evaluate(astray)).unwrap();
    assert!(rows > 20 && astray == 0, "{astray} of {rows}");
}

#[test]
fn columns_sort_up_and_down() {
    let (mut browser, _page) = page_of(&large(60, 4));
    let worst_first = rows(&mut browser);
    let sorted = |browser: &mut Browser, how: &str| {
        let sort = "document.querySelector('.matrix th:nth-child(1)').getAttribute('aria-sort')";
        browser.wait_for(&format!("{sort} === '{how}'"));
        browser.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");
        rows(browser)
    };
    browser.click(".matrix th:nth-child(1) button");
    let by_name = sorted(&mut browser, "ascending");
    assert!(by_name.is_sorted() && by_name.len() == worst_first.len(), "{by_name:?}");
    browser.click(".matrix th:nth-child(1) button");
    let backwards = sorted(&mut browser, "descending");
    assert!(backwards.iter().rev().is_sorted(), "{backwards:?}");
    assert_eq!(browser.evaluate("document.querySelectorAll('[aria-sort]').length"), 1);
    // An environment: what is furthest from the baseline first, then by version.
    browser.click("#differs");
    browser.click(".matrix th:nth-child(4) button");
    let ranks: Vec<u32> = serde_json::from_value(browser.evaluate(&format!(
        "Array.from(document.querySelectorAll({ROWS:?})).map((row) => Number(row.dataset.k.split(' ')[2]))"
    )))
    .unwrap();
    assert!(ranks.iter().rev().is_sorted() && ranks.first() > ranks.last(), "{ranks:?}");
    assert_eq!(browser.evaluate("location.hash"), "#?all=1&sort=-3");
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn a_link_to_a_finding_unfolds_it_and_shows_it() {
    let report = rich();
    let page = written(&rendered(&report, "html"));
    let low = report
        .findings
        .iter()
        .rev()
        .find(|f| f.is_active() && f.severity == envparity::model::Severity::Low);
    let id = low.unwrap().id.as_str();
    let mut browser = Browser::new();
    browser.open(&page.path, &format!("#f-{id}"));
    browser.wait_for(&format!("document.getElementById('f-{id}').closest('.card').open"));
    browser.wait_for(&format!(
        "(() => {{ const box = document.getElementById('f-{id}').getBoundingClientRect(); return box.height > 0 && box.top \
         >= 0 && box.bottom <= innerHeight; }})()"
    ));
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn a_link_past_the_filter_counts_what_it_shows_and_no_address_breaks_the_page() {
    let report = rich();
    let (mut browser, _page) = page_of(&report);
    let low = report
        .findings
        .iter()
        .rev()
        .find(|f| f.is_active() && f.severity == envparity::model::Severity::Low);
    let id = low.unwrap().id.as_str();
    browser.evaluate(
        "q.value = 'nothing has this'; q.dispatchEvent(new Event('input', { bubbles: true }))",
    );
    browser.wait_for("document.getElementById('count').textContent.startsWith('0 of')");
    browser.evaluate(&format!("location.replace('#f-{id}')"));
    browser.wait_for("document.getElementById('count').textContent.startsWith('1 of')");
    assert_eq!(shown(&mut browser, ".f"), 1);
    // What is no escape is no id.
    browser.evaluate("location.replace('#%')");
    browser.evaluate("location.replace('#?sort=0&all=1')");
    let sorted = "document.querySelector('.matrix [aria-sort]').textContent";
    browser.wait_for(&format!("{sorted}.includes('Component')"));
    browser.evaluate("location.replace('#?all=1')");
    browser.wait_for(&format!("{sorted}.includes('Severity')"));
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn on_a_narrow_screen_each_value_has_its_label_and_tables_stay_tables() {
    let (mut browser, _page) = page_of(&rich());
    browser.resize(400, 800);
    browser.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    let label = "(one) => getComputedStyle(one, '::before').content";
    let labels = format!(
        "Array.from(new Set(Array.from(document.querySelectorAll('.evidence td')).map({label}))).sort()"
    );
    let labels = browser.evaluate(&labels).to_string();
    for word in ["Runs", "Told by", "Content"] {
        assert!(labels.contains(word), "{labels}");
    }
    assert!(!labels.contains("none"), "{labels}");
    let bare = "Array.from(document.querySelectorAll('.evidence, .list, .matrix')).flatMap((table) => [table, \
                ...table.querySelectorAll('thead, tbody, tr, th, td')]).filter((one) => !one.hasAttribute('role')).length";
    assert_eq!(browser.evaluate(bare), 0);
    let joined = "Array.from(document.querySelectorAll('.matrix tbody th small')).filter((one) => \
                  !one.previousSibling.textContent.endsWith(' ')).length";
    assert_eq!(browser.evaluate(joined), 0);
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    let (mut browser, _page) = page_of(&hostile());
    let foreign = "document.querySelectorAll('img, iframe, object, embed, base, body script ~ *, svg [onload], a[href]:not([href^=\"#\"])').length";
    assert_eq!(browser.evaluate(foreign), 0);
    assert_eq!(browser.evaluate("document.scripts.length"), 1);
    let handlers = "Array.from(document.querySelectorAll('*')).some((e) => Array.from(e.attributes).some((a) => \
                    a.name.startsWith('on') || a.name === 'style'))";
    assert_eq!(browser.evaluate(handlers), false);
    let text = browser.evaluate("document.body.textContent");
    for evil in HOSTILE.iter().filter(|evil| evil.chars().all(|c| c.is_ascii_graphic() || c == ' '))
    {
        assert!(text.as_str().unwrap().contains(evil), "{evil}");
    }
    assert!(text.as_str().unwrap().contains("\\u{202e}gnp.exe"));
    // Typing it does no harm either, and neither does a link that holds it.
    browser
        .evaluate("q.value = '<img src=x onerror=alert(1)>'; q.dispatchEvent(new Event('input', { bubbles: true }))");
    browser.wait_for("location.hash.includes('onerror')");
    browser.click(".matrix th:nth-child(3) button");
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn no_width_makes_the_page_scroll_sideways() {
    for text in [quickstart("html"), rendered(&rich(), "html"), rendered(&hostile(), "html")] {
        let (mut browser, _page) = opened(&text);
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
fn without_a_script_everything_can_be_read() {
    let report = rich();
    let page = written(&rendered(&report, "html"));
    let mut browser = Browser::new();
    browser.call("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    browser.open(&page.path, "");
    // The page's own script does not run; what is evaluated from outside does.
    assert_eq!(browser.evaluate("document.getElementById('filter').hidden"), true);
    assert_eq!(shown(&mut browser, ROWS), report.matrix.len());
    assert_eq!(shown(&mut browser, ".f"), report.findings.iter().filter(|f| f.is_active()).count());
    let buttons = "Array.from(document.querySelectorAll('button')).filter((one) => one.checkVisibility()).length";
    assert_eq!(browser.evaluate(buttons), 0, "a button that does nothing");
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

/// The contrast of every word with what is behind it, by WCAG 2.1: 4.5 at least.
const CONTRAST: &str = "(() => {
  const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return { rgb: n.slice(0, 3), alpha: n[3] ?? 1 }; };
  const light = (rgb) => { const [r, g, b] = rgb.map((n) => { const c = n / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.alpha === 1) return c.rgb; } return null; };
  const poor = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !e.checkVisibility() || ['SCRIPT', 'OPTION', 'OPTGROUP'].includes(e.tagName)) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color).rgb), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.add(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2) + ' ' + e.textContent.slice(0, 30));
  }
  return Array.from(poor);
})()";

#[test]
fn every_word_has_contrast_by_day_and_by_night() {
    let (mut browser, _page) = page_of(&rich());
    browser.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    let mut grounds = Vec::new();
    for scheme in ["light", "dark"] {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        browser.call("Emulation.setEmulatedMedia", &features);
        assert_eq!(browser.evaluate(CONTRAST), json!([]), "{scheme}");
        grounds.push(browser.evaluate("getComputedStyle(document.body).backgroundColor"));
    }
    assert_ne!(grounds[0], grounds[1]);
    let forced = json!({"features": [{"name": "forced-colors", "value": "active"}]});
    browser.call("Emulation.setEmulatedMedia", &forced);
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn it_prints_with_everything_unfolded() {
    let (mut browser, _page) = page_of(&rich());
    let printed = browser.call("Page.printToPDF", &json!({"printBackground": true}));
    assert!(printed["data"].as_str().unwrap().len() > 20_000);
    browser.call("Emulation.setEmulatedMedia", &json!({"media": "print"}));
    let hidden = "Array.from(document.querySelectorAll('.card:not([open]) .f .text')).filter((one) => \
                  one.getBoundingClientRect().height === 0).length";
    assert_eq!(browser.evaluate(hidden), 0, "a finding that is folded on paper");
    assert_ne!(browser.evaluate("document.querySelectorAll('.card:not([open])').length"), 0);
    let controls = "Array.from(document.querySelectorAll('input, select, #fold')).filter((one) => one.checkVisibility())";
    assert_eq!(browser.evaluate(&format!("{controls}.length")), 0);
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn a_screen_reader_finds_landmarks_headings_and_tables() {
    let (mut browser, _page) = page_of(&rich());
    let tree = browser.call("Accessibility.getFullAXTree", &json!({}));
    let nodes = tree["nodes"].as_array().unwrap();
    let of = |role: &str| -> Vec<&Value> {
        nodes
            .iter()
            .filter(|node| node["role"]["value"] == role && node["ignored"] == false)
            .collect()
    };
    for role in ["main", "navigation", "search", "banner", "contentinfo", "status"] {
        assert_eq!(of(role).len(), 1, "{role}");
    }
    let level = |node: &Value| -> Option<u64> {
        let properties = node["properties"].as_array()?;
        properties.iter().find(|property| property["name"] == "level")?["value"]["value"].as_u64()
    };
    // In the order of the document, no level is left out.
    let levels = browser.evaluate(
        "Array.from(document.querySelectorAll('h1, h2, h3')).map((one) => Number(one.tagName[1]))",
    );
    let levels: Vec<u64> = serde_json::from_value(levels).unwrap();
    assert!(
        levels.first() == Some(&1) && levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
        "{levels:?}"
    );
    let mut told: Vec<u64> = of("heading").into_iter().filter_map(level).collect();
    let mut wanted = levels;
    told.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(told, wanted, "a heading that is not told");
    for role in ["table", "row", "columnheader", "rowheader"] {
        assert!(of(role).len() > 5, "{role}: {}", of(role).len());
    }
    // Every control has a name.
    for role in ["button", "checkbox", "combobox", "searchbox", "link", "region", "table"] {
        let nameless = of(role)
            .into_iter()
            .filter(|node| node["name"]["value"].as_str().unwrap_or_default().is_empty());
        assert_eq!(nameless.count(), 0, "{role}");
    }
    assert_eq!(browser.evaluate("document.documentElement.lang"), "en");
}

/// `cargo test --features real-servers --test readers a_large_page -- --nocapture` prints what it
/// costs.
#[test]
fn a_large_page_stays_usable() {
    for differs in [10, 1] {
        let page = written(&rendered(&large(5_000, differs), "html"));
        let mut browser = Browser::new();
        browser.resize(1400, 900);
        browser.cpu();
        browser.open(&page.path, "");
        let loaded = browser.cpu();
        let mut times = Vec::new();
        for text in ["service-01", "", "3.1", "nothing"] {
            let before = browser.cpu();
            browser.evaluate(&format!(
                "q.value = {text:?}; q.dispatchEvent(new Event('input', {{ bubbles: true }}))"
            ));
            browser.evaluate("new Promise((done) => setTimeout(done, 125))");
            browser
                .evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");
            times.push(browser.cpu() - before);
        }
        browser.wait_for("document.getElementById('count').textContent.startsWith('0 of')");
        let before = browser.cpu();
        browser.evaluate("document.querySelector('.matrix th button').click()");
        browser.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");
        let sorted = browser.cpu() - before;
        println!(
            "one in {differs} differs: loaded in {loaded} ms, filtered in {times:?} ms, sorted in {sorted} ms"
        );
        assert_eq!(browser.complaints(), Vec::<Value>::new());
    }
}
