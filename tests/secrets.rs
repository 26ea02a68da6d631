//! Secrets of histories and of sources of load: whatever is wrong with them, no message shows one.

#[path = "support/cli.rs"]
mod cli;

use cli::{Ended, Profiles, envparity, recorded_info};

const SECRET: &str = "Zq9-never-to-be-seen-tr0ub4dor";

fn assert_hidden(name: &str, ended: &Ended) {
    let says = ended.says(SECRET) || ended.says("never-to-be-seen");
    assert!(!says && !ended.says("panicked"), "{name}: {ended}");
}

/// A Redis that was recorded, in both environments.
fn profiles() -> Profiles {
    let profiles = Profiles::of(&["qualif", "prod"]);
    for name in ["qualif", "prod"] {
        profiles.recorded(name, &recorded_info("redis-7.0.15"));
    }
    profiles
}

/// URLs that are wrong in one way each, or lead to nobody.
fn urls() -> Vec<String> {
    let url = |text: &str| text.replace("SECRET", SECRET);
    [
        "postgres://u:SECRET@127.0.0.1:1/h",
        "postgres://u:SECRET@@127.0.0.1:1/h",
        "postgres://u:SECRET@127.0.0.1:99999/h",
        "postgres://u:SECRET@127.0.0.1:port/h",
        "postgres://u:SECRET@/h",
        "postgres://u@127.0.0.1:1/h?password=SECRET",
        "postgres://u:%zz-SECRET@127.0.0.1:1/h",
        "postgres://u:SECRET@127.0.0.1:1/h#SECRET",
        "postgres://u:SECRET@127.0.0.1:1/h?sslmode=prefer",
        "postgres://:SECRET@",
        "SECRET",
        "postgresql://u:SECRET@127.0.0.1:1/h?sslmode=disable",
        "mysql://u:SECRET@h/x",
        "postgres://u:SECRET /@127.0.0.1:1/h",
        "host=h user=u password=SECRET",
    ]
    .map(url)
    .to_vec()
}

#[test]
fn no_error_shows_the_password_of_a_history() {
    let profiles = profiles();
    for url in urls() {
        for command in [&["history", "list"][..], &["history", "verify"]] {
            let by_variable = [command, &["--history", "${env:ENVPARITY_DSN}"]].concat();
            let ended = envparity(by_variable).env("ENVPARITY_DSN", &url).run();
            assert_hidden(&url, &ended);
            assert_eq!(ended.code, Some(2), "{url}: {ended}");
            if url.contains("://") || url.contains("password=") {
                let ended = envparity([command, &["--history", &url]].concat()).run();
                assert_hidden(&url, &ended);
                assert_eq!(ended.code, Some(2), "{url}: {ended}");
            }
        }
        let audit = profiles.command(&["audit", "--history", "${env:ENVPARITY_DSN}"]);
        let ended = audit.env("ENVPARITY_DSN", &url).run();
        assert_hidden(&url, &ended);
        assert_eq!(ended.code, Some(2), "{url}: {ended}");
        assert!(ended.stdout.contains("GO"), "the report is written all the same: {ended}");
    }
}

#[test]
fn no_profile_holds_the_password_of_a_history() {
    for url in urls() {
        for key in ["postgres", "path"] {
            if key == "path" && !url.contains("://") {
                continue;
            }
            let profiles = profiles();
            let audit = profiles.read("audit.yaml");
            profiles.write("audit.yaml", &format!("{audit}history: {{{key}: \"{url}\"}}\n"));
            let ended = profiles.run(&["check-profiles"]);
            assert_hidden(&url, &ended);
            assert!(ended.expect(2).stderr.contains("audit.yaml:"), "{key}: {url}: {ended}");
        }
    }
}

#[test]
fn no_source_of_load_holds_a_secret() {
    for load in [
        "{prometheus: {url: \"http://u:SECRET@h\", match: {instance: a}}}",
        "{prometheus: {url: \"http://h/?token=SECRET\", match: {instance: a}}}",
        "{prometheus: {url: \"http://h/#SECRET\", match: {instance: a}}}",
        "{prometheus: {url: \"SECRET\", match: {instance: a}}}",
        "{prometheus: {url: \"http://h\", token: SECRET, match: {instance: a}}}",
        "{prometheus: {url: \"http://h\", token: \"Bearer ${env:A} SECRET\", match: {instance: a}}}",
        "{prometheus: {url: \"http://h\", basic-auth: {username: a, password: SECRET}, match: {instance: a}}}",
        "{prometheus: {url: \"http://h\", basic-auth: \"a:SECRET\", match: {instance: a}}}",
        "{prometheus: {url: \"http://h\", headers: {Authorization: \"Bearer SECRET\"}, match: {instance: a}}}",
        "{prometheus: {url: \"http://h\", headers: {X-Key: \"SECRET\"}, match: {instance: a}}}",
        "{prometheus: {url: \"http://h\", headers: [\"X-Key: SECRET\"], match: {instance: a}}}",
        "{prometheus: {url: \"http://h\", match: {instance: a}, tokn: SECRET}}",
        "{prometheus: SECRET}",
        "SECRET",
    ] {
        let load = load.replace("SECRET", SECRET);
        let profiles = Profiles::of(&["prod"]);
        let target = format!(
            "targets:\n  redis:\n  - {{name: live, url: \"redis://127.0.0.1:1\", load: {load}}}\n"
        );
        profiles.environment("prod", &target);
        for command in ["check-profiles", "audit"] {
            let ended = profiles.run(&[command]);
            assert_hidden(&load, &ended);
            assert!(ended.expect(2).stderr.contains("prod.yaml:"), "{load}: {ended}");
        }
    }
}
