//! What clusters remember, asked over HTTPS from the API server of the tests: by checklists alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::kubernetes::QUESTIONS;
use crate::profiles::{Ended, Profiles, list, text};
use crate::support::kubernetes::{ApiServer, Cluster, Fault, Rule, When};

/// In environment variables and settings of templates; nothing of ours may hold it.
const SECRET: &str = "hunter2-of-the-template";

/// What a checklist asks besides an audit.
const REMEMBERED: [(&str, &str, &str); 2] =
    [("apps", "controllerrevisions", "list"), ("apps", "replicasets", "list")];

fn meta(name: &str, owner: &str, kind: &str, created: &str) -> Value {
    json!({
        "name": name, "namespace": "shop", "creationTimestamp": created, "generation": 1,
        "labels": {"pod-template-hash": "5d4f"},
        "annotations": {
            "deployment.kubernetes.io/revision": "1",
            "kubectl.kubernetes.io/last-applied-configuration": SECRET,
        },
        "ownerReferences": [{
            "apiVersion": "apps/v1", "kind": kind, "name": owner, "uid": "u", "controller": true,
        }],
    })
}

fn template(tag: &str) -> Value {
    let image = format!("registry.example/team/web:{tag}");
    json!({
        "metadata": {"labels": {"app": "web"}, "annotations": {"note": SECRET}},
        "spec": {"containers": [{
            "name": "main", "image": image, "args": ["--password", SECRET],
            "env": [{"name": "PASSWORD", "value": SECRET}],
        }]},
    })
}

fn cluster(uid: &str) -> Cluster {
    let mut deployment = meta("web", "none", "none", "2026-03-02T09:00:00Z");
    deployment.as_object_mut().expect("an object").remove("ownerReferences");
    Cluster::recorded()
        .uid(uid)
        .add(
            "replicasets",
            json!({
                "metadata": meta("web-5d4f", "web", "Deployment", "2026-03-02T09:00:00Z"),
                "spec": {"replicas": 1, "template": template("v21")},
            }),
        )
        .add(
            "controllerrevisions",
            json!({
                "metadata": meta("db-77", "db", "StatefulSet", "2026-03-02T09:00:00Z"),
                "data": {"spec": {"template": template("v21")}},
                "revision": 1,
            }),
        )
        .add(
            "deployments",
            json!({
                "metadata": deployment,
                "spec": {"replicas": 1, "selector": {}, "template": template("v21")},
                "status": {"observedGeneration": 1, "updatedReplicas": 1, "replicas": 1},
            }),
        )
}

struct TwoClusters {
    servers: [ApiServer; 2],
    profiles: Profiles,
    _folders: [tempfile::TempDir; 2],
}

impl TwoClusters {
    fn start() -> Self {
        let folders = [0, 1].map(|_| tempfile::tempdir().expect("a temporary directory"));
        let servers = [
            ApiServer::start(cluster("11111111-1111-4111-8111-111111111111")),
            ApiServer::start(cluster("22222222-2222-4222-8222-222222222222")),
        ];
        let target = |index: usize| -> Value {
            let kubeconfig: PathBuf = servers[index].kubeconfig().write(folders[index].path());
            json!({"targets": {"kubernetes": [{"name": "mks", "kubeconfig": kubeconfig}]}})
        };
        let profiles = Profiles::new(&[("qualif", target(0)), ("production", target(1))]);
        let clusters = Self { servers, profiles, _folders: folders };
        clusters.run(&["release", "capture", "v21", "--from", "production"]).expect(0);
        clusters
            .run(&["release", "capture", "v22", "--from", "qualif", "--previous", "v21"])
            .expect(0);
        let path = clusters.profiles.path("releases/v22.yaml");
        let release = std::fs::read_to_string(&path).expect("a file of ours");
        let freeze = "freeze: {environment: qualif, from: 2026-01-01T00:00:00Z}\n";
        std::fs::write(&path, release + freeze).expect("a file of ours");
        clusters
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let history = self.profiles.path("history.db");
        let history = history.to_str().expect("a path of ours");
        self.profiles.run(&[arguments, &["--history", history][..]].concat())
    }

    fn checklist(&self) -> Value {
        let ended = self.run(&["checklist", "--release", "v22", "-o", "json"]);
        serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended}"))
    }
}

fn told(report: &Value, item: &str) -> String {
    let found = list(&report["items"]).find(|one| one["item"] == item).expect("an item");
    let seen: Vec<&str> = list(&found["seen"]).map(|seen| text(&seen["text"])).collect();
    format!("{}: {}", text(&found["outcome"]), seen.join("\n"))
}

fn named(
    all: impl IntoIterator<Item = (&'static str, &'static str, &'static str)>,
) -> BTreeSet<(String, String, String)> {
    all.into_iter().map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())).collect()
}

