//! Kubernetes clusters, read over HTTPS from the API server of the tests. Where
//! `ENVPARITY_TEST_KUBECONFIG` names a real cluster, what holds of every cluster is tested on that
//! one too.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::profiles::{Ended, Profiles, list, program, text};
use crate::support::cli::ENVPARITY;
use crate::support::kubernetes::{ApiServer, Cluster, Rule, Transport, User};
use crate::support::proxy::RecordingProxy;
use crate::support::tunnel::Tunnel;

/// All that a cluster may hear, with the verb that a role grants for it.
pub(crate) const QUESTIONS: [(&str, &str, &str); 7] = [
    ("", "namespaces", "get"),
    ("", "nodes", "list"),
    ("", "pods", "list"),
    ("apps", "daemonsets", "list"),
    ("apps", "deployments", "list"),
    ("apps", "statefulsets", "list"),
    ("batch", "cronjobs", "list"),
];

/// A target as a profile has it.
fn target(kubeconfig: &Path) -> Value {
    json!({"name": "mks", "kubeconfig": kubeconfig})
}

fn with(mut target: Value, key: &str, value: Value) -> Value {
    target[key] = value;
    target
}

fn environment(target: &Value) -> Value {
    json!({"targets": {"kubernetes": [target]}})
}

/// One environment, read live.
fn audit(target: &Value) -> Ended {
    Profiles::new(&[("production", environment(target))]).audit()
}

/// Evidence, as other programs read it.
fn collected(target: &Value) -> Value {
    let ended = Profiles::new(&[("production", environment(target))])
        .run(&["collect", "production", "--to", "-"]);
    ended.expect(0);
    ended.yaml()["targets"][0].clone()
}

/// Kubeconfigs in a folder of their own.
struct Kubeconfigs(tempfile::TempDir);

impl Kubeconfigs {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn of(&self, server: &ApiServer) -> PathBuf {
        server.kubeconfig().write(self.0.path())
    }

    /// A program that prints this, or does whatever else.
    fn program(&self, script: &str) -> PathBuf {
        self.named_program("plugin", script)
    }

    fn named_program(&self, name: &str, script: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.0.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n"))
            .expect("write into a folder of ours");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("a file of ours");
        path
    }
}

/// What is told of any cluster.
fn check_whole(evidence: &Value) {
    for part in ["server", "nodes", "workloads", "identity"] {
        assert_eq!(evidence["parts"][part], "complete", "{part}: {:#}", evidence["parts"]);
    }
    assert!(text(&evidence["fields"]["git_version"]).starts_with('v'), "{:#}", evidence["fields"]);
    assert_eq!(text(&evidence["fields"]["uid"]).len(), 36, "{:#}", evidence["fields"]);
    let nodes = evidence["places"].as_object().expect("nodes");
    for (name, node) in nodes {
        for fact in ["kubelet", "runtime", "kernel", "os", "architecture"] {
            assert!(!text(&node[fact]).is_empty(), "{name} has no {fact}: {node:#}");
        }
    }
    let images: Vec<&Value> = list(&evidence["images"]).collect();
    assert!(!images.is_empty());
    for image in &images {
        assert!(
            !text(&image["reference"]).is_empty() && !text(&image["namespace"]).is_empty(),
            "{image:#}"
        );
    }
    assert!(images.iter().any(|image| image["state"] == "running"));
}

