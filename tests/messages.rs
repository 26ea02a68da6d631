//! What the program says of mistakes: at which line, in which words, and what is meant instead.

#[path = "support/cli.rs"]
mod cli;

use cli::{Profiles, envparity};

/// Production with a recorded Redis, and the audit's other environment as the text says it.
fn profiles(qualif: &str) -> Profiles {
    let profiles = Profiles::of(&["qualif", "prod"]);
    profiles.recorded("prod", &cli::recorded_info("redis-7.0.15"));
    profiles.config("qualif.yaml", &format!("kind: Environment\nname: qualif\n{qualif}"));
    profiles
}

/// Lines from 4 on, the line of the mistake, and what is said of it.
const SYNTAX: &[(&str, usize, &str, &str)] = &[
    ("targets:\n\tredis:\n", 5, "a tab in the indentation", "indent with spaces"),
    (" deadline: 3s\n", 4, "wrong indentation", "same column"),
    ("deadline: 3s\ndeadline: 4s\n", 5, "duplicate key `deadline`", "line 4"),
    ("expect:\n- \"redis/cache\n", 5, "unclosed quote", "quote"),
    ("deadline 3s\n", 4, "missing colon after a key", "KEY: VALUE"),
    ("deadline:3s\n", 4, "missing space after the colon", "KEY: VALUE"),
    ("targets: {redis: [{name: a}\n", 4, "bracket", "close each ["),
    ("ignore: [*x]\n", 4, "must be quoted", "quotes"),
];

#[test]
fn a_syntax_error_is_told_at_its_line_without_the_parsers_terms() {
    for (text, line, said, help) in SYNTAX {
        let ended = profiles(text).run(&["check-profiles"]);
        let told = &ended.stderr;
        assert!(told.contains(&format!("qualif.yaml:{line}:")), "{text:?}: {told}");
        assert!(told.contains(said) && told.contains(help), "{text:?}: {told}");
        assert!(!told.contains("scalar") && !told.contains("parsing"), "{text:?}: {told}");
        assert_eq!(ended.code, Some(2), "{text:?}");
    }
}

#[test]
fn one_broken_file_hides_no_mistake_of_another() {
    for broken in ["deadlin: 3s\nmax-aeg: 1h\n", "targets: [\n"] {
        let profiles = profiles(broken);
        profiles
            .config("policy.yaml", "kind: Policy\nrules:\n- rule: version-skwe\n  severity: low\n");
        profiles.config(
            "waivers.yaml",
            "kind: Waivers\nwaivers:\n- {id: a, rule: version-skew, component: redis/cache, \
             environments: [qualif, prodd], reason: r, owner: o, expires: 2999-01-01}\n",
        );
        let told = profiles.run(&["check-profiles"]).stderr;
        for wanted in ["qualif.yaml:4:", "did you mean version-skew?", "did you mean prod?"] {
            assert!(told.contains(wanted), "{broken:?}: {wanted}: {told}");
        }
        assert!(!told.contains("unknown environment \"qualif\""), "{broken:?}: {told}");
        if broken.contains("aeg") {
            assert!(told.contains("did you mean max-age?"), "{told}");
        }
    }
}

#[test]
fn what_is_meant_is_told_of_every_name() {
    let profiles = profiles("targets: {}\n");
    for (arguments, meant) in [
        (&["audit", "--env", "qualfi"][..], "did you mean qualif?"),
        (&["audit", "qualif", "prdo"], "did you mean prod?"),
        (&["audit", "-o", "jsn"], "did you mean json?"),
        (&["audit", "-o", "YML=x"], "did you mean yaml?"),
        (&["audit", "--fail-on", "hihg"], "did you mean high?"),
        (&["audit", "--repot-only"], "--report-only"),
        (&["collect", "qualiff", "--to", "-"], "did you mean qualif?"),
    ] {
        let ended = profiles.run(arguments);
        assert!(ended.stderr.contains(meant), "{arguments:?}: {ended}");
        assert_eq!(ended.code, Some(2), "{arguments:?}");
    }
    for (arguments, meant) in [
        (&["explain", "version-skwe"][..], "did you mean version-skew?"),
        (&["version", "compare", "--scheme", "semvr", "1", "2"], "did you mean semver?"),
        (&["version", "compare", "--product", "rediss", "1", "2"], "did you mean redis"),
        (&["schema", "envirnment"], "'environment'"),
        (&["audti"], "'audit'"),
    ] {
        let ended = envparity(arguments).run();
        assert!(ended.stderr.contains(meant), "{arguments:?}: {ended}");
    }
}

#[test]
fn a_missing_socket_is_told_without_advice_on_names() {
    let profiles =
        profiles("targets:\n  docker:\n  - {name: edge, host: \"unix:///no/such.sock\"}\n");
    let told = profiles.run(&["audit"]).stdout;
    let words: Vec<&str> = told.split_whitespace().collect();
    let told = words.join(" ");
    assert!(told.contains("no such socket") && told.contains("close 1 gap"), "{told}");
    assert!(!told.contains("resolution"), "{told}");
}

#[test]
fn the_exit_code_that_is_printed_is_the_one_returned() {
    let profiles = profiles("targets: {}\n");
    for arguments in [
        &["audit"][..],
        &["audit", "--report-only"],
        &["audit", "-o", "table", "-o", "yaml=/no/such/folder/x"],
        &["audit", "--report-only", "-o", "table", "-o", "yaml=/no/such/folder/x"],
    ] {
        let ended = profiles.run(arguments);
        let code = ended.code.unwrap_or_default();
        assert!(ended.stdout.contains(&format!("exit {code}")), "{arguments:?}: {ended}");
    }
}
