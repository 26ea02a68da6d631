//! Faulty Kubernetes targets.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::kubernetes_protobuf;
use super::pieces::of_a_cluster;
use super::{Fault as Case, Healthy, TOKEN, check_all};
use crate::profiles::text;
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::kubernetes::{
    ApiServer, Cluster, Fault, Kubeconfig, Rule, Transport, User, When,
};
use crate::support::redis::{Binary, RedisServer};

pub(super) const PODS: &str = "/api/v1/pods";

#[test]
fn a_faulty_cluster_costs_its_own_target_only() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path();
    let cases =
        [answers(), pages(), connections(), tls(), files(path), addresses(path), plugins(path)];
    let cases = cases.into_iter().flatten().chain(of_a_cluster(path));
    let cases = cases.chain(kubernetes_protobuf::answers());
    check_all("kubernetes", cases);
}

/// A target, and what must live as long.
pub(super) fn at(
    server: ApiServer,
    edit: impl FnOnce(Kubeconfig<'_>) -> Kubeconfig<'_>,
) -> (Value, (ApiServer, tempfile::TempDir)) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = edit(server.kubeconfig()).write(folder.path());
    (json!({"kubeconfig": path}), (server, folder))
}

pub(super) fn case(
    name: &'static str,
    server: ApiServer,
    kinds: &[&'static str],
    mentions: &'static str,
) -> Case {
    as_user(name, server, |kubeconfig| kubeconfig, kinds, mentions)
}

fn as_user(
    name: &'static str,
    server: ApiServer,
    edit: impl FnOnce(Kubeconfig<'_>) -> Kubeconfig<'_>,
    kinds: &[&'static str],
    mentions: &'static str,
) -> Case {
    let (target, alive) = at(server, edit);
    Case::kubernetes(name, target, kinds).mentioning(mentions).with(alive)
}

/// A server that goes wrong for paths that begin so.
fn faulty(prefix: &str, when: When, fault: Fault) -> ApiServer {
    let server = ApiServer::start(Cluster::recorded().count("pods", 600));
    server.fault(prefix, when, fault);
    server
}

/// Answers that are none.
fn answers() -> Vec<Case> {
    let elsewhere = "https://127.0.0.1:1/api".to_owned();
    [
        ("every answer 401", "/", Fault::Status(401), "authentication", "401"),
        ("every answer 403", "/", Fault::Status(403), "permission", "grant"),
        ("every answer 503", "/", Fault::Status(503), "unavailable", "503"),
        ("every answer 429", "/", Fault::Status(429), "unavailable", "429"),
        ("every answer 206", "/", Fault::Status(206), "protocol", "206"),
        ("every answer 500", "/", Fault::Status(500), "protocol", "500"),
        ("every answer 404", "/", Fault::Status(404), "protocol", "404"),
        ("403 that breaks off", PODS, Fault::TruncatedStatus(403), "permission", "grant"),
        ("500 that does not end", PODS, Fault::EndlessStatus(500), "protocol", "500"),
        ("401 that says nothing", "/", Fault::SilentStatus(401), "authentication", "401"),
        ("an error that repeats the token", "/", Fault::RepeatsToken, "permission", "[hidden]"),
        ("a login page", "/", Fault::NotJson, "protocol", ""),
        ("a Status in place of an answer", "/api", Fault::StatusInsteadOfList, "protocol", ""),
        ("a list of another kind", PODS, Fault::WrongKind, "protocol", "expected PodList"),
        ("half a body", PODS, Fault::Truncated, "cut", "broke off"),
        ("a body that is not gzip", PODS, Fault::BadGzip, "protocol", "encoding"),
        ("an endless body", PODS, Fault::Endless, "too-large", "MiB"),
        ("a body that unpacks without end", PODS, Fault::GzipBomb, "too-large", "MiB"),
        ("a redirect", PODS, Fault::Redirect(elsewhere), "protocol", "redirect"),
        ("no answer", PODS, Fault::Silent, "timeout", ""),
        ("a byte a second", PODS, Fault::SlowBody, "timeout", ""),
        ("an item that is not a pod", PODS, Fault::MalformedItem, "protocol", "could not be read"),
    ]
    .map(|(name, prefix, fault, kind, mentions)| {
        let server = ApiServer::start(Cluster::recorded());
        server.fault(prefix, When::Always, fault);
        case(name, server, &[kind], mentions)
    })
    .into()
}

/// What goes wrong between pages.
fn pages() -> Vec<Case> {
    [
        (
            "pages that expire again and again",
            When::Always,
            Fault::ExpiredAlways,
            "protocol",
            "expire",
        ),
        ("a hang on the second page", When::Nth(2), Fault::Silent, "timeout", ""),
        ("503 on the second page", When::Nth(2), Fault::Status(503), "unavailable", "503"),
        ("a second page that is not JSON", When::Nth(2), Fault::NotJson, "protocol", "JSON"),
        ("half of the second page", When::Nth(2), Fault::Truncated, "cut", "broke off"),
        (
            "a page that asks for itself",
            When::Always,
            Fault::SamePageForEver,
            "protocol",
            "never ends",
        ),
    ]
    .map(|(name, when, fault, kind, mentions)| {
        case(name, faulty(PODS, when, fault), &[kind], mentions)
    })
    .into()
}

/// A kubeconfig of a server that does not exist, in a folder that must live as long.
fn pointing_to(url: &str) -> (Value, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: '{url}'}}}}]\n\
         contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{token: {TOKEN}x}}}}]\n"
    );
    std::fs::write(&path, text).expect("write into a folder of ours");
    (json!({"kubeconfig": path}), folder)
}

