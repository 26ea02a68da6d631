//! The text of INFO, as evidence. Pure; opens no socket.
//!
//! Format: lines `name:value` under `# Section` headings, ended by CRLF or LF. Facts are read here,
//! numbers in `counters.rs`.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::counters::sample;
use super::facts::InfoFacts;
use super::lines::{is_fact, is_version_line, pair};
use crate::model::{
    Failure, FailureKind, Field, IDENTITY_PART, Outcome, SETTINGS_PART, TargetEvidence,
    product_of_line,
};

/// Sections behind Memory: one of them shows that the text does not end before.
const LATE: &[&str] = &["cpu", "modules", "commandstats", "keyspace"];

/// What INFO without an argument has besides Modules, by servers that have modules.
const BESIDE_MODULES: &[&str] = &[
    "server", "clients", "memory", "persistence", "stats", "replication", "cpu", "cluster",
    "keyspace",
];

/// Sections that say nothing of the server as a product: `proto_version` of a cluster is none.
const OTHERS: &[&str] = &[
    "clients", "memory", "persistence", "stats", "replication", "cpu", "modules", "commandstats",
    "errorstats", "latencystats", "cluster", "keyspace", "rocksdb", "ssl", "tls", "threads",
];

/// Servers have some fifteen.
const MAX_SECTIONS: usize = 100;

/// Whether a text might be one of INFO.
pub(in crate::collect) fn looks_like_info(text: &str) -> bool {
    text.lines().take(200).any(|line| line.starts_with("# Server") || is_version_line(line))
}

/// Adds what INFO says to `evidence`. Unknown lines and sections are passed over; of a name
/// that stands twice the first counts. What a part of INFO says is added even where the rest fails.
pub(in crate::collect) fn parse_info(
    text: &str,
    evidence: &mut TargetEvidence,
) -> Result<(), Failure> {
    let mut facts = InfoFacts::new(evidence);
    let mut extent = InfoExtent::default();
    let mut section = String::new();
    for line in text.lines() {
        if let Some(heading) = line.trim().strip_prefix("# ") {
            section = heading.to_ascii_lowercase();
            if extent.sections.len() < MAX_SECTIONS {
                extent.sections.insert(section.clone());
            }
        }
        let Some((name, value)) = pair(line) else { continue };
        extent.meet(name);
        let is_product = product_of_line(name).is_some();
        if name == "module" {
            if let (Some(name), Some(version)) = (item(value, "name"), item(value, "ver")) {
                facts.add("module/", name, version);
            }
        } else if is_product && OTHERS.contains(&section.as_str()) {
            // It is of something else.
        } else if is_fact(line) {
            extent.has_version |= is_version_line(line);
            facts.add("", name, fact(name, value));
        }
    }
    let bounded = facts.outcome();
    if !extent.has_version {
        return Err(Failure::new(FailureKind::Protocol, "not INFO output: no version field"));
    }
    let sample = sample(text, evidence);
    if !sample.counters.is_empty() {
        evidence.samples.push(sample);
    }
    bounded.and_then(|()| whole(evidence, &extent))
}

/// A path says where somebody keeps programs; what runs is its last part.
fn fact<'a>(name: &str, value: &'a str) -> &'a str {
    match name {
        "executable" => value.rsplit(['/', '\\']).next().unwrap_or(value).trim(),
        _ => value,
    }
}

/// How much of INFO was there.
#[derive(Default)]
struct InfoExtent {
    has_version: bool,
    has_memory: bool,
    has_end: bool,
    /// Headings, in lower case.
    sections: BTreeSet<String>,
}

impl InfoExtent {
    /// Servers before 2.6 write no headings.
    fn meet(&mut self, name: &str) {
        self.has_memory |= matches!(name, "used_memory" | "maxmemory_policy" | "cache_mode");
        self.has_end |= name == "used_cpu_sys";
    }

    fn has_memory(&self) -> bool {
        self.has_memory || self.sections.len() > 2
    }

