//! Every item by four worlds of its own: GO, NO-GO, INCOMPLETE, and one of noise that must not turn
//! it. An item without them is an error.

use envparity::checklist::ITEMS;

use crate::cluster::{self, Clusters};
use crate::load::{self, REHEARSED, VALID, baseline, done, rehearsed};
use crate::performance::{DAY, END, loaded, windows};
use crate::work::LOCATIONS;
use crate::world::{
    Info, Judged, NOW, Services, TAKEN, World, production_info, qualif_info, v21, v22,
};
use crate::{builds, cli, freeze, people};

/// What a world makes of an item.
enum Case {
    /// It says so, and why.
    Says(fn() -> Judged, &'static [&'static str]),
    /// It never does, and why.
    Never(&'static str),
}
use Case::{Never, Says};

struct ItemCases {
    go: Case,
    no_go: Case,
    incomplete: Case,
    noise: Case,
}

fn check(item: &str, cases: &ItemCases) {
    let ItemCases { go, no_go, incomplete, noise } = cases;
    for (outcome, case) in [("go", go), ("no-go", no_go), ("incomplete", incomplete), ("go", noise)]
    {
        match case {
            Says(judge, words) => drop(judge().expect(item, outcome, words)),
            Never(why) => assert!(!why.is_empty(), "{item} is never {outcome}"),
        }
    }
}

/// A test for each item, and the list of their names.
macro_rules! item_cases {
    ($($name:ident { go: $go:expr, no_go: $no_go:expr, incomplete: $open:expr, noise: $noise:expr })*) => {
        const TESTED: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                let cases =
                    ItemCases { go: $go, no_go: $no_go, incomplete: $open, noise: $noise };
                check(&stringify!($name).replace('_', "-"), &cases);
            }
        )*
    };
}

#[test]
fn every_item_has_its_four_cases() {
    let mut wanted: Vec<String> =
        ITEMS.iter().map(|item| item.meta().id.replace('-', "_")).collect();
    wanted.push("db_migrations".to_owned());
    assert_eq!(TESTED, wanted);
}

