//! A Prometheus that means harm, named under `load:` of an honest Redis: it costs that Redis its
//! load, and nothing else.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::{Served, honest};
use crate::support::cli::slowness::{deadline, scaled};
use crate::support::cli::{Profiles, Report, list, memory_limit, text};
use crate::support::fault_table::{self, Row};
use crate::support::hostile::{Behaviour, Hostile};
use crate::{DEADLINE, MIB, nothing, row};

/// A Prometheus that means harm.
pub(crate) struct Source {
    pub(crate) name: &'static str,
    /// A Redis whose load it is asked for; without its name.
    pub(crate) target: Value,
    _servers: (Box<dyn Send>, Served),
}

/// Bytes of one answer, below the bound.
const WHOLE: usize = 15 << 20;

fn at(name: &'static str, address: std::net::SocketAddr, server: impl Send + 'static) -> Source {
    let redis = honest();
    let load = json!({"prometheus": {
        "url": format!("http://{address}"), "match": {"job": "redis"},
        "deadline": deadline(DEADLINE)}});
    let target = json!({"url": redis.redis_url(), "load": load});
    Source { name, target, _servers: (Box::new(server), redis) }
}

fn misbehaving(name: &'static str, behaviour: Behaviour) -> Source {
    let server = Hostile::start(behaviour);
    at(name, server.address(), server)
}

fn answering(
    name: &'static str,
    body: impl Fn(&Asked) -> String + Send + Sync + 'static,
) -> Source {
    let server = Served::http(move |path, nth| body(&Asked::read(path, nth)).into());
    at(name, server.address(), server)
}

/// One request.
struct Asked {
    path: String,
    from: i64,
    to: i64,
    step: i64,
    nth: usize,
}

impl Asked {
    fn read(path: &str, nth: usize) -> Self {
        let number = |name: &str| {
            let found = path.split(['?', '&']).find_map(|pair| pair.strip_prefix(name));
            found.and_then(|text| text.parse().ok()).unwrap_or(0)
        };
        let (from, to, step) = (number("start="), number("end="), number("step=").max(1));
        Self { path: path.to_owned(), from, to, step, nth }
    }

    fn is_of(&self, metric: &str) -> bool {
        self.path.contains(metric)
    }

    fn is_series(&self) -> bool {
        self.path.contains("/series?")
    }

    /// The moments that were asked for.
    fn steps(&self) -> impl Iterator<Item = i64> {
        (self.from..=self.to).step_by(usize::try_from(self.step).expect("a step is forward"))
    }

    /// Values at all moments.
    fn values(&self) -> String {
        let all: Vec<String> = self.steps().map(|at| format!("[{at},\"{}\"]", at % 7)).collect();
        all.join(",")
    }
}

