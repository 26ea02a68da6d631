//! Workloads on their way through every state that they pass.

use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::{Value, json};

use super::Estate;
use super::objects::{
    creating, cron_job, ended, evicted, going, list, node, on_node, pod, running, steady, waiting,
    with_state, workload,
};

/// How a pod is made of the kind and name of its workload, its own name and its image.
type Make = fn(&str, &str, &str, &str) -> Value;

/// A Deployment, and a pod of it that runs.
fn deployed(image: &str, replicas: usize) -> [Value; 2] {
    [workload("Deployment", "cache", image, replicas), running("Deployment", "cache", "p", image)]
}

/// A Deployment's pod.
fn of_deployment(make: Make, name: &str, image: &str) -> Value {
    make("Deployment", "cache", name, image)
}

/// An estate whose environments hold this, beside what is the same in both.
fn estate_of(production: &[Value], qualif: &[Value]) -> Estate {
    let estate = Estate::new();
    for (environment, items) in [("prod", production), ("qualif", qualif)] {
        estate.record(environment, &list(&[items, &[steady()]].concat()));
    }
    estate
}

/// A state of a walk: what it is called, what qualif holds, and the verdict.
type Step = (&'static str, Vec<Value>, &'static str);

/// Walks qualif through states while production stays as it is, and prints each verdict.
fn walk(name: &str, production: &[Value], steps: Vec<Step>) {
    let estate = Estate::new();
    estate.record("prod", &list(&[production, &[steady()]].concat()));
    let (mut wrong, mut told) = (Vec::new(), String::new());
    for (state, items, wanted) in steps {
        estate.record("qualif", &list(&[items, vec![steady()]].concat()));
        let report = estate.audit();
        writeln!(told, "{name}, {state}: {}", report.verdict()).unwrap();
        if report.verdict() != wanted {
            wrong.push(format!("{name}, {state}: {} {:#?}", report.verdict(), report.findings()));
        }
    }
    // Shown with --no-capture, and where the walk fails.
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same walk with the version that production runs, and with another.
pub(crate) fn walk_of_versions(
    name: &str,
    production: &[Value],
    states: impl Fn(&str) -> Vec<(&'static str, Vec<Value>)>,
) {
    for (image, verdict) in [("redis:7.2.4", "go"), ("redis:7.0.15", "no-go")] {
        let steps = states(image).into_iter().map(|(state, items)| (state, items, verdict));
        walk(&format!("{name} of {image}"), production, steps.collect());
    }
}

#[test]
fn a_cron_job_is_the_same_before_while_and_after_it_runs() {
    let production = [
        cron_job("redis:7.2.4", false),
        ended("CronJob", "backup", "b-0", "redis:7.2.4", "Succeeded"),
    ];
    walk_of_versions("CronJob", &production, |image| {
        let job = || cron_job(image, false);
        let pod = |make: Make| make("CronJob", "backup", "b-1", image);
        let last = || ended("CronJob", "backup", "b-0", image, "Succeeded");
        let failed = json!({"terminated": {"reason": "Error", "exitCode": 1}});
        let restarted = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        vec![
            ("never run", vec![job()]),
            ("not scheduled yet", vec![job(), pod(self::pod)]),
            ("its image is pulled", vec![job(), pod(creating)]),
            ("running", vec![job(), pod(running)]),
            ("failed, about to restart", vec![job(), with_state(pod(running), "Running", &failed)]),
            ("restarting", vec![job(), with_state(pod(running), "Running", &restarted)]),
            (
                "its container has ended",
                vec![job(), ended("CronJob", "backup", "b-1", image, "Running")],
            ),
            ("succeeded", vec![job(), last()]),
            ("the next one starts", vec![job(), last(), pod(creating)]),
            ("cleaned up", vec![job()]),
        ]
    });
}

#[test]
fn a_suspended_cron_job_counts_only_while_it_runs() {
    let production = [cron_job("redis:7.2.4", false)];
    let report = |items: &[Value]| estate_of(&production, items).audit();
    let suspended = cron_job("redis:7.0.15", true);
    assert!(!report(std::slice::from_ref(&suspended)).has("version-skew"));
    let runs = running("CronJob", "backup", "b-1", "redis:7.0.15");
    assert!(report(&[suspended, runs]).has("version-skew image/redis"));
}

#[test]
fn a_rolling_update_turns_the_verdict_when_the_old_version_is_gone() {
    let (old, new) = ("redis:7.0.15", "redis:7.2.4");
    let production = deployed(new, 2);
    let set = |image| workload("Deployment", "cache", image, 2);
    let pod = of_deployment;
    let is_gone = |name, image| going(ended("Deployment", "cache", name, image, "Running"));
    walk(
        "rolling update",
        &production,
        vec![
            ("before", vec![set(old), pod(running, "a", old), pod(running, "b", old)], "no-go"),
            ("wanted", vec![set(new), pod(running, "a", old), pod(running, "b", old)], "no-go"),
            (
                "the first new one starts",
                vec![
                    set(new),
                    pod(running, "a", old),
                    pod(running, "b", old),
                    pod(creating, "c", new),
                ],
                "no-go",
            ),
            (
                "half",
                vec![
                    set(new),
                    going(pod(running, "a", old)),
                    pod(running, "b", old),
                    pod(running, "c", new),
                ],
                "no-go",
            ),
            (
                "the last old one ends",
                vec![
                    set(new),
                    going(pod(running, "b", old)),
                    pod(running, "c", new),
                    pod(running, "d", new),
                ],
                "no-go",
            ),
            (
                "its containers have ended",
                vec![set(new), is_gone("b", old), pod(running, "c", new), pod(running, "d", new)],
                "go",
            ),
            ("after", vec![set(new), pod(running, "c", new), pod(running, "d", new)], "go"),
        ],
    );
}

/// Where one has to end before the next starts.
#[test]
fn a_recreation_turns_the_verdict_when_the_old_version_is_gone() {
    let (old, new) = ("redis:7.0.15", "redis:7.2.4");
    let production = deployed(new, 2);
    let set = |image| workload("Deployment", "cache", image, 2);
    let pod = of_deployment;
    let is_gone = |name, image| going(ended("Deployment", "cache", name, image, "Running"));
    walk(
        "recreation",
        &production,
        vec![
            ("before", vec![set(old), pod(running, "a", old)], "no-go"),
            ("it ends", vec![set(new), going(pod(running, "a", old))], "no-go"),
            ("it has ended", vec![set(new), is_gone("a", old)], "go"),
            ("the next one waits for a node", vec![set(new), pod(self::pod, "c", new)], "go"),
            ("the next one starts", vec![set(new), pod(creating, "c", new)], "go"),
            ("after", vec![set(new), pod(running, "c", new)], "go"),
        ],
    );
}

/// The same version once more.
#[test]
fn a_restart_turns_nothing() {
    let production = deployed("redis:7.2.4", 2);
    walk_of_versions("restart", &production, |image| {
        let set = || workload("StatefulSet", "cache", image, 1);
        let pod = |make: Make| make("StatefulSet", "cache", "cache-0", image);
        let stopped =
            |reason| with_state(pod(running), "Running", &json!({"waiting": {"reason": reason}}));
        vec![
            ("before", vec![set(), pod(running)]),
            ("it ends", vec![set(), going(pod(running))]),
            (
                "it has ended",
                vec![set(), going(ended("StatefulSet", "cache", "cache-0", image, "Running"))],
            ),
            ("it starts", vec![set(), pod(creating)]),
            ("without its set, it starts", vec![pod(creating)]),
            ("it crashes", vec![set(), stopped("CrashLoopBackOff")]),
            ("it cannot start", vec![set(), stopped("RunContainerError")]),
        ]
    });
}

#[test]
fn an_image_that_cannot_be_pulled_does_not_run() {
    let image = "redis:7.0.15";
    let production = deployed("redis:7.2.4", 1);
    for reason in [
        "ImagePullBackOff",
        "ErrImagePull",
        "ErrImageNeverPull",
        "InvalidImageName",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    ] {
        let stuck = waiting("Deployment", "cache", "c", image, reason);
        let set = workload("Deployment", "cache", image, 1);
        let report = estate_of(&production, &[set, stuck]).audit();
        assert!(
            !report.has("version-skew") && report.has("missing-component image/redis"),
            "{reason}: {:#?}",
            report.findings()
        );
    }
}

#[test]
fn a_scale_down_is_no_drift() {
    let production = deployed("redis:7.2.4", 3);
    walk_of_versions("scale-down", &production, |image| {
        let set = |replicas| workload("Deployment", "cache", image, replicas);
        let pod = |name| running("Deployment", "cache", name, image);
        vec![
            ("three", vec![set(3), pod("a"), pod("b"), pod("c")]),
            ("two of them end", vec![set(1), pod("a"), going(pod("b")), going(pod("c"))]),
            ("one", vec![set(1), pod("a")]),
            ("the last one ends", vec![set(0), going(pod("a"))]),
        ]
    });
    // Then nothing runs, which is told.
    let last = going(ended("Deployment", "cache", "a", "redis:7.0.15", "Running"));
    for rest in [vec![last], vec![]] {
        let set = workload("Deployment", "cache", "redis:7.0.15", 0);
        let report = estate_of(&production, &[rest, vec![set]].concat()).audit();
        assert!(
            report.has("missing-component image/redis") && !report.has("version-skew"),
            "{:#?}",
            report.findings()
        );
    }
}

#[test]
fn an_eviction_is_no_drift() {
    let production = deployed("redis:7.2.4", 1);
    walk_of_versions("eviction", &production, |image| {
        let set = || workload("Deployment", "cache", image, 1);
        let gone = || evicted(pod("Deployment", "cache", "a", image));
        let next = |make: Make| of_deployment(make, "b", image);
        vec![
            ("before", vec![set(), running("Deployment", "cache", "a", image)]),
            ("evicted", vec![set(), gone()]),
            ("the next one waits for a node", vec![set(), gone(), next(pod)]),
            ("the next one starts", vec![set(), gone(), next(creating)]),
            ("after", vec![set(), gone(), next(running)]),
        ]
    });
}

#[test]
fn a_lost_node_of_ten_is_no_drift_and_is_told() {
    let nodes = |ready: &'static str| {
        (0..10).map(move |i| node(&format!("node-{i}"), if i == 3 { ready } else { "True" }))
    };
    let pods = |image: &str| -> Vec<Value> {
        (0..10)
            .map(|i| {
                on_node(
                    running("DaemonSet", "cache", &format!("c-{i}"), image),
                    &format!("node-{i}"),
                )
            })
            .collect()
    };
    let set = |image: &str| workload("DaemonSet", "cache", image, 1);
    let whole = |image: &str, ready| -> Vec<Value> {
        nodes(ready).chain(pods(image)).chain([set(image)]).collect()
    };
    let single = |image: &str, pod: Value, ready| -> Vec<Value> {
        nodes(ready).chain([workload("Deployment", "cache", image, 1), pod]).collect()
    };
    let alone = |image: &str| on_node(running("Deployment", "cache", "a", image), "node-3");
    walk_of_versions("lost node", &whole("redis:7.2.4", "True"), |image| {
        let mut replaced = single(image, going(alone(image)), "Unknown");
        replaced.push(on_node(running("Deployment", "cache", "b", image), "node-4"));
        let mut forgotten = alone(image);
        forgotten["status"] = json!({"phase": "Unknown", "reason": "NodeLost"});
        vec![
            ("all there", whole(image, "True")),
            ("one of ten is lost", whole(image, "Unknown")),
            ("the node of its only pod is lost", single(image, alone(image), "Unknown")),
            ("its pod is to go", single(image, going(alone(image)), "Unknown")),
            ("its pod is forgotten", single(image, forgotten, "Unknown")),
            ("another one starts", replaced),
            ("the node is back", single(image, alone(image), "True")),
        ]
    });
    let image = "redis:7.2.4";
    let estate = estate_of(&whole(image, "True"), &whole(image, "Unknown"));
    for format in ["table", "html", "markdown", "csv", "junit", "sarif", "yaml", "json"] {
        assert!(estate.run(format).contains("unreachable"), "{format}: {}", estate.run(format));
    }
    let remark = "envparity_target_remarks{environment=\"qualif\",target=\"kubernetes/k\"} 1";
    assert!(estate.run("openmetrics").contains(remark), "{}", estate.run("openmetrics"));
}