fn connections() -> Vec<Case> {
    let hostile = [
        ("refused", Behaviour::Refuses, &["refused"][..]),
        ("accepts and never answers", Behaviour::Silent, &["timeout"]),
        ("closes at once", Behaviour::ClosesAtOnce, &["cut"]),
        ("garbage", Behaviour::Garbage, &["protocol", "cut"]),
    ];
    let mut cases: Vec<Case> = hostile
        .into_iter()
        .map(|(name, behaviour, kinds)| {
            let server = Hostile::start(behaviour);
            let (target, folder) = pointing_to(&format!("http://{}", server.address()));
            Case::kubernetes(name, target, kinds).with((server, folder))
        })
        .collect();
    let redis = RedisServer::start(Binary::Redis70, &[]);
    let (target, folder) = pointing_to(&format!("http://127.0.0.1:{}", redis.port()));
    cases.push(Case::kubernetes("a Redis", target, &["protocol", "cut"]).with((redis, folder)));
    let (target, folder) = pointing_to("https://name.invalid:6443");
    let unknown =
        Case::kubernetes("a name that does not exist", target, &["unreachable", "timeout"]);
    cases.push(unknown.mentioning("name.invalid").with(folder));
    cases.push(as_user(
        "a proxy that is not there",
        ApiServer::start(Cluster::recorded()),
        |kubeconfig| kubeconfig.proxy("http://127.0.0.1:9"),
        &["refused", "unreachable"],
        "proxy",
    ));
    cases
}

fn tls() -> Vec<Case> {
    let over = |transport| ApiServer::start_over(transport, Cluster::recorded());
    let plain = over(Transport::Plain);
    let (https_to_plain, folder) = pointing_to(&plain.url().replace("http://", "https://"));
    let plain_to_tls = over(Transport::Https);
    let (http_to_tls, other) = pointing_to(&plain_to_tls.url().replace("https://", "http://"));
    vec![
        as_user(
            "a certificate that has expired",
            over(Transport::Expired),
            |own| own,
            &["tls"],
            "expired",
        ),
        as_user(
            "a certificate for another name",
            over(Transport::WrongName),
            |own| own,
            &["tls"],
            "tls-server-name",
        ),
        as_user(
            "an unknown authority",
            over(Transport::Https),
            |kubeconfig| kubeconfig.wrong_ca(),
            &["tls"],
            "certificate-authority",
        ),
        Case::kubernetes("https:// to a server without TLS", https_to_plain, &["tls"])
            .with((plain, folder)),
        Case::kubernetes("http:// to a server with TLS", http_to_tls, &["tls", "cut", "protocol"])
            .with((plain_to_tls, other)),
        as_user(
            "a token of nobody",
            over(Transport::Https),
            |kubeconfig| kubeconfig.user(User::WrongToken),
            &["authentication"],
            "credentials",
        ),
        as_user(
            "no credentials",
            over(Transport::Https),
            |kubeconfig| kubeconfig.user(User::Nobody),
            &["authentication"],
            "anonymous",
        ),
    ]
}

