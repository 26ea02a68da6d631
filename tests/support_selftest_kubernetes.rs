//! The Kubernetes API server of the tests, as `curl` and `kubectl` see it: what it gets wrong, the
//! collector would be taught to get wrong.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use support::kubernetes::{ApiServer, Cluster, Fault, Rule, Transport, User, When};

const PODS: &str = "/api/v1/pods";

/// `curl` as a client that trusts the server and has its token.
fn curl(server: &ApiServer, arguments: &[&str], path: &str) -> Output {
    let token = format!("Authorization: Bearer {}", server.token());
    let shown = [&["--header", &token], arguments].concat();
    curl_as_nobody(server, &shown, path)
}

fn curl_as_nobody(server: &ApiServer, arguments: &[&str], path: &str) -> Output {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "20", "--cacert"]).arg(&server.certs().ca);
    let output = curl.args(arguments).arg(format!("{}{path}", server.url())).output();
    output.unwrap_or_else(|error| panic!("curl: {error}: run tests/run.sh"))
}

#[track_caller]
fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {text}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[track_caller]
fn get(server: &ApiServer, path: &str) -> Value {
    json(&curl(server, &[], path))
}

/// The code of the answer and of its `Status`, which must be the same, and the `Status`.
#[track_caller]
fn refused(output: &Output) -> (u16, Value) {
    let text = String::from_utf8_lossy(&output.stdout);
    let (body, code) = text.rsplit_once('\n').unwrap_or_else(|| panic!("no code: {text}"));
    let status: Value =
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    let code = code.parse().expect("a code");
    assert_eq!((&status["kind"], &status["code"]), (&json!("Status"), &json!(code)), "{status:#}");
    (code, status)
}

const WITH_CODE: [&str; 2] = ["--write-out", "\n%{http_code}"];