#[test]
fn a_recorded_cluster_is_read_whole() {
    let server = ApiServer::start(Cluster::recorded());
    let folder = Kubeconfigs::new();
    let evidence = collected(&target(&folder.of(&server)));
    check_whole(&evidence);
    assert_eq!(evidence["fields"]["git_version"], "v1.36.2");
    assert_eq!(evidence["fields"]["uid"], "99e935d5-efc8-4cc1-b9b3-732ca0083954");
    assert_eq!(evidence["places"].as_object().map(|nodes| nodes.len()), Some(10));
    assert_eq!(evidence["endpoint"], server.url());
    // A Deployment's pods, a DaemonSet's with the container that prepares them, and what runs of
    // them.
    let of = |workload: &str| -> Vec<&Value> {
        list(&evidence["images"]).filter(|i| i["workload"] == workload).collect()
    };
    let calico: BTreeSet<&str> =
        of("calico-node").iter().map(|image| text(&image["container"])).collect();
    assert_eq!(calico, BTreeSet::from(["init-cni-0", "node"]));
    assert!(
        of("calico-node")
            .iter()
            .any(|i| text(&i["repo-digests"][0]).starts_with("docker.io/calico/node@sha256:"))
    );
    assert!(!of("cert-manager").is_empty());
    let pods = list(&evidence["images"])
        .filter(|image| text(&image["workload"]).ends_with("-9b923"))
        .count();
    assert_eq!(pods, 0, "a pod's name is not a workload's");
}

/// The recorded cluster and, where `ENVPARITY_TEST_KUBECONFIG` names one, a real one: what holds of
/// both.
fn of_every_cluster(check: impl Fn(&Path)) {
    let server = ApiServer::start(Cluster::recorded());
    let folder = Kubeconfigs::new();
    check(&folder.of(&server));
    if let Ok(kubeconfig) = std::env::var("ENVPARITY_TEST_KUBECONFIG") {
        check(Path::new(&kubeconfig));
    }
}

#[test]
fn every_cluster_is_read_whole() {
    of_every_cluster(|kubeconfig| check_whole(&collected(&target(kubeconfig))));
}

#[test]
fn a_cluster_hears_seven_questions_and_only_get() {
    let server = ApiServer::start(Cluster::recorded());
    let folder = Kubeconfigs::new();
    audit(&target(&folder.of(&server))).report(0);
    let requests = server.requests();
    assert!(requests.iter().all(|request| request.method == "GET"), "{requests:#?}");
    let used = server.permissions_used();
    let expected = QUESTIONS
        .map(|(group, resource, verb)| (group.to_owned(), resource.to_owned(), verb.to_owned()));
    assert_eq!(used, BTreeSet::from(expected));
    // Seven and /version, of one page each.
    assert_eq!(requests.len(), 8, "{requests:#?}");
    assert!(requests.iter().all(|request| request.path == "/version"
        || request.path.ends_with("kube-system")
        || request.path.contains("?limit=500")));
}

/// `group resource verb name` of every rule of a role in the examples.
pub(crate) fn rules(file: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(format!(
        "{}/examples/kubernetes/{file}",
        env!("CARGO_MANIFEST_DIR")
    ));
    let text = text.expect("an example of ours");
    let documents: Vec<Value> = serde_yaml::from_multiple(&text).expect("YAML");
    let role = documents.iter().find(|document| document.get("rules").is_some()).expect("a role");
    let mut found = BTreeSet::new();
    for rule in list(&role["rules"]) {
        let words = |key: &str| list(&rule[key]).map(text_of).collect::<Vec<_>>();
        for verb in words("verbs") {
            for path in words("nonResourceURLs") {
                found.insert(format!("{verb} {path}"));
            }
            for group in words("apiGroups") {
                for resource in words("resources") {
                    found.insert(
                        format!("{verb} {group}/{resource} {}", words("resourceNames").join(","))
                            .trim()
                            .to_owned(),
                    );
                }
            }
        }
    }
    found
}

fn text_of(value: &Value) -> String {
    text(value).to_owned()
}

#[test]
fn the_roles_of_the_examples_allow_what_is_asked_and_no_more() {
    let in_namespace: BTreeSet<String> =
        ["/pods", "apps/daemonsets", "apps/deployments", "apps/statefulsets", "batch/cronjobs"]
            .map(|resource| format!("list {resource}"))
            .into();
    assert_eq!(rules("role.yaml"), in_namespace);
    let cluster = ["get /version", "get /namespaces kube-system", "list /nodes"].map(str::to_owned);
    assert_eq!(rules("cluster-role.yaml"), in_namespace.into_iter().chain(cluster).collect());
    // What an audit asks is the same, see `a_cluster_hears_seven_questions_and_only_get`; with this
    // role it is read.
    let server = ApiServer::start(Cluster::recorded());
    let rule = |(group, resource, verb): (&'static str, &'static str, &str)| match verb {
        "get" => Rule::get(group, resource).named("kube-system"),
        _ => Rule::list(group, resource),
    };
    server.allow_only(QUESTIONS.map(rule));
    let folder = Kubeconfigs::new();
    audit(&target(&folder.of(&server))).report(0);
}