/// Kubeconfigs that name a server or an authority that cannot be one.
fn addresses(folder: &Path) -> Vec<Case> {
    let case = |name: &'static str, cluster: &str, kind, mentions| {
        let path = folder.join(name.replace(' ', "-"));
        let text = format!(
            "apiVersion: v1\nkind: Config\nusers: [{{name: u, user: {{token: {TOKEN}z}}}}]\n\
             clusters: [{{name: k, cluster: {cluster}}}]\n\
             contexts: [{{name: c, context: {{cluster: k, user: u}}}}]\ncurrent-context: c\n"
        );
        std::fs::write(&path, text).expect("write into a folder of ours");
        Case::kubernetes(name, json!({"kubeconfig": path}), &[kind]).mentioning(mentions)
    };
    std::fs::write(folder.join("no-pem"), "this is not PEM").expect("write into a folder of ours");
    let no_pem = "{server: 'https://127.0.0.1:1', certificate-authority: no-pem}";
    vec![
        case("a server on an invalid port", "{server: 'https://127.0.0.1:99999'}", "file", "port"),
        case("a server on port 0", "{server: 'https://127.0.0.1:0'}", "file", "port"),
        case("a server by FTP", "{server: 'ftp://127.0.0.1'}", "file", "neither http:// nor"),
        case(
            "a server by a socket",
            "{server: 'unix:///run/k8s.sock'}",
            "file",
            "neither http:// nor",
        ),
        case(
            "a server by WebSocket",
            "{server: 'wss://127.0.0.1:6443'}",
            "file",
            "neither http:// nor",
        ),
        case("an authority that is not PEM", no_pem, "tls", "PEM"),
    ]
}

/// Kubeconfigs that are none, with a token in them that must not be shown.
fn files(folder: &Path) -> Vec<Case> {
    let written = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("write into a folder of ours");
        path
    };
    let config = |rest: &str| {
        format!(
            "apiVersion: v1\nkind: Config\nusers: [{{name: u, user: {{token: {TOKEN}z}}}}]\n{rest}"
        )
    };
    let context = "contexts: [{name: c, context: {cluster: k, user: v}}]\ncurrent-context: c\n";
    let cluster = "clusters: [{name: k, cluster: {server: 'https://127.0.0.1:1'}}]\n";
    let fifo = folder.join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("coreutils").success());
    let ca = format!(
        "clusters: [{{name: k, cluster: {{server: 'https://127.0.0.1:1', certificate-authority: {}}}}}]\n",
        fifo.display()
    );
    let provider = "users: [{name: v, user: {auth-provider: {name: azure, config: {}}}}]\n";
    let no_such_key =
        "users: [{name: v, user: {client-certificate: no/such.pem, client-key: no/such.pem}}]\n";
    let named = |path: &Path| json!({"kubeconfig": path});
    let case = |name, path: PathBuf, kind, mentions| {
        Case::kubernetes(name, named(&path), &[kind]).mentioning(mentions)
    };
    vec![
        case("no kubeconfig at all", folder.join("no-such"), "file", "no-such"),
        case("an authority that is a FIFO", written("ca", &config(&format!("{ca}{context}"))), "file", "regular"),
        case("a kubeconfig that is a FIFO", fifo, "file", "regular"),
        case("a kubeconfig that is not YAML", written("bad", &format!("token: [{TOKEN}y\n")), "file", "not a kubeconfig"),
        case("a kubeconfig that is another file", written("other", "a: [1]\n"), "file", "context"),
        case("no current context", written("none", &config(cluster)), "file", "context"),
        case("a context without its cluster", written("half", &config(context)), "file", "cluster k"),
        case(
            "a context without its user",
            written("user", &config(&format!("{cluster}{context}"))),
            "authentication",
            "user v",
        ),
        case(
            "an auth-provider",
            written("azure", &format!("apiVersion: v1\nkind: Config\n{cluster}{context}{provider}")),
            "unsupported",
            "azure",
        ),
        case(
            "a certificate that is not there",
            written("key", &format!("apiVersion: v1\nkind: Config\n{cluster}{context}{no_such_key}")),
            "file",
            "such.pem",
        ),
        Case::kubernetes(
            "a context that is not there",
            json!({"kubeconfig": written("ctx", &config(&format!("{cluster}{context}"))), "context": "prod"}),
            &["file"],
        )
        .mentioning("known: c"),
        Case::kubernetes("neither kubeconfig nor cluster", json!({}), &["file"]).mentioning("kubeconfig:"),
    ]
}

