//! A cluster as `kubectl get … -A -o json; kubectl version -o json` prints it, made from what a
//! real API server answered.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::cli::repository;

/// One workload; it has one container.
#[derive(Clone)]
pub(crate) struct Workload {
    pub(crate) kind: &'static str,
    pub(crate) namespace: &'static str,
    pub(crate) name: String,
    /// Without tag.
    pub(crate) repository: String,
    pub(crate) tag: String,
    pub(crate) replicas: usize,
}

/// What is the same for all workloads of a cluster.
pub(crate) struct Cluster {
    pub(crate) name: &'static str,
    /// Of the control plane and the nodes.
    pub(crate) version: &'static str,
    /// When it was asked.
    pub(crate) taken: &'static str,
}

pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn fixture(path: &str) -> Value {
    let path = repository(&format!("tests/fixtures/{path}"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("a recorded answer is JSON")
}

fn uid(of: &str) -> String {
    let hex = sha256(of);
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

impl Cluster {
    /// What both commands of the guide print into one file.
    pub(crate) fn printed(&self, workloads: &[Workload]) -> String {
        let mut items: Vec<Value> =
            ["kube-system", "shop", "monitoring"].map(|name| self.namespace(name)).to_vec();
        items.extend((1..=4).map(|index| self.node(index)));
        let deployment = without_managed(&fixture("kubernetes/deployments-page1.json")["items"][0]);
        let pods = fixture("kubernetes/pods-page1.json");
        let of_deployment =
            |pod: &&Value| pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet";
        let pods = pods["items"].as_array().expect("a list has items");
        let pod = without_managed(pods.iter().find(of_deployment).expect("there is one"));
        for workload in workloads {
            items.push(workload_object(&deployment, workload));
            items.extend((0..workload.replicas).map(|index| self.pod(&pod, workload, index)));
        }
        let list = json!({
            "apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items,
        });
        let mut server = fixture("kubernetes/version.json");
        server["gitVersion"] = json!(self.version);
        server["minor"] = json!(self.version.split('.').nth(1));
        format!("{list:#}\n{:#}\n", json!({"serverVersion": server}))
    }

    fn namespace(&self, name: &str) -> Value {
        let mut namespace = fixture("kubernetes/namespace-kube-system.json");
        (namespace["apiVersion"], namespace["kind"]) = (json!("v1"), json!("Namespace"));
        namespace["metadata"]["name"] = json!(name);
        namespace["metadata"]["uid"] = json!(uid(&format!("{name} of {}", self.name)));
        without_managed(&namespace)
    }

    fn node(&self, index: usize) -> Value {
        let nodes = fixture("kubernetes/nodes.json");
        let nodes = nodes["items"].as_array().expect("a list has items");
        let mut node = without_managed(nodes.last().expect("it has nodes"));
        let name = format!("{}-pool-{index}", self.name);
        (node["apiVersion"], node["kind"]) = (json!("v1"), json!("Node"));
        node["metadata"]["name"] = json!(name);
        node["metadata"]["uid"] = json!(uid(&name));
        let facts = &mut node["status"]["nodeInfo"];
        facts["kubeletVersion"] = json!(self.version);
        facts["containerRuntimeVersion"] = json!("containerd://2.1.4");
        (facts["osImage"], facts["kernelVersion"]) =
            (json!("Ubuntu 24.04.3 LTS"), json!("6.8.0-85-generic"));
        for condition in node["status"]["conditions"].as_array_mut().expect("a node has some") {
            condition["lastHeartbeatTime"] = json!(self.taken);
        }
        node
    }

    fn pod(&self, template: &Value, workload: &Workload, index: usize) -> Value {
        let mut pod = template.clone();
        let hash = &sha256(&workload.reference())[..10];
        let is_deployment = workload.kind == "Deployment";
        let (owner, name) = if is_deployment {
            let set = format!("{}-{hash}", workload.name);
            (("ReplicaSet", set.clone()), format!("{set}-{}", &sha256(&index.to_string())[..5]))
        } else {
            ((workload.kind, workload.name.clone()), format!("{}-{index}", workload.name))
        };
        (pod["apiVersion"], pod["kind"]) = (json!("v1"), json!("Pod"));
        pod["metadata"]["name"] = json!(name);
        pod["metadata"]["namespace"] = json!(workload.namespace);
        pod["metadata"]["uid"] = json!(uid(&format!("{name} of {}", self.name)));
        pod["metadata"]["labels"] = workload.labels();
        if is_deployment {
            pod["metadata"]["labels"]["pod-template-hash"] = json!(hash);
        }
        let reference = &mut pod["metadata"]["ownerReferences"][0];
        (reference["kind"], reference["name"]) = (json!(owner.0), json!(owner.1));
        pod["spec"]["nodeName"] = json!(format!("{}-pool-{}", self.name, index % 4 + 1));
        let container = &mut pod["spec"]["containers"][0];
        container["name"] = json!(workload.name);
        container["image"] = json!(workload.reference());
        let status = &mut pod["status"]["containerStatuses"][0];
        status["name"] = json!(workload.name);
        status["image"] = json!(workload.reference());
        status["imageID"] = json!(workload.by_digest());
        pod
    }
}

impl Workload {
    pub(crate) fn reference(&self) -> String {
        format!("{}:{}", self.repository, self.tag)
    }

    /// As a runtime tells it; a tag is pushed once.
    fn by_digest(&self) -> String {
        format!("{}@sha256:{}", self.repository, sha256(&self.reference()))
    }

    fn labels(&self) -> Value {
        json!({"app.kubernetes.io/name": self.name, "app.kubernetes.io/instance": self.name})
    }
}

/// kubectl leaves them out.
fn without_managed(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    object
}

fn workload_object(template: &Value, workload: &Workload) -> Value {
    let mut object = template.clone();
    (object["apiVersion"], object["kind"]) = (json!("apps/v1"), json!(workload.kind));
    object["metadata"]["name"] = json!(workload.name);
    object["metadata"]["namespace"] = json!(workload.namespace);
    object["metadata"]["uid"] = json!(uid(&workload.name));
    object["metadata"]["labels"] = workload.labels();
    object["spec"]["replicas"] = json!(workload.replicas);
    object["spec"]["selector"]["matchLabels"] = workload.labels();
    object["spec"]["template"]["metadata"]["labels"] = workload.labels();
    let container = &mut object["spec"]["template"]["spec"]["containers"][0];
    container["name"] = json!(workload.name);
    container["image"] = json!(workload.reference());
    object
}
