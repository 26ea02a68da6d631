//! The HTML page without a browser: what its policy allows, what stands in it, and what it costs.
//! `tests/readers/html.rs` opens it in one.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "readers/reports.rs"]
mod reports;
#[path = "support/cli/slowness.rs"]
mod slowness;

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use envparity::model::{Audit, Purpose};
use envparity::model::{Fate, Severity};
use reports::{hostile, large, rendered, rich};
use sha2::{Digest as _, Sha256};
use slowness::scaled;

/// What stands between two texts, the first time.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

/// Every tag of the page, without what stands in style and script.
fn tags(page: &str) -> Vec<&str> {
    let (head, rest) = page.split_once("<style>").unwrap();
    let (body, _) = rest.split_once("</style>").unwrap().1.split_once("<script>").unwrap();
    [head, body]
        .iter()
        .flat_map(|text| text.split('<').skip(1))
        .map(|tag| tag.split('>').next().unwrap())
        .collect()
}

#[test]
fn the_policy_allows_this_style_and_this_script_and_nothing_else() {
    for report in [rich(), hostile(), large(3, 1)] {
        let page = rendered(&report, "html");
        let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
        let wanted = format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; \
             form-action 'none'",
            hash(between(&page, "<style>", "</style>")),
            hash(between(&page, "<script>", "</script>")),
        );
        let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"")
            .replace("&#39;", "'");
        assert_eq!(policy, wanted);
        // It counts for what comes after it.
        assert!(page.find("Content-Security-Policy").unwrap() < page.find("<style").unwrap());
        for element in ["<style", "<script", "<title"] {
            assert_eq!(page.matches(element).count(), 1, "{element}");
        }
    }
}

#[test]
fn no_tag_has_a_handler_or_a_style_or_leads_out() {
    for report in [rich(), hostile()] {
        let page = rendered(&report, "html");
        let names =
            ["img", "iframe", "object", "embed", "base", "video", "audio", "frame", "source"];
        for tag in tags(&page) {
            let name = tag.split_whitespace().next().unwrap_or_default();
            assert!(!names.contains(&name), "{tag}");
            // Attributes stand in double quotes, and no text from outside has one.
            for attribute in tag.split('"').step_by(2).filter_map(|part| part.strip_suffix('=')) {
                let attribute = attribute.split_whitespace().last().unwrap();
                assert!(
                    !attribute.starts_with("on") && attribute != "style" && attribute != "src",
                    "{tag}"
                );
            }
            let href = tag.split_once("href=\"").map(|(_, rest)| rest.split('"').next().unwrap());
            assert!(href.is_none_or(|href| href.starts_with('#') || href == "data:,"), "{tag}");
        }
    }
}

#[test]
fn hostile_text_adds_no_tag_and_nothing_that_acts() {
    let (harmless, page) = (rendered(&rich(), "html"), rendered(&hostile(), "html"));
    assert!(!page.contains("<script>alert") && !page.contains("onerror=alert(1)>"));
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && page.contains("\\u{202e}gnp.exe")
    );
    let acts = |c: char| {
        (c.is_control() && c != '\n') || matches!(u32::from(c), 0x200b..=0x200f | 0x202a..=0x202e)
    };
    assert_eq!(page.chars().find(|c| acts(*c)), None);
    let kinds = |page: &str| {
        let tags = tags(page)
            .into_iter()
            .map(|tag| tag.split_whitespace().next().unwrap_or_default().to_owned());
        tags.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(kinds(&page), kinds(&harmless));
}