/// In a mount namespace of its own the service account's files are where every pod has them.
#[test]
fn a_pod_uses_its_service_account() {
    let server = ApiServer::start_over(Transport::Http1, Cluster::recorded());
    let folder = Kubeconfigs::new();
    let account = folder.0.path().join("serviceaccount");
    std::fs::create_dir(&account).expect("a folder of ours");
    std::fs::copy(&server.certs().ca, account.join("ca.crt")).expect("a file of ours");
    std::fs::write(account.join("token"), format!("{}\n", server.token())).expect("a file of ours");
    std::fs::write(account.join("namespace"), "audit").expect("a file of ours");
    let profiles = Profiles::new(&[("production", environment(&json!({"name": "mks"})))]);
    let script = "mkdir -p /run/secrets && mount -t tmpfs none /run/secrets && \
                  mkdir -p /run/secrets/kubernetes.io && cp -r \"$1\" /run/secrets/kubernetes.io/ && \
                  exec \"$2\" audit -o json --profiles \"$3\"";
    let ended = program("unshare")
        .args(["--mount", "sh", "-c", script, "sh"])
        .args([&account, Path::new(ENVPARITY), profiles.folder()])
        .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        .env("KUBERNETES_SERVICE_PORT", server.address().port().to_string())
        .run();
    let report = ended.report(0);
    assert_eq!(report["environments"][0]["targets"][0]["endpoint"], server.url(), "{ended}");
    assert!(!ended.says(server.token()));
}

#[test]
fn pages_are_followed_to_the_end_and_replicas_make_no_number() {
    let server = ApiServer::start(Cluster::recorded().count("pods", 1_700));
    let folder = Kubeconfigs::new();
    let evidence = collected(&target(&folder.of(&server)));
    assert_eq!(
        server.requests().iter().filter(|request| request.path.starts_with("/api/v1/pods")).count(),
        4
    );
    let running = list(&evidence["images"]).filter(|image| image["state"] == "running").count();
    assert!(running < 200, "{running} entries for 1,700 pods");
}

/// Whichever way leads there, all of it is read.
#[test]
fn every_way_to_a_cluster_leads_there() {
    let server = ApiServer::start(Cluster::recorded());
    let folder = Kubeconfigs::new();
    let credential = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "status": {"token": server.token()}});
    let exec =
        User::Exec(folder.program(&format!("cat >/dev/null; echo noise >&2; echo '{credential}'")));
    let yaml = format!("kind: ExecCredential\nstatus:\n  token: {}\n", server.token());
    let yaml = User::Exec(folder.named_program("yaml", &format!("printf '%s' '{yaml}'")));
    let users =
        [User::Token, User::TokenFile, User::CertificateFiles, User::CertificateData, exec, yaml];
    for (number, user) in users.into_iter().enumerate() {
        let named = format!("{user:?}");
        let kubeconfig =
            server.kubeconfig().context(&format!("way-{number}")).user(user).write(folder.0.path());
        let ended = audit(&target(&kubeconfig));
        assert!(ended.report(0).is_read("production", "kubernetes/mks"), "{named}: {ended}");
        assert!(!format!("{ended}").contains(server.token()), "{named}: a token is shown");
    }
    let ca_file = server.kubeconfig().context("ca-file").ca_file().write(folder.0.path());
    audit(&target(&ca_file)).report(0);
    let insecure = server.kubeconfig().context("insecure").insecure().write(folder.0.path());
    let report = audit(&target(&insecure)).report(0);
    assert!(
        text(&report.target("production", "kubernetes/mks")["endpoint"]).contains("not verified"),
        "{report}"
    );
}