/// All items of a list, page by page.
#[track_caller]
fn all(server: &ApiServer, list: &str, limit: usize) -> Vec<Value> {
    let (mut items, mut token) = (Vec::new(), String::new());
    loop {
        let mut page = get(server, &format!("{list}?limit={limit}&continue={token}"));
        let Value::Array(found) = page["items"].take() else { panic!("no items: {page:#}") };
        let remaining = page["metadata"]["remainingItemCount"].as_u64();
        items.extend(found);
        match page["metadata"]["continue"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break assert_eq!(remaining, None),
        }
        assert!(remaining > Some(0), "{remaining:?}");
    }
    items
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn key(object: &Value) -> (String, String) {
    (text(object, "/metadata/namespace").to_owned(), text(object, "/metadata/name").to_owned())
}

#[test]
fn what_was_recorded_is_sent_as_it_was_recorded() {
    let server = ApiServer::start(Cluster::recorded());
    for (path, file) in [
        ("/version", "version"),
        ("/api/v1/namespaces/kube-system", "namespace-kube-system"),
        ("/api/v1/nodes", "nodes"),
        ("/apis/batch/v1/cronjobs", "cronjobs-page1"),
        ("/api", "api"),
        ("/apis", "apis"),
    ] {
        let file = format!("{}/tests/fixtures/kubernetes/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let recorded = std::fs::read_to_string(&file).expect("a recording");
        for version in ["--http1.1", "--http2"] {
            let answer = curl(&server, &[version], path);
            assert!(
                String::from_utf8_lossy(&answer.stdout) == recorded,
                "{path} over {version} is not {file}"
            );
        }
    }
    let versions: BTreeSet<String> =
        server.requests().into_iter().map(|request| request.version).collect();
    assert_eq!(versions, ["HTTP/1.1", "HTTP/2.0"].map(str::to_owned).into());
    let recorded: Value =
        serde_json::from_str(include_str!("fixtures/kubernetes/pods-page1.json")).expect("JSON");
    let page = get(&server, "/api/v1/pods?limit=50");
    assert_eq!(page["items"], recorded["items"]);
    assert_eq!(page["metadata"]["continue"], recorded["metadata"]["continue"]);
    assert_eq!(page["metadata"]["remainingItemCount"], 50);
    assert_eq!(key(&get(&server, "/api/v1/namespaces/app-002/pods/netshoot")).1, "netshoot");
}

#[test]
fn a_large_cluster_is_whole_and_every_pod_has_its_owners() {
    let cluster =
        Cluster::recorded().count("pods", 3_100).count("nodes", 37).count("statefulsets", 25);
    let server =
        ApiServer::start(cluster.count("deployments", 45).count("daemonsets", 20).compact());
    let pods = all(&server, PODS, 500);
    let names: BTreeSet<_> = pods.iter().map(key).collect();
    let uids: BTreeSet<_> = pods.iter().map(|pod| text(pod, "/metadata/uid").to_owned()).collect();
    assert_eq!((pods.len(), names.len(), uids.len()), (3_100, 3_100, 3_100));
    assert!(
        pods.iter().map(key).is_sorted_by_key(|(namespace, name)| format!("{namespace}/{name}"))
    );
    assert_eq!(server.pages("pods", 500).len(), 7);

    let mut uids = BTreeMap::new();
    for (kind, list, count) in [
        ("Deployment", "deployments", 45),
        ("StatefulSet", "statefulsets", 25),
        ("DaemonSet", "daemonsets", 20),
        ("ReplicaSet", "replicasets", server.count("replicasets")),
    ] {
        let objects = all(&server, &format!("/apis/apps/v1/{list}"), 20);
        assert_eq!(objects.len(), count, "{list}");
        uids.extend(
            objects.iter().map(|of| ((kind, key(of)), text(of, "/metadata/uid").to_owned())),
        );
    }
    let nodes = all(&server, "/api/v1/nodes", 10);
    let nodes: BTreeSet<&str> =
        nodes.iter().map(|node| text(node, "/metadata/labels/kubernetes.io~1hostname")).collect();
    assert_eq!(nodes.len(), 37);
    for pod in pods.iter().filter(|pod| pod["metadata"]["ownerReferences"].is_array()) {
        let owner =
            |field: &str| text(pod, &format!("/metadata/ownerReferences/0/{field}")).to_owned();
        let kind = owner("kind");
        let found = uids.get(&(kind.as_str(), (key(pod).0, owner("name"))));
        assert_eq!(found, Some(&owner("uid")), "{:?}", key(pod));
        assert!(key(pod).1.starts_with(&owner("name")), "{:?}", key(pod));
        if let Some((deployment, hash)) =
            owner("name").rsplit_once('-').filter(|_| kind == "ReplicaSet")
        {
            assert_eq!(text(pod, "/metadata/labels/pod-template-hash"), hash);
            assert!(
                uids.contains_key(&("Deployment", (key(pod).0, deployment.to_owned()))),
                "{:?}",
                key(pod)
            );
        }
        let node = text(pod, "/spec/nodeName");
        assert!(nodes.contains(node) || text(pod, "/status/phase") == "Pending", "{node}");
    }
}

#[test]
fn a_cluster_is_as_it_was_described() {
    let redis = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "r", "namespace": "own"}, "spec": {}});
    let server =
        ApiServer::start(Cluster::empty().add("pods", redis).uid("u-1").git_version("v1.31.4"));
    let pods = get(&server, PODS);
    assert_eq!(pods["items"].as_array().map(Vec::len), Some(1));
    assert_eq!((&pods["items"][0]["kind"], &pods["items"][0]["spec"]), (&Value::Null, &json!({})));
    assert_eq!(get(&server, "/apis/apps/v1/deployments")["items"], json!([]));
    assert_eq!(text(&get(&server, "/api/v1/namespaces/kube-system"), "/metadata/uid"), "u-1");
    let version = get(&server, "/version");
    assert_eq!((&version["gitVersion"], &version["minor"]), (&json!("v1.31.4"), &json!("31")));
    assert_eq!(key(&get(&server, "/api/v1/namespaces/own")).1, "own");

    let node = "docker.io/calico/node:v3.27.2";
    let cluster =
        Cluster::recorded().image(node, "docker.io/calico/node:v3.28.0").kubelet_version("v1.35.1");
    let server = ApiServer::start(cluster);
    let (pods, sets) =
        (get(&server, PODS).to_string(), get(&server, "/apis/apps/v1/daemonsets").to_string());
    for text in [&pods, &sets] {
        assert!(!text.contains(node) && text.contains("docker.io/calico/node:v3.28.0"));
    }
    assert!(
        !pods.contains("8ac097e8a96b2027805343592224d2d18680bffc370cdf18caa2c37af2cccb61"),
        "the old digest"
    );
    assert_eq!(
        text(&get(&server, "/api/v1/nodes"), "/items/3/status/nodeInfo/kubeletVersion"),
        "v1.35.1"
    );
}