item_cases! {
    coverage {
        go: Says(|| World::new().checklist(), &["4 of 4 required targets"]),
        no_go: Never("what was not read is unknown, and not wrong"),
        incomplete: Says(|| without("production-cache.txt"), &["3 of 4 required targets"]),
        noise: Says(
            || {
                let world = World::new();
                let targets = "targets:\n  recorded:\n  - {name: app, path: qualif-app.yaml.txt}\n  - \
                               {name: cache, path: qualif-cache.txt}\n  - {name: spare, path: \
                               none.txt, required: false}\n";
                world.profiles.environment("qualif", targets);
                world.checklist()
            },
            &["1 not required and not read"],
        )
    }
    isolation {
        go: Says(|| World::new().checklist(), &["4 identities, none shared"]),
        no_go: Says(|| production(&Info { run_id: "a", ..production_info() }), &["redis/cache"]),
        incomplete: Says(
            || production(&Info { run_id: "", ..production_info() }),
            &["does not say who it is"],
        ),
        noise: Says(
            || {
                let world = World::new();
                world.command(&["audit", "--at", "2026-04-13T18:00:00Z", "--report-only"]);
                world.info("production", &Info { run_id: "c", days: 0, ..production_info() });
                world.checklist()
            },
            &["none shared"],
        )
    }
    parity {
        go: Says(|| World::new().checklist(), &["0 findings"]),
        no_go: Says(|| on_valkey().checklist(), &["high product-differs redis/cache"]),
        incomplete: Never("coverage says what was not read"),
        noise: Says(
            || {
                let world = World::new();
                edit(&world, "production-cache.txt", "maxmemory_policy:noeviction", "maxmemory_policy:allkeys-lru");
                world.checklist()
            },
            &["0 findings"],
        )
    }
    release_under_test {
        go: Says(|| World::new().checklist(), &["3 of 3 builds of v22", "3 of 3 builds of v21"]),
        no_go: Says(|| runs("qualif", "timemachine", "v22", "a23"), &["is v22 a2300000"]),
        incomplete: Says(|| runs("qualif", "web", "v21", ""), &["not proven by a digest"]),
        noise: Says(|| runs("qualif", "web", "another-tag", "c21"), &["3 of 3 builds of v22"])
    }
    freeze {
        go: Says(|| frozen(&|_| v22()), &["nothing else is known to have changed"]),
        no_go: Says(
            || frozen(&|at| if at == 2 { freeze::other("v21-fix", "c99") } else { v22() }),
            &["image/team/web -> v21-fix c9900000"],
        ),
        incomplete: Says(
            || {
                let times = [0, 3].map(|index| (freeze::TIMES[index], v22()));
                freeze::frozen(&times, "").checklist()
            },
            &["largest gap"],
        ),
        // The release itself arrives in it.
        noise: Says(
            || frozen(&|at| if at < 2 { v21() } else { v22() }),
            &["nothing else is known to have changed"],
        )
    }
    rollback_ready {
        go: Says(|| World::new().checklist(), &["3 of 3 builds of v21 seen"]),
        no_go: Says(no_template_left, &["no ReplicaSet of production keeps image/team/web v21"]),
        incomplete: Says(|| runs("production", "web", "v20", "c20"), &["never seen there"]),
        noise: Says(
            || {
                let world = World::new();
                let mut more = v21();
                more.push(("label-printer", "v9", "d09"));
                world.services("production", &more, TAKEN);
                world.checklist()
            },
            &["3 of 3 builds of v21 seen"],
        )
    }
    workloads_stable {
        go: Says(|| stable(0, cluster::at(LATER)), &["3 workloads up to date"]),
        no_go: Says(|| stable(4, cluster::at(LATER)), &["restarted 4 times"]),
        incomplete: Says(
            || {
                let mut silent = cluster::qualif();
                silent.revisions = None;
                Clusters::new(&silent, &cluster::production()).checklist()
            },
            &["was not read"],
        ),
        // All of that was before the release came.
        noise: Says(|| stable(40, cluster::at("2026-04-01T08:00:00Z")), &["3 workloads up to date"])
    }
    new_command {
        go: Says(|| World::new().checklist(), &["neither KEYS, FLUSHALL nor FLUSHDB is new"]),
        no_go: Says(|| qualif(&qualif_info().with("keys", 4, 48_000)), &["KEYS 4 calls", "0 in 57 d"]),
        incomplete: Says(
            || qualif(&Info { days: 2, ..qualif_info() }),
            &["qualif's counters begin at"],
        ),
        noise: Says(
            || qualif(&qualif_info().with("mget", 5, 100).with("get|x", 1, 1).with("scan", 9, 9)),
            &["neither KEYS"],
        )
    }
    cost_per_call {
        go: Says(|| World::new().checklist(), &["no command that walks is new"]),
        no_go: Says(|| qualif(&qualif_info().with("keys", 4, 48_000)), &["383 ms at 1.31 M keys"]),
        incomplete: Says(|| qualif(&Info { days: 2, ..qualif_info() }), &["is not known"]),
        // Another tenant walks small collections.
        noise: Says(|| qualif(&qualif_info().with("lrange", 9_000_000, 9_000_000)), &["LRANGE 0.001 ms"])
    }
    cost_per_unit {
        go: Says(|| unit(&done(&qualif_info())), &["250 rehearsed", "logins 2.0 (v21 2.0)"]),
        no_go: Says(|| unit(&done(&qualif_info()).with("keys", 500, 6_000)), &["KEYS 2.0 (v21 0)"]),
        incomplete: Says(|| load::world().checklist(), &["no stock-location was marked"]),
        // A feature has one GET more.
        noise: Says(|| unit(&done(&qualif_info()).more("get", 250, 300)), &["also more often: GET"])
    }
    projected_load {
        go: Says(|| unit(&done(&qualif_info())), &["250 stock-location at once"]),
        no_go: Says(|| unit(&done(&qualif_info()).with("keys", 500, 6_000_000)), &["of five minutes"]),
        incomplete: Says(|| load::world().checklist(), &["is not known"]),
        noise: Says(|| unit(&done(&qualif_info()).more("get", 250, 300)), &["250 stock-location"])
    }
    exercised {
        go: Says(|| unit(&done(&qualif_info())), &["250 stock-location under v22", "2 of production's 2"]),
        no_go: Never("what nobody did is unknown, and not wrong"),
        incomplete: Says(|| load::world().checklist(), &["0 stock-location under v22"]),
        // Production's operators call what no service does.
        noise: Says(
            || {
                let world = tried(&done(&qualif_info()));
                let operators = production_info().with("slowlog|get", 90_000, 9).with("ping", 90_000, 9);
                world.info("production", &operators);
                world.checklist()
            },
            &["2 of production's 2"],
        )
    }
    rehearsal {
        go: Says(|| unit(&done(&qualif_info())), &["250 stock-location rehearsed"]),
        no_go: Says(|| unit(&done(&qualif_info()).with("keys", 500, 32_000_000)), &["walk share at least"]),
        incomplete: Says(|| load::world().checklist(), &["no rehearsal of stock-location"]),
        // One of another work failed.
        noise: Says(
            || {
                let world = tried(&done(&qualif_info()));
                let failed = envparity::model::RehearsalOutcome::Failed("it ended with 7".to_owned());
                let info = [qualif_info(), done(&qualif_info())];
                world.rehearse_work("other", ("v22", 9), &info, REHEARSED, &failed);
                world.checklist()
            },
            &["250 stock-location rehearsed"],
        )
    }
    observation_window {
        go: Says(|| observed(&|_| None), &["24 h without a breach", "1 unit of work in it"]),
        no_go: Says(
            || observed(&|at| (at >= load_time("2026-04-13T05:02:00Z")).then_some(("hgetall", 20_000_000))),
            &["in the worst 5 minutes, limit 5 %"],
        ),
        incomplete: Says(|| load::world().checklist(), &["no load of it is kept"]),
        // A developer's own KEYS, once.
        noise: Says(
            || observed(&|at| (at >= load_time("2026-04-13T05:02:00Z")).then_some(("keys", 12_000))),
            &["24 h without a breach"],
        )
    }
    performance {
        go: Says(|| month(|_| 0.01), &["-30d 1 %"]),
        no_go: Says(|| month(|at| if at == END - 20 * DAY { 0.06 } else { 0.01 }), &["-30d 6 %"]),
        incomplete: Says(|| World::new().checklist(), &["no load of production is kept"]),
        noise: Says(|| month(|at| if at > END - DAY { 0.004 } else { 0.001 }), &["24h 0.4 %"])
    }
    waivers {
        go: Says(
            || {
                let world = on_valkey();
                builds::waive(&world.profiles);
                world.checklist()
            },
            &["1 active, 0 expired, 0 unused"],
        ),
        no_go: Says(|| expired(true), &["1 expired"]),
        incomplete: Never("waivers are read with the profiles, or there is no checklist"),
        noise: Says(|| expired(false), &["1 expired"])
    }
    db_migrations {
        go: Says(|| answers(&["--yes"]), &["yes: alice (claimed)"]),
        no_go: Says(|| answers(&["--no"]), &["no: alice (claimed)"]),
        incomplete: Says(|| people::asking().checklist(), &["is not answered"]),
        // Somebody answered for another release.
        noise: Says(
            || {
                let world = answered(&["--yes"]);
                let base = ["checklist", "answer", "db-migrations", "--release", "v21"];
                let no = ["--no", "--by", "bob", "--at", "2026-04-13T18:35:00Z"];
                world.command(&[&base[..], &no].concat()).expect(0);
                world.checklist()
            },
            &["yes: alice"],
        )
    }
}

