//! What goes wrong with one target costs that target only: everything beside it is read, the
//! failure is named with advice, the program ends in time, and no secret is told.
//!
//! The cases stand in `faults/`, one file for each collector. Each is one audit of two environments with a healthy Redis in both, and the
//! faulty target beside the one in production.

mod command;
pub(crate) mod docker;
mod echoes;
mod http;
mod kubernetes;
mod kubernetes_protobuf;
mod kubernetes_refusals;
mod pieces;
mod postgresql;
mod redis;

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::profiles::{Ended, Profiles, Report, text};
use crate::support::cli::slowness::{deadline, scaled};
use crate::support::fault_table::{self, Row};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::redis::{Binary, RedisServer};

/// Of every target, on an idle machine. The healthy one beside a fault has it too.
const DEADLINE: Duration = Duration::from_secs(1);
/// What a whole audit may take besides, on an idle machine: the start of the program, and its
/// report.
const BESIDES: Duration = Duration::from_secs(1);

/// What `${env:ENVPARITY_SICK_PASSWORD}` stands for; no output may hold it.
const PASSWORD: &str = "Zq9-never-to-be-seen-tr0ub4dor";
/// How every token of the tests' API servers begins.
const TOKEN: &str = "test-token-";
const PASSWORD_REFERENCE: &str = "${env:ENVPARITY_SICK_PASSWORD}";

/// One way in which a target may be faulty.
struct Fault {
    name: &'static str,
    /// `redis`, `docker` and so on.
    collector: &'static str,
    /// The target as a profile has it, without its name.
    target: Value,
    /// The kinds of failure that are right; mostly one.
    kinds: Vec<&'static str>,
    /// What message or advice must mention, whatever the case.
    mentions: &'static str,
    /// Environment variables of its audit.
    variables: Vec<(&'static str, String)>,
    /// What must live as long as the case.
    alive: Vec<Box<dyn Any>>,
}

impl Fault {
    fn redis(name: &'static str, target: Value, kinds: &[&'static str]) -> Self {
        let (variables, alive) = (Vec::new(), Vec::new());
        Self {
            name,
            collector: "redis",
            target,
            kinds: kinds.to_vec(),
            mentions: "",
            variables,
            alive,
        }
    }

    fn docker(name: &'static str, target: Value, kinds: &[&'static str]) -> Self {
        Self { collector: "docker", ..Self::redis(name, target, kinds) }
    }

    fn kubernetes(name: &'static str, target: Value, kinds: &[&'static str]) -> Self {
        Self { collector: "kubernetes", ..Self::redis(name, target, kinds) }
    }

    fn http(name: &'static str, target: Value, kinds: &[&'static str]) -> Self {
        Self { collector: "http", ..Self::redis(name, target, kinds) }
    }

    fn command(name: &'static str, target: Value, kinds: &[&'static str]) -> Self {
        Self { collector: "command", ..Self::redis(name, target, kinds) }
    }

    fn postgresql(name: &'static str, target: Value, kinds: &[&'static str]) -> Self {
        Self { collector: "postgresql", ..Self::redis(name, target, kinds) }
    }

    fn mentioning(self, mentions: &'static str) -> Self {
        Self { mentions, ..self }
    }

    fn with_variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    fn with(mut self, server: impl Any) -> Self {
        self.alive.push(Box::new(server));
        self
    }
}

/// The two healthy servers.
struct Healthy {
    qualif: RedisServer,
    production: RedisServer,
}

impl Healthy {
    fn start(qualif: Binary, production: Binary) -> Self {
        Self {
            qualif: RedisServer::start(qualif, &[]),
            production: RedisServer::start(production, &[]),
        }
    }

    /// Both environments, with `target` beside the healthy one in production.
    fn beside(&self, collector: &str, mut target: Value) -> Profiles {
        target["name"] = json!("sick");
        let well = |server: &RedisServer| json!({"name": "well", "url": server.url()});
        let mut targets = json!({"redis": [well(&self.production)]});
        match targets[collector].as_array_mut() {
            Some(others) => others.push(target),
            None => targets[collector] = json!([target]),
        }
        let deadline = deadline(DEADLINE);
        let profiles = Profiles::new(&[
            ("qualif", json!({"deadline": deadline, "targets": {"redis": [well(&self.qualif)]}})),
            (
                "production",
                json!({"deadline": deadline, "allow-commands": true, "targets": targets}),
            ),
        ]);
        // A whole cluster beside one Redis is another estate, and that is not what is tested.
        let off = "- {rule: estate-differs, severity: \"off\"}";
        profiles.config("policy.yaml", &format!("kind: Policy\nrules:\n{off}\n"));
        profiles.with_variable("ENVPARITY_SICK_PASSWORD", PASSWORD)
    }
}

/// Audits each case and prints what became of them; the section of `docs/FAULTS.md` must say the
/// same.
#[track_caller]
#[expect(clippy::print_stdout, reason = "a table for people, from tests only")]
fn check_all(section: &str, faults: impl IntoIterator<Item = Fault>) {
    let healthy = Healthy::start(Binary::Redis70, Binary::Redis70);
    let (mut table, mut problems, mut rows) = (String::new(), String::new(), Vec::new());
    for fault in faults {
        let profiles = healthy.beside(fault.collector, fault.target.clone());
        let variables: Vec<(&str, &str)> =
            fault.variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (ended, everything) = audit_in_every_format(&profiles, &variables);
        let (row, found) = outcome(&fault, &ended, &everything);
        let milliseconds = ended.took.as_millis();
        writeln!(table, "{:<10} {:<52} {milliseconds:>5} ms  {row}", fault.collector, fault.name)
            .expect("to memory");
        // parts mostly fail alike
        for problem in BTreeSet::from_iter(found) {
            writeln!(problems, "{} {}: {problem}", fault.collector, fault.name).expect("to memory");
        }
        rows.push(documented(&fault, &ended.any_report()));
    }
    println!("{table}");
    assert!(problems.is_empty(), "\n{problems}");
    fault_table::check(section, &rows);
}

