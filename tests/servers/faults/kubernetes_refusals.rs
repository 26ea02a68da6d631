//! What a cluster refuses, puts off, or answers with more than is read at once.

use serde_json::json;

use super::Healthy;
use super::kubernetes::{PODS, at};
use crate::profiles::text;
use crate::support::kubernetes::{ApiServer, Cluster, Fault, Rule, Transport, User, When};
use crate::support::redis::Binary;

fn healthy() -> Healthy {
    Healthy::start(Binary::Redis70, Binary::Redis70)
}

fn asked(server: &ApiServer, prefix: &str) -> usize {
    server.requests().iter().filter(|request| request.path.starts_with(prefix)).count()
}

/// A server that limits requests is asked again when it says, twice at most.
#[test]
fn a_429_is_asked_again_when_the_server_says() {
    let server = ApiServer::start(Cluster::recorded());
    server.fault(PODS, When::Nth(1), Fault::Status(429));
    let (mut target, (server, _folder)) = at(server, |kubeconfig| kubeconfig);
    target["deadline"] = json!("20s");
    let report = healthy().beside("kubernetes", target).audit().report(0);
    assert!(report.is_read("production", "kubernetes/sick"), "{report}");
    assert_eq!(asked(&server, PODS), 2);

    let server = ApiServer::start(Cluster::recorded());
    for prefix in [PODS, "/api/v1/nodes"] {
        server.fault(prefix, When::Always, Fault::Status(429));
    }
    let (mut target, (server, _folder)) = at(server, |kubeconfig| kubeconfig);
    target["deadline"] = json!("20s");
    let report = healthy().beside("kubernetes", target).audit().report(3);
    assert_eq!((asked(&server, PODS), asked(&server, "/api/v1/nodes")), (3, 3), "twice again each");
    // Each part names its own request, and what was not put off is read.
    let failures = report.failures("production", "kubernetes/sick");
    let told: Vec<&str> = failures.iter().map(|failure| text(&failure["message"])).collect();
    for path in ["GET /api/v1/nodes was answered 429", "GET /api/v1/pods was answered 429"] {
        assert!(told.iter().any(|message| message.starts_with(path)), "{path}: {told:#?}");
    }
    assert_eq!(told.len(), 2, "{told:#?}");
}

/// What has no time to wait says what it was told, and not that time ran out.
#[test]
fn a_429_is_told_where_no_time_is_left() {
    let server = ApiServer::start(Cluster::recorded());
    server.fault(PODS, When::Always, Fault::Status(429));
    let (mut target, (server, _folder)) = at(server, |kubeconfig| kubeconfig);
    target["deadline"] = json!("900ms");
    let report = healthy().beside("kubernetes", target).audit().report(3);
    assert!(report.to_string().contains("GET /api/v1/pods was answered 429"), "{report}");
    assert_eq!(asked(&server, PODS), 1);
}

/// The rules that lack are told together, in each part that lacks one.
#[test]
fn missing_rights_fold_to_the_rules_to_grant() {
    let server = ApiServer::start(Cluster::recorded());
    server.allow_only(vec![Rule::list("", "nodes")]);
    let (target, _alive) = at(server, |kubeconfig| kubeconfig);
    let report = healthy().beside("kubernetes", target).audit().report(3);
    let failures = report.failures("production", "kubernetes/sick");
    assert_eq!(failures.len(), 2, "identity and workloads: {failures:#?}");
    for failure in &failures {
        let advice = text(&failure["advice"]);
        assert_eq!(advice.matches("grant the auditing user").count(), 1, "{advice}");
        assert_eq!(advice.matches("in a ClusterRole").count(), 1, "{advice}");
        assert_eq!(advice.matches("apiGroups").count(), 6, "{advice}");
    }
    let workloads = text(&failures[1]["message"]);
    assert!(workloads.contains("so was GET /apis/apps/v1/deployments, "), "{workloads}");
    assert_eq!(workloads.matches("forbidden").count(), 1, "{workloads}");
}