#[test]
fn a_server_without_tls_and_a_context_without_a_user_are_said() {
    let server = ApiServer::start_over(Transport::Plain, Cluster::recorded());
    let folder = Kubeconfigs::new();
    let kubeconfig = server.kubeconfig().user(User::Nobody).write(folder.0.path());
    let report = audit(&target(&kubeconfig)).report(0);
    let endpoint = text(&report.target("production", "kubernetes/mks")["endpoint"]).to_owned();
    assert!(
        endpoint.starts_with("http://127.0.0.1") && endpoint.ends_with("(anonymous)"),
        "{endpoint}"
    );
}

#[test]
fn files_of_the_environment_are_merged_and_a_context_can_be_named() {
    let [server, other] =
        [Cluster::recorded(), Cluster::recorded().git_version("v1.30.0")].map(ApiServer::start);
    let folder = Kubeconfigs::new();
    let [clusters, users] = server.kubeconfig().context("ovh").write_split(folder.0.path());
    let second = other.kubeconfig().context("qualif").write(folder.0.path());
    let missing = folder.0.path().join("missing");
    let joined = std::env::join_paths([&missing, &clusters, &users, &second])
        .expect("no colon in temporary paths");
    let read = |target: Value| {
        let profiles = Profiles::new(&[("production", environment(&target))]);
        let ended = profiles
            .run_with(&["audit", "-o", "json"], &[("KUBECONFIG", joined.to_str().expect("UTF-8"))]);
        ended.report(0).readings("kubernetes/server", "production").join(" ")
    };
    assert_eq!(read(json!({"name": "mks"})), "kubernetes v1.36.2 program ×1");
    assert_eq!(read(json!({"name": "mks", "context": "qualif"})), "kubernetes v1.30.0 program ×1");
}

#[test]
fn a_proxy_is_the_profiles_or_the_kubeconfigs_or_the_environments() {
    let server = ApiServer::start(Cluster::recorded());
    let folder = Kubeconfigs::new();
    let proxy = Tunnel::start();
    let plain = folder.of(&server);
    // A name that only the proxy knows.
    let by_name = |path: &Path, name: &str| {
        let text = std::fs::read_to_string(path).expect("a file of ours");
        let text = text.replace("https://127.0.0.1", "https://api.invalid");
        let path = folder.0.path().join(name);
        std::fs::write(
            &path,
            text.replace("  cluster:\n", "  cluster:\n    tls-server-name: localhost\n"),
        )
        .expect("our folder");
        path
    };
    let named = by_name(&plain, "named");
    let by_kubeconfig =
        server.kubeconfig().context("proxied").proxy(&proxy.url()).write(folder.0.path());
    let to_dead =
        server.kubeconfig().context("dead").proxy("http://127.0.0.1:9").write(folder.0.path());
    let run = |target: Value, variables: &[(&str, &str)]| {
        let before = proxy.opened();
        let ended = Profiles::new(&[("production", environment(&target))])
            .run_with(&["audit", "-o", "json"], variables);
        let read = ended.any_report().is_read("production", "kubernetes/mks");
        (read, proxy.opened() > before)
    };
    let url = proxy.url();
    let (direct, through, unread) = ((true, false), (true, true), (false, false));
    assert_eq!(run(target(&plain), &[]), direct);
    assert_eq!(run(target(&by_kubeconfig), &[]), through);
    assert_eq!(run(with(target(&plain), "proxy", json!(url)), &[]), through);
    assert_eq!(run(with(target(&by_kubeconfig), "proxy", json!("none")), &[]), direct);
    assert_eq!(run(target(&named), &[("HTTPS_PROXY", &url)]), through);
    assert_eq!(run(target(&named), &[("HTTPS_PROXY", &url), ("NO_PROXY", "api.invalid")]), unread);
    // As for kubectl, the environment's is never for this machine itself, nor is $ALL_PROXY for
    // anything.
    assert_eq!(run(target(&plain), &[("HTTPS_PROXY", &url)]), direct);
    assert_eq!(run(target(&named), &[("ALL_PROXY", &url)]), unread);
    // The kubeconfig's own is meant for this cluster, whatever the environment says.
    assert_eq!(run(target(&by_kubeconfig), &[("NO_PROXY", "127.0.0.1")]), through);
    assert_eq!(run(target(&to_dead), &[]), unread);
    assert_eq!(run(target(&to_dead), &[("HTTPS_PROXY", &url)]), unread);
}