/// A row of `docs/FAULTS.md`. What may be of either kind differs from machine to machine: its words
/// are left out.
fn documented(fault: &Fault, report: &Report) -> Row {
    let failures = report.failures("production", &format!("{}/sick", fault.collector));
    let of = |field: &str| match (&fault.kinds[..], failures.first()) {
        ([_], Some(failure)) => text(&failure[field]).to_owned(),
        _ => String::new(),
    };
    // the document shows what an idle machine shows
    let scaled = format!("within {}", deadline(DEADLINE));
    let message = of("message").replace(&scaled, &format!("within {}s", DEADLINE.as_secs()));
    let advice = of("advice");
    Row { name: fault.name.to_owned(), kind: fault.kinds.join("` or `"), message, advice }
}

/// JSON on stdout, the other formats beside it, and the log as chatty as it gets. Also returns all
/// that was written.
fn audit_in_every_format(profiles: &Profiles, variables: &[(&str, &str)]) -> (Ended, String) {
    let path = |name: &str| profiles.path(name).display().to_string();
    let (table, yaml) = (path("report.txt"), path("report.out"));
    let (to_table, to_yaml) = (format!("table={table}"), format!("yaml={yaml}"));
    let ended = profiles
        .run_with(&["audit", "-vvv", "-o", "json", "-o", &to_table, "-o", &to_yaml], variables);
    let files = [table, yaml].map(|path| std::fs::read_to_string(path).unwrap_or_default());
    let everything = format!("{}\n{}\n{}", ended.stdout, ended.stderr, files.join("\n"));
    (ended, everything)
}

/// The row of the table, and what is not as it must be.
fn outcome(fault: &Fault, ended: &Ended, everything: &str) -> (String, Vec<String>) {
    let report = ended.any_report();
    let sick = format!("{}/sick", fault.collector);
    let failures = report.failures("production", &sick);
    let mut problems = Vec::new();
    let mut must = |holds: bool, else_said: String| {
        if !holds {
            problems.push(else_said);
        }
    };
    must(ended.code == Some(3), format!("exit {:?}, not 3", ended.code));
    must(ended.took < scaled(DEADLINE + BESIDES), format!("took {:?}", ended.took));
    must(
        is_healthy(&report),
        format!("the healthy target suffered: {}", report.target("production", "redis/well")),
    );
    must(!failures.is_empty(), "nothing failed".to_owned());
    for failure in &failures {
        let (kind, advice) = (text(&failure["kind"]), text(&failure["advice"]));
        let words = format!("{} -> {advice}", text(&failure["message"]));
        must(
            fault.kinds.contains(&kind),
            format!("is {kind}, not {}: {words}", fault.kinds.join(" or ")),
        );
        must(!advice.is_empty(), format!("no advice on {words}"));
        must(
            words.to_lowercase().contains(&fault.mentions.to_lowercase()),
            format!("does not mention {}: {words}", fault.mentions),
        );
    }
    let named =
        report.reasons("incomplete").iter().any(|r| r.starts_with(&format!("production {sick}")));
    must(named, format!("no reason of the verdict names it: {:?}", report.reasons("incomplete")));
    must(!everything.contains(PASSWORD), "a password stands in the output".to_owned());
    must(!everything.contains(TOKEN), "a token stands in the output".to_owned());
    must(!everything.contains('\u{1b}'), "a control character reached the output".to_owned());
    must(!everything.contains("panicked"), format!("the program panicked: {}", ended.stderr));
    let first = failures
        .first()
        .map_or("-".to_owned(), |f| format!("{:<15} {}", text(&f["kind"]), text(&f["message"])));
    let parts =
        if failures.len() > 1 { format!("  ({} parts)", failures.len()) } else { String::new() };
    (first + &parts, problems)
}

fn is_healthy(report: &Report) -> bool {
    let seen = |environment| report.cell("redis/well", environment)["state"] == "present";
    report.is_read("production", "redis/well") && seen("qualif") && seen("production")
}

#[test]
fn a_blocking_finding_and_an_unread_target_are_both_told() {
    let healthy = Healthy::start(Binary::Redis62, Binary::Valkey80);
    let gone = Hostile::start(Behaviour::Refuses);
    let profiles = healthy.beside("redis", json!({"url": format!("redis://{}", gone.address())}));
    let report = profiles.audit().report(1);
    assert_eq!(report.verdict(), "no-go");
    let [blocks] = report.reasons("blocks")[..] else {
        panic!("not one blocking reason: {report}")
    };
    assert!(blocks.contains("product-differs redis/well"), "{blocks}");
    let [incomplete] = report.reasons("incomplete")[..] else { panic!("not one gap: {report}") };
    assert!(incomplete.starts_with("production redis/sick"), "{incomplete}");

    let table = profiles.audit_table();
    table.expect(1);
    let line = table.last_line();
    assert!(line.starts_with("NO-GO, and INCOMPLETE: 1 high; production redis/sick"), "{table}");
    assert!(line.ends_with("(exit 1)"), "{table}");
}