    /// Whether it is clear that a Redis or Valkey told everything, and its modules not: since 6.0
    /// it writes their heading even where it has none. Servers that leave sections out tell neither
    /// their errors (since 6.2) nor their policy.
    fn lacks_modules(&self, evidence: &TargetEvidence) -> bool {
        let has = |section: &&str| self.sections.contains(*section);
        let is_new = evidence.field("redis_version").and_then(|version| {
            let (major, _) = version.split_once('.')?;
            major.parse::<u64>().ok().map(|major| major >= 6)
        });
        let is_rest_told = is_new == Some(true)
            && evidence.field("maxmemory_policy").is_some()
            && BESIDE_MODULES.iter().all(has);
        !has(&"modules") && !is_relative(evidence) && (has(&"errorstats") || is_rest_told)
    }

    fn has_end(&self) -> bool {
        self.has_end || LATE.iter().any(|section| self.sections.contains(*section))
    }
}

/// Whether all of INFO was there: one section alone would hide modules and settings. No server
/// says how many sections it has, and each leaves out some lines (Redis Cloud knows no
/// `maxmemory_policy`, a proxy no `run_id`): it is the sections that speak for the rest.
fn whole(evidence: &TargetEvidence, extent: &InfoExtent) -> Result<(), Failure> {
    if evidence.field("redis_mode").or(evidence.field("server_mode")) == Some("sentinel") {
        return Err(Failure::new(FailureKind::Protocol, "this is a Sentinel, which holds no data")
            .with_advice(
                "write sentinel: {service: NAME, urls: […]} in place of url:, to read the \
                master that it names",
            ));
    }
    let missing = if !extent.has_memory() {
        "Memory"
    } else if !extent.has_end() {
        "CPU, Modules, Commandstats or Keyspace"
    } else if extent.lacks_modules(evidence) {
        "Modules"
    } else {
        return Ok(());
    };
    let message = format!("this is not the whole INFO: the section {missing} is missing");
    Err(Failure::new(FailureKind::Protocol, message).with_advice(
        "if one section was pasted, paste INFO everything; the auditing user must be allowed to \
         read all of it",
    ))
}

/// Whether a server imitates Redis, and so need not have all of its sections.
fn is_relative(evidence: &TargetEvidence) -> bool {
    let is_own = |name: &str| matches!(name, "redis" | "valkey");
    let is_named_else = |field: &Field| match field.name.as_str() {
        "mvcc_depth" => true,
        "server_name" => !is_own(field.value.trim()),
        "executable" => {
            let program = field.value.trim_end_matches(".exe").trim_end_matches("-server");
            ["keydb", "memurai", "dragonfly", "kvrocks", "garnet", "pika"].contains(&program)
        }
        name => product_of_line(name).is_some_and(|product| !is_own(product)),
    };
    evidence.fields.iter().any(is_named_else)
}

/// Marks as left out what a server says nothing of: who it is, how it is set up. Of one that was
/// not read whole that is not known.
pub(in crate::collect) fn mark_unsaid(evidence: &mut TargetEvidence) {
    if evidence.parts.values().any(|outcome| outcome.failure().is_some()) {
        return;
    }
    let places: BTreeSet<&str> = evidence
        .fields
        .iter()
        .filter(|field| product_of_line(&field.name).is_some())
        .map(|field| field.place.as_str())
        .collect();
    let all_say = |names: &[&str]| {
        places.iter().all(|place| {
            let mut own = evidence.fields.iter().filter(|field| field.place == **place);
            own.any(|f| names.contains(&f.name.as_str()) && !f.value.trim().is_empty())
        })
    };
    // Dragonfly has one of the two.
    let (identified, set_up) = (all_say(&["run_id"]), all_say(&["maxmemory_policy", "cache_mode"]));
    for (part, is_said) in [(IDENTITY_PART, identified), (SETTINGS_PART, set_up)] {
        if !is_said {
            evidence.set_part(part, Outcome::LeftOut);
        }
    }
}

/// The server's own clock, to the microsecond.
pub(in crate::collect) fn server_time(evidence: &TargetEvidence) -> Option<Timestamp> {
    let usec = evidence.samples.first()?.counters.figures().get("server_time_usec")?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an f64 holds today's microseconds exactly"
    )]
    Timestamp::from_microsecond(*usec as i64).ok()
}

