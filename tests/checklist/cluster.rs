//! Releases on Kubernetes alone: what clusters remember, as stored evidence of a checklist.

use std::path::PathBuf;

use envparity::collect::config::COLLECTORS;
use envparity::history::{NewRun, SqliteOptions, Store};
use envparity::model::{
    ContainerHealth, Evidence, Failure, FailureKind, Field, ImageUse, Locator, Outcome,
    REVISIONS_PART, Revision, Revisions, RunState, TargetEvidence, WorkloadHealth, WorkloadName,
};
use jiff::{SignedDuration, Timestamp};

use crate::cli::{Ended, Profiles, envparity};
use crate::world::{Judged, NOW, Services, digest, v21, v22};

/// From when on nothing else may change.
const FROM: &str = "2026-04-09T16:00:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn workload(name: &str) -> WorkloadName {
    WorkloadName {
        namespace: "app".to_owned(),
        kind: "Deployment".to_owned(),
        name: name.to_owned(),
    }
}

/// A template of a service; `replicas` are wanted of it.
pub(crate) fn revision(
    name: &str,
    tag: &str,
    created: &str,
    (number, replicas): (i64, i64),
) -> Revision {
    Revision {
        workload: workload(name),
        template: format!("{tag}-{number}"),
        created: Some(at(created)),
        number: Some(number),
        is_reused: false,
        replicas: Some(replicas),
        chart: String::new(),
        images: vec![("main".to_owned(), format!("registry.example/team/{name}:{tag}"))],
    }
}

pub(crate) fn health(name: &str) -> WorkloadHealth {
    WorkloadHealth {
        workload: workload(name),
        desired: 2,
        updated: 2,
        is_observed: true,
        moved: Some(at("2026-04-09T12:05:00Z")),
        history_limit: None,
        containers: Vec::new(),
    }
}

pub(crate) fn trouble(
    restarts: i64,
    pod_created: &str,
    ended: &str,
    reason: &str,
) -> ContainerHealth {
    ContainerHealth {
        restarts,
        container: "main".to_owned(),
        pod_created: Some(at(pod_created)),
        ended: Some(at(ended)),
        end_reason: reason.to_owned(),
        waiting: String::new(),
    }
}

/// What a cluster tells.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) services: Services,
    pub(crate) revisions: Option<Revisions>,
}

pub(crate) fn qualif() -> Told {
    let revisions = vec![
        revision("timemachine", "v21", "2026-03-02T09:00:00Z", (1, 0)),
        revision("timemachine", "v22", "2026-04-09T12:02:00Z", (2, 2)),
        revision("stock-import", "v21", "2026-03-02T09:00:00Z", (1, 0)),
        revision("stock-import", "v22", "2026-04-09T12:04:00Z", (2, 2)),
        revision("web", "v21", "2026-03-02T09:00:00Z", (1, 2)),
    ];
    let workloads = ["timemachine", "stock-import", "web"].map(health).into();
    Told { services: v22(), revisions: Some(Revisions { revisions, refused: None, workloads }) }
}

pub(crate) fn production() -> Told {
    let revisions = ["timemachine", "stock-import", "web"]
        .map(|name| revision(name, "v21", "2026-03-05T20:00:00Z", (1, 4)));
    let workloads = ["timemachine", "stock-import", "web"].map(health).into();
    let revisions = Revisions { revisions: revisions.into(), refused: None, workloads };
    Told { services: v21(), revisions: Some(revisions) }
}

pub(crate) fn evidence(environment: &str, told: &Told, taken: Timestamp) -> Evidence {
    let mut target = TargetEvidence::new("kubernetes/mks".into(), "https://mks", taken);
    for part in ["server", "nodes", "workloads", "identity"] {
        target.set_part(part, Outcome::Complete);
    }
    target.fields = vec![
        Field::of_target("git_version", "v1.31.4"),
        Field::of_target("uid", format!("uid-of-{environment}")),
    ];
    for (name, value) in [
        ("kubelet", "v1.31.4"),
        ("runtime", "containerd://1.7.22"),
        ("kernel", "6.1.0-26-amd64"),
        ("os", "Debian GNU/Linux 12 (bookworm)"),
        ("architecture", "amd64"),
    ] {
        let (place, name, value) = ("node-1".to_owned(), name.to_owned(), value.to_owned());
        target.fields.push(Field { place, name, value });
    }
    let image = |&(name, tag, begin): &(&str, &str, &str)| ImageUse {
        locator: Locator {
            namespace: "app".to_owned(),
            workload: name.to_owned(),
            container: "main".to_owned(),
        },
        reference: format!("registry.example/team/{name}:{tag}"),
        image_id: String::new(),
        repo_digests: match begin {
            "" => Vec::new(),
            begin => vec![format!("registry.example/team/{name}@{}", digest(begin))],
        },
        repo_tags: Vec::new(),
        runtime: "containerd".to_owned(),
        version_label: String::new(),
        ref_name: String::new(),
        app_version: String::new(),
        chart: String::new(),
        state: RunState::Running,
    };
    target.images = told.services.iter().map(image).collect();
    target.revisions.clone_from(&told.revisions);
    if told.revisions.is_some() {
        target.set_part(REVISIONS_PART, Outcome::Complete);
    }
    Evidence { environment: environment.into(), taken, targets: vec![target] }
}