/// A pod of the release, which restarted later.
const LATER: &str = "2026-04-11T08:00:00Z";

fn without(path: &str) -> Judged {
    let world = World::new();
    std::fs::remove_file(world.profiles.path(path)).unwrap();
    world.checklist()
}

fn edit(world: &World, path: &str, from: &str, to: &str) {
    let text = world.profiles.read(path);
    assert!(text.contains(from), "{path} has no {from}");
    world.profiles.write(path, &text.replace(from, to));
}

fn production(info: &Info) -> Judged {
    let world = World::new();
    world.info("production", info);
    world.checklist()
}

fn qualif(info: &Info) -> Judged {
    let world = World::new();
    world.info("qualif", info);
    world.checklist()
}

/// One service is another build somewhere.
fn runs(environment: &str, name: &str, tag: &'static str, begin: &'static str) -> Judged {
    let world = World::new();
    let own = if environment == "qualif" { v22() } else { v21() };
    world.services(environment, &builds::with(own, name, tag, begin), TAKEN);
    world.checklist()
}

fn on_valkey() -> World {
    let world = World::new();
    let valkey = std::fs::read_to_string(cli::recorded_info("valkey-8.0.1")).unwrap();
    let time = |line: &str| line.starts_with("server_time_usec");
    let recent = valkey
        .lines()
        .map(|line| if time(line) { "server_time_usec:1776105540000000" } else { line });
    world.profiles.write("production-cache.txt", &recent.collect::<Vec<_>>().join("\n"));
    world
}