/// `name=x,ver=1`: the value of one of the names.
pub(super) fn item<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    value
        .split(',')
        .filter_map(|part| part.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, v)| v)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> TargetEvidence {
        let mut evidence = TargetEvidence::new("redis/cache".into(), "", Timestamp::UNIX_EPOCH);
        let whole = format!("{text}\nrun_id:1\nmaxmemory_policy:noeviction\n# CPU\n");
        parse_info(&whole, &mut evidence).unwrap();
        evidence
    }

    fn fixture(name: &str) -> TargetEvidence {
        let path = format!("{}/tests/fixtures/redis/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        let mut evidence = TargetEvidence::new("redis/cache".into(), "", Timestamp::UNIX_EPOCH);
        parse_info(&std::fs::read_to_string(path).unwrap(), &mut evidence).unwrap();
        evidence
    }

    #[test]
    fn what_real_servers_say_is_read_whole() {
        for (name, field, version) in [
            ("redis-6.2.5", "redis_version", "6.2.5"),
            ("redis-7.0.15", "redis_version", "7.0.15"),
            ("redis-8.0.2", "redis_version", "8.0.2"),
            ("redis-8.0.6", "redis_version", "8.0.6"),
            ("valkey-8.0.1", "valkey_version", "8.0.1"),
            ("valkey-8.1.1", "valkey_version", "8.1.1"),
            ("valkey-9.1.2", "valkey_version", "9.1.2"),
        ] {
            let evidence = fixture(name);
            assert_eq!(evidence.field(field), Some(version), "{name}");
            assert_eq!(evidence.field("run_id").map(str::len), Some(40), "{name}");
            let sample = &evidence.samples[0];
            assert_eq!(evidence.field("run_id"), Some(sample.run_id.as_str()), "{name}");
            let groups = sample.counters.groups();
            assert_eq!(groups["db0"].get("keys"), Some(&50.0), "{name}");
            assert_eq!(groups["cmdstat_keys"].get("calls"), Some(&1.0), "{name}");
            assert_eq!(groups["cmdstat_set"].get("calls"), Some(&50.0), "{name}");
            assert!(sample.counters.figures().contains_key("used_cpu_user"), "{name}");
            assert!(evidence.field("gcc_version").is_none(), "{name}");
        }
        assert_eq!(fixture("redis-8.0.6").field("module/vectorset"), Some("1"));
        assert!(server_time(&fixture("redis-7.0.15")).is_some());
    }

    #[test]
    fn a_server_that_tells_everything_tells_its_modules() {
        let read = |text: &str| {
            let mut evidence = TargetEvidence::new("redis/cache".into(), "", Timestamp::UNIX_EPOCH);
            parse_info(text, &mut evidence).map_err(|failure| failure.message)
        };
        let without = |text: &str, section: &str| {
            let (front, rest) = text.split_once(&format!("# {section}")).unwrap();
            format!("{front}{}", rest.find("# ").map_or("", |at| &rest[at..]))
        };
        let missing = Err("this is not the whole INFO: the section Modules is missing".to_owned());
        for name in ["redis-6.2.5", "redis-7.0.15", "redis-8.0.6", "valkey-8.1.1"] {
            let path = format!("{}/tests/fixtures/redis/{name}.txt", env!("CARGO_MANIFEST_DIR"));
            let whole = std::fs::read_to_string(path).unwrap();
            assert_eq!(read(&whole), Ok(()), "{name}");
            let cut = without(&whole, "Modules");
            assert_eq!(read(&cut), missing, "{name}");
            // As Redis 6.0 tells it.
            let old = without(&cut, "Errorstats");
            assert_eq!(read(&old), missing, "{name}");
            // A provider's server tells less, a relative has no modules, and 5.0 did not tell them.
            assert_eq!(read(&old.replace("maxmemory_policy", "x")), Ok(()), "{name}");
            assert_eq!(read(&format!("{cut}\nkeyval_version:1.2.3\nmvcc_depth:0")), Ok(()));
            if name.starts_with("redis") {
                let numbered = old.replace("redis_version:", "redis_version:5.");
                assert_eq!(read(&numbered), Ok(()), "{name}");
            }
        }
    }

    #[test]
    fn line_ends_repetition_and_junk_do_no_harm() {
        let evidence =
            parsed("redis_version:7.0.1\nredis_version:9\nnonsense\nused_memory:NaN\ndb0:keys=x");
        assert_eq!(evidence.field("redis_version"), Some("7.0.1"));
        assert!(evidence.samples.is_empty());
    }

    #[test]
    fn line_ends_are_crlf_or_lf_and_no_others() {
        let crlf = std::fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/redis/redis-7.0.15.txt"
        ));
        let crlf = crlf.unwrap();
        let read = |text: &str| {
            let mut evidence = TargetEvidence::new("redis/cache".into(), "", Timestamp::UNIX_EPOCH);
            parse_info(text, &mut evidence).map(|()| evidence)
        };
        assert_eq!(read(&crlf), read(&crlf.replace("\r\n", "\n")));
        assert!(read(&crlf.replace("\r\n", "\r")).unwrap_err().message.contains("no version"));
    }

    #[test]
    fn what_is_unknown_is_passed_over_and_what_repeats_counts_once() {
        let odd = parsed(
            "# Server\n# New \
             Section\nnew_field:1\n:\n::\nredis_version:7.0.1\nrole:master\nrole:slave\n\
             used_memory:1\nused_memory:2\ncmdstat_get:calls=1\ncmdstat_get:calls=2\nerrorstat_ERR:count\ndb0:keys=3\n\
             db0:keys=4\nmodule:name=a,ver=1\nmodule:name=a,ver=2\nmodule:ver=3\nmodule:",
        );
        assert_eq!(
            (odd.field("redis_version"), odd.field("role")),
            (Some("7.0.1"), Some("master"))
        );
        let counters = &odd.samples[0].counters;
        assert_eq!(
            (counters.figures()["used_memory"], counters.figures()["new_field"]),
            (1.0, 1.0)
        );
        assert_eq!(
            (counters.groups()["db0"]["keys"], counters.groups()["cmdstat_get"]["calls"]),
            (3.0, 1.0)
        );
        assert!(!counters.groups().contains_key("errorstat_ERR"));
        assert_eq!(odd.field("module/a"), Some("1"));
        assert_eq!(odd.fields.iter().filter(|field| field.name.starts_with("module/")).count(), 1);
    }

    #[test]
    fn garbage_is_no_info_and_says_nothing() {
        let bytes: Vec<u8> = (0..=255).cycle().take(65_536).collect();
        let not_utf8 = String::from_utf8_lossy(&bytes).into_owned();
        for text in [
            "",
            "\0",
            "\u{fffd}\u{fffd}",
            ":::::",
            "\r\n\r\n",
            &not_utf8,
            &"a".repeat(1 << 20),
            &"x:".repeat(1 << 19),
        ] {
            let mut evidence = TargetEvidence::new("redis/cache".into(), "", Timestamp::UNIX_EPOCH);
            assert_eq!(parse_info(text, &mut evidence).unwrap_err().kind, FailureKind::Protocol);
            assert!(evidence.fields.is_empty() && evidence.samples.is_empty());
            assert!(!looks_like_info(text));
        }
        let said = parsed("redis_version:7.0.1\u{fffd}\nx\u{fffd}_version:1\nos:\u{fffd}");
        assert_eq!(
            (said.field("redis_version"), said.field("os")),
            (Some("7.0.1\u{fffd}"), Some("\u{fffd}"))
        );
        assert_eq!(said.field("x\u{fffd}_version"), None);
    }

    #[test]
    fn keydb_and_dragonfly_are_read_by_what_they_say() {
        let keydb = fixture("keydb-6.3.4");
        assert_eq!(
            (keydb.field("redis_version"), keydb.field("mvcc_depth")),
            (Some("6.3.4"), Some("0"))
        );
        let dragonfly = fixture("dragonfly-1.23.0");
        assert_eq!(dragonfly.field("dragonfly_version"), Some("df-v1.23.0"));
        assert_eq!(
            (dragonfly.field("run_id"), dragonfly.field("maxmemory_policy")),
            (None, Some("noeviction"))
        );
        let mut dragonfly = dragonfly;
        mark_unsaid(&mut dragonfly);
        assert_eq!(dragonfly.parts[&"identity".into()], Outcome::LeftOut);
        assert!(!dragonfly.parts.contains_key(&"settings".into()));
    }

    #[test]
    fn a_sentinel_is_no_server() {
        let mut evidence = TargetEvidence::new("redis/cache".into(), "", Timestamp::UNIX_EPOCH);
        let text =
            "redis_version:7.0.15\nredis_mode:sentinel\nrun_id:1\n# CPU\nsentinel_masters:1\n";
        assert!(parse_info(text, &mut evidence).unwrap_err().advice.contains("sentinel:"));
    }

    #[test]
    fn all_modules_are_kept() {
        let evidence = parsed(
            "redis_version:7\nmodule:name=search,ver=20612\nmodule:name=ReJSON,ver=20604,api=1",
        );
        assert_eq!(evidence.field("module/search"), Some("20612"));
        assert_eq!(evidence.field("module/ReJSON"), Some("20604"));
    }

    #[test]
    fn what_no_server_says_is_not_read_and_told() {
        let read = |text: &str| {
            let mut evidence = TargetEvidence::new("redis/cache".into(), "", Timestamp::UNIX_EPOCH);
            let ended = parse_info(text, &mut evidence);
            (evidence, ended.unwrap_err())
        };
        let end = "run_id:1\nmaxmemory_policy:noeviction\n# CPU\n";
        let long = format!("redis_version:7.0.1\nos:{}\n{end}", "x".repeat(3 << 20));
        let (evidence, failure) = read(&long);
        assert!(failure.message.contains("os is longer"), "{failure}");
        assert_eq!((evidence.field("os"), evidence.field("run_id")), (None, Some("1")));

        let modules: String = (0..150_000).map(|n| format!("module:name=m{n},ver=1\n")).collect();
        let (evidence, failure) = read(&format!("redis_version:7.0.1\n{modules}{end}"));
        assert_eq!(failure.kind, FailureKind::TooLarge);
        assert_eq!(evidence.fields.len(), InfoFacts::MAX);
    }

    #[test]
    fn a_part_of_info_is_not_the_whole() {
        let mut evidence = TargetEvidence::new("redis/cache".into(), "", Timestamp::UNIX_EPOCH);
        for (text, missing) in [
            ("# Server\r\nredis_version:7.0.1\r\n", "Memory"),
            ("run_id:1\nredis_version:7.0.1\n", "Memory"),
            ("# Server\nredis_version:7.0.1\n# Keyspace\n", "Memory"),
            ("maxmemory_policy:noeviction\nredis_version:7.0.1\n", "CPU, Modules"),
            ("redis_version:\r\n# CPU\r\n", "no version"),
        ] {
            let failure = parse_info(text, &mut evidence).unwrap_err();
            assert!(failure.message.contains(missing), "{failure}");
        }
        assert_eq!(evidence.field("redis_version"), Some("7.0.1"));
    }

    #[test]
    fn servers_that_never_say_all_are_read() {
        for text in [
            // Redis Cloud, a proxy, Redis 3.0, Redis 2.4, Pika, a server without Memory.
            "# Server\nredis_version:6.2.6\nrun_id:1\n# Memory\nused_memory:1\n# CPU\n",
            "# Server\nredis_version:5.0.13\n# Memory\nmaxmemory_policy:noeviction\n# Keyspace\n",
            "redis_version:2.4.18\nused_cpu_sys:0.1\nused_memory:7\ndb0:keys=1,expires=0\n",
            "# Server\npika_version:3.5.4\n# Data\nused_memory:7\n# Clients\n# CPU\n",
            "# Server\nupstash_version:1.10.5\n# Clients\n# Keyspace\n",
        ] {
            let mut evidence = TargetEvidence::new("redis/cache".into(), "", Timestamp::UNIX_EPOCH);
            parse_info(text, &mut evidence).unwrap();
            mark_unsaid(&mut evidence);
            assert!(!evidence.parts.is_empty(), "something is unknown, and told: {text}");
        }
    }

    #[test]
    fn what_a_server_is_made_of_is_no_product() {
        let said = parsed(
            "# Server\nredis_version:7.0.0\nrocksdb_version:8.1\nexecutable:/home/x/kvrocks\n\
             # Cluster\nnewproto_version:3\n# Mine\nmykv_version:2",
        );
        assert_eq!(said.field("rocksdb_version"), None);
        assert_eq!(said.field("newproto_version"), None);
        assert_eq!(said.field("mykv_version"), Some("2"));
        assert_eq!(said.field("executable"), Some("kvrocks"));
    }

    #[test]
    fn a_text_without_a_version_is_no_info() {
        let mut evidence = TargetEvidence::new("redis/cache".into(), "", Timestamp::UNIX_EPOCH);
        assert_eq!(parse_info("hello", &mut evidence).unwrap_err().kind, FailureKind::Protocol);
        assert!(!looks_like_info(
            "apiVersion: envparity/v1\n  fields:\n    redis_version: 7.0.15\n"
        ));
    }
}
