//! Nothing is quadratic in what an outsider says: ten times as much takes at most some fifteen
//! times as long. `STAGE=…` measures one stage.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::cli::{Profiles, is_optimised};

/// What a run takes that has nothing to do is taken off: starting, and the report.
fn little() -> usize {
    if is_optimised() { 2_000 } else { 200 }
}

/// More than this is not linear: a square is a hundred. Trees and a cache that is too small make some
/// fifteen of ten, and the allocator of a debug build on a busy machine some twenty-five.
fn max_ratio() -> f64 {
    if is_optimised() { 18.0 } else { 30.0 }
}

/// One thing that an outsider may say much of.
struct Stage {
    name: &'static str,
    /// Profiles with so much of it.
    profiles: fn(usize) -> Profiles,
    arguments: &'static [&'static str],
}

const AUDIT: &[&str] = &["audit", "-o", "json"];

#[test]
fn ten_times_as_much_takes_no_hundred_times_as_long() {
    let stages = [
        Stage { name: "versions of one image", profiles: versions, arguments: AUDIT },
        Stage { name: "images", profiles: images, arguments: AUDIT },
        Stage { name: "versions at one place", profiles: crowd, arguments: AUDIT },
        Stage { name: "patterns of ignore", profiles: ignored, arguments: AUDIT },
        Stage { name: "names a letter apart", profiles: near, arguments: AUDIT },
        Stage { name: "names of two parts", profiles: renamed, arguments: AUDIT },
        Stage { name: "versions of each image", profiles: split, arguments: AUDIT },
        Stage { name: "builds of one tag", profiles: builds, arguments: AUDIT },
        Stage { name: "builds nowhere paired", profiles: moved_builds, arguments: AUDIT },
        Stage { name: "rows of the catalogue", profiles: rows, arguments: AUDIT },
        Stage { name: "components expected", profiles: expected, arguments: AUDIT },
        Stage { name: "pods of one workload", profiles: replicas, arguments: AUDIT },
        Stage { name: "nodes", profiles: nodes, arguments: AUDIT },
        Stage { name: "cycles that have ended", profiles: ended, arguments: AUDIT },
        Stage { name: "waivers", profiles: waivers, arguments: AUDIT },
        Stage {
            name: "duplicate findings of --since",
            profiles: duplicates,
            arguments: &["audit", "-o", "json", "--since", "earlier.json"],
        },
    ];
    let wanted = std::env::var("STAGE").unwrap_or_default();
    let mut wrong = Vec::new();
    for Stage { name, profiles, arguments } in stages {
        if !name.contains(&wanted) {
            continue;
        }
        let took = |count: usize| {
            let profiles = profiles(count);
            let start = Instant::now();
            let run = profiles.command(arguments).current_dir(profiles.folder());
            let ended = run.within(Duration::from_secs(120)).run();
            assert!(ended.code.is_some_and(|code| code != 2), "{name}: {}", ended.stderr);
            start.elapsed().as_secs_f64()
        };
        let best = |count: usize, times: usize| {
            (0..times).map(|_| took(count)).fold(f64::INFINITY, f64::min)
        };
        let (nothing, little, much) = (best(1, 3), best(little(), 3), best(10 * little(), 1));
        // What is too fast to measure is not a square.
        let ratio = (much - nothing) / (little - nothing).max(0.03);
        println!("{name}: {nothing:.2} s, {little:.2} s, {much:.2} s: × {ratio:.1}");
        if ratio > max_ratio() {
            wrong.push(format!("{name}: × {ratio:.1}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// One environment of two, with what kubectl would print of it.
fn recorded(profiles: &Profiles, environment: &str, items: &[Value]) {
    let file = format!("{environment}.json");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    profiles.write(&file, &list.to_string());
    let body = format!("max-age: 36500d\ntargets:\n  recorded:\n  - {{name: k, path: {file}}}\n");
    profiles.environment(environment, &body);
}

fn of_both(items: impl Fn(&str) -> Vec<Value>) -> Profiles {
    let profiles = Profiles::of(&["qualif", "prod"]);
    for environment in ["qualif", "prod"] {
        recorded(&profiles, environment, &items(environment));
    }
    profiles
}

fn pod(name: &str, owner: &str, image: &str) -> Value {
    json!({"kind": "Pod", "metadata": {
        "name": name, "namespace": "shop",
        "ownerReferences": [{"kind": "StatefulSet", "name": owner, "controller": true}]},
        "spec": {"containers": [{"name": "a", "image": image}]},
        "status": {"phase": "Running",
            "containerStatuses": [{"name": "a", "state": {"running": {}}}]}})
}

/// A patch that one side is ahead by.
fn patch(environment: &str) -> usize {
    usize::from(environment == "qualif")
}

fn versions(count: usize) -> Profiles {
    of_both(|environment| {
        let image = |n| format!("shop/app:1.{n}.{}", patch(environment));
        (0..count).map(|n| pod(&format!("p{n}"), &format!("w{n}"), &image(n))).collect()
    })
}

fn images(count: usize) -> Profiles {
    of_both(|environment| {
        let image = |n| format!("shop/app-{n}:1.2.{}", patch(environment));
        (0..count).map(|n| pod(&format!("p{n}"), &format!("w{n}"), &image(n))).collect()
    })
}

/// All in one workload, so that each may be the counterpart of each.
fn crowd(count: usize) -> Profiles {
    of_both(|environment| {
        let image = |n| format!("shop/app:1.{n}.{}", patch(environment));
        (0..count).map(|n| pod(&format!("p{n}"), "w", &image(n))).collect()
    })
}

/// What only one side has stands beside what only the other has, under nearly the same name.
fn near(count: usize) -> Profiles {
    of_both(|environment| {
        let letter = if environment == "qualif" { 'a' } else { 'b' };
        let image = |n| format!("shop/service-{letter}{n}:1.2.3");
        (0..count).map(|n| pod(&format!("p{n}"), &format!("w{n}"), &image(n))).collect()
    })
}

/// All of them moved from one folder to another, so that last segments are alike.
fn renamed(count: usize) -> Profiles {
    of_both(|environment| {
        let image = |n| format!("{environment}/service-{n}:1.2.3");
        (0..count).map(|n| pod(&format!("p{n}"), &format!("w{n}"), &image(n))).collect()
    })
}

/// Two on each side.
fn split(count: usize) -> Profiles {
    of_both(|environment| {
        let image = |n| format!("shop/app-{}:1.{}.{}", n / 2, n % 2, patch(environment));
        (0..count).map(|n| pod(&format!("p{n}"), &format!("w{n}"), &image(n))).collect()
    })
}

fn builds(count: usize) -> Profiles {
    of_both(|environment| {
        let of = |n: usize| {
            let mut pod = pod(&format!("p{n}"), &format!("w{n}"), "shop/app:1.2.3");
            let digest = format!("shop/app@sha256:{:064x}", 2 * n + patch(environment));
            pod["status"]["containerStatuses"][0]["imageID"] = json!(digest);
            pod
        };
        (0..count).map(of).collect()
    })
}

/// The same, in workloads of which none is on both sides.
fn moved_builds(count: usize) -> Profiles {
    of_both(|environment| {
        let of = |n: usize| {
            let owner = format!("{environment}-w{n}");
            let mut pod = pod(&format!("p{n}"), &owner, "shop/app:1.2.3");
            let digest = format!("shop/app@sha256:{:064x}", 2 * n + patch(environment));
            pod["status"]["containerStatuses"][0]["imageID"] = json!(digest);
            pod
        };
        (0..count).map(of).collect()
    })
}

/// As many as there are images: by image, by workload, by both.
fn rows(count: usize) -> Profiles {
    let profiles = images(count);
    let mut text = "kind: Catalogue\ncomponents:\n".to_owned();
    for n in 0..count {
        let by = match n % 4 {
            0 => format!("image: \"shop/app-{n}\""),
            1 => format!("image: \"*/app-{n}\""),
            2 => format!("workload: w{n}"),
            _ => format!("image: \"*/app-*\", workload: w{n}"),
        };
        writeln!(text, "- {{component: image/row-{n}, match: [{{{by}}}]}}").expect("to memory");
    }
    profiles.config("catalogue.yaml", &text);
    profiles
}

fn expected(count: usize) -> Profiles {
    let profiles = images(count);
    let names: Vec<String> = (0..count).map(|n| format!("image/shop/app-{n}")).collect();
    for environment in ["qualif", "prod"] {
        let file = format!("{environment}.yaml");
        let text = format!("{}expect: [{}]\n", profiles.read(&file), names.join(", "));
        profiles.write(&file, &text);
    }
    profiles
}

fn replicas(count: usize) -> Profiles {
    of_both(|environment| {
        let image = format!("shop/app:1.2.{}", patch(environment));
        (0..count).map(|n| pod(&format!("p{n}"), "w", &image)).collect()
    })
}

fn ignored(count: usize) -> Profiles {
    let profiles = images(count);
    let patterns: String = (0..count).fold(String::new(), |mut all, n| {
        write!(all, "\"image/shop/x{n}-*\", \"image/y{n}\", \"*/z{n}\", ").expect("to memory");
        all
    });
    for environment in ["qualif", "prod"] {
        let file = format!("{environment}.yaml");
        profiles.write(&file, &format!("{}ignore: [{patterns}]\n", profiles.read(&file)));
    }
    profiles
}

fn nodes(count: usize) -> Profiles {
    of_both(|environment| {
        let node = |n: usize| {
            json!({"kind": "Node", "metadata": {"name": format!("n{n}")},
            "status": {"nodeInfo": {"kubeletVersion": format!("v1.30.{n}"),
                "containerRuntimeVersion": format!("containerd://1.{n}.{}", patch(environment)),
                "kernelVersion": format!("6.1.{n}"), "osImage": "Debian", "architecture": "amd64"}}})
        };
        let workload = pod("p", "w", "shop/app:1.2.3");
        (0..count).map(node).chain([workload]).collect()
    })
}

fn ended(count: usize) -> Profiles {
    of_both(|_| {
        let image = |n| format!("shop/redis:{}.{}.1", 3 + n % 4, n);
        (0..count).map(|n| pod(&format!("p{n}"), &format!("w{n}"), &image(n))).collect()
    })
}

fn waivers(count: usize) -> Profiles {
    let profiles = images(count);
    #[expect(clippy::disallowed_methods, reason = "a waiver has an end of at most a year from now")]
    let expires = jiff::Zoned::now().date().saturating_add(jiff::Span::new().days(200));
    let mut text = "kind: Waivers\nwaivers:\n".to_owned();
    for n in 0..count {
        writeln!(
            text,
            "- {{id: w{n}, rule: version-skew, component: image/shop/app-{n}, environments: [qualif, prod], \
             versions: {{qualif: 1.2.1, prod: 1.2.0}}, owner: me, reason: because, expires: {expires}}}"
        )
        .expect("to memory");
    }
    profiles.config("waivers.yaml", &text);
    profiles
}

/// The report of an audit, one finding of which stands there so many times.
fn duplicates(count: usize) -> Profiles {
    let profiles = images(3);
    let mut report = profiles.audit().json();
    let findings = report["findings"].as_array_mut().expect("a list");
    let first = findings.first().cloned().expect("a finding");
    findings.extend((0..count).map(|_| first.clone()));
    profiles.write("earlier.json", &report.to_string());
    profiles
}
