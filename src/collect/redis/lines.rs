//! The lines of INFO: `name:value`, and which of them are facts. Pure.

use crate::model::product_of_line;

/// Lines kept verbatim: product and version, settings on the allow-list, identity, role.
pub(super) const FIELDS: &[&str] = &[
    "server_name", "redis_mode", "server_mode", "valkey_mode", "os", "arch_bits", "redis_build_id",
    "redis_git_sha1", "run_id", "availability_zone", "role", "master_replid", "master_host",
    "master_port", "master_link_status", "maxmemory_policy", "aof_enabled", "cluster_enabled",
    "mvcc_depth", "cache_mode", "valkey_release_stage", "executable",
];

/// Lines `name:value`, in their order. A name is a word: what else has a colon is not a line of
/// INFO.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(pair)
}

/// A line's name and value.
pub(super) fn pair(line: &str) -> Option<(&str, &str)> {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic());
    line.trim_end_matches('\r')
        .split_once(':')
        .filter(|(name, value)| is_name(name) && !value.contains('\r'))
}

/// `redis_version:`, `valkey_version:` and those of their kin; not the compiler's, and not the
/// indented, spaced keys of a YAML file.
pub(super) fn is_version_line(line: &str) -> bool {
    pair(line).is_some_and(|(name, value)| {
        product_of_line(name).is_some() && !value.starts_with(' ') && !value.trim().is_empty()
    })
}

/// INFO as people paste it: indented by an editor or a chat, with a blank behind the colon, with
/// the colours of a terminal. Everything else stays as it is.
pub(in crate::collect) fn tidied(text: &str) -> String {
    let tidy = |line: &str| {
        let line = line.trim_start();
        match line.split_once(": ") {
            Some((name, value)) if is_plain(name) => format!("{name}:{}\n", unquoted(value)),
            _ => format!("{line}\n"),
        }
    };
    text.lines().map(tidy).collect()
}

/// A value of YAML may stand in quotes.
fn unquoted(value: &str) -> &str {
    let value = value.trim();
    let within = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).unwrap_or(value)
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Whether a line is kept verbatim: it is a fact, whatever its value looks like.
pub(super) fn is_fact(line: &str) -> bool {
    is_version_line(line) || pair(line).is_some_and(|(name, _)| FIELDS.contains(&name))
}