#[test]
fn selectors_select() {
    let server = ApiServer::start(Cluster::recorded().count("pods", 300));
    let count = |path: &str| get(&server, path)["items"].as_array().map(Vec::len).expect("a list");
    let of_one = count("/api/v1/namespaces/app-001/pods");
    assert!(of_one > 0);
    assert_eq!(count("/api/v1/pods?fieldSelector=metadata.namespace%3Dapp-001"), of_one);
    assert_eq!(count("/api/v1/pods?fieldSelector=metadata.namespace!=app-001"), 300 - of_one);
    assert_eq!(
        count("/api/v1/pods?fieldSelector=status.phase!=Running,metadata.namespace=app-002"),
        3
    );
    assert_eq!(count("/api/v1/pods?labelSelector=app.kubernetes.io/name=netshoot"), 3);
    let page = get(&server, "/api/v1/pods?limit=2&labelSelector=app.kubernetes.io/name=netshoot");
    assert!(
        page["metadata"]["continue"].is_string()
            && page["metadata"]["remainingItemCount"].is_null()
    );
    let (code, status) = refused(&curl(&server, &WITH_CODE, "/api/v1/pods?continue=bm90aGluZw"));
    assert_eq!((code, text(&status, "/reason")), (400, "BadRequest"));
}

#[test]
fn long_answers_are_compressed_for_those_who_like() {
    let server = ApiServer::start(Cluster::recorded());
    let compressed = |path: &str| {
        let output = curl(&server, &["--compressed", "--dump-header", "/dev/stderr"], path);
        (
            String::from_utf8_lossy(&output.stderr)
                .to_lowercase()
                .contains("content-encoding: gzip"),
            json(&output),
        )
    };
    let (was, pods) = compressed(PODS);
    assert!(was);
    assert_eq!(pods, get(&server, PODS));
    assert!(!compressed("/version").0);
    server.set_gzip(false);
    assert!(!compressed(PODS).0);
    let offered: Vec<bool> =
        server.requests().iter().map(|request| request.accept_encoding.is_some()).collect();
    assert_eq!(offered, [true, false, true, true]);
}

#[test]
fn who_shows_nothing_is_let_in_nowhere() {
    let server = ApiServer::start(Cluster::recorded());
    let (code, status) = refused(&curl_as_nobody(&server, &WITH_CODE, PODS));
    assert_eq!((code, text(&status, "/message")), (401, "Unauthorized"));
    let wrong = ["--header", "Authorization: Bearer other"];
    assert_eq!(
        refused(&curl_as_nobody(&server, &[&WITH_CODE, &wrong[..]].concat(), "/version")).0,
        401
    );

    let client = &server.certs().client;
    let (cert, secret) =
        (client.cert.to_str().expect("UTF-8"), client.key.to_str().expect("UTF-8"));
    json(&curl_as_nobody(&server, &["--cert", cert, "--key", secret], PODS));
    let open = ApiServer::start_over(Transport::Plain, Cluster::recorded());
    json(&curl_as_nobody(&open, &[], PODS));
    for transport in [Transport::Expired, Transport::WrongName] {
        let server = ApiServer::start_over(transport, Cluster::empty());
        assert_eq!(curl(&server, &[], "/version").status.code(), Some(60), "{transport:?}");
        assert!(server.requests().is_empty());
    }
    let old = ApiServer::start_over(Transport::Http1, Cluster::empty());
    json(&curl(&old, &["--http2"], "/version"));
    assert_eq!(old.requests()[0].version, "HTTP/1.1");
}

#[test]
fn only_what_is_allowed() {
    let server = ApiServer::start(Cluster::recorded());
    let rules = [
        Rule::list("", "pods").in_namespace("app-001"),
        Rule::get("", "namespaces").named("kube-system"),
    ];
    server.allow_only(rules);
    get(&server, "/version");
    get(&server, "/api/v1/namespaces/app-001/pods");
    get(&server, "/api/v1/namespaces/kube-system");
    let message = |path: &str| {
        let (code, status) = refused(&curl(&server, &WITH_CODE, path));
        assert_eq!((code, text(&status, "/reason")), (403, "Forbidden"));
        text(&status, "/message").to_owned()
    };
    let whose = "User \"system:serviceaccount:audit:reader\" cannot";
    assert_eq!(
        message(PODS),
        format!(
            "pods is forbidden: {whose} list resource \"pods\" in API group \"\" at the cluster scope"
        )
    );
    assert_eq!(
        message("/apis/apps/v1/namespaces/x/deployments"),
        format!(
            "deployments.apps is forbidden: {whose} list resource \"deployments\" in API group \"apps\" in the namespace \"x\""
        )
    );
    assert!(
        message("/api/v1/namespaces/default")
            .starts_with("namespaces \"default\" is forbidden: User")
    );
    let used = server.permissions_used();
    assert!(
        used.contains(&("apps".to_owned(), "deployments".to_owned(), "list".to_owned())),
        "{used:?}"
    );
    assert_eq!(used.len(), 3);
}

