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
fn a_value_that_cannot_be_is_told_with_its_key() {
    for (text, says) in [
        ("max-age: soon\n", "max-age: expected a whole number and a unit"),
        ("deadline: \"3\"\n", "deadline: expected a whole number and a unit"),
        ("targets:\n  redis:\n  - {name: a, url: \"redis://h\", deadline: 0s}\n", "deadline: "),
    ] {
        let ended = profiles(text).run(&["check-profiles"]);
        assert!(ended.expect(2).stderr.contains(says), "{text:?}: {ended}");
    }
}

#[test]
fn a_text_without_a_version_says_why() {
    for (arguments, says) in [
        (&["latest"][..], "--scheme tag"),
        (&["--scheme", "tag", "latest"], "the tag moves"),
        (&["--scheme", "semver", "hello"], "no version in this text"),
    ] {
        let ended = envparity([&["version", "parse"][..], arguments].concat()).run();
        assert!(ended.expect(0).stdout.contains(says), "{arguments:?}: {ended}");
    }
    let ended = envparity(["version", "parse", "7.2.4"]).run();
    assert!(!ended.stdout.contains("reason"), "{ended}");
}

/// One gap, though the component that it hides was expected.
#[test]
fn next_lists_a_gap_once() {
    let body = "expect: [redis/live]\ntargets:\n  redis:\n  - {name: live, url: \"redis://127.0.0.1:1\"}\n";
    let ended = profiles(body).run(&["audit"]);
    let (_, next) = ended.stdout.split_once("NEXT ").unwrap_or_default();
    let (next, _) = next.split_once("COMPARED").unwrap_or_default();
    assert_eq!(next.matches("redis/live").count(), 1, "{ended}");
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

/// Files with a name that is wrong, and what is said of it.
const MISSPELT: &[(&str, &str, &str)] = &[
    ("policy.yaml", "kind: Policy\nfail-on: hihg\n", "did you mean high?"),
    (
        "policy.yaml",
        "kind: Policy\nranges:\n- {pin: same-mnior, components: ['*']}\n",
        "same-minor?",
    ),
    ("policy.yaml", "kind: Policy\nranges:\n- {pinn: same-minor}\n", "did you mean pin?"),
    ("policy.yaml", "kind: Policy\nranges:\n- {require: redsi >=7}\n", "did you mean redis?"),
    (
        "policy.yaml",
        "kind: Policy\nrules:\n- {rule: floatng-tag, severity: low}\n",
        "floating-tag?",
    ),
    ("policy.yaml", "kind: Policy\nrules:\n- {rule: version-skew, severity: lowe}\n", "mean low?"),
    (
        "policy.yaml",
        "kind: Policy\nrules:\n- {rule: version-skew, levels: [mjor], severity: low}\n",
        "did you mean major?",
    ),
    (
        "policy.yaml",
        "kind: Policy\nrules:\n- {rule: version-skew, direction: ahaed, severity: low}\n",
        "did you mean ahead?",
    ),
    (
        "policy.yaml",
        "kind: Policy\nrules:\n- {rule: version-skew, environments: [quallif], severity: low}\n",
        "did you mean qualif?",
    ),
    (
        "policy.yaml",
        "kind: Policy\ncontrols:\n- {control: a, rules: [shared-dat]}\n",
        "shared-data?",
    ),
    (
        "policy.yaml",
        "kind: Policy\nowners:\n- {components: ['redis/lve'], owner: a}\n",
        "redis/live?",
    ),
    ("policy.yaml", "kind: Policy\nwaiver-spn: 3d\n", "did you mean waiver-span?"),
    ("policy.yaml", "kind: Polcy\n", "did you mean Policy?"),
    ("catalogue.yaml", "kind: Catalogue\nmirors: {}\n", "did you mean mirrors?"),
    ("catalogue.yaml", "kind: Catalogue\nshared: [redis/lvie]\n", "did you mean redis/live?"),
    (
        "catalogue.yaml",
        "kind: Catalogue\nshared: [{target: redis/live, between: [qualf, prod]}]\n",
        "did you mean qualif?",
    ),
    ("catalogue.yaml", "kind: Catalogue\ntargets: {liev: x}\n", "did you mean live?"),
    (
        "catalogue.yaml",
        "kind: Catalogue\ncomponents:\n- {component: redis/liev, scheme: semver}\n",
        "did you mean redis/live?",
    ),
    (
        "catalogue.yaml",
        "kind: Catalogue\ncomponents:\n- {component: redis/live, scheme: semvr}\n",
        "did you mean semver?",
    ),
    (
        "catalogue.yaml",
        "kind: Catalogue\ncomponents:\n- {component: redis/live, only-in: [prdo]}\n",
        "did you mean prod?",
    ),
    (
        "catalogue.yaml",
        "kind: Catalogue\ncomponents:\n- {component: image/x, match: [{imgae: x}]}\n",
        "did you mean image?",
    ),
    (
        "waivers.yaml",
        "kind: Waivers\nwaivers:\n- {id: a, rule: setting-drift, component: redis/lives, \
         environments: [qualif, prod], reason: r, owner: o, expires: 2027-01-01}\n",
        "did you mean redis/live?",
    ),
    (
        "waivers.yaml",
        "kind: Waivers\nwaivers:\n- {id: a, rule: version-skew, component: redis/live, \
         environments: [qualif, prod], raeson: r, owner: o, expires: 2027-01-01}\n",
        "did you mean reason?",
    ),
    (
        "audit.yaml",
        "kind: Audit\nbaseline: prd\nenvironments: [qualif, prod]\n",
        "did you mean prod?",
    ),
    ("audit.yaml", "kind: Audit\nbaseline: prod\nenvironments: [qulif, prod]\n", "mean qualif?"),
    (
        "audit.yaml",
        "kind: Audit\nbaseline: prod\nenvironments: [qualif, prod]\ngates: [[qulif, prod]]\n",
        "did you mean qualif?",
    ),
    (
        "audit.yaml",
        "kind: Audit\nbaseline: prod\nenvironments: [qualif, prod]\ntimezone: Europe/Pariss\n",
        "did you mean Europe/Paris?",
    ),
    ("extra.yaml", "kind: Environment\nname: extra\nexpct: []\n", "did you mean expect?"),
    (
        "extra.yaml",
        "kind: Environment\nname: extra\ntargets: {reddis: []}\n",
        "did you mean redis?",
    ),
    (
        "extra.yaml",
        "kind: Environment\nname: extra\ntargets: {redis: [{name: a, ulr: x}]}\n",
        "did you mean url?",
    ),
    (
        "extra.yaml",
        "kind: Environment\nname: extra\ntargets: {kubernetes: [{name: a, read: [nods]}]}\n",
        "did you mean nodes?",
    ),
];

#[test]
fn what_is_meant_is_told_of_every_name_in_a_file() {
    for (file, text, meant) in MISSPELT {
        let live = "targets:\n  redis:\n  - {name: live, url: \"redis://127.0.0.1:1\"}\n";
        let profiles = profiles(live);
        profiles.config(file, text);
        let told = profiles.run(&["check-profiles"]).stderr;
        let place = told.lines().any(|line| line.contains(file));
        assert!(told.contains(meant) && place, "{text:?}: {told}");
        assert!(!told.contains("panicked"), "{text:?}: {told}");
    }
}

#[test]
fn explain_policy_tells_which_component_is_meant() {
    let live = "targets:\n  redis:\n  - {name: live, url: \"redis://127.0.0.1:1\"}\n";
    let profiles = profiles(live);
    for (name, meant) in [
        ("redis/liev", Some("did you mean redis/live?")),
        ("redis/live", None),
        ("image/whatever-runs-there", None),
    ] {
        let told = profiles.run(&["explain-policy", name]).expect(0).stdout.clone();
        match meant {
            Some(meant) => assert!(told.contains(meant), "{name}: {told}"),
            None => assert!(!told.contains("did you mean"), "{name}: {told}"),
        }
    }
    for (name, meant) in [("nonesuch", "write KIND/NAME"), ("live", "did you mean redis/live?")] {
        let ended = profiles.run(&["explain-policy", name]);
        assert!(ended.expect(2).stderr.contains(meant), "{name}: {ended}");
        assert!(ended.stdout.is_empty() && ended.stderr.lines().count() < 4, "{ended}");
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
fn every_gap_is_listed_or_counted() {
    let servers = |n: usize| {
        let one = |i| format!("  - {{name: r{i}, url: \"redis://127.0.0.1:{i}\"}}\n");
        format!("targets:\n  redis:\n{}", (1..=n).map(one).collect::<String>())
    };
    for n in [2, 4, 7, 30] {
        let profiles = profiles(&servers(n));
        let ended = profiles.run(&["audit"]);
        let (_, next) = ended.stdout.split_once("NEXT ").unwrap_or_default();
        let (next, _) = next.split_once("COMPARED").unwrap_or_default();
        let next: Vec<&str> = next.split_whitespace().collect();
        let next = next.join(" ");
        let listed = next.matches("qualif redis/r").count();
        assert!(next.contains(&format!("close {n} gaps (qualif redis/r1, ")), "{ended}");
        let more = n - listed;
        assert!(listed >= n.min(4), "{n}: {ended}");
        assert!(more == 0 || next.contains(&format!("and {more} more (-v)")), "{n}: {ended}");
        let whole = profiles.run(&["audit", "-v"]).stdout;
        let (_, next) = whole.split_once("NEXT ").unwrap_or_default();
        let (next, _) = next.split_once("COMPARED").unwrap_or_default();
        assert_eq!(next.matches("qualif redis/r").count(), n, "{whole}");
    }
}

/// Every way in which an audit can end with a report.
#[test]
fn the_exit_code_that_is_printed_is_the_one_returned() {
    let older = cli::recorded_info("redis-6.2.5");
    let blocked = Profiles::of(&["qualif", "prod"]);
    blocked.recorded("qualif", &older);
    blocked.recorded("prod", &cli::recorded_info("redis-7.0.15"));
    let equal = Profiles::of(&["qualif", "prod"]);
    let text = std::fs::read_to_string(&older).unwrap_or_default();
    // Another server, of the same version.
    let other = text.replace("run_id:", "run_id:0").replace("master_replid:", "master_replid:0");
    equal.write("other.txt", &other);
    equal.recorded("qualif", &older);
    equal.recorded("prod", &equal.path("other.txt"));
    let incomplete = profiles("targets: {}\n");
    let ungated = Profiles::of(&["qualif", "prod"]);
    ungated.recorded("qualif", &older);
    ungated.recorded("prod", &cli::recorded_info("redis-7.0.15"));
    ungated.config(
        "audit.yaml",
        "kind: Audit\nbaseline: prod\nenvironments: [qualif, prod]\ngates: []\n",
    );
    let earlier = |profiles: &Profiles, name: &str| {
        let report = profiles.run(&["audit", "-o", "json"]).stdout;
        blocked.write(name, &report);
        blocked.path(name).display().to_string()
    };
    let same = earlier(&blocked, "same.json");
    let before = earlier(&equal, "before.json");
    let known = ["audit", "--since", &same, "--fail-on-new"];
    let new = ["audit", "--since", &before, "--fail-on-new"];
    let unwritten = ["-o", "table", "-o", "yaml=/no/such/folder/x"];
    let only = ["audit", "--report-only"];
    let no_history = ["audit", "--history", "/no/such/folder/history.db"];
    for (profiles, arguments, code) in [
        (&equal, vec!["audit"], 0),
        (&blocked, vec!["audit"], 1),
        (&blocked, known.to_vec(), 0),
        (&blocked, new.to_vec(), 1),
        (&blocked, [&new[..], &["--report-only"]].concat(), 0),
        (&blocked, [&known[..], &unwritten].concat(), 2),
        (&blocked, [&new[..], &unwritten].concat(), 2),
        (&blocked, vec!["audit", "--fail-on", "critical"], 0),
        (&blocked, only.to_vec(), 0),
        (&blocked, [&only[..], &unwritten].concat(), 2),
        (&blocked, no_history.to_vec(), 2),
        (&blocked, vec!["audit", "--env", "prod"], 3),
        // A Redis that the other side has not is a finding, too.
        (&incomplete, vec!["audit"], 1),
        (&incomplete, [&["audit"], &unwritten[..]].concat(), 2),
        (&incomplete, only.to_vec(), 0),
        (&ungated, vec!["audit"], 0),
        (&ungated, [&["audit"], &unwritten[..]].concat(), 2),
    ] {
        let ended = profiles.run(&arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended}");
        let words: Vec<&str> = ended.stdout.split_whitespace().collect();
        let printed = words.join(" ");
        let (_, printed) = printed.rsplit_once("(exit ").unwrap_or_default();
        let digits = printed.split(|c: char| !c.is_ascii_digit()).next();
        assert_eq!(digits, Some(code.to_string().as_str()), "{arguments:?}: {ended}");
    }
}