#[test]
fn credentials_are_not_sent_in_clear() {
    let server = ApiServer::start_over(Transport::Plain, Cluster::recorded());
    let witness = RecordingProxy::tcp_to(server.address());
    let folder = Kubeconfigs::new();
    let path = server.kubeconfig().user(User::Token).write(folder.0.path());
    let text = std::fs::read_to_string(&path).expect("a file of ours");
    std::fs::write(&path, text.replace(&server.url(), &format!("http://{}", witness.address())))
        .expect("a file of ours");
    let report = audit(&target(&path)).report(0);
    assert!(
        text_of(&report.target("production", "kubernetes/mks")["endpoint"])
            .ends_with("(anonymous)"),
        "{report}"
    );
    let heard = witness.sent().concat();
    assert!(
        !heard.is_empty()
            && !String::from_utf8_lossy(&heard).to_lowercase().contains("authorization")
    );
}

#[test]
fn parts_that_are_not_asked_for_are_left_out() {
    of_every_cluster(|kubeconfig| {
        let report =
            audit(&with(target(kubeconfig), "read", json!(["server", "workloads"]))).report(0);
        let parts = report.target("production", "kubernetes/mks")["parts"].clone();
        let outcomes: Vec<_> =
            list(&parts).map(|part| (text(&part["part"]), text(&part["outcome"]))).collect();
        assert!(
            outcomes.contains(&("nodes", "left-out"))
                && outcomes.contains(&("identity", "left-out")),
            "{outcomes:?}"
        );
        assert!(!report.components().iter().any(|name| name.starts_with("host/")), "{report}");
    });
}

#[test]
fn parts_that_are_left_out_are_not_asked() {
    let server = ApiServer::start(Cluster::recorded());
    let folder = Kubeconfigs::new();
    audit(&with(target(&folder.of(&server)), "read", json!(["server", "workloads"]))).report(0);
    assert!(
        !server
            .permissions_used()
            .iter()
            .any(|(_, resource, _)| resource == "nodes" || resource == "namespaces")
    );
}

#[test]
fn namespaces_by_name_need_no_more_than_a_role_in_each() {
    let server = ApiServer::start(Cluster::recorded());
    let folder = Kubeconfigs::new();
    let in_namespace =
        QUESTIONS.iter().filter(|(_, resource, _)| !matches!(*resource, "namespaces" | "nodes"));
    server.allow_only(
        in_namespace
            .map(|(group, resource, _)| Rule::list(group, resource).in_namespace("app-001"))
            .collect::<Vec<_>>(),
    );
    let target = with(target(&folder.of(&server)), "read", json!(["server", "workloads"]));
    let named = with(target.clone(), "namespaces", json!({"include": ["app-001"]}));
    let evidence = collected(&named);
    assert!(list(&evidence["images"]).count() > 0);
    assert!(list(&evidence["images"]).all(|image| image["namespace"] == "app-001"));
    // By a pattern they are listed from the whole cluster, which this role does not allow.
    let pattern = with(target, "namespaces", json!({"include": ["app-00*"]}));
    let report = audit(&pattern).report(3);
    assert_eq!(report.failed_parts("production", "kubernetes/mks"), ["workloads"]);
}

#[test]
fn patterns_of_namespaces_count_and_one_that_holds_nothing_is_said() {
    let server = ApiServer::start(Cluster::recorded());
    let folder = Kubeconfigs::new();
    let of = |namespaces: Value| with(target(&folder.of(&server)), "namespaces", namespaces);
    let evidence = collected(&of(json!({"include": ["app-*"], "exclude": ["app-001"]})));
    let namespaces: BTreeSet<&str> =
        list(&evidence["images"]).map(|image| text(&image["namespace"])).collect();
    assert!(!namespaces.is_empty() && !namespaces.contains("app-001"), "{namespaces:?}");
    assert!(evidence["left-out"].as_u64() > Some(0), "{:#}", evidence["left-out"]);
    let report = audit(&of(json!({"include": ["app-001", "no-such"]}))).report(3);
    let [failure] = report.failures("production", "kubernetes/mks")[..] else { panic!("{report}") };
    assert!(text(&failure["message"]).contains("no-such"), "{failure:#}");
}

