//! A source's own names become our indicators, and the samples of a target's servers one figure
//! each.
//!
//! What a source calls an indicator is data: another source of load is another [`IndicatorNames`]. Of
//! several rows for one indicator the first that the sample tells counts.

use std::collections::BTreeMap;

use crate::model::{
    Counters, Extent, Indicator, Indicators, Sample, TargetEvidence, TargetIndicators,
};

/// How a source names indicators.
type IndicatorNames = [IndicatorRow];

/// One name of one indicator.
struct IndicatorRow {
    indicator: Indicator,
    told: FigureSource,
    /// What makes the source's unit ours.
    factor: f64,
}

/// Where a sample tells an indicator.
enum FigureSource {
    /// A number of its own.
    Figure(&'static str),
    /// One item of every group whose name begins so; the rest of the name is the subject.
    Groups { prefix: &'static str, item: &'static str },
    /// Every item of one group; its name is the subject.
    #[cfg_attr(not(test), expect(dead_code, reason = "INFO does not name so; other sources do"))]
    Items(&'static str),
    /// The sum of one item over the groups of that name with a number behind it. Zero if there are
    /// none, but the section in which they would be.
    Sum { prefix: &'static str, item: &'static str, section: &'static str },
}

const fn indicator_row(indicator: Indicator, told: FigureSource) -> IndicatorRow {
    IndicatorRow { indicator, told, factor: 1.0 }
}

const fn figure_row(indicator: Indicator, name: &'static str) -> IndicatorRow {
    indicator_row(indicator, FigureSource::Figure(name))
}

const fn command_row(indicator: Indicator, item: &'static str) -> IndicatorRow {
    indicator_row(indicator, FigureSource::Groups { prefix: "cmdstat_", item })
}

/// INFO of Redis and its kin.
const INFO: &IndicatorNames = &[
    figure_row(Indicator::Uptime, "uptime_in_seconds"),
    figure_row(Indicator::Operations, "total_commands_processed"),
    figure_row(Indicator::CpuUser, "used_cpu_user"),
    figure_row(Indicator::CpuSystem, "used_cpu_sys"),
    indicator_row(
        Indicator::Keys,
        FigureSource::Sum { prefix: "db", item: "keys", section: "Keyspace" },
    ),
    // Evidence of format 1.0 has the sum alone.
    figure_row(Indicator::Keys, "keys"),
    figure_row(Indicator::Memory, "used_memory"),
    figure_row(Indicator::Dataset, "used_memory_dataset"),
    figure_row(Indicator::MemoryLimit, "maxmemory"),
    command_row(Indicator::Calls, "calls"),
    command_row(Indicator::Time, "usec"),
    command_row(Indicator::Rejected, "rejected_calls"),
    command_row(Indicator::Failed, "failed_calls"),
    indicator_row(Indicator::Errors, FigureSource::Groups { prefix: "errorstat_", item: "count" }),
];

/// The indicators of one server, from what it told by INFO.
pub fn of_sample(sample: &Sample) -> Indicators {
    map_counters(&sample.counters, INFO)
}

fn map_counters(counters: &Counters, names: &IndicatorNames) -> Indicators {
    let mut indicators = Indicators::default();
    for row in names {
        if indicators.has_indicator(row.indicator) {
            continue;
        }
        let mut add = |subject: &str, number: f64| {
            indicators.add(row.indicator, subject, number * row.factor);
        };
        match row.told {
            FigureSource::Figure(name) => {
                counters.figures().get(name).into_iter().for_each(|number| add("", *number));
            }
            FigureSource::Groups { prefix, item } => {
                for (name, group) in counters.groups() {
                    if let (Some(subject), Some(number)) =
                        (name.strip_prefix(prefix), group.get(item))
                    {
                        add(&subject_of(row.indicator, subject), *number);
                    }
                }
            }
            FigureSource::Items(group) => {
                for (subject, number) in counters.groups().get(group).into_iter().flatten() {
                    add(&subject_of(row.indicator, subject), *number);
                }
            }
            FigureSource::Sum { prefix, item, section } => {
                let groups = counters.groups().iter();
                let mut numbers = groups
                    .filter(|(name, _)| name.strip_prefix(prefix).is_some_and(is_number))
                    .filter_map(|(_, group)| group.get(item))
                    .peekable();
                let is_told = counters.sections().contains(section) && counters.left_out() == 0;
                if numbers.peek().is_some() || is_told {
                    add("", 0.0);
                    numbers.for_each(|number| add("", *number));
                }
            }
        }
    }
    indicators
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Commands have no case; prefixes of errors do.
fn subject_of(indicator: Indicator, name: &str) -> String {
    if indicator == Indicator::Errors { name.to_owned() } else { name.to_lowercase() }
}

/// What the servers of a target come to; `None` if none told a number.
///
/// Calls are summed over servers of every role: a replica, too, is slowed down by what walks its
/// keys. Sizes and rates are those of the primaries, since replicas hold the same data; where no
/// server is a primary, of the largest. A Sentinel holds no data and does not count.
pub(super) fn of_target(target: &TargetEvidence) -> Option<TargetIndicators> {
    let servers: Vec<(&Sample, Indicators)> = target
        .samples
        .iter()
        .filter(|sample| sample.role != "sentinel" && !sample.counters.figures().is_empty())
        .map(|sample| (sample, of_sample(sample)))
        .collect();
    let all: Vec<&Indicators> = servers.iter().map(|(_, indicators)| indicators).collect();
    let primaries: Vec<&Indicators> = servers
        .iter()
        .filter(|(sample, _)| sample.role == "master")
        .map(|(_, indicators)| indicators)
        .collect();
    let (holders, joined) = if primaries.is_empty() {
        (&all, f64::max as Joined)
    } else {
        (&primaries, add_figures as Joined)
    };
    let size = |indicator| join_servers(holders, joined, |server| server.get(indicator));
    let limit =
        |server: &Indicators| server.get(Indicator::MemoryLimit).filter(|limit| *limit > 0.0);
    (!servers.is_empty()).then(|| TargetIndicators {
        calls: sum_calls(&all),
        uptime: join_servers(holders, f64::min, |server| server.get(Indicator::Uptime)),
        operations_rate: join_servers(holders, joined, |s| {
            rate_since_start(s, s.get(Indicator::Operations)?)
        }),
        logins_rate: join_servers(holders, joined, |server| {
            rate_since_start(server, server.logins())
        }),
        keys: size(Indicator::Keys),
        memory: size(Indicator::Memory),
        dataset: size(Indicator::Dataset),
        memory_limit: join_servers(holders, joined, limit),
        extent: servers_extent(target),
    })
}

/// How two servers' values become one.
type Joined = fn(f64, f64) -> f64;

fn add_figures(a: f64, b: f64) -> f64 {
    a + b
}

/// One value for several servers, if each tells its own.
fn join_servers(
    servers: &[&Indicators],
    joined: Joined,
    value: impl Fn(&Indicators) -> Option<f64>,
) -> Option<f64> {
    let values: Option<Vec<f64>> = servers.iter().map(|server| value(server)).collect();
    values?.into_iter().reduce(joined)
}

/// The mean of a counter since the server's start.
fn rate_since_start(server: &Indicators, counter: f64) -> Option<f64> {
    let uptime = server.get(Indicator::Uptime).filter(|uptime| *uptime > 0.0)?;
    Some(counter / uptime)
}

fn sum_calls(servers: &[&Indicators]) -> Option<BTreeMap<String, f64>> {
    let mut calls = BTreeMap::new();
    for server in servers {
        if !server.has_indicator(Indicator::Calls) {
            return None;
        }
        for (command, number) in server.by_subject(Indicator::Calls) {
            *calls.entry(command.to_owned()).or_insert(0.0) += number;
        }
    }
    Some(calls)
}

/// A server that is a place of the target and was not read has counters, too. The failure of a
/// target that is one server says nothing of others.
pub(super) fn servers_extent(target: &TargetEvidence) -> Extent {
    let failed = |of: &str| {
        let mut parts = target.parts.iter();
        parts.any(|(part, outcome)| outcome.failure().is_some() && part.as_str().starts_with(of))
    };
    if failed("node ") {
        Extent::Some
    } else if failed("replica") {
        Extent::Primaries
    } else {
        Extent::All
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Failure, FailureKind, Outcome};
    use jiff::Timestamp;

    /// What redis_exporter calls the same. Another source is this much data.
    const EXPORTER: &IndicatorNames = &[
        figure_row(Indicator::Uptime, "redis_uptime_in_seconds"),
        figure_row(Indicator::Operations, "redis_commands_processed_total"),
        figure_row(Indicator::Memory, "redis_memory_used_bytes"),
        indicator_row(Indicator::Calls, FigureSource::Items("redis_commands_total")),
        IndicatorRow {
            indicator: Indicator::Time,
            told: FigureSource::Items("redis_commands_duration_seconds_total"),
            factor: 1e6,
        },
    ];

    fn counters(figures: &[(&str, f64)], items: &[(&str, &str, f64)]) -> Counters {
        let mut counters = Counters::default();
        figures.iter().for_each(|(name, number)| counters.add(name, *number));
        items.iter().for_each(|(group, name, number)| counters.add_item(group, name, *number));
        counters
    }

    fn target(servers: &[(&str, Counters)]) -> TargetEvidence {
        let id = "redis/cache".into();
        let mut target = TargetEvidence::new(id, "", Timestamp::UNIX_EPOCH);
        for (i, (role, counters)) in servers.iter().enumerate() {
            target.samples.push(Sample {
                target: target.id.clone(),
                place: format!("h:{i}"),
                run_id: i.to_string(),
                role: (*role).to_owned(),
                taken: target.taken,
                counters: counters.clone(),
            });
        }
        target
    }

    /// A server that is up for so long.
    fn server(uptime: f64, keys: f64, walks: f64) -> Counters {
        let figures = [
            ("uptime_in_seconds", uptime),
            ("total_commands_processed", 10.0 * uptime),
            ("used_memory", 100.0 * keys),
            ("maxmemory", 1_000.0 * keys),
        ];
        counters(&figures, &[("db0", "keys", keys), ("cmdstat_keys", "calls", walks)])
    }

    #[test]
    fn two_sources_with_names_of_their_own_tell_the_same() {
        let info = counters(
            &[("uptime_in_seconds", 9.0), ("total_commands_processed", 5.0), ("used_memory", 7.0)],
            &[
                ("cmdstat_keys", "calls", 2.0),
                ("cmdstat_keys", "usec", 25.0),
                ("cmdstat_config|get", "calls", 1.0),
                ("cmdstat_config|get", "usec", 3.0),
            ],
        );
        let exporter = counters(
            &[
                ("redis_uptime_in_seconds", 9.0),
                ("redis_commands_processed_total", 5.0),
                ("redis_memory_used_bytes", 7.0),
            ],
            &[
                ("redis_commands_total", "keys", 2.0),
                ("redis_commands_total", "config|get", 1.0),
                ("redis_commands_duration_seconds_total", "keys", 25e-6),
                ("redis_commands_duration_seconds_total", "config|get", 3e-6),
            ],
        );
        assert_eq!(map_counters(&info, INFO), map_counters(&exporter, EXPORTER));
        assert_eq!(map_counters(&info, INFO).calls_of("config|get"), Some(1.0));
        assert_eq!(map_counters(&info, EXPORTER), Indicators::default());
    }

    #[test]
    fn keys_are_those_of_all_databases_and_zero_only_where_they_would_be_told() {
        let keys = |counters: &Counters| map_counters(counters, INFO).get(Indicator::Keys);
        let several = [
            ("db0", "keys", 3.0),
            ("db12", "keys", 4.0),
            ("dbx", "keys", 9.0),
            ("db", "keys", 9.0),
        ];
        assert_eq!(keys(&counters(&[("keys", 1.0)], &several)), Some(7.0));
        assert_eq!(keys(&counters(&[("keys", 1.0)], &[])), Some(1.0), "as in format 1.0");
        let mut none = counters(&[("used_memory", 1.0)], &[]);
        assert_eq!(keys(&none), None);
        none.add_section("Keyspace");
        assert_eq!(keys(&none), Some(0.0));
        none.add_left_out(1);
        assert_eq!(keys(&none), None, "they may be what was left out");
    }

    #[test]
    fn commands_have_no_case_and_what_is_negative_is_no_count() {
        let odd = counters(
            &[("used_memory", -1.0)],
            &[
                ("cmdstat_KEYS", "calls", 1.0),
                ("cmdstat_keys", "calls", 2.0),
                ("cmdstat_get", "calls", -3.0),
                ("errorstat_ERR", "count", 1.0),
                ("errorstat_err", "count", 2.0),
            ],
        );
        let found = map_counters(&odd, INFO);
        assert_eq!((found.calls_of("keys"), found.calls_of("get")), (Some(3.0), Some(0.0)));
        assert_eq!(found.get(Indicator::Memory), None);
        assert_eq!(found.by_subject(Indicator::Errors).count(), 2);
    }

    #[test]
    fn one_server_is_the_target_whatever_its_role() {
        for role in ["master", "slave", "active-replica", ""] {
            let found = of_target(&target(&[(role, server(10.0, 5.0, 1.0))])).unwrap();
            assert_eq!((found.keys, found.operations_rate), (Some(5.0), Some(10.0)), "{role}");
            assert_eq!(found.calls.unwrap().get("keys"), Some(&1.0), "{role}");
        }
        assert_eq!(of_target(&target(&[])), None);
        assert_eq!(of_target(&target(&[("sentinel", server(1.0, 1.0, 1.0))])), None);
    }

    #[test]
    fn primaries_are_summed_up_and_replicas_hold_the_same_again() {
        let servers = [
            ("master", server(100.0, 5.0, 1.0)),
            ("master", server(50.0, 7.0, 0.0)),
            ("slave", server(10.0, 5.0, 4.0)),
            ("sentinel", server(1.0, 9.0, 9.0)),
        ];
        let found = of_target(&target(&servers)).unwrap();
        assert_eq!(found.keys, Some(12.0));
        assert_eq!((found.memory, found.memory_limit), (Some(1_200.0), Some(12_000.0)));
        assert_eq!(found.uptime, Some(50.0), "of the one that was started last");
        assert_eq!(found.operations_rate, Some(20.0), "each by its own time");
        assert_eq!(
            found.calls.as_ref().unwrap().get("keys"),
            Some(&5.0),
            "a replica is slowed down, too"
        );
        let replicas = of_target(&target(&servers[2..])).unwrap();
        assert_eq!(replicas.keys, Some(5.0));
    }

    #[test]
    fn what_one_server_does_not_tell_is_not_known_of_all() {
        let mute = counters(&[("uptime_in_seconds", 1.0)], &[]);
        let found = of_target(&target(&[("master", server(9.0, 5.0, 1.0)), ("master", mute)]));
        let found = found.unwrap();
        assert_eq!((found.keys, found.calls, found.memory), (None, None, None));
        assert_eq!(found.uptime, Some(1.0));
    }

    #[test]
    fn of_servers_that_were_not_read_something_is_missing() {
        let failed = || Outcome::Failed(Failure::new(FailureKind::Timeout, "silent"));
        for (part, extent) in [
            ("info", Extent::All),
            ("sentinel", Extent::All),
            ("replica h:2", Extent::Primaries),
            ("replicas", Extent::Primaries),
            ("node h:2", Extent::Some),
        ] {
            let mut target = target(&[("master", server(1.0, 1.0, 1.0))]);
            target.set_part(part, failed());
            assert_eq!(of_target(&target).unwrap().extent, extent, "{part}");
            target.set_part(part, Outcome::Complete);
            assert_eq!(of_target(&target).unwrap().extent, Extent::All, "{part}");
        }
    }
}
