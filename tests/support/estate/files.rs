//! The estate as files: profiles, what `kubectl` prints, evidence, INFO.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::workloads::{Workload, sha256};
use super::{Environment, Recorded};

/// When the servers answered.
const TAKEN: &str = "2026-11-22T20:45:00Z";

fn fixture(path: &str) -> String {
    let path = format!("{}/tests/fixtures/{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn fixture_json(path: &str) -> Value {
    serde_json::from_str(&fixture(path)).expect("a recorded answer is JSON")
}

fn put(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(&path, text)).expect("write into a folder of ours");
}

/// What holds for all environments.
pub(super) fn profiles(folder: &Path) {
    let names = Environment::ALL.map(Environment::name).join(", ");
    put(
        folder,
        "audit.yaml",
        &format!(
            "apiVersion: envparity/v1\nkind: Audit\nbaseline: ovh-production\nenvironments: [{names}]\ntimezone: Europe/Paris\n"
        ),
    );
    put(
        folder,
        "catalogue.yaml",
        "apiVersion: envparity/v1\nkind: Catalogue\nmirrors: {registry.ovh.example/mirror: docker.io}\n",
    );
}

/// One environment: its profile, and the evidence that the profile names.
pub(super) fn environment(
    folder: &Path,
    environment: Environment,
    workloads: &[Workload],
    recorded: Recorded,
) {
    let name = environment.name();
    let evidence = format!("evidence/{name}.yaml");
    let mut targets = vec![json!({"name": "evidence", "path": evidence})];
    let mut inside = vec![docker(environment)];
    if recorded == Recorded::Kubectl && environment != Environment::Production {
        put(folder, &format!("evidence/{name}-mks.json"), &kubectl(environment, workloads));
        targets.push(json!({
            "name": "mks", "path": format!("evidence/{name}-mks.json"), "taken": TAKEN,
            "namespaces": {"exclude": ["kube-*"]},
        }));
    } else {
        inside.push(cluster(environment, workloads));
    }
    let images: usize =
        inside.iter().filter_map(|target| target["images"].as_array()).map(Vec::len).sum();
    let document = json!({
        "apiVersion": "envparity/v1", "kind": "Evidence", "environment": name, "taken": TAKEN,
        "targets": inside, "end": {"targets": inside.len(), "images": images},
    });
    put(folder, &evidence, &document.to_string());
    for server in ["cache", "sessions", "queue"] {
        let path = format!("evidence/{name}-{server}.txt");
        put(folder, &path, &info(environment, server));
        targets.push(json!({"name": server, "path": path}));
    }
    let profile = json!({
        "apiVersion": "envparity/v1", "kind": "Environment", "name": name,
        "expect": ["redis/cache"], "targets": {"recorded": targets},
    });
    put(folder, &format!("{name}.yaml"), &profile.to_string());
}

/// INFO of a real server, with what the environment makes of it.
fn info(environment: Environment, server: &str) -> String {
    let is_production = environment == Environment::Production;
    let of = match (environment, server) {
        (Environment::Qualif, "cache") => "redis/redis-7.0.15.txt",
        _ => "redis/valkey-8.0.1.txt",
    };
    // Somebody pointed dev at the sessions of qualif.
    let instance = match (environment, server) {
        (Environment::Dev, "sessions") => "sessions of qualif".to_owned(),
        _ => format!("{server} of {}", environment.name()),
    };
    let days = sha256(&instance).bytes().next().map_or(1, |byte| u64::from(byte) % 40 + 2);
    let calls = days * if is_production { 120_000_000 } else { 300_000 };
    let policy = if is_production && server == "queue" { "allkeys-lru" } else { "noeviction" };
    let facts = [
        ("run_id", sha256(&instance)[..40].to_owned()),
        ("uptime_in_seconds", (days * 86_400).to_string()),
        ("total_commands_processed", calls.to_string()),
        ("maxmemory_policy", policy.to_owned()),
        ("db0", format!("keys={},expires=0,avg_ttl=0", calls / 9_000)),
    ];
    let line = |line: &str| {
        let key = line.trim_end().split(':').next().unwrap_or_default();
        match facts.iter().find(|(name, _)| *name == key) {
            Some((name, value)) => format!("{name}:{value}\r\n"),
            None => line.to_owned(),
        }
    };
    fixture(of).split_inclusive('\n').map(line).collect()
}