fn pod(namespace: &str, image: &str) -> Value {
    let status = json!({"name": "app", "imageID": "", "state": {"running": {}}});
    json!({
        "metadata": {"name": "app-77-x", "namespace": namespace, "labels": {"pod-template-hash": "77", "helm.sh/chart": "app-1.2.3"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "app-77", "controller": true}]},
        "spec": {"containers": [{"name": "app", "image": image}]},
        "status": {"phase": "Running", "containerStatuses": [status]},
    })
}

/// Qualif and production as clusters of different size; `redis` and the kubelet are what the case
/// says.
fn two_clusters(redis: [&str; 2], kubelet: [&str; 2]) -> Ended {
    let cluster = |i: usize, pods: usize| {
        let uid = format!("00000000-0000-0000-0000-00000000000{i}");
        let mut cluster =
            Cluster::recorded().count("pods", pods).uid(&uid).kubelet_version(kubelet[i]);
        for app in [pod("shop-cache", redis[i]), pod("shop", "registry.example/shop/api:v22")] {
            cluster = cluster.add("pods", app);
        }
        ApiServer::start(cluster)
    };
    let (qualif, production) = (cluster(0, 60), cluster(1, 400));
    let folder = Kubeconfigs::new();
    let [qualif, production] = [("qualif", &qualif), ("production", &production)]
        .map(|(name, server)| server.kubeconfig().context(name).write(folder.0.path()));
    Profiles::new(&[
        ("qualif", environment(&target(&qualif))),
        ("production", environment(&target(&production))),
    ])
    .audit()
}

#[test]
fn two_clusters_of_different_size_are_compared_by_their_workloads() {
    let ended = two_clusters(["redis:7.2.4", "redis:7.2.4"], ["v1.31.4", "v1.31.4"]);
    let report = ended.any_report();
    assert_eq!(
        report.readings("kubernetes/kubelet", "production"),
        ["- v1.31.4 program ×10"],
        "{report}"
    );
    assert_eq!(report.readings("chart/app", "production"), ["- 1.2.3 program ×2"]);
    let blocking = report.reasons("blocks");
    assert!(blocking.is_empty(), "{blocking:?}");
    assert_eq!(report.verdict(), "go", "{report}");
    ended.expect(0);
}

#[test]
fn two_clusters_that_differ_are_a_no_go() {
    let report = two_clusters(["redis:7.4.1", "redis:7.2.4"], ["v1.32.1", "v1.31.4"]).report(1);
    let blocking = report.reasons("blocks").join("\n");
    assert!(blocking.contains("version-skew image/redis"), "{blocking}");
    assert!(blocking.contains("version-skew kubernetes/kubelet"), "{blocking}");
}

