//! Kubernetes clusters that speak protobuf, and those that do not.

use serde_json::{Value, json};

use crate::profiles::Profiles;
use crate::support::kubernetes::{ApiServer, Cluster, Protobuf, Rule};

/// The profile of a cluster.
fn profiles(server: &ApiServer, folder: &tempfile::TempDir) -> Profiles {
    let kubeconfig = server.kubeconfig().write(folder.path());
    let target = json!({"name": "mks", "kubeconfig": kubeconfig});
    Profiles::new(&[("production", json!({"targets": {"kubernetes": [target]}}))])
}

/// What is told of a cluster, whatever the time.
fn collected(server: &ApiServer) -> Value {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let ended = profiles(server, &folder).run(&["collect", "production", "--to", "-"]);
    ended.expect(0);
    let mut evidence = ended.yaml()["targets"][0].clone();
    for changing in ["taken", "endpoint"] {
        evidence[changing] = Value::Null;
    }
    evidence
}

#[test]
fn a_cluster_is_the_same_in_protobuf_and_in_json() {
    let server = ApiServer::start(Cluster::recorded().count("pods", 1_200));
    let in_protobuf = collected(&server);
    let asked = server.requests();
    assert!(asked.iter().all(|request| {
        let accepted = request.accept.as_deref();
        accepted == Some("application/vnd.kubernetes.protobuf, application/json")
    }));
    for (protobuf, more) in [(Protobuf::Ignored, 0), (Protobuf::Refused, 1)] {
        server.set_protobuf(protobuf);
        server.forget_requests();
        assert_eq!(collected(&server), in_protobuf, "{protobuf:?}");
        // What is refused once is not asked again.
        assert_eq!(server.requests().len(), asked.len() + more, "{protobuf:?}");
    }
    let last = server.requests().pop().expect("there are requests");
    assert_eq!(last.accept.as_deref(), Some("application/json"));
}

#[test]
fn a_refusal_is_told_in_the_servers_words_in_either_form() {
    let server = ApiServer::start(Cluster::recorded());
    server.allow_only([Rule::list("", "pods")]);
    let folder = tempfile::tempdir().expect("a temporary directory");
    let told = || {
        let report = profiles(&server, &folder).audit().report(3);
        let failures = report.failures("production", "kubernetes/mks");
        failures.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let in_protobuf = told();
    assert!(in_protobuf.iter().any(|failure| failure.contains("is forbidden: User")));
    server.set_protobuf(Protobuf::Ignored);
    assert_eq!(told(), in_protobuf);
}
