//! What stands where in a hand-written report, and what is dropped of a huge one.

use super::LIMIT;
use crate::model::{Purpose, Severity};
use crate::report::view::ReportView;
use crate::report::view::testing::{audit_of, hostile};
use crate::wire::report::DriftReport;

fn comment(report: &DriftReport, purpose: Purpose) -> String {
    let mut audit = audit_of(report);
    audit.purpose = purpose;
    super::render_comment(&ReportView::new(&audit))
}

fn first_ten(text: &str) -> Vec<&str> {
    text.lines().take(10).take_while(|line| !line.starts_with("<details")).collect()
}

#[test]
fn the_first_lines_say_what_is_new() {
    let text = comment(&hostile(), Purpose::Audit);
    let wanted = "## envparity: NO-GO, and INCOMPLETE ❌

**Partial**: `stag@ng` left out of this audit. 2 findings; qualif docker/app part images not read: no whole answer within 15s, and 2 more gaps; not judged (not required or left out): dev docker/laptop not read: refused `` `\\u{a}## `` GO `✅`. Since 2026-11-22T21:00:00Z: **2 new, 1 worse**, 1 better, 1 resolved, 1 unknown, 1 unchanged. Unknown: not everything \
that could show it was read. Changed as well: the policy says something else `|` now.

- blocks: high version-skew redis/cache: qualif 7.0.15 is a minor behind prod 7.2.4 `|` `@alice` `<img` `src=x>`
- new: **high** version-skew `redis/cache`: qualif 7.0.15 is a minor behind prod 7.2.4 `|` `@alice` `<img` `src=x>`
- worse: medium floating-tag `image/=cmd|'/C calc'!A0`: prod runs ``` `latest`` ``` ```` ``` ```` and `\\u{202e}gnp.exe`
- new: info promotion-inversion `image/b`: see `#12`, `GH-7`, `!3`, `https://evil.example`, `www.evil.example` and `[x](javascript:x`)
";
    assert!(text.starts_with(wanted), "{text}");
    assert!(first_ten(&text).len() < 10);
}

#[test]
fn without_an_earlier_report_they_say_what_blocks() {
    let mut report = hostile();
    report.since = None;
    let text = comment(&report, Purpose::Audit);
    let first = first_ten(&text);
    let wanted = "**Partial**: `stag@ng` left out of this audit. 2 findings; qualif docker/app \
        part images not read: no whole answer within 15s, and 2 more gaps; ";
    assert!(first[2].starts_with(wanted), "{}", first[2]);
    assert!(first[2].contains("; baseline prod, gate qualif -> prod."), "{}", first[2]);
    assert_eq!(
        first[4],
        "- blocks: high version-skew redis/cache: qualif 7.0.15 is a minor behind prod 7.2.4 `|` \
         `@alice` `<img` `src=x>`"
    );
    let mut reasons = report.verdict.reasons.clone();
    reasons.extend(report.verdict.reasons.clone());
    report.verdict.reasons = reasons;
    let text = comment(&report, Purpose::Audit);
    assert_eq!(text.lines().nth(9), Some("- and 5 more, below"));
    assert_eq!(text.lines().nth(10), Some(""));
    assert!(
        text.contains(
            "<details open>\n<summary><b>Why</b>: 10 reasons, 1 gap not judged</summary>"
        ),
        "{text}"
    );
}

#[test]
fn a_go_says_what_was_judged() {
    let mut report = hostile();
    report.since = None;
    report.verdict.is = "go".to_owned();
    report.verdict.reasons.clear();
    report.left_out.clear();
    let text = comment(&report, Purpose::Audit);
    assert!(
        text.starts_with(
            "## envparity: GO ✅\n\nnothing at or above high in a gate, and everything required was \
             read; not judged"
        ),
        "{text}"
    );
    report.gates.clear();
    let text = comment(&report, Purpose::Audit);
    let wanted = "## envparity: GO, but no gate was judged\n\neverything required was read, and \
        nothing else was judged; ";
    assert!(text.starts_with(wanted), "{text}");
    assert!(
        comment(&report, Purpose::Diff)
            .starts_with("## envparity diff: COMPLETE\n\neverything in the evidence was read; ")
    );
}

#[test]
fn what_is_incomplete_says_so_before_anything_else() {
    let mut report = hostile();
    report.left_out.clear();
    report.verdict.is = "incomplete".to_owned();
    report.verdict.reasons.retain(|reason| reason.kind == "incomplete");
    let text = comment(&report, Purpose::Audit);
    let wanted = "## envparity: INCOMPLETE ⚠️\n\nqualif docker/app part images not read: no whole \
                  answer within 15s, and 2 more gaps; ";
    assert!(text.starts_with(wanted) && text.contains(". Since 2026-11-22T21:00:00Z: "), "{text}");
    assert_eq!(text.lines().nth(4).unwrap().split(':').next(), Some("- incomplete"));
    report.since = None;
    report.gates.clear();
    let text = comment(&report, Purpose::Audit);
    assert!(text.starts_with(wanted) && text.contains("; baseline prod.\n"), "{text}");
}

#[test]
fn the_worst_that_blocks_comes_first_and_once() {
    let mut report = hostile();
    let ids: Vec<String> = report.findings.iter().map(|finding| finding.id.clone()).collect();
    for (reason, id) in report.verdict.reasons.iter_mut().zip(ids) {
        reason.finding = Some(id);
    }
    let text = comment(&report, Purpose::Audit);
    let worst = report
        .findings
        .iter()
        .take(2)
        .max_by_key(|finding| finding.severity.parse::<Severity>().unwrap())
        .unwrap();
    let at = report.findings.iter().position(|finding| finding.id == worst.id).unwrap();
    let first = text.lines().nth(4).unwrap();
    assert!(
        first.ends_with(&super::reason_line(&audit_of(&report).judgement.reasons[at])),
        "{first}"
    );
    assert!(first_ten(&text).len() <= 10);
}

