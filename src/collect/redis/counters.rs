//! The numbers in the text of INFO, as the server names them. Pure; opens no socket.
//!
//! A line is `name:number`, or `name:item=number,…`. There is no list of names: what a later
//! version or a fork counts is kept too. Texts are not, whatever they look like.

use std::collections::BTreeSet;

use super::lines::{is_fact, pair};
use crate::model::{Counters, Sample, TargetEvidence};

/// Sections that say who a server is: addresses, paths, ports and ids, some of which look like
/// numbers.
const OF_IDENTITY: &[&str] = &["server", "replication", "modules", "cluster", "sentinel"];

/// Numbers in them that count something.
const COUNTED: &[&str] = &["uptime_in_seconds", "server_time_usec", "connected_slaves"];

/// The server's sample. Who it is, evidence of it says already; where, the caller knows.
pub(super) fn sample(text: &str, of: &TargetEvidence) -> Sample {
    let field = |name: &str| of.field(name).map(|value| value.trim().to_owned());
    let mode = field("redis_mode").or_else(|| field("server_mode"));
    // A Sentinel tells no role.
    let role = field("role").or_else(|| mode.filter(|mode| mode == "sentinel"));
    Sample {
        target: of.id.clone(),
        place: String::new(),
        run_id: field("run_id").unwrap_or_default(),
        role: role.unwrap_or_default(),
        taken: of.taken,
        counters: counters(text),
    }
}

/// Of a name that stands twice the first line counts.
fn counters(text: &str) -> Counters {
    let mut counters = Counters::default();
    let (mut seen, mut of_identity) = (BTreeSet::new(), false);
    for line in text.lines() {
        if let Some(section) = line.strip_prefix('#').map(str::trim) {
            of_identity = OF_IDENTITY.iter().any(|name| name.eq_ignore_ascii_case(section));
            if !of_identity && section.chars().all(|c| c.is_ascii_graphic()) {
                counters.add_section(section);
            }
            continue;
        }
        let Some((name, value)) = pair(line) else { continue };
        let is_text = is_fact(line) || of_identity && !COUNTED.contains(&name);
        if is_text || !seen.insert(name) {
            continue;
        }
        match number(value) {
            Some(number) => counters.add(name, number),
            None => items(value).for_each(|(item, number)| counters.add_item(name, item, number)),
        }
    }
    counters
}

/// `calls=1,usec=2`: what is a number of it.
fn items(value: &str) -> impl Iterator<Item = (&str, f64)> {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
    let mut seen = BTreeSet::new();
    value
        .split(',')
        .filter_map(|part| part.split_once('='))
        .filter(move |(name, _)| is_name(name) && seen.insert(*name))
        .filter_map(|(name, text)| Some((name, number(text)?)))
}