/// Two clusters, and what was stored of them.
pub(crate) struct Clusters {
    pub(crate) profiles: Profiles,
}

impl Clusters {
    /// Both releases are captured; the freeze began after v22 came.
    pub(crate) fn new(qualif: &Told, production: &Told) -> Self {
        let clusters = Self { profiles: Profiles::of(&["qualif", "production"]) };
        let targets = "targets:\n  kubernetes:\n  - {name: mks, kubeconfig: none.yaml}\n";
        for name in ["qualif", "production"] {
            clusters.profiles.environment(name, targets);
        }
        clusters.seen(&[("qualif", qualif), ("production", production)], at(NOW));
        let capture = |arguments: &[&str]| {
            let base = ["release", "capture", "--recorded-only", "--at", NOW];
            clusters.command(&[&base, arguments].concat()).expect(0);
        };
        capture(&["v21", "--from", "production"]);
        capture(&["v22", "--from", "qualif", "--previous", "v21"]);
        clusters.add(&format!("freeze: {{environment: qualif, from: {FROM}}}\n"));
        clusters
    }

    pub(crate) fn history(&self) -> PathBuf {
        self.profiles.path("history.db")
    }

    /// One more run with this evidence, taken five minutes before.
    pub(crate) fn seen(&self, told: &[(&str, &Told)], at: Timestamp) {
        let taken = at - SignedDuration::from_mins(5);
        let evidence: Vec<Evidence> =
            told.iter().map(|(name, told)| evidence(name, told, taken)).collect();
        self.seen_evidence(&evidence, at);
    }

