//! Tests of the mask.

use super::*;

const HEAD: &str = "apiVersion: envparity/v1\nkind: Environment\nname: prod\ntargets:\n  redis:\n";

/// What people may write where a secret goes: name and text, below `redis:` unless it is a
/// file.
const SECRETS: &[(&str, &str)] = include!("../../../tests/fixtures/secrets.rs");

#[test]
fn no_secret_is_shown_however_it_is_written() {
    for (name, text) in SECRETS {
        let whole =
            if text.contains("apiVersion") { (*text).to_owned() } else { format!("{HEAD}{text}") };
        let masked = mask(&whole, None);
        assert!(!masked.contains("hunter2"), "{name}: {masked}");
        assert_eq!(masked.chars().count(), whole.chars().count(), "{name}: places must stay right");
    }
}

#[test]
fn what_is_harmless_stays() {
    for text in [
        "password: ${env:REDIS_PASSWORD}\n",
        "- {password: \"${file:/run/x}\", name: y}\n",
        "- {name: y, password: ${env:X}}\n",
        "url: redis://host:6379\n",
        "- {name: x, nodes: [redis://a:6379, rediss://b:6379], replicas: true}\n",
        "- sentinel: {service: mymaster, urls: [redis://a:26379], password: \"${env:X}\"}\n",
        "host: unix:///var/run/docker.sock\n",
        "gates: [[qualif, prod]]\n",
        "exclude: {projects: [\"sandbox-*\"]}\n",
        "- {name: x, images: [a/b], scheme: semver, older: [{below: 10, levels: [major]}]}\n",
    ] {
        assert_eq!(mask(text, None), text);
    }
    // What is known to end on its line hides itself alone.
    let expression = "- name: x\n  tag: ['(?<major>\\d+)']\n  sentinels:\n  - '(a)'\n  family: y\n";
    let masked = mask(expression, None);
    assert!(
        masked.contains("family: y") && !masked.contains("major") && !masked.contains("(a)"),
        "{masked}"
    );
    assert_eq!(
        mask("nodes:\n- redis://a:1\n- redis://b:1\nname: x\n", None),
        "nodes:\n- ***********\n- ***********\nname: x\n"
    );
    assert_eq!(
        mask("- {name: x, pasword: hunter2}\n", Some("pasword")),
        "- {name: x, pasword: *******}\n"
    );
}

#[test]
fn messages_quote_only_what_is_shown() {
    for (message, said) in [
        (
            "invalid type: string \"a\", expected hunter2\", expected a map",
            "invalid type: string, expected a map",
        ),
        ("invalid value: integer `1`, expected x", "invalid value: integer, expected x"),
        ("unknown field `hunter2`, expected `name`", "unknown field, expected `name`"),
        ("unknown variant `hunter2`, expected `a`", "unknown variant, expected `a`"),
        ("duplicate mapping key: hunter2", "duplicate mapping key"),
        ("duplicate mapping key: password", "duplicate mapping key: password"),
        ("missing field `name`", "missing field `name`"),
    ] {
        assert_eq!(scrub(message, "name: x\n", None), said);
    }
    let text = "nmae: x\n- {name: y, hunter2}\n";
    assert_eq!(unknown_key("unknown field `nmae`, expected `name`", text, 1, 1), Some("nmae"));
    assert_eq!(unknown_key("unknown field `hunter2`, expected `name`", text, 2, 13), None);
}
