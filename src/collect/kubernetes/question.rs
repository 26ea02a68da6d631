//! Everything that a cluster is ever asked: a path for each question, and the rule that allows it.
//! Pure.

use url::form_urlencoded;

/// Objects of a page. What `kubectl` asks for, too.
const PAGE: usize = 500;
/// How much smaller the next ones are where those are too large, down to one object.
const SMALLER: usize = 20;

/// One thing to GET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    what: What,
    /// Only in this namespace, of what lives in namespaces.
    namespace: Option<String>,
    /// Objects of a page, of a list.
    limit: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Version,
    KubeSystem,
    List(Resource),
}

/// Objects that are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// API group, empty for the core.
    group: &'static str,
    version: &'static str,
    /// As paths and rules name it.
    name: &'static str,
    /// `kind` of the answer.
    pub(super) list: &'static str,
}

const fn resource(group: &'static str, name: &'static str, list: &'static str) -> Resource {
    Resource { group, version: "v1", name, list }
}

pub(super) const NODES: Resource = resource("", "nodes", "NodeList");
pub(super) const PODS: Resource = resource("", "pods", "PodList");
pub(super) const DEPLOYMENTS: Resource = resource("apps", "deployments", "DeploymentList");
pub(super) const STATEFUL_SETS: Resource = resource("apps", "statefulsets", "StatefulSetList");
pub(super) const DAEMON_SETS: Resource = resource("apps", "daemonsets", "DaemonSetList");
pub(super) const REPLICA_SETS: Resource = resource("apps", "replicasets", "ReplicaSetList");
pub(super) const CONTROLLER_REVISIONS: Resource =
    resource("apps", "controllerrevisions", "ControllerRevisionList");
pub(super) const CRON_JOBS: Resource = resource("batch", "cronjobs", "CronJobList");

impl Resource {
    /// As Kubernetes before 1.21 knew it.
    pub(super) fn older(self) -> Option<Self> {
        (self == CRON_JOBS).then_some(Self { version: "v1beta1", ..self })
    }
}

impl Question {
    pub(super) const VERSION: Self = Self { what: What::Version, namespace: None, limit: PAGE };
    pub(super) const KUBE_SYSTEM: Self =
        Self { what: What::KubeSystem, namespace: None, limit: PAGE };

    /// All objects, or those of one namespace.
    pub(super) fn list(resource: Resource, namespace: Option<&str>) -> Self {
        Self { what: What::List(resource), namespace: namespace.map(str::to_owned), limit: PAGE }
    }

    /// The same in smaller pages; `None` if a page is one object already.
    pub(super) fn in_smaller_pages(&self) -> Option<Self> {
        let limit = (self.limit / SMALLER).max(1);
        (limit < self.limit).then(|| Self { limit, ..self.clone() })
    }

    /// The path, without a query.
    pub(super) fn path(&self) -> String {
        match self.what {
            What::Version => "/version".to_owned(),
            What::KubeSystem => "/api/v1/namespaces/kube-system".to_owned(),
            What::List(Resource { group, version, name, .. }) => {
                let root = if group.is_empty() {
                    format!("/api/{version}")
                } else {
                    format!("/apis/{group}/{version}")
                };
                match &self.namespace {
                    Some(namespace) => format!("{root}/namespaces/{}/{name}", segment(namespace)),
                    None => format!("{root}/{name}"),
                }
            }
        }
    }

    /// The path of one page of a list.
    pub(super) fn page(&self, token: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(format!("{}?", self.path()));
        query.append_pair("limit", &self.limit.to_string());
        if let Some(token) = token {
            query.append_pair("continue", token);
        }
        // The serializer separates from what it was given by `&`.
        query.finish().replacen("?&", "?", 1)
    }

    /// Whether it asks for what lives in namespaces, of all of them.
    pub(super) fn is_of_all_namespaces(&self) -> bool {
        matches!(self.what, What::List(resource) if resource != NODES) && self.namespace.is_none()
    }

    /// What to grant, in the words of a role.
    fn rule(&self) -> String {
        match self.what {
            What::Version => r#"{nonResourceURLs: ["/version"], verbs: ["get"]}"#.to_owned(),
            What::KubeSystem => {
                r#"{apiGroups: [""], resources: ["namespaces"], resourceNames: ["kube-system"], verbs: ["get"]}"#
                    .to_owned()
            }
            What::List(Resource { group, name, .. }) => {
                format!(r#"{{apiGroups: ["{group}"], resources: ["{name}"], verbs: ["list"]}}"#)
            }
        }
    }

    /// Where the rule has to stand.
    fn role(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("in a Role in namespace {namespace}"),
            None => "in a ClusterRole".to_owned(),
        }
    }
}

/// How advice begins that names rules.
pub(super) const GRANT: &str = "grant the auditing user ";

/// What to grant so that all of them are answered: the rules of each role.
pub(super) fn grant<'a>(refused: impl IntoIterator<Item = &'a Question>) -> String {
    let mut granted: Vec<(String, Vec<String>)> = Vec::new();
    for question in refused {
        let (place, rule) = (question.role(), question.rule());
        match granted.iter_mut().find(|(known, _)| *known == place) {
            Some((_, own)) if own.contains(&rule) => {}
            Some((_, own)) => own.push(rule),
            None => granted.push((place, vec![rule])),
        }
    }
    let told: Vec<String> =
        granted.iter().map(|(place, own)| format!("{} {place}", own.join(", "))).collect();
    format!("{GRANT}{}", told.join(", and "))
}

/// A namespace as a part of a path. Names of namespaces need no escape; what is not one must not
/// change the path.
fn segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_by_its_token() {
        let pods = Question::list(PODS, None);
        assert_eq!(pods.page(None), "/api/v1/pods?limit=500");
        assert_eq!(pods.page(Some("a=&b")), "/api/v1/pods?limit=500&continue=a%3D%26b");
        let jobs = Question::list(CRON_JOBS, Some("shop/../x"));
        assert_eq!(jobs.path(), "/apis/batch/v1/namespaces/shop%2F..%2Fx/cronjobs");
    }

    #[test]
    fn a_rule_is_as_narrow_as_the_question() {
        let deployments = |namespace| grant([&Question::list(DEPLOYMENTS, namespace)]);
        assert_eq!(
            deployments(None),
            r#"grant the auditing user {apiGroups: ["apps"], resources: ["deployments"], verbs: ["list"]} in a ClusterRole"#
        );
        assert!(deployments(Some("shop")).ends_with("in a Role in namespace shop"));
        let both = grant([&Question::VERSION, &Question::VERSION, &Question::list(NODES, None)]);
        assert_eq!(
            both,
            r#"grant the auditing user {nonResourceURLs: ["/version"], verbs: ["get"]}, {apiGroups: [""], resources: ["nodes"], verbs: ["list"]} in a ClusterRole"#
        );
    }

    #[test]
    fn pages_become_smaller_down_to_one_object() {
        let sizes = std::iter::successors(Some(Question::list(PODS, None)), |question| {
            question.in_smaller_pages()
        });
        assert_eq!(sizes.map(|question| question.limit).collect::<Vec<_>>(), [500, 25, 1]);
    }
}