/// Plugins that fail, and print a token while they do.
fn plugins(folder: &Path) -> Vec<Case> {
    use std::os::unix::fs::PermissionsExt;
    let program = |name: &str, script: &str| {
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n"))
            .expect("write into a folder of ours");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("a file of ours");
        path
    };
    let said = format!(r#"{{"kind": "ExecCredential", "status": {{"token": "{TOKEN}plugin"}}}}"#);
    let case = |name, path: PathBuf, kind, mentions| {
        let server = ApiServer::start(Cluster::recorded());
        as_user(name, server, |kubeconfig| kubeconfig.user(User::Exec(path)), &[kind], mentions)
    };
    vec![
        case(
            "a plugin that fails",
            program("fails", &format!("echo '{said}'; echo '{TOKEN}' >&2; exit 3")),
            "authentication",
            "exit status: 3",
        ),
        case(
            "a plugin that prints something else",
            program("else", &format!("echo '{TOKEN}'")),
            "authentication",
            "ExecCredential",
        ),
        case(
            "a plugin whose token nobody knows",
            program("nobody", &format!("echo '{said}'")),
            "authentication",
            "401",
        ),
        case(
            "a plugin whose token is two lines",
            program("lines", &format!("echo '{}'", said.replace("plugin", "plug\\nin"))),
            "authentication",
            "line end",
        ),
        case("a plugin that hangs", program("hangs", "sleep 60"), "timeout", ""),
        case(
            "a plugin that prints without end",
            program("endless", &format!("yes {TOKEN}")),
            "authentication",
            "more than",
        ),
        case(
            "a plugin that is not there",
            folder.join("no-such-plugin"),
            "authentication",
            "no-such-plugin",
        ),
    ]
}

/// Which right is missing is told in the words of a role; what the others allow is read.
#[test]
fn a_missing_right_costs_its_part_and_is_named() {
    const ALL: [(&str, &str); 6] = [
        ("", "nodes"),
        ("", "pods"),
        ("apps", "daemonsets"),
        ("apps", "deployments"),
        ("apps", "statefulsets"),
        ("batch", "cronjobs"),
    ];
    let healthy = Healthy::start(Binary::Redis70, Binary::Redis70);
    for (group, forbidden) in ALL.into_iter().chain([("", "namespaces")]) {
        let server = ApiServer::start(Cluster::recorded());
        let lists = ALL
            .into_iter()
            .filter(|(_, resource)| *resource != forbidden)
            .map(|(group, r)| Rule::list(group, r));
        let get = Rule::get("", "namespaces").named("kube-system");
        server.allow_only(
            lists.chain((forbidden != "namespaces").then_some(get)).collect::<Vec<_>>(),
        );
        let (target, _alive) = at(server, |kubeconfig| kubeconfig);
        let report = healthy.beside("kubernetes", target).audit().report(3);
        let part = match forbidden {
            "nodes" => "nodes",
            "namespaces" => "identity",
            _ => "workloads",
        };
        assert_eq!(
            report.failed_parts("production", "kubernetes/sick"),
            [part],
            "{forbidden}: {report}"
        );
        let [failure] = report.failures("production", "kubernetes/sick")[..] else {
            panic!("{forbidden}: {report}")
        };
        assert_eq!(failure["kind"], "permission", "{forbidden}");
        let rule = format!(r#"{{apiGroups: ["{group}"], resources: ["{forbidden}"]"#);
        assert!(text(&failure["advice"]).contains(&rule), "{forbidden}: {failure:#}");
        let images = report.components().iter().filter(|name| name.starts_with("image/")).count();
        assert_eq!(images > 20, forbidden != "pods", "{forbidden}: {images} images");
    }
}

#[test]
fn several_missing_rights_are_told_at_once() {
    let server = ApiServer::start(Cluster::recorded());
    server.allow_only(vec![Rule::list("", "pods")]);
    let (target, _alive) = at(server, |kubeconfig| kubeconfig);
    let healthy = Healthy::start(Binary::Redis70, Binary::Redis70);
    let report = healthy.beside("kubernetes", target).audit().report(3);
    let told: Vec<&str> = report
        .failures("production", "kubernetes/sick")
        .iter()
        .map(|failure| text(&failure["advice"]))
        .collect();
    for resource in ["nodes", "namespaces", "deployments", "statefulsets", "daemonsets", "cronjobs"]
    {
        assert!(
            told.iter().any(|advice| advice.contains(&format!(r#"resources: ["{resource}"]"#))),
            "{resource}: {told:#?}"
        );
    }
}

/// A list that expired between two pages is read from its beginning, once.
#[test]
fn an_expired_list_is_started_again() {
    let server = ApiServer::start(Cluster::recorded().count("pods", 1_200));
    server.fault(PODS, When::Always, Fault::ExpiredOnce);
    let (target, (server, _folder)) = at(server, |kubeconfig| kubeconfig);
    let healthy = Healthy::start(Binary::Redis70, Binary::Redis70);
    let report = healthy.beside("kubernetes", target).audit().report(0);
    assert!(report.is_read("production", "kubernetes/sick"), "{report}");
    let asked = server.requests().iter().filter(|request| request.path.starts_with(PODS)).count();
    assert_eq!(asked, 2 + 3, "one page and the 410, then three pages");
}

/// Kubernetes before 1.21 has CronJobs in another version of their group only.
#[test]
fn cron_jobs_of_an_old_cluster_are_asked_for_in_their_version() {
    let server = ApiServer::start(Cluster::recorded());
    server.fault("/apis/batch/v1/", When::Always, Fault::Status(404));
    server.fault("/apis/batch/v1beta1/", When::Always, Fault::Status(403));
    let (target, (server, _folder)) = at(server, |kubeconfig| kubeconfig);
    let report = Healthy::start(Binary::Redis70, Binary::Redis70)
        .beside("kubernetes", target)
        .audit()
        .report(3);
    let [failure] = report.failures("production", "kubernetes/sick")[..] else {
        panic!("{report}")
    };
    assert!(
        text(&failure["message"]).starts_with("GET /apis/batch/v1beta1/cronjobs was answered 403"),
        "{failure:#}"
    );
    assert!(
        server
            .requests()
            .iter()
            .any(|request| request.path.starts_with("/apis/batch/v1beta1/cronjobs?limit=500"))
    );
}

/// What was read before a cluster fell silent is kept.
#[test]
fn pods_are_kept_when_what_owns_them_is_not_told() {
    let server = ApiServer::start(Cluster::recorded());
    server.fault("/apis/apps/v1/deployments", When::Always, Fault::Silent);
    let (target, _alive) = at(server, |kubeconfig| kubeconfig);
    let report = Healthy::start(Binary::Redis70, Binary::Redis70)
        .beside("kubernetes", target)
        .audit()
        .report(3);
    assert_eq!(report.failed_parts("production", "kubernetes/sick"), ["workloads"], "{report}");
    assert_eq!(report.cell("image/traefik", "production")["state"], "present");
}

/// A server that is overloaded is asked once and then left alone.
#[test]
fn a_503_is_not_asked_again() {
    let server = faulty("/", When::Always, Fault::Status(503));
    let (target, (server, _folder)) = at(server, |kubeconfig| kubeconfig);
    Healthy::start(Binary::Redis70, Binary::Redis70).beside("kubernetes", target).audit().report(3);
    assert_eq!(server.requests().len(), 1, "{:?}", server.requests());
}

/// A plugin that has started others and hangs is ended with all of them.
#[test]
fn a_plugin_leaves_nothing_behind() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temporary directory");
    let (path, told) = (folder.path().join("plugin"), folder.path().join("pid"));
    std::fs::write(&path, format!("#!/bin/sh\nsleep 60 &\necho $! > {}\nwait\n", told.display()))
        .expect("our folder");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("a file of ours");
    let (target, _alive) =
        at(ApiServer::start(Cluster::recorded()), |kubeconfig| kubeconfig.user(User::Exec(path)));
    Healthy::start(Binary::Redis70, Binary::Redis70).beside("kubernetes", target).audit().report(3);
    let pid = std::fs::read_to_string(told).expect("the plugin has started");
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
}

/// The cluster cannot be reached, and what kubectl once printed stands in for it.
#[test]
fn a_recorded_list_stands_in_for_a_cluster_that_is_gone() {
    let gone = Hostile::start(Behaviour::Refuses);
    let (mut target, _folder) = pointing_to(&format!("http://{}", gone.address()));
    target["else-recorded"] = json!("mks.json");
    let healthy = Healthy::start(Binary::Redis70, Binary::Redis70);
    let profiles = healthy.beside("kubernetes", target);
    let pod = json!({"kind": "Pod", "metadata": {"name": "a", "namespace": "shop"}, "spec": {"containers": [{"name": "a", "image": "redis:7.2.4"}]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "a", "state": {"running": {}}}]}});
    profiles.write(
        "mks.json",
        &json!({"apiVersion": "v1", "kind": "List", "items": [pod]}).to_string(),
    );
    let report = profiles.audit().report(0);
    assert_eq!(report.readings("image/redis", "production"), ["redis 7.2.4 tag ×1"]);
    assert!(
        report.target("production", "kubernetes/sick").to_string().contains("connection refused"),
        "{report}"
    );
}