#[test]
fn what_is_not_there_and_what_is_not_done() {
    let server = ApiServer::start(Cluster::recorded());
    for path in ["/api/v1/secrets", "/apis/apps/v1/pods", "/nothing", "/api/v1/namespaces/none"] {
        assert_eq!(refused(&curl(&server, &WITH_CODE, path)).0, 404, "{path}");
    }
    let delete = [&WITH_CODE[..], &["--request", "DELETE"]].concat();
    assert_eq!(refused(&curl(&server, &delete, "/api/v1/namespaces/app-001/pods/x")).0, 405);
    assert_eq!(
        server.requests().last().expect("it was asked").line(),
        "DELETE /api/v1/namespaces/app-001/pods/x"
    );
    assert!(
        !server.requests().iter().any(|request| format!("{request:?}").contains(server.token()))
    );
}

#[test]
fn refusals_on_purpose() {
    let server = ApiServer::start(Cluster::recorded());
    for code in [401, 403, 429, 500, 503] {
        server.clear_faults();
        server.fault(PODS, When::Nth(2), Fault::Status(code));
        get(&server, PODS);
        let output =
            curl(&server, &[&WITH_CODE[..], &["--dump-header", "/dev/stderr"]].concat(), PODS);
        assert_eq!(refused(&output).0, code);
        let headers = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert_eq!(headers.contains("retry-after: 1"), matches!(code, 429 | 503), "{headers}");
        get(&server, PODS);
    }
    server.clear_faults();
    server.fault("/", When::Always, Fault::ExpiredOnce);
    let next = &server.pages("pods", 30)[1];
    let (code, status) = refused(&curl(&server, &WITH_CODE, next));
    assert_eq!((code, text(&status, "/reason")), (410, "Expired"));
    let go_on = get(
        &server,
        &format!("/api/v1/pods?limit=30&continue={}", text(&status, "/metadata/continue")),
    );
    assert_eq!(go_on, get(&server, next));
    server.fault("/", When::Always, Fault::ExpiredAlways);
    for _ in 0..2 {
        assert_eq!(refused(&curl(&server, &WITH_CODE, next)).0, 410);
    }
    get(&server, PODS);
}

#[test]
fn answers_that_are_not_what_they_should_be() {
    let server = ApiServer::start(Cluster::recorded());
    let meets = |fault: Fault| {
        server.clear_faults();
        server.fault(PODS, When::Always, fault);
        curl(&server, &[], "/api/v1/pods?limit=10")
    };
    assert!(meets(Fault::NotJson).stdout.starts_with(b"<!DOCTYPE html>"));
    assert_eq!(json(&meets(Fault::StatusInsteadOfList))["kind"], "Status");
    assert_eq!(json(&meets(Fault::WrongKind))["kind"], "ConfigMapList");
    assert_eq!(json(&meets(Fault::NullItems))["items"], Value::Null);
    let items = json(&meets(Fault::MalformedItem))["items"].clone();
    let malformed = items.as_array().expect("items").iter().filter(|item| item["spec"] == 17);
    assert_eq!(malformed.count(), 1);
    let nulls = json(&meets(Fault::NullFields));
    assert!(
        nulls["items"][0]["metadata"]["labels"].is_null()
            && nulls["items"][0]["spec"]["containers"].is_array()
    );
    let first = json(&meets(Fault::SamePageForEver));
    let next = format!("/api/v1/pods?limit=10&continue={}", text(&first, "/metadata/continue"));
    assert_eq!(get(&server, &next), first);
    let elsewhere = meets(Fault::Redirect("https://127.0.0.1:1/elsewhere".to_owned()));
    assert!(elsewhere.status.success() && elsewhere.stdout.is_empty());
    let to = curl(&server, &["--write-out", "%{redirect_url}"], PODS);
    assert_eq!(to.stdout, b"https://127.0.0.1:1/elsewhere");
    get(&server, "/api/v1/nodes");
}

