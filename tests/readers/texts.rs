//! Profiles with recorded evidence whose names, versions and number of components a test chooses.

use std::fmt::Write as _;

use crate::cli::Profiles;

/// Three environments, of which `qualif -> prod` is a gate.
pub(crate) const ENVIRONMENTS: [&str; 3] = ["dev", "qualif", "prod"];

/// What readers of YAML take for something else than a text, or for none at all.
#[rustfmt::skip]
pub(crate) const AMBIGUOUS: &[&str] = &[
    "no", "NO", "on", "y", "Y", "n", "yes", "off", "true", "TRUE", "null", "Null", "~", "1.10", "1e3", "1.5e+3", "+1", "-1", ".5", "5.",
    "012", "0o12", "08", "0x1F", "0b1", "1_000", "1:30", "1:30:45", "190:20:30.15", "12:30:45", "2026-11-22", "2026-11-22T21:00:00Z",
    "2026-11-22 21:00:00", ".inf", "-.inf", ".nan", "=", "<<", "-", "?", ":", "- a", "a: b", "a #b", "#a", "a:", "&a", "*a", "!a",
    "!!python/object:os.system", "|", ">", "%a", "@a", "`a", "{a", "[a]", ",", "'a", "\"a", "a'b", "---", "...", "a\\b", "6.8523015e+5",
];

/// What acts on a page, in a spreadsheet, on a terminal, or on people.
#[rustfmt::skip]
pub(crate) const HOSTILE: &[&str] = &[
    "=1+1", "=cmd|'/C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "＝1+1", "＠SUM(A1)", "a;=1+1", "a,\"=1+1", "\t=1", "\r=1", "\n=1",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</details></table>", "a|b", "a\\|b", "`", "``` ` ```", "`a` <b>",
    "[x](javascript:alert(1))", "![x](https://evil.example/x.png)", "https://evil.example", "www.evil.example", "@alice", "@org/team", "#123",
    "GH-123", "!7", "a@b.example", ":tada:", "&amp;lt;", "*a*", "_a_", "~~a~~", "\u{202e}gnp.exe", "a\u{200b}b", "\u{1b}[31mred", "a\u{0}b",
    "]]>", "a\u{b}b", "a\u{ffff}b", "a\u{85}b", "a\n## GO ✅\n", "| a | b |\n| - | - |", "<!-- x", "$x$", "é漢😀",
];

/// Profiles and evidence: in each environment, component `names[i]` declared with `versions[i]`.
pub(crate) fn declared(names: &[&str], versions: &[&str]) -> Profiles {
    let profiles = Profiles::of(&ENVIRONMENTS);
    for (e, environment) in ENVIRONMENTS.iter().enumerate() {
        let mut text = "targets:\n  declared:\n".to_owned();
        for (i, name) in names.iter().enumerate() {
            // a version of its own in each environment, so that all are shown
            let version = versions[(i + e) % versions.len()];
            let fact = serde_json::json!({"component": name, "version": version, "by": version, "on": "2026-01-01", "expires": "2027-01-01"});
            writeln!(text, "  - {}", escaped(&fact.to_string())).unwrap();
        }
        profiles.environment(environment, &text);
    }
    profiles
}

/// The same with as many images, of which each fourth is ahead of production.
pub(crate) fn huge(components: usize) -> Profiles {
    let profiles = Profiles::of(&ENVIRONMENTS);
    for (e, environment) in ENVIRONMENTS.iter().enumerate() {
        let mut evidence = format!(
            "apiVersion: envparity/v1\nkind: Evidence\nenvironment: {environment}\ntaken: 2026-11-23T00:05:00Z\ntargets:\n- id: docker/edge\n  \
             endpoint: x\n  taken: 2026-11-23T00:05:00Z\n  parts: {{engine: complete, containers: complete, images: complete}}\n  images:\n"
        );
        for i in 0..components {
            let version = if i % 4 == 0 { 2 - e } else { 0 };
            writeln!(evidence, "  - reference: registry.example/team/service-{i}:1.{version}.0\n    state: running\n    container: c{i}")
                .unwrap();
        }
        writeln!(evidence, "end: {{targets: 1, images: {components}}}").unwrap();
        profiles.write(&format!("{environment}.txt"), &evidence);
        let target = format!("- {{name: edge, path: {environment}.txt}}");
        profiles.environment(environment, &format!("targets:\n  recorded:\n  {target}\n"));
    }
    profiles
}

/// Without the characters that YAML takes in quotes only as their numbers.
fn escaped(json: &str) -> String {
    let must_be = |c: char| c.is_control() || c == '\u{ffff}';
    json.chars()
        .map(|c| if must_be(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() })
        .collect()
}
