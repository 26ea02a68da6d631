//! What `check-profiles` warns of, and refuses.

use crate::cli::Ended;
use crate::estate::{Estate, POLICY};

const AUDIT: &str = "kind: Audit\nbaseline: prod\nenvironments: [qualif, prod]\n";

fn estate(file: &str, text: &str) -> Estate {
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    let targets = "kind: Environment\nname: qualif\ntargets:\n  docker:\n  - {name: edge, host: 'unix:///x'}\n  \
                   redis:\n  - {name: cache, url: 'redis://127.0.0.1:1'}\n";
    estate.write("qualif.yaml", targets);
    estate.write(file, text);
    estate
}

fn warned(estate: &Estate) -> (Option<i32>, Option<i32>, String) {
    let Ended { code, stderr, .. } = estate.run(&["check-profiles"]);
    (code, estate.run(&["check-profiles", "--strict"]).code, stderr)
}

#[test]
fn what_cannot_work_is_told_with_its_place_and_what_to_do() {
    let environment = "kind: Environment\nname: qualif\n";
    let redis = "targets:\n  redis:\n  - {name: cache, url: 'redis://127.0.0.1:1'";
    let waiver = "kind: Waivers\nwaivers:\n- {id: a, rule: floating-tag, component: redis/cahce, environments: [prod], \
                  reason: r, owner: o, expires: 2027-01-01}\n";
    for (file, text, says) in [
        (
            "audit.yaml",
            "kind: Audit\nbaseline: prod\nenvironments: [prod, qualif]\n".to_owned(),
            "audit.yaml:4:16",
        ),
        ("qualif.yaml", format!("{environment}required: false\n{redis}}}\n"), "is not required"),
        (
            "qualif.yaml",
            format!("{environment}{redis}, else-recorded: no.txt}}\n"),
            "else-recorded",
        ),
        (
            "qualif.yaml",
            format!("{environment}{redis}, password: '${{env:NO_SUCH_NAME}}'}}\n"),
            "NO_SUCH_NAME",
        ),
        (
            "qualif.yaml",
            format!("{environment}{redis}, password: '${{file:no}}'}}\n"),
            "secret file",
        ),
        (
            "qualif.yaml",
            format!("{environment}expect: [redis/cahce]\n{redis}}}\n"),
            "did you mean redis/cache",
        ),
        (
            "policy.yaml",
            format!("{POLICY}- {{rule: version-skew, components: ['redsi/*'], severity: low}}\n"),
            "redsi",
        ),
        (
            "policy.yaml",
            format!("{POLICY}- {{rule: floating-tag, levels: [patch], severity: low}}\n"),
            "of the level",
        ),
        (
            "policy.yaml",
            format!("{POLICY}- {{rule: product-differs, levels: [major], severity: low}}\n"),
            "of the level",
        ),
        (
            "policy.yaml",
            format!("{POLICY}- {{rule: missing-component, direction: behind, severity: low}}\n"),
            "has a direction",
        ),
        (
            "policy.yaml",
            format!("{POLICY}- {{rule: version-skew, environments: [prod], severity: low}}\n"),
            "alone",
        ),
        (
            "policy.yaml",
            format!("{POLICY}owners:\n- {{components: [postgresql/orders], owner: a}}\n"),
            "the owner",
        ),
        (
            "policy.yaml",
            format!("{POLICY}ranges:\n- {{require: 'reddis >=7'}}\n"),
            "did you mean redis?",
        ),
        (
            "policy.yaml",
            format!("{POLICY}ranges:\n- {{pin: same-minor, components: [redis/cahce]}}\n"),
            "the range",
        ),
        ("waivers.yaml", waiver.to_owned(), "the waiver"),
    ] {
        let (code, strict, stderr) = warned(&estate(file, &text));
        assert_eq!((code, strict), (Some(0), Some(1)), "{says}: {stderr}");
        assert!(stderr.contains(says) && stderr.contains(&format!("{file}:")), "{says}: {stderr}");
        assert!(stderr.contains("help:"), "{stderr}");
    }
    let missing = Estate::new("nothing", "redis-7.0.15", &[]);
    assert!(warned(&missing).2.contains("there is no file \"qualif.txt\""));
}

#[test]
fn a_file_of_two_environments_is_warned_of_unless_it_is_shared() {
    let estate = Estate::new("redis-7.0.15", "redis-7.0.15", &[]);
    let environment = |name: &str, path: &str| {
        format!(
            "kind: Environment\nname: {name}\ntargets:\n  recorded:\n  - {{name: cache, path: {path}}}\n"
        )
    };
    let link = estate.path("link.txt");
    std::os::unix::fs::symlink(estate.path("prod.txt"), link).expect("a link");
    for path in ["prod.txt", "./prod.txt", "link.txt"] {
        estate.write("qualif.yaml", &environment("qualif", path));
        let (code, strict, stderr) = warned(&estate);
        assert_eq!((code, strict), (Some(0), Some(1)), "{path}: {stderr}");
        assert!(stderr.contains("prod would be compared with itself"), "{path}: {stderr}");
    }
    for shared in ["['redis/cache']", "[{target: 'recorded/*', between: [qualif, prod]}]"] {
        estate.write("catalogue.yaml", &format!("kind: Catalogue\nshared: {shared}\n"));
        assert_eq!(warned(&estate).2, "", "{shared}");
    }
    estate.write("catalogue.yaml", "kind: Catalogue\nshared: ['docker/*']\n");
    estate.write("qualif.yaml", &environment("qualif", "qualif.txt"));
    assert_eq!(warned(&estate).2, "");
}

#[test]
fn what_may_be_found_is_not_warned_of() {
    let rows = "- {rule: version-skew, components: ['redis/*', 'image/*', 'docker/runc', 'host/os', '*/cache', \
                'redis/cache/module/*', 'image/timemachine'], levels: [patch], severity: low}\n\
                - {rule: promotion-inversion, direction: behind, severity: low}\n\
                - {rule: end-of-life, environments: [prod], severity: low}\n";
    let policy = format!("{POLICY}{rows}ranges:\n- {{require: 'Redis >=7'}}\n");
    for (file, text) in [("audit.yaml", AUDIT), ("policy.yaml", policy.as_str())] {
        let (code, strict, stderr) = warned(&estate(file, text));
        assert_eq!((code, strict, stderr.as_str()), (Some(0), Some(0), ""));
    }
}

#[test]
fn a_waiver_of_every_version_is_refused() {
    let waiver = "kind: Waivers\nwaivers:\n- {id: a, rule: version-skew, component: redis/cache, environments: [prod, qualif], \
                  versions: {prod: '>=0', qualif: '7.0.x'}, reason: r, owner: o, expires: 2027-01-01}\n";
    let (code, _, stderr) = warned(&estate("waivers.yaml", waiver));
    assert!(code == Some(2) && stderr.contains("matches every version"), "{stderr}");
}