/// Qualif's CronJob waits while production's runs: the verdict must not hang on the minute.
#[test]
fn a_job_that_waits_is_compared_with_one_that_runs() {
    let cron_job = |image: &str| {
        json!({"metadata": {"name": "bill", "namespace": "shop"}, "spec": {"schedule": "@daily", "jobTemplate": {"spec": {
            "template": {"spec": {"containers": [{"name": "app", "image": image}]}}}}}})
    };
    let mut running = pod("shop", "postgres:16.4");
    running["metadata"]["ownerReferences"] =
        json!([{"kind": "Job", "name": "bill-29012345", "controller": true}]);
    let mut done = running.clone();
    done["metadata"]["name"] = json!("done");
    done["status"] = json!({"phase": "Succeeded"});
    done["spec"]["containers"][0]["image"] = json!("postgres:9.6");
    let folder = Kubeconfigs::new();
    let [waits, older, runs] = [
        ("waits", vec![cron_job("postgres:16.4")], vec![done.clone()]),
        ("older", vec![cron_job("postgres:14.1")], vec![done]),
        ("runs", vec![cron_job("postgres:16.4")], vec![running]),
    ]
    .map(|(name, jobs, pods)| {
        let mut cluster =
            Cluster::empty().uid(&format!("00000000-0000-0000-0000-0000000{name:0>5}"));
        for job in jobs {
            cluster = cluster.add("cronjobs", job);
        }
        for pod in pods {
            cluster = cluster.add("pods", pod);
        }
        let server = ApiServer::start(cluster);
        let kubeconfig = server.kubeconfig().context(name).write(folder.0.path());
        (with(target(&kubeconfig), "read", json!(["server", "identity", "workloads"])), server)
    });
    let compare = |qualif: &Value| {
        Profiles::new(&[("qualif", environment(qualif)), ("production", environment(&runs.0))])
            .audit()
    };
    let report = compare(&waits.0).report(0);
    assert!(
        report.all_findings().iter().all(|finding| !finding.contains("image/postgresql")),
        "{report}"
    );
    assert_eq!(
        report.cell("image/postgresql", "qualif")["not-running"]["scheduled"],
        1,
        "{report}"
    );
    let report = compare(&older.0).report(1);
    assert!(
        report.all_findings().contains(&"version-skew image/postgresql".to_owned()),
        "{report}"
    );
}

#[test]
fn one_cluster_in_two_environments_is_a_shared_instance() {
    of_every_cluster(|kubeconfig| {
        let one = environment(&target(kubeconfig));
        let report =
            Profiles::new(&[("qualif", one.clone()), ("production", one)]).audit().report(1);
        let [finding] = report.findings("shared-instance")[..] else { panic!("{report}") };
        assert_eq!(finding["severity"], "critical");
    });
}

#[test]
fn what_kubectl_printed_is_evidence() {
    let server = ApiServer::start(Cluster::recorded());
    let folder = Kubeconfigs::new();
    let kubeconfig = folder.of(&server);
    let live = collected(&target(&kubeconfig));
    let get = |path: &str| -> Value {
        let (client, url) =
            (server.certs().ca.display().to_string(), format!("{}{path}", server.url()));
        let token = format!("Authorization: Bearer {}", server.token());
        let output = std::process::Command::new("curl")
            .args(["-sS", "--cacert", &client, "-H", &token, &url])
            .output();
        serde_json::from_slice(&output.expect("curl: run tests/run.sh").stdout).expect("JSON")
    };
    // As kubectl joins lists: a kind for each item.
    let mut items = Vec::new();
    for (path, kind) in [
        ("/api/v1/pods", "Pod"),
        ("/apis/apps/v1/deployments", "Deployment"),
        ("/apis/apps/v1/statefulsets", "StatefulSet"),
        ("/apis/apps/v1/daemonsets", "DaemonSet"),
        ("/apis/batch/v1/cronjobs", "CronJob"),
        ("/api/v1/nodes", "Node"),
    ] {
        items
            .extend(list(&get(path)["items"]).cloned().map(|item| with(item, "kind", json!(kind))));
    }
    items.push(with(get("/api/v1/namespaces/kube-system"), "kind", json!("Namespace")));
    let listed = json!({"apiVersion": "v1", "kind": "List", "items": items});
    let version = json!({"clientVersion": {"gitVersion": "v9"}, "serverVersion": get("/version")});
    let profiles = Profiles::new(&[(
        "production",
        // The recording is as old as what it tells.
        json!({"max-age": "87600h", "targets": {"recorded": [{"name": "mks", "path": "mks.json"}]}}),
    )]);
    profiles.write("mks.json", &format!("{listed:#}\n{version:#}\n"));
    let ended = profiles.run(&["collect", "production", "--to", "-"]);
    let recorded: Value =
        serde_yaml::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"));
    for field in ["id", "parts", "fields", "places", "images"] {
        assert_eq!(recorded["targets"][0][field], live[field], "{field}");
    }
    profiles.audit().report(0);
}