fn matrix(series: &str) -> String {
    format!(r#"{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}"#)
}

fn listed(series: &str) -> String {
    format!(r#"{{"status":"success","data":[{series}]}}"#)
}

/// As many of an item as fit into an answer.
fn full(item: impl Fn(usize) -> String) -> String {
    let mut items = String::new();
    for nth in 0.. {
        if items.len() > WHOLE {
            break;
        }
        if nth > 0 {
            items.push(',');
        }
        items.push_str(&item(nth));
    }
    items
}

/// One series with a value at each moment; commands by `commands`, as many as `count`.
fn with_commands(asked: &Asked, count: usize, values: impl Fn(usize) -> String) -> String {
    if asked.is_series() {
        let all: Vec<String> = (0..count)
            .map(|n| format!(r#"{{"__name__":"c","job":"redis","cmd":"c{n}"}}"#))
            .collect();
        return listed(&all.join(","));
    }
    if !asked.is_of("_commands_total") && !asked.is_of("_duration_seconds") {
        return matrix(&format!(r#"{{"metric":{{"job":"redis"}},"values":[{}]}}"#, asked.values()));
    }
    let mut all = String::new();
    for n in 0..count {
        let comma = if n > 0 { "," } else { "" };
        let metric = format!(r#"{{"job":"redis","cmd":"c{n}"}}"#);
        write!(all, r#"{comma}{{"metric":{metric},"values":[{}]}}"#, values(n)).expect("to memory");
        if all.len() > WHOLE {
            break;
        }
    }
    matrix(&all)
}

/// All kinds.
pub(crate) fn sources() -> Vec<Source> {
    let chunks = Served::each(|mut stream| {
        _ = stream.read(&mut [0; 4096]);
        _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while stream.write_all(b"1\r\n \r\n").is_ok() {}
    });
    let headers = Served::each(|mut stream| {
        _ = stream.read(&mut [0; 4096]);
        _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(format!("x: {}\r\n", "y".repeat(8_000)).as_bytes()).is_ok() {}
    });
    let slow = Behaviour::Trickle {
        bytes: b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        every: Duration::from_millis(200),
    };
    let mut all = vec![
        misbehaving("silent", Behaviour::Silent),
        misbehaving("a body that never ends", Behaviour::EndlessHttpBody),
        misbehaving("a byte from time to time", slow),
        at("chunks of one byte", chunks.address(), chunks),
        at("headers that never end", headers.address(), headers),
    ];
    all.extend(of_json());
    all.extend(of_series());
    all.extend(of_commands());
    all
}

/// What is no answer of a Prometheus, or hardly.
fn of_json() -> Vec<Source> {
    let nested = |open: &str| {
        format!("{{\"status\":\"success\",\"data\":{}", open.repeat(WHOLE / open.len()))
    };
    let (lists, objects) = (nested("["), nested("{\"a\":"));
    vec![
        answering("lists in lists", move |_| lists.clone()),
        answering("objects in objects", move |_| objects.clone()),
        answering("a list of empty objects", |_| matrix(&full(|_| "{}".to_owned()))),
        answering("a list of nulls", |_| matrix(&full(|_| "null".to_owned()))),
        answering("series without values", |_| {
            matrix(&full(|n| format!(r#"{{"metric":{{"a":"{n}"}},"values":[]}}"#)))
        }),
        answering("warnings without end", |_| {
            format!("{{\"status\":\"success\",\"warnings\":[{}]}}", full(|n| format!("\"{n}\"")))
        }),
        answering("one warning of 15 MB", |_| {
            format!("{{\"status\":\"success\",\"warnings\":[\"{}\"]}}", "x".repeat(WHOLE))
        }),
        answering("an error of 15 MB", |_| {
            format!("{{\"status\":\"error\",\"error\":\"{}\"}}", "x".repeat(WHOLE))
        }),
        answering("keys that nobody knows", |_| {
            format!("{{{},\"status\":\"success\"}}", full(|n| format!("\"k{n}\":{n}")))
        }),
    ]
}

/// What has the form of an answer, and too much of it.
fn of_series() -> Vec<Source> {
    vec![
        answering("values at other times", |_| {
            let values = full(|n| format!("[{n},\"1\"]"));
            matrix(&format!(r#"{{"metric":{{"job":"redis"}},"values":[{values}]}}"#))
        }),
        answering("one label of 15 MB", |asked| {
            let label = "x".repeat(WHOLE);
            let values = asked.values();
            matrix(&format!(r#"{{"metric":{{"a":"{label}"}},"values":[{values}]}}"#))
        }),
        answering("as many series as there may be", |asked| {
            let values = format!("[{},\"1\"]", asked.from);
            let all: Vec<String> = (0..9_999)
                .map(|n| format!(r#"{{"metric":{{"a":"{n}"}},"values":[{values}]}}"#))
                .collect();
            matrix(&all.join(","))
        }),
        answering("2,000 series with all values", |asked| {
            let values = asked.values();
            matrix(&full(|n| format!(r#"{{"metric":{{"a":"{n}"}},"values":[{values}]}}"#)))
        }),
    ]
}

/// What has the form of the answers about one server, for all that can be seen in one of them.
fn of_commands() -> Vec<Source> {
    vec![
        answering("9,999 commands with one value each", |asked| {
            let last = format!("[{},\"1\"]", asked.to - asked.to.rem_euclid(asked.step.max(1)));
            let last = if asked.is_of("query_range") { last } else { "[1,\"1\"]".to_owned() };
            with_commands(asked, 9_999, |_| last.clone())
        }),
        answering("as many values as there may be", |asked| {
            let values = asked.values();
            with_commands(asked, 230, |_| values.clone())
        }),
        answering("another run at each step", |asked| {
            if !asked.is_of("instance_info") {
                return with_commands(asked, 3, |_| asked.values());
            }
            let all: Vec<String> = asked
                .steps()
                .map(|at| {
                    let metric = format!(r#"{{"job":"redis","run_id":"{at:040x}"}}"#);
                    format!(r#"{{"metric":{metric},"values":[[{at},"1"]]}}"#)
                })
                .collect();
            matrix(&all.join(","))
        }),
        answering("a counter that falls at each step", |asked| {
            let all: Vec<String> = asked
                .steps()
                .map(|at| format!("[{at},\"{}\"]", 1_000 - at / asked.step % 2))
                .collect();
            let values = all.join(",");
            if asked.is_of("query?") {
                // The samples of a bucket.
                let values = full(|n| format!("[{n}.5,\"1\"]"));
                return matrix(&format!(r#"{{"metric":{{"job":"redis"}},"values":[{values}]}}"#));
            }
            with_commands(asked, 20, |_| values.clone())
        }),
        answering("other labels in each answer", |asked| {
            if asked.is_series() {
                return with_commands(asked, 5, |_| String::new());
            }
            let values = format!("[{},\"1\"]", asked.from);
            let all: Vec<String> = (0..1_999)
                .map(|n| {
                    let metric = format!(r#"{{"n":"{}-{n}","job":"redis"}}"#, asked.nth);
                    format!(r#"{{"metric":{metric},"values":[{values}]}}"#)
                })
                .collect();
            matrix(&all.join(","))
        }),
    ]
}

/// A Prometheus that keeps the load of one idle server.
fn idle() -> Served {
    Served::http(|path, nth| {
        let asked = Asked::read(path, nth);
        let mut metric = json!({"job": "redis"});
        let value = if asked.is_of("instance_info") {
            metric["run_id"] = json!("a".repeat(40));
            metric["role"] = json!("master");
            "1"
        } else if asked.is_of("resets(") || asked.is_of("resets%28") {
            "0"
        } else {
            "20"
        };
        if asked.is_series() {
            return listed("").into();
        }
        let values: Vec<String> = asked.steps().map(|at| format!("[{at},\"{value}\"]")).collect();
        matrix(&format!(r#"{{"metric":{metric},"values":[{}]}}"#, values.join(","))).into()
    })
}

/// Each has an address of its own: one listener answers for all of loopback, and never.
#[test]
fn of_many_silent_prometheus_the_load_of_ten_targets_is_read_within_twice_the_deadline() {
    const SILENT: usize = 400;
    const IDLE: usize = 10;
    let silent = std::net::TcpListener::bind("0.0.0.0:0").expect("a free port");
    let port = silent.local_addr().expect("it is bound").port();
    let (redis, prometheus) = (honest(), idle());
    let target = |name: String, address: String| {
        let load = json!({"prometheus": {"url": format!("http://{address}"),
            "match": {"job": "redis"}, "deadline": deadline(DEADLINE)}});
        json!({"name": name, "url": redis.redis_url(), "load": load})
    };
    let many = (0..SILENT).map(|n| {
        target(format!("silent-{n:04}"), format!("127.0.{}.{}:{port}", 1 + n / 200, 1 + n % 200))
    });
    let last = (0..IDLE).map(|n| target(format!("z-{n}"), prometheus.address().to_string()));
    // One server that many targets name is lost, and holds up no other.
    let same = (0..50).map(|n| target(format!("same-{n}"), format!("127.0.9.9:{port}")));
    let all: Vec<Value> = same.chain(many).chain(last).collect();
    let body = json!({"deadline": deadline(DEADLINE), "targets": {"redis": all}});
    let ended = Profiles::new(&[("production", body)]).audit();
    let report = ended.any_report();
    println!("load of {} targets, 10 of which are told: {:.2?}", all.len(), ended.took);
    let load = list(&report["run"]["load"]);
    let told: Vec<&str> =
        load.filter(|one| one["failed"][0].is_null()).map(|one| text(&one["target"])).collect();
    assert_eq!(told.len(), IDLE, "{told:?} {}", report["run"]["load"][450]);
    assert!(told.iter().all(|name| name.starts_with("redis/z-")), "{told:?}");
    assert!(ended.took < 2 * scaled(DEADLINE), "{:?}", ended.took);
}

/// What takes so long that its deadline may come first, and how it ends on a fast machine.
const SLOW: [(&str, &str); 6] = [
    ("a byte from time to time", "protocol"),
    ("objects in objects", "cut"),
    ("values at other times", "too-large"),
    ("2,000 series with all values", "too-large"),
    ("as many values as there may be", "too-large"),
    ("a counter that falls at each step", "too-large"),
];

/// Why the load was not told, if so.
fn failure(report: &Report) -> Option<&Value> {
    let load = &report["run"]["load"][0];
    assert!(!load.is_null(), "no load was asked for: {report}");
    Some(&load["failed"][0]["failure"]).filter(|failure| !failure.is_null())
}

#[test]
fn a_hostile_prometheus_costs_the_load_of_its_target() {
    let wanted = std::env::var("KIND").unwrap_or_default();
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    let idle = nothing();
    let limit = memory_limit(|| idle);
    for Source { name, target, .. } in sources() {
        if !name.contains(&wanted) {
            continue;
        }
        let mut target = target.clone();
        target["name"] = json!("x");
        let body = json!({"deadline": deadline(DEADLINE), "targets": {"redis": [target]}});
        let (took, peak, report) = Profiles::new(&[("production", body)]).measured();
        let failed = failure(&report);
        let told = failed.map_or("", |failure| text(&failure["message"]));
        println!("{:>3} MiB {:>5.1} s  load: {name}: {told:.150}", peak / MIB, took.as_secs_f64());
        let is_read = report.is_read("production", "redis/x");
        let kind = failed.map_or("complete", |failure| text(&failure["kind"]));
        let slow = SLOW.iter().find(|(slow, _)| *slow == name).map(|(_, kind)| *kind);
        let is_as_told = match slow {
            Some(other) => [other, "timeout"].contains(&kind),
            None => failed.is_some(),
        };
        if peak >= limit || took >= 2 * scaled(DEADLINE) || !is_read || !is_as_told {
            wrong.push(format!("{name}: {} MiB, {took:?}, {is_read}, {failed:?}", peak / MIB));
        }
        let name = format!("load: {name}");
        rows.push(match slow {
            Some(other) => Row {
                name,
                kind: format!("{other}` or `timeout"),
                message: String::new(),
                advice: String::new(),
            },
            None => row(name, failed),
        });
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    if wanted.is_empty() {
        fault_table::check("load", &rows);
    }
}