#[test]
fn a_checklist_asks_for_revisions_and_an_audit_does_not() {
    let clusters = TwoClusters::start();
    clusters.run(&["audit", "--report-only"]);
    for server in &clusters.servers {
        assert_eq!(server.permissions_used(), named(QUESTIONS), "an audit asks what it asked");
    }
    let report = clusters.checklist();
    // Templates of platforms were made in the freeze, and nobody allowed them.
    let freeze = told(&report, "freeze");
    assert!(freeze.starts_with("no-go") && freeze.contains("made at 2026-11-22T"), "{freeze}");
    for server in &clusters.servers {
        assert_eq!(server.permissions_used(), named(QUESTIONS.into_iter().chain(REMEMBERED)));
        assert!(server.requests().iter().all(|request| request.method == "GET"));
    }
    // Neither environment variables nor values are kept anywhere, or told.
    assert!(!report.to_string().contains(SECRET));
    for file in std::fs::read_dir(clusters.profiles.path("")).expect("a folder of ours") {
        let path = file.expect("an entry").path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        let holds = bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
        assert!(!holds, "{}", path.display());
    }
}

#[test]
fn the_role_of_the_checklist_is_what_it_asks_and_without_it_the_rule_is_printed() {
    let asked: BTreeSet<String> =
        REMEMBERED.map(|(group, resource, verb)| format!("{verb} {group}/{resource}")).into();
    assert_eq!(crate::kubernetes::rules("cluster-role-checklist.yaml"), asked);
    let clusters = TwoClusters::start();
    let rule = |(group, resource, verb): (&'static str, &'static str, &str)| match verb {
        "get" => Rule::get(group, resource).named("kube-system"),
        _ => Rule::list(group, resource),
    };
    let before = clusters.run(&["audit", "--report-only", "-o", "json"]).json();
    for server in &clusters.servers {
        server.allow_only(QUESTIONS.map(rule));
    }
    let report = clusters.checklist();
    let freeze = told(&report, "freeze");
    let words = "resources: [\"replicasets\"]";
    assert!(freeze.starts_with("incomplete") && freeze.contains(words), "{freeze}");
    assert!(freeze.contains("controllerrevisions"), "{freeze}");
    assert!(told(&report, "coverage").starts_with("go"), "{}", told(&report, "coverage"));
    assert!(!told(&report, "workloads-stable").contains("was not read"));
    // Without the right audits are what they were, after a checklist, too.
    let after = clusters.run(&["audit", "--report-only", "-o", "json"]).json();
    for key in ["verdict", "environments", "findings", "matrix"] {
        let without_ages = |report: &Value| {
            let mut part = report[key].clone();
            for one in part.as_array_mut().into_iter().flatten() {
                one.as_object_mut().map(|one| one.remove("first-seen"));
            }
            part
        };
        assert_eq!(without_ages(&before), without_ages(&after), "{key}");
    }
    // With it, both are read.
    for server in &clusters.servers {
        server.allow_only(QUESTIONS.into_iter().chain(REMEMBERED).map(rule).collect::<Vec<_>>());
    }
    let freeze = told(&clusters.checklist(), "freeze");
    assert!(!freeze.contains("does not tell its ReplicaSets"), "{freeze}");
    assert!(Path::new(&clusters.profiles.path("history.db")).exists());
}

const REPLICA_SETS: &str = "/apis/apps/v1/replicasets";
const CONTROLLER_REVISIONS: &str = "/apis/apps/v1/controllerrevisions";

/// A list of revisions that is silent, refused, cut, endless or garbage proves nothing, costs only
/// itself, and says what to do.
#[test]
fn faulty_lists_of_revisions_are_never_a_freeze_that_was_kept() {
    let faults: [(&str, Fault); 14] = [
        ("silent", Fault::Silent),
        ("403", Fault::Status(403)),
        ("401", Fault::Status(401)),
        ("503", Fault::Status(503)),
        ("500", Fault::Status(500)),
        ("cut", Fault::Truncated),
        ("an endless body", Fault::Endless),
        ("unpacks without end", Fault::GzipBomb),
        ("an endless list", Fault::SamePageForEver),
        ("a login page", Fault::NotJson),
        ("another kind", Fault::WrongKind),
        ("an item that is none", Fault::MalformedItem),
        ("no items", Fault::NullItems),
        ("items without owners", Fault::NullFields),
    ];
    for path in [REPLICA_SETS, CONTROLLER_REVISIONS] {
        for (name, fault) in &faults {
            let clusters = TwoClusters::start();
            clusters.servers[0].fault(path, When::Always, fault.clone());
            let asked = ["checklist", "--release", "v22", "--deadline", "3s", "-o", "json"];
            let ended = clusters.run(&asked);
            let report: Value =
                serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{name}: {ended}"));
            let freeze = told(&report, "freeze");
            assert!(!freeze.starts_with("go"), "{path} {name}: {freeze}");
            let coverage = told(&report, "coverage");
            assert!(coverage.starts_with("go"), "{path} {name}: {coverage}");
        }
    }
}