    /// One more run with this evidence.
    pub(crate) fn seen_evidence(&self, evidence: &[Evidence], at: Timestamp) {
        let mut store = Store::open(&self.history(), &SqliteOptions::default()).unwrap();
        let run = NewRun {
            kind: "audit",
            at,
            verdict: "go",
            facts: std::collections::BTreeMap::new(),
            evidence,
            findings: std::collections::BTreeMap::new(),
            judged: Vec::new(),
            said: serde_json::Value::Null,
        };
        store.save_run(run, COLLECTORS).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Ended {
        let command = envparity(arguments).profiles(&self.profiles.path(""));
        command.args(["--history".as_ref(), self.history().as_os_str()]).run()
    }

    pub(crate) fn judge(&self, arguments: &[&str]) -> Ended {
        let base = ["checklist", "--release", "v22", "--recorded-only", "--at", NOW];
        self.command(&[&base, arguments].concat())
    }

    pub(crate) fn checklist(&self) -> Judged {
        Judged::of(&self.judge(&["-o", "json"]))
    }

    pub(crate) fn add(&self, lines: &str) {
        let path = self.profiles.path("releases/v22.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text + lines).unwrap();
    }
}

pub(crate) fn with(told: &Told, edit: impl FnOnce(&mut Revisions)) -> Told {
    let mut told = told.clone();
    edit(told.revisions.as_mut().unwrap());
    told
}

#[test]
fn a_release_on_kubernetes_alone_goes_without_load_evidence() {
    let clusters = Clusters::new(&qualif(), &production());
    let ended = clusters.judge(&[]);
    assert!(ended.expect(0).says("judged without load evidence"), "{ended}");
    assert!(ended.says("in qualif since Thu 2026-04-09 12:02 +00:00"), "{ended}");
    assert!(ended.says("by its\nReplicaSets"), "{ended}");
    let judged = clusters.checklist();
    judged
        .expect("freeze", "go", &["by ReplicaSets"])
        .expect("rollback-ready", "go", &["3 of 3 builds of v21", "ReplicaSets of 3 kept"])
        .expect("workloads-stable", "go", &["3 workloads up to date", "since 2026-04-09T12:04:00Z"])
        .expect("performance", "n/a", &[]);
    // Production's templates are a month old: v21 has held it, on the first day.
    assert_eq!(judged.0["release"]["baseline"], "v21", "{:#}", judged.0["release"]);
    let release = &judged.0["release"];
    assert_eq!(release["came-by"], "revision", "{release:#}");
    assert_eq!(release["complete"], "2026-04-09T12:04:00Z", "{release:#}");
}

#[test]
fn what_was_taken_back_in_the_freeze_is_remembered_on_the_first_day() {
    // Scaled to zero since: nothing of it runs, and no evidence has seen it.
    let tried = with(&qualif(), |told| {
        let fix = revision("web", "v21-fix", "2026-04-10T08:00:00Z", (2, 0));
        let mut back = revision("web", "v21", "2026-03-02T09:00:00Z", (3, 2));
        back.is_reused = true;
        told.revisions.retain(|one| one.workload.name != "web");
        told.revisions.extend([fix, back]);
        told.workloads[2].moved = Some(at("2026-04-10T09:00:00Z"));
    });
    let clusters = Clusters::new(&tried, &production());
    let told = ["image/team/web -> v21-fix", "made at 2026-04-10T08:00:00Z", "web was redeployed"];
    clusters.checklist().expect("freeze", "no-go", &told);
    let exception = format!(
        "exceptions:\n- {{component: image/team/web, digest: \"{}\", reason: a typo, by: alice, \
         approved-by: bob, at: 2026-04-10T08:00:00Z}}\n",
        digest("c99")
    );
    clusters.add(&exception);
    // The template names a tag, and nothing has seen which digest that was.
    let told = ["whether it is the build of its exception is not known"];
    clusters.checklist().expect("freeze", "incomplete", &told);
    // Evidence of that hour has.
    let mut then = tried.clone();
    then.services[2] = ("web", "v21-fix", "c99");
    then.revisions = None;
    clusters.seen(&[("qualif", &then)], at("2026-04-10T08:30:00Z"));
    clusters.seen(&[("qualif", &tried), ("production", &production())], at(NOW));
    let told = ["a typo (alice, approved by bob)", "an exception taken back"];
    clusters.checklist().expect("freeze", "go", &told);
}

#[test]
fn an_exception_of_another_build_covers_nothing() {
    let tried = with(&qualif(), |told| {
        told.revisions.push(revision("web", "v21-fix", "2026-04-10T08:00:00Z", (2, 2)));
        told.revisions.retain(|one| one.template != "v21-1" || one.workload.name != "web");
    });
    let mut tried = tried;
    tried.services[2] = ("web", "v21-fix", "c98");
    let clusters = Clusters::new(&tried, &production());
    clusters.add(&format!(
        "exceptions:\n- {{component: image/team/web, digest: \"{}\", reason: a typo, by: alice, \
         approved-by: bob, at: 2026-04-10T08:00:00Z}}\n",
        digest("c99")
    ));
    // It is one of the release, too, by its capture: the file of the release decides.
    clusters.checklist().expect("freeze", "go", &[]);
    let path = clusters.profiles.path("releases/v22.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once("  image/team/web:").unwrap();
    let rest = rest.split_once("\ntrain:").unwrap().1;
    std::fs::write(&path, format!("{head}train:{rest}").replace("changed:\ntrain", "train"))
        .unwrap();
    let judged = clusters.checklist();
    judged.expect("freeze", "no-go", &["image/team/web -> v21-fix c9800000"]);
}

#[test]
fn a_template_with_the_same_images_is_a_change_and_what_returned_is_not_dated() {
    let other = with(&qualif(), |told| {
        told.revisions.push(revision("web", "v21", "2026-04-11T08:00:00Z", (2, 2)));
    });
    let told = ["app/web: another template with the same images, made at 2026-04-11T08:00:00Z"];
    Clusters::new(&other, &production()).checklist().expect("freeze", "no-go", &told);
    let returned = with(&qualif(), |told| {
        told.revisions[4].is_reused = true;
        told.revisions[4].number = Some(9);
        told.workloads[2].moved = Some(at("2026-04-11T08:00:00Z"));
    });
    let told = ["app/web was redeployed; when is not known"];
    Clusters::new(&returned, &production()).checklist().expect("freeze", "incomplete", &told);
    // Before the freeze it may have been.
    let sooner = with(&returned, |told| told.workloads[2].moved = Some(at("2026-04-08T08:00:00Z")));
    Clusters::new(&sooner, &production()).checklist().expect("freeze", "go", &[]);
    let cut = with(&qualif(), |told| {
        told.revisions.retain(|one| one.number == Some(2) || one.workload.name == "web");
        told.revisions[0].created = Some(at("2026-04-12T08:00:00Z"));
        told.workloads[0].history_limit = Some(0);
    });
    let told = ["app/timemachine keeps 0 templates (revisionHistoryLimit)"];
    Clusters::new(&cut, &production()).checklist().expect("freeze", "incomplete", &told);
}

#[test]
fn without_revisions_stored_evidence_decides_and_the_rule_to_add_is_printed() {
    let refused = with(&qualif(), |told| {
        told.revisions.clear();
        let rule = "grant the auditing user {apiGroups: [\"apps\"], resources: [\"replicasets\"]}";
        let failure = Failure::new(FailureKind::Permission, "GET replicasets was answered 403");
        told.refused = Some(failure.advise(rule));
    });
    let clusters = Clusters::new(&refused, &production());
    let rule = "grant the auditing user {apiGroups: [\"apps\"], resources: [\"replicasets\"]}";
    let judged = clusters.checklist();
    judged.expect("freeze", "incomplete", &[rule, "does not tell its ReplicaSets"]);
    judged.expect("workloads-stable", "go", &[]);
    // Nobody asked: nothing is known of either.
    let mut silent = qualif();
    silent.revisions = None;
    let judged = Clusters::new(&silent, &production()).checklist();
    judged.expect("freeze", "incomplete", &["largest gap"]);
    judged.expect("workloads-stable", "incomplete", &["was not read"]);
}

#[test]
fn a_way_back_that_is_not_kept_is_a_no_go() {
    let mut later = production();
    later.services[2] = ("web", "v20", "c20");
    let later = with(&later, |told| {
        told.revisions[2] = revision("web", "v20", "2026-04-12T08:00:00Z", (2, 4));
    });
    let clusters = Clusters::new(&qualif(), &production());
    clusters.seen(&[("qualif", &qualif()), ("production", &later)], at(NOW));
    let told = ["1 of them earlier", "no ReplicaSet of production keeps image/team/web v21"];
    clusters.checklist().expect("rollback-ready", "no-go", &told);
    let kept = with(&later, |told| {
        told.revisions.push(revision("web", "v21", "2026-03-05T20:00:00Z", (1, 0)));
    });
    clusters.seen(&[("qualif", &qualif()), ("production", &kept)], at(NOW));
    clusters.checklist().expect("rollback-ready", "go", &["ReplicaSets of 3 kept"]);
    // The workload is gone, with all that it kept.
    let none = with(&later, |told| told.revisions.retain(|one| one.workload.name != "web"));
    clusters.seen(&[("qualif", &qualif()), ("production", &none)], at(NOW));
    let told = ["production knows no template of image/team/web v21"];
    clusters.checklist().expect("rollback-ready", "incomplete", &told);
    let refused = with(&later, |told| {
        told.revisions.clear();
        told.refused = Some(Failure::new(FailureKind::Permission, "403"));
    });
    clusters.seen(&[("qualif", &qualif()), ("production", &refused)], at(NOW));
    clusters.checklist().expect("rollback-ready", "go", &["was not checked"]);
}

type Trouble = fn(&mut WorkloadHealth);

#[test]
fn workloads_that_restart_wait_or_lag_are_not_stable() {
    let came = "2026-04-10T08:00:00Z";
    let cases: [(&str, &str, Trouble); 9] = [
        ("no-go", "restarted 4 times", |one| {
            one.containers
                .push(trouble(4, "2026-04-10T08:00:00Z", "2026-04-11T08:00:00Z", "Error"));
        }),
        ("go", "", |one| {
            one.containers
                .push(trouble(3, "2026-04-10T08:00:00Z", "2026-04-11T08:00:00Z", "Error"));
        }),
        // All of that was before.
        ("go", "", |one| {
            one.containers
                .push(trouble(40, "2026-03-02T09:00:00Z", "2026-04-01T08:00:00Z", "Error"));
        }),
        ("incomplete", "how often since", |one| {
            one.containers
                .push(trouble(40, "2026-03-02T09:00:00Z", "2026-04-11T08:00:00Z", "Error"));
        }),
        ("no-go", "OOMKilled", |one| {
            let killed = trouble(1, "2026-04-10T08:00:00Z", "2026-04-11T08:00:00Z", "OOMKilled");
            one.containers.push(killed);
        }),
        ("go", "", |one| {
            let killed = trouble(1, "2026-03-02T09:00:00Z", "2026-04-01T08:00:00Z", "OOMKilled");
            one.containers.push(killed);
        }),
        ("no-go", "waits: CrashLoopBackOff", |one| {
            let mut waits = trouble(1, "2026-04-10T08:00:00Z", "2026-04-11T08:00:00Z", "Error");
            waits.waiting = "CrashLoopBackOff".to_owned();
            one.containers.push(waits);
        }),
        ("no-go", "1 of 2 pods are up to date", |one| one.updated = 1),
        ("incomplete", "has not seen its newest template", |one| one.is_observed = false),
    ];
    for (outcome, words, edit) in cases {
        let told = with(&qualif(), |told| edit(&mut told.workloads[0]));
        let judged = Clusters::new(&told, &production()).checklist();
        judged.expect("workloads-stable", outcome, &[words]);
    }
    assert!(came > FROM);
}