fn server_version(environment: Environment) -> Value {
    let mut version = fixture_json("kubernetes/version.json");
    if environment == Environment::Qualif {
        (version["gitVersion"], version["minor"]) = (json!("v1.35.4"), json!("35"));
    }
    version
}

fn cluster_uid(environment: Environment) -> String {
    let hex = sha256(environment.name());
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

/// Workers of one kind, with the kubelet of their cluster.
fn nodes(environment: Environment) -> Vec<Value> {
    let mut nodes = fixture_json("kubernetes/nodes.json")["items"]
        .as_array()
        .cloned()
        .expect("a list has items");
    let kind = nodes.last().map(|node| node["status"]["nodeInfo"]["osImage"].clone());
    nodes.retain(|node| Some(&node["status"]["nodeInfo"]["osImage"]) == kind.as_ref());
    for node in &mut nodes {
        node["kind"] = json!("Node");
        node["status"]["nodeInfo"]["kubeletVersion"] =
            server_version(environment)["gitVersion"].clone();
        node["status"]["nodeInfo"]["containerRuntimeVersion"] = json!("containerd://1.7.11");
    }
    nodes
}

/// What `kubectl get pods,…,nodes,namespaces -A -o json; kubectl version -o json` prints.
fn kubectl(environment: Environment, workloads: &[Workload]) -> String {
    let first = |list: &str| fixture_json(list)["items"][0].clone();
    let pod = fixture_json("kubernetes/pods-page1.json")["items"]
        .as_array()
        .and_then(|pods| {
            pods.iter()
                .find(|pod| pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet")
                .cloned()
        })
        .expect("there is a pod of a Deployment");
    let mut templates = [first("kubernetes/deployments-page1.json"), pod];
    for template in &mut templates {
        // kubectl leaves it out
        template["metadata"]
            .as_object_mut()
            .expect("an object has metadata")
            .remove("managedFields");
    }
    let [setup, pod] = templates;
    let mut items: Vec<Value> = nodes(environment);
    let mut namespace = fixture_json("kubernetes/namespace-kube-system.json");
    namespace["metadata"]["uid"] = json!(cluster_uid(environment));
    items.push(namespace);
    for workload in workloads {
        items.push(of_workload(&setup, workload));
        items.extend((0..workload.replicas).map(|index| of_pod(&pod, workload, index)));
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items});
    format!("{list}\n{}\n", json!({"serverVersion": server_version(environment)}))
}

fn of_workload(template: &Value, workload: &Workload) -> Value {
    let mut object = template.clone();
    (object["kind"], object["metadata"]["name"]) = (json!(workload.kind), json!(workload.name));
    (object["metadata"]["namespace"], object["metadata"]["labels"]) =
        (json!(workload.namespace), labels(workload));
    object["spec"]["replicas"] = json!(workload.replicas);
    let container = &mut object["spec"]["template"]["spec"]["containers"][0];
    container["name"] = json!(workload.name);
    container["image"] = json!(reference(workload));
    object
}

fn of_pod(template: &Value, workload: &Workload, index: usize) -> Value {
    let mut pod = template.clone();
    let hash = &workload.digest["sha256:".len()..][..10];
    let (owner, name) = match workload.kind {
        "Deployment" => (
            ("ReplicaSet", format!("{}-{hash}", workload.name)),
            format!("{}-{hash}-{index}", workload.name),
        ),
        kind => ((kind, workload.name.clone()), format!("{}-{index}", workload.name)),
    };
    let mut labels = labels(workload);
    labels["pod-template-hash"] = json!(hash);
    pod["kind"] = json!("Pod");
    (pod["metadata"]["name"], pod["metadata"]["namespace"]) =
        (json!(name), json!(workload.namespace));
    pod["metadata"]["labels"] = labels;
    let owner_reference = &mut pod["metadata"]["ownerReferences"][0];
    (owner_reference["kind"], owner_reference["name"]) = (json!(owner.0), json!(owner.1));
    let container = &mut pod["spec"]["containers"][0];
    (container["name"], container["image"]) = (json!(workload.name), json!(reference(workload)));
    let status = &mut pod["status"]["containerStatuses"][0];
    (status["name"], status["image"]) = (json!(workload.name), json!(reference(workload)));
    status["imageID"] = json!(format!("{}@{}", workload.repository, workload.digest));
    pod
}

fn reference(workload: &Workload) -> String {
    format!("{}:{}", workload.repository, workload.tag)
}

fn labels(workload: &Workload) -> Value {
    let mut labels = json!({"app.kubernetes.io/name": workload.name, "app.kubernetes.io/instance": workload.name});
    if !workload.chart.is_empty() {
        labels["helm.sh/chart"] = json!(workload.chart);
    }
    labels
}

/// A cluster as `envparity collect` writes it down.
fn cluster(environment: Environment, workloads: &[Workload]) -> Value {
    let image = |workload: &Workload| {
        let mut image = json!({
            "reference": reference(workload), "repo-digests": [format!("{}@{}", workload.repository, workload.digest)],
            "runtime": "containerd", "state": "running", "namespace": workload.namespace, "workload": workload.name,
            "container": workload.name,
        });
        if !workload.chart.is_empty() {
            image["chart"] = json!(workload.chart);
        }
        image
    };
    let images: Vec<Value> = workloads.iter().map(image).collect();
    let version = server_version(environment);
    let mut target = json!({
        "id": "kubernetes/mks", "endpoint": format!("https://{}.mks.example", environment.name()), "taken": TAKEN,
        "parts": {"server": "complete", "nodes": "complete", "workloads": "complete", "identity": "complete"},
        "fields": {"git_version": version["gitVersion"], "uid": cluster_uid(environment)},
        "images": images,
    });
    if environment == Environment::Production {
        target["parts"]["nodes"] = json!({"failed": {
            "kind": "permission",
            "message": "GET /api/v1/nodes was answered 403 Forbidden: nodes is forbidden: User \"auditor\" cannot list resource \
                        \"nodes\" in API group \"\" at the cluster scope",
            "advice": "allow get and list on nodes to this user (examples/kubernetes has a ClusterRole)",
        }});
    } else {
        for node in nodes(environment) {
            let info = &node["status"]["nodeInfo"];
            let name = node["metadata"]["name"].as_str().expect("a node has a name");
            target["places"][name] = json!({
                "kubelet": info["kubeletVersion"], "runtime": info["containerRuntimeVersion"],
                "kernel": info["kernelVersion"], "os": info["osImage"],
            });
        }
    }
    target
}

/// A Docker host beside the cluster, with a proxy on it.
fn docker(environment: Environment) -> Value {
    let (version, info) = (fixture_json("docker/version.json"), fixture_json("docker/info.json"));
    let repository = "registry.ovh.example/mirror/haproxy";
    let digest = sha256("haproxy 3.1.5");
    json!({
        "id": "docker/edge", "endpoint": "unix:///var/run/docker.sock", "taken": TAKEN,
        "parts": {"containers": "complete", "engine": "complete", "images": "complete"},
        "fields": {
            "api": version["ApiVersion"], "engine": version["Version"],
            "id": format!("edge of {}", environment.name()),
        },
        "places": {format!("edge-{}", environment.name()): {"architecture": info["Architecture"]}},
        "images": [{
            "reference": format!("{repository}:3.1.5"), "repo-digests": [format!("{repository}@sha256:{digest}")],
            "state": "running", "namespace": "edge", "workload": "haproxy", "container": "edge-haproxy-1",
        }],
    })
}