/// As servers write numbers: `-1`, `0.25`, `1e+06`; neither `nan` nor `inf`.
fn number(text: &str) -> Option<f64> {
    let begins = text.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit());
    text.parse::<f64>().ok().filter(|number| begins && number.is_finite())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn fixture(name: &str) -> Counters {
        let path = format!("{}/tests/fixtures/redis/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        counters(&std::fs::read_to_string(path).unwrap())
    }

    #[test]
    fn all_numbers_of_real_servers_are_kept_and_nothing_of_who_they_are() {
        for name in [
            "dragonfly-1.23.0", "keydb-6.3.4", "redis-6.2.5", "redis-7.0.15", "redis-8.0.6",
            "valkey-8.0.1", "valkey-9.1.2",
        ] {
            let found = fixture(name);
            assert!(found.figures().len() >= 20, "{name}: {}", found.figures().len());
            assert_eq!(found.left_out(), 0, "{name}");
            for counted in ["uptime_in_seconds", "used_memory", "total_commands_processed"] {
                assert!(found.figures().contains_key(counted), "{name}: {counted}");
            }
            for text in [
                "redis_git_sha1", "redis_build_id", "run_id", "tcp_port", "process_id",
                "master_replid", "master_replid2", "executable", "config_file", "aof_enabled",
                "cluster_enabled",
            ] {
                assert!(!found.figures().contains_key(text), "{name}: {text}");
            }
        }
        let redis = fixture("redis-7.0.15");
        assert_eq!(redis.figures().get("io_threaded_reads_processed"), Some(&0.0));
        assert_eq!(redis.figures().get("rdb_last_bgsave_time_sec"), Some(&-1.0));
        assert_eq!(redis.groups()["latency_percentiles_usec_keys"].get("p99.9"), Some(&25.087));
        assert_eq!(redis.groups()["cmdstat_command|docs"].get("usec"), Some(&1025.0));
        assert_eq!(redis.groups()["db0"].get("keys"), Some(&50.0));
        let sections: Vec<&str> = redis.sections().iter().map(String::as_str).collect();
        let told = [
            "CPU", "Clients", "Commandstats", "Errorstats", "Keyspace", "Latencystats", "Memory",
            "Persistence", "Stats",
        ];
        assert_eq!(sections, told);
    }

    #[test]
    fn texts_that_look_like_numbers_are_no_counters() {
        let found = counters(
            "# Server\nredis_version:7.2\nredis_git_sha1:00000000\ntcp_port:6379\nuptime_in_seconds:5\n\
             config_file:12\n# REPLICATION\nmaster_host:2130706433\nmaster_replid:0000\n\
             slave0:ip=10.0.0.1,port=6379,lag=1\nconnected_slaves:1\n# Sentinel\nmaster0:slaves=2\n\
             # Stats\narch_bits:64\nvalkey_version:8\na:1.5GB\nb:96.97%\nc:nan\nd:infinity\ne:-inf\nf:0x10\ng:\n\
             h:10.0.0.1\ni:x=nan,y=1,=2,z z=3,y=9\n",
        );
        let names: Vec<&str> = found.figures().keys().map(String::as_str).collect();
        assert_eq!(names, ["connected_slaves", "uptime_in_seconds"]);
        assert_eq!(found.groups().keys().collect::<Vec<_>>(), ["i"]);
        assert_eq!(found.groups()["i"].iter().collect::<Vec<_>>(), [(&"y".to_owned(), &1.0)]);
    }

    #[test]
    fn a_server_that_tells_without_end_is_kept_within_bounds() {
        let lines =
            |from: u32| (from..from + 50_000).map(|i| format!("x{i}:1\n")).collect::<String>();
        let long = "y".repeat(1_000);
        let text = format!("# {long}\n{long}:1\ncmdstat_{long}:calls=1\na:{long}=1\n{}", lines(0));
        let found = counters(&text);
        assert_eq!(found.figures().len(), Counters::MAX_NUMBERS);
        assert_eq!(found.left_out(), 3 + 50_000 - Counters::MAX_NUMBERS as u64);
        assert!(found.groups().is_empty() && found.sections().is_empty());
    }

    fn hostile() -> impl Strategy<Value = String> {
        let values = [
            "1",
            "-1",
            "0.25",
            "nan",
            "NaN",
            "-nan",
            "inf",
            "-inf",
            "1e400",
            "-1e400",
            "1e-400",
            "1e308",
            "12345678901234567890",
            "99999999999999999999999",
            "9007199254740993",
            "-0",
            "+5",
            "١",
            "1,2",
            "calls=1",
            "calls=nan,usec=1e400",
            "calls=12345678901234567890",
            "calls=1,calls=2",
            "=",
            "",
            "1.7976931348623157e308",
            "5e-324",
            "0.1",
            "1 ",
            "calls=-7,x",
        ];
        let names = ["a", "b", "cmdstat_get", "db0", "# Stats", "# Server", "run_id", "keys"];
        let line = (select(names.to_vec()), select(values.to_vec()))
            .prop_map(|(name, value)| format!("{name}:{value}"));
        proptest::collection::vec(line, 0..40).prop_map(|lines| lines.join("\r\n"))
    }

    proptest! {
        #[test]
        fn only_finite_numbers_are_kept_and_the_first_of_a_name(text in hostile(), again in hostile()) {
            let found = counters(&text);
            let numbers = found.figures().values().chain(found.groups().values().flat_map(|g| g.values()));
            prop_assert!(numbers.clone().all(|number| number.is_finite()));
            prop_assert_eq!(found.is_empty(), numbers.count() == 0);
            prop_assert!(found.groups().values().all(|group| !group.is_empty()));
            // What comes behind adds names and changes none.
            let both = counters(&format!("{text}\r\n# Stats\r\n{again}"));
            for (name, number) in found.figures() {
                prop_assert_eq!(both.figures().get(name), Some(number));
            }
            for (name, group) in found.groups() {
                prop_assert_eq!(both.groups().get(name), Some(group));
            }
        }
    }
}