#[test]
fn answers_that_break_off_or_do_not_end() {
    let server = ApiServer::start(Cluster::recorded());
    for (fault, arguments, codes, most) in [
        (Fault::Truncated, &["--http1.1"][..], &[18][..], 600_000),
        (Fault::Truncated, &["--http2"], &[92], 600_000),
        (Fault::BadGzip, &["--compressed"], &[61], 2_000_000),
        (Fault::Endless, &["--max-time", "1"], &[28], usize::MAX),
        (Fault::GzipBomb, &["--max-time", "1"], &[28], usize::MAX),
        (Fault::Silent, &["--max-time", "1"], &[28], 0),
        (Fault::SlowBody, &["--max-time", "3"], &[28], 4),
    ] {
        server.clear_faults();
        server.fault(PODS, When::Always, fault.clone());
        let written = ["--output", "/dev/null", "--write-out", "%{size_download}"];
        let output = curl(&server, &[arguments, &written].concat(), PODS);
        let code = output.status.code().expect("curl ended by itself");
        let size: usize = String::from_utf8_lossy(&output.stdout).parse().expect("a size");
        assert!(codes.contains(&code) && size <= most, "{fault:?}: {code} after {size} bytes");
        assert!(most < usize::MAX || size > 1_000_000, "{fault:?}: only {size} bytes");
    }
    server.clear_faults();
    server.fault(PODS, When::Always, Fault::GzipBomb);
    let bomb = curl(&server, &["--max-time", "1"], PODS).stdout;
    let mut list = vec![0; 20 << 20];
    let mut gzip = flate2::read::GzDecoder::new(&bomb[..bomb.len().min(40_000)]);
    gzip.read_exact(&mut list).expect("forty kilobytes are twenty megabytes");
    assert!(list.starts_with(b"{\"kind\":\"PodList\"") && list.ends_with(b"  "));
    server.clear_faults();
    server.fault(PODS, When::Nth(2), Fault::Silent);
    get(&server, PODS);
    assert_eq!(curl(&server, &["--max-time", "1"], PODS).status.code(), Some(28));
    // must not wait for requests that were never answered
    drop(server);
}

/// Needs kubectl, which `tests/run.sh` installs.
#[cfg(feature = "real-servers")]
#[track_caller]
fn kubectl(kubeconfig: &Path, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let mut kubectl = Command::new("kubectl");
    // a cache of its own: the servers of two tests may have had the same port
    kubectl.env("KUBECONFIG", kubeconfig).arg("--cache-dir").arg(folder.path()).args(arguments);
    kubectl.output().unwrap_or_else(|error| panic!("kubectl: {error}: run tests/run.sh"))
}

#[cfg(feature = "real-servers")]
#[test]
fn kubectl_reads_every_kubeconfig() {
    // Debian's kubectl is older than v1 of it
    const EXEC: &str = "client.authentication.k8s.io/v1beta1";
    let server = ApiServer::start(Cluster::recorded().count("pods", 700).compact());
    let folder = tempfile::tempdir().expect("a temporary directory");
    let script = folder.path().join("credential");
    let credential = json!({
        "apiVersion": EXEC, "kind": "ExecCredential", "status": {"token": server.token()},
    });
    std::fs::write(&script, format!("#!/bin/sh\necho '{credential}'\n")).expect("write");
    assert!(Command::new("chmod").arg("+x").arg(&script).status().expect("chmod").success());
    for user in [
        User::Token,
        User::TokenFile,
        User::CertificateFiles,
        User::CertificateData,
        User::Exec(script),
    ] {
        let path = server.kubeconfig().user(user.clone()).write(folder.path());
        let text = std::fs::read_to_string(&path).expect("it was written");
        std::fs::write(&path, text.replace("client.authentication.k8s.io/v1", EXEC))
            .expect("write");
        let output = kubectl(&path, &["get", "pods", "-A", "-o", "json"]);
        assert_eq!(json(&output)["items"].as_array().map(Vec::len), Some(700), "{user:?}");
    }
    for wrong in [server.kubeconfig().user(User::WrongToken), server.kubeconfig().wrong_ca()] {
        let path = wrong.context("wrong").write(folder.path());
        assert!(!kubectl(&path, &["get", "pods", "-A"]).status.success());
    }
    let [cluster, user] = server
        .kubeconfig()
        .context("split")
        .ca_file()
        .namespace("app-002")
        .write_split(folder.path());
    let both = format!("{}:{}", cluster.display(), user.display());
    let output = kubectl(Path::new(&both), &["get", "pods", "-o", "json"]);
    let found = json(&output);
    assert!(
        found["items"]
            .as_array()
            .is_some_and(|items| items.iter().all(|pod| key(pod).0 == "app-002"))
    );
    let proxied =
        server.kubeconfig().context("proxied").proxy("http://127.0.0.1:1").write(folder.path());
    assert!(!kubectl(&proxied, &["get", "pods", "-A"]).status.success());
    let insecure = server.kubeconfig().context("insecure").insecure().write(folder.path());
    assert!(kubectl(&insecure, &["get", "nodes", "-o", "name"]).status.success());
    let open = ApiServer::start_over(Transport::Plain, Cluster::recorded());
    let path = open.kubeconfig().user(User::Nobody).write(folder.path());
    assert!(kubectl(&path, &["get", "deployments,cronjobs", "-A", "-o", "json"]).status.success());
}