#[test]
fn every_section_has_its_rows_the_worst_first() {
    let text = comment(&hostile(), Purpose::Audit);
    for wanted in [
        "<b>Findings</b>: 1 critical, 1 high, 1 medium, 1 low, 1 info",
        "| **critical** | shared-instance | `redis/cache` | dev, prod (no gate) | dev redis/cache \
         = prod redis/cache |  | `a2000000` | unchanged |\n| **high** |",
        "<b>Waived</b>: 2 findings, not blocking",
        "| `until\\|then` | platform | 2026-12-01 | dev moves first `@bob` `<b>` | `b1000000` |",
        "<b>Not active any more</b>: 2 findings",
        "| unknown | low | floating-tag | `image/y` |",
        "<b>Matrix</b> of what differs; 0 of 5 components equal where read",
        "| `redis/cache` | redis 7.2.4 | valkey 7.0.15: other product, other variant, minor \
         behind | redis 7.2.4 | **critical** |",
        "| `image/a` | v23 (tag `` ` ``): major ahead | v20 (1), v22 (3): major, ahead and behind \
         | v21 | 2 waived |",
        "| `image/b` | **not read** | **not read** | by digest | info |",
        "| `image/c` | not running (1 `exited\\u{a}\\|` x) | missing | 1.0 declared |  |",
        "| qualif | `docker/app` | images, hides 1 | no whole answer within 15s | raise the \
         deadline | yes |",
        "| qualif | `redis/cache` | read from `c.txt` instead | connection refused | start it | \
         yes |",
        "<b>Waivers</b>: 1 expired, 1 unused, 1 expiring",
        "- dev `redis/cache`: a certificate ends `@soon`\n",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
}

/// As a program reads it: an angle bracket outside of a code span is ours.
#[test]
fn no_text_from_outside_is_markup() {
    let text = comment(&hostile(), Purpose::Audit);
    let ours =
        ["<details>", "<details open>", "</details>", "<summary>", "</summary>", "<b>", "</b>"];
    let mut rest: String = text.lines().map(outside_of_code).collect::<Vec<_>>().join("\n");
    for tag in ours {
        rest = rest.replace(tag, "");
    }
    let rest = rest.replace(" -> ", "");
    assert!(
        !rest.contains(['<', '>', '@', '[', '`', '#']) || rest.matches('#').count() == 2,
        "{rest}"
    );
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

/// What stands outside of code spans: a run of backticks ends where a run of the same length
/// stands.
fn outside_of_code(line: &str) -> String {
    let mut outside = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        outside.push_str(&rest[..start]);
        let run = rest[start..].chars().take_while(|c| *c == '`').count();
        let fence = &rest[start..start + run];
        let inner = &rest[start + run..];
        let end = inner
            .match_indices(fence)
            .map(|(i, _)| i)
            .find(|i| !inner[..*i].ends_with('`') && !inner[i + run..].starts_with('`'));
        rest = &inner[end.unwrap_or_else(|| panic!("a code span without an end: {line}")) + run..];
    }
    outside + rest
}

#[test]
fn a_huge_report_fits_and_says_what_is_missing() {
    let mut report = hostile();
    let long = "漢`|@".repeat(400);
    let row = report.matrix[1].clone();
    report.matrix = (0..5_000)
        .map(|i| crate::wire::report::Row { component: format!("image/{i}"), ..row.clone() })
        .collect();
    let template = report.findings[0].clone();
    let severities = ["info", "low", "medium", "high"];
    report.findings = (0..4_000)
        .map(|i| crate::wire::report::Finding {
            id: format!("{i:016x}"),
            severity: severities[i % 4].to_owned(),
            summary: long.clone(),
            ..template.clone()
        })
        .collect();
    report.verdict.reasons[0].text = long.clone();
    report.since.as_mut().unwrap().changed = vec![long.clone(); 50];
    report.left_out = vec![long.clone(); 50];
    for reasons in [5, 5_000] {
        report.verdict.reasons =
            report.verdict.reasons.iter().cycle().take(reasons).cloned().collect();
        let text = comment(&report, Purpose::Audit);
        assert!(text.len() < LIMIT, "{}", text.len());
        assert!(text.len() > LIMIT / 2, "what there is room for is shown: {}", text.len());
        assert!(text.contains("rows left out for length**"), "{text}");
        assert!(text.contains("none of 5000 shown, for length."), "the matrix goes first");
        assert!(
            !text.contains("| low |") && !text.contains("| info |"),
            "of findings, the worst stay"
        );
        assert!(text.contains(&format!("<b>Why</b>: {reasons} reasons")), "{text}");
    }
}

#[test]
fn a_matrix_keeps_as_many_rows_as_fit() {
    let mut report = hostile();
    let row = report.matrix[1].clone();
    report.matrix = (0..5_000)
        .map(|i| crate::wire::report::Row { component: format!("image/{i}"), ..row.clone() })
        .collect();
    let text = comment(&report, Purpose::Audit);
    let shown =
        text.lines().filter(|line| line.starts_with("| `image/") && line.contains("v20")).count();
    assert!(text.len() < LIMIT && text.len() > LIMIT - 2_000, "{}", text.len());
    assert!(text.contains(&format!(": {shown} of 5000 shown, for length</summary>")), "{shown}");
    assert!(text.contains(&format!("**{} rows left out for length**", 5_000 - shown)), "{shown}");
}