#[test]
fn findings_stand_once_by_component_and_worst_first() {
    let report = rich();
    let page = rendered(&report, "html");
    for judged in &report.findings {
        assert_eq!(
            page.matches(&format!("id=\"f-{}\"", judged.id)).count(),
            1,
            "{}",
            judged.finding.summary
        );
    }
    let cards: Vec<&str> = page.split("<details class=\"card ").skip(1).collect();
    let severities: Vec<Severity> =
        cards.iter().map(|card| card.split('"').next().unwrap().parse().unwrap()).collect();
    assert!(severities.is_sorted_by(|a, b| a >= b), "{severities:?}");
    let active = report.findings.iter().filter(|judged| judged.is_active());
    let components: std::collections::BTreeSet<_> =
        active.map(|judged| &judged.finding.component).collect();
    assert_eq!(cards.len(), components.len());
    assert!(cards.len() > 3);
}

#[test]
fn the_verdict_is_told_in_words() {
    let verdict =
        |report| between(&rendered(&report, "html"), "<h1 id=\"verdict\">", "</h1>").to_owned();
    assert_eq!(verdict(rich()), "NO-GO, and INCOMPLETE");
    assert_eq!(verdict(large(3, 100)), "GO");
    let mut diff = large(3, 100);
    diff.purpose = Purpose::Diff;
    assert_eq!(verdict(diff), "COMPLETE");
    let mut without = large(3, 100);
    without.gates.clear();
    without.left_out = vec!["staging".into()];
    let page = rendered(&without, "html");
    let banner = between(&page, "<section class=\"verdict neutral\"", "<p class=\"meta\">");
    for wanted in
        [">GO, but no gate was judged</h1>", "<b>Partial:</b> staging left out of this audit."]
    {
        assert!(banner.contains(wanted), "{wanted}\n{banner}");
    }
}

#[test]
fn unknown_is_explained_only_where_there_is_an_unknown_one() {
    let mut report = rich();
    let told = "Unknown is not resolved";
    let has = |report: &Audit| rendered(report, "html").contains(told);
    let gone = |report: &Audit| {
        report.since.as_ref().unwrap().gone.iter().any(|one| one.fate == Fate::Unknown)
    };
    assert_eq!(has(&report), gone(&report));
    report.since.as_mut().unwrap().gone.retain(|one| one.fate != Fate::Unknown);
    assert!(!has(&report));
}

#[test]
fn a_place_that_is_no_gate_says_when_its_findings_may_block() {
    let mut report = rich();
    let gate = report.gates[0].from.clone();
    let judged =
        report.findings.iter_mut().find(|judged| judged.is_active() && judged.in_gate).unwrap();
    judged.finding.environments = vec![gate.clone()];
    let page = rendered(&report, "html");
    let row = format!("<bdi>{gate}</bdi> <span class=\"tag gate\">in a gate</span></th>");
    assert!(between(&page, "<table class=\"heat\">", "</table>").contains(&row), "{row}");
}

/// `ENVPARITY_WRITE_PAGES=DIR cargo test --test html` writes the pages, to look at them.
#[test]
fn the_same_report_is_the_same_page() {
    let folder = std::env::var_os("ENVPARITY_WRITE_PAGES").map(std::path::PathBuf::from);
    let reports =
        [("rich", rich as fn() -> Audit), ("hostile", hostile), ("large", || large(5_000, 10))];
    for (name, report) in reports {
        let page = rendered(&report(), "html");
        assert!(page == rendered(&report(), "html"), "{name}");
        if let Some(folder) = &folder {
            std::fs::write(folder.join(format!("{name}.html")), page).unwrap();
        }
    }
}

/// `cargo test --release --test html -- --nocapture`
#[test]
fn a_large_report_costs_little() {
    for differs in [1, 10] {
        let report = large(5_000, differs);
        let start = Instant::now();
        let page = rendered(&report, "html");
        let took = start.elapsed();
        let (findings, bytes) = (report.findings.len(), page.len());
        println!(
            "{} components, {findings} findings: {took:?}, {bytes} bytes",
            report.matrix.len()
        );
        assert!(page.ends_with("</html>\n") || page.ends_with("</html>"));
        assert!(cfg!(debug_assertions) || took < scaled(Duration::from_secs(2)), "{took:?}");
    }
}