/// A Role in each namespace suffices where namespaces are named.
#[test]
fn patterns_of_namespaces_want_a_cluster_role_and_names_do_not() {
    for (include, is_told) in [(json!(["sh*"]), true), (json!(["shop"]), false)] {
        let server = ApiServer::start(Cluster::recorded());
        server.allow_only(vec![Rule::list("", "nodes")]);
        let (mut target, _alive) = at(server, |kubeconfig| kubeconfig);
        target["namespaces"] = json!({"include": include});
        target["read"] = json!(["workloads"]);
        let report = healthy().beside("kubernetes", target).audit().report(3);
        let failures = report.failures("production", "kubernetes/sick");
        let advice = text(&failures[0]["advice"]);
        assert_eq!(
            advice.contains("name the namespaces of include: without *"),
            is_told,
            "{advice}"
        );
    }
}

/// Behind `kubectl proxy` requests carry no credentials, and it is the proxy's user who may not.
#[test]
fn a_403_behind_kubectl_proxy_names_the_rule() {
    let server = ApiServer::start_over(Transport::Plain, Cluster::recorded());
    server.fault(PODS, When::Always, Fault::Status(403));
    let (target, _alive) = at(server, |kubeconfig| kubeconfig.user(User::Nobody));
    let report = healthy().beside("kubernetes", target).audit().report(3);
    let failures = report.failures("production", "kubernetes/sick");
    let advice = text(&failures[0]["advice"]);
    assert!(advice.contains(r#"{apiGroups: [""], resources: ["pods"]"#), "{advice}");
    assert!(!advice.contains("anonymous"), "{advice}");
}

/// Pages become as small as one object before anything is given up.
#[test]
fn pods_with_large_annotations_are_read() {
    let annotation = "x".repeat(200 * 1024);
    let mut cluster = Cluster::recorded();
    for i in 0..60 {
        let pod = json!({"metadata": {"name": format!("large-{i}"), "namespace": "large",
            "annotations": {"note": annotation}},
            "spec": {"containers": [{"name": "main", "image": "team/large:1.2.3"}]},
            "status": {"phase": "Running", "containerStatuses":
                [{"name": "main", "image": "", "imageID": "", "state": {"running": {}}}]}});
        cluster = cluster.add("pods", pod);
    }
    let (mut target, _alive) = at(ApiServer::start(cluster), |kubeconfig| kubeconfig);
    target["deadline"] = json!("20s");
    let report = healthy().beside("kubernetes", target).audit().report(0);
    assert!(report.is_read("production", "kubernetes/sick"), "{report}");
    assert_eq!(report.cell("image/team/large", "production")["readings"][0]["instances"], 60);
}

/// That nobody looks at the certificate is told in every format.
#[test]
fn a_certificate_that_nobody_checks_is_told_in_every_format() {
    let server = ApiServer::start(Cluster::recorded());
    let (target, _alive) = at(server, |kubeconfig| kubeconfig.insecure());
    let profiles = healthy().beside("kubernetes", target);
    for format in ["table", "html", "markdown", "csv", "junit", "sarif", "yaml", "json"] {
        let told = profiles.run(&["audit", "-o", format]).stdout;
        assert!(told.contains("insecure-skip-tls-verify"), "{format}: {told}");
    }
    let told = profiles.run(&["audit", "-o", "openmetrics"]).stdout;
    let remark =
        "envparity_target_remarks{environment=\"production\",target=\"kubernetes/sick\"} 1";
    assert!(told.contains(remark), "{told}");
}

/// Authorities of one name are told apart by their keys: all of kubeadm's are named `kubernetes`.
#[test]
fn an_authority_of_the_right_name_and_another_key_is_unknown() {
    let server = ApiServer::start(Cluster::recorded());
    let (target, _alive) = at(server, |kubeconfig| kubeconfig.namesake_ca());
    let report = healthy().beside("kubernetes", target).audit().report(3);
    let failures = report.failures("production", "kubernetes/sick");
    assert_eq!(failures[0]["kind"], "tls");
    assert!(text(&failures[0]["message"]).contains("unknown authority"), "{failures:#?}");
    assert!(text(&failures[0]["advice"]).contains("certificate-authority"), "{failures:#?}");
}