fn frozen(services: &dyn Fn(usize) -> Services) -> Judged {
    let times: Vec<_> =
        freeze::TIMES.iter().enumerate().map(|(index, at)| (*at, services(index))).collect();
    freeze::frozen(&times, "").checklist()
}

fn no_template_left() -> Judged {
    let mut later = cluster::production();
    later.services[2] = ("web", "v20", "c20");
    let later = cluster::with(&later, |told| {
        told.revisions[2] = cluster::revision("web", "v20", "2026-04-12T08:00:00Z", (2, 4));
    });
    let clusters = Clusters::new(&cluster::qualif(), &cluster::production());
    let both = [("qualif", &cluster::qualif()), ("production", &later)];
    clusters.seen(&both, cluster::at(NOW));
    clusters.checklist()
}

fn stable(restarts: i64, ended: jiff::Timestamp) -> Judged {
    let told = cluster::with(&cluster::qualif(), |told| {
        let ended = ended.to_string();
        let trouble = cluster::trouble(restarts, "2026-04-10T08:00:00Z", &ended, "Error");
        told.workloads[0].containers.push(trouble);
    });
    Clusters::new(&told, &cluster::production()).checklist()
}

/// Both releases were rehearsed.
fn tried(after: &Info) -> World {
    let world = load::world();
    baseline(&world);
    rehearsed(&world, after);
    world
}

fn unit(after: &Info) -> Judged {
    tried(after).checklist()
}

fn load_time(text: &str) -> i64 {
    crate::work::time(text).as_second()
}

/// A day of samples with one unit of work, and a command and its microseconds besides.
fn observed(besides: &dyn Fn(i64) -> Option<(&'static str, u64)>) -> Judged {
    let world = load::world();
    world.came("2026-04-12T12:00:00Z");
    let unit = "2026-04-13T08:01:00Z";
    let (before, after) = (qualif_info(), done(&qualif_info()));
    let said = |at| {
        let info = load::from(at, unit, before.clone(), after.clone());
        match besides(at) {
            Some((command, micros)) => info.with(command, 1, micros),
            None => info,
        }
    };
    world.sampled("qualif", ("2026-04-12T10:00:00Z", "2026-04-13T18:39:00Z"), said);
    world.mark(&LOCATIONS, None, &before, "2026-04-13T08:00:00Z");
    world.mark(&LOCATIONS, Some(1), &after, unit);
    world.checklist()
}

/// 32 days of production, by the share of each bucket in commands that walk.
fn month(share: fn(i64) -> f64) -> Judged {
    let world = World::new();
    loaded(&world, 32, |at| (share(at), 0.3));
    windows(&world, "[24h, -7d, -30d]");
    world.checklist()
}

fn expired(blocks: bool) -> Judged {
    let world = on_valkey();
    builds::waive(&world.profiles);
    edit(&world, "waivers.yaml", "2026-12-31", "2026-03-31");
    if blocks {
        let text = "kind: Policy\nrules: [{rule: waiver-expired, severity: high}]\n";
        world.profiles.config("policy.yaml", text);
    }
    world.checklist()
}

fn answered(answer: &[&str]) -> World {
    let world = people::asking();
    let by = ["--by", "alice", "--at", "2026-04-13T18:30:00Z"];
    people::answer(&world, &[answer, &by].concat()).expect(0);
    world
}

fn answers(answer: &[&str]) -> Judged {
    answered(answer).checklist()
}

#[test]
fn a_rehearsal_of_a_command_that_did_nothing_is_none() {
    let world = load::world();
    world.rehearse("v22", 250, &[qualif_info(), qualif_info()], REHEARSED, &VALID);
    world.mark(&LOCATIONS, None, &qualif_info(), "2026-04-12T18:10:00Z");
    world.mark(&LOCATIONS, Some(250), &qualif_info(), "2026-04-12T18:20:00Z");
    world
        .checklist()
        .expect("rehearsal", "incomplete", &["count implausible: 0 commands"])
        .expect("exercised", "incomplete", &["0 stock-location under v22"])
        .expect("observation-window", "incomplete", &["0 units of work in it"]);
}
