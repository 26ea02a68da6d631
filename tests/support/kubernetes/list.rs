//! Lists of objects as a real server pages them, and single objects.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::objects::{Layout, Object};
use super::{encode, schema};

/// A kind of object that the server has.
pub(super) struct Resource {
    /// In paths: `pods`.
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) namespaced: bool,
}

const fn resource(
    name: &'static str,
    kind: &'static str,
    group: &'static str,
    namespaced: bool,
) -> Resource {
    Resource { name, kind, group, version: "v1", namespaced }
}

pub(super) const RESOURCES: [Resource; 10] = [
    resource("nodes", "Node", "", false),
    resource("namespaces", "Namespace", "", false),
    resource("pods", "Pod", "", true),
    resource("deployments", "Deployment", "apps", true),
    resource("statefulsets", "StatefulSet", "apps", true),
    resource("daemonsets", "DaemonSet", "apps", true),
    resource("replicasets", "ReplicaSet", "apps", true),
    resource("controllerrevisions", "ControllerRevision", "apps", true),
    resource("cronjobs", "CronJob", "batch", true),
    resource("jobs", "Job", "batch", true),
];

impl Resource {
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

/// All objects, each list in the order it is sent.
pub(super) struct Store {
    pub(super) lists: BTreeMap<&'static str, Vec<Object>>,
    pub(super) layout: Layout,
    pub(super) version: Value,
}

/// The state of the cluster that was recorded.
pub(super) const RESOURCE_VERSION: u32 = 3109;

/// What a client wants of a list.
#[derive(Clone, Default)]
pub(super) struct Wanted {
    pub(super) namespace: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
    selectors: Vec<Selector>,
    /// Of a fault: this page for ever, with this token.
    pub(super) for_ever: bool,
}

#[derive(Clone)]
struct Selector {
    on: On,
    equal: bool,
    value: String,
}

#[derive(Clone)]
enum On {
    Namespace,
    Name,
    Phase,
    Node,
    Label(String),
}

impl Wanted {
    /// Reads a query; what is not understood is refused, with the message for it.
    pub(super) fn read(query: &str, namespace: Option<String>) -> Result<Self, String> {
        let mut wanted = Self { namespace, ..Self::default() };
        for (key, value) in
            url::form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty())
        {
            match &*key {
                "limit" => {
                    let limit: usize =
                        value.parse().map_err(|_| format!("unable to parse limit {value:?}"))?;
                    wanted.limit = Some(limit).filter(|limit| *limit > 0);
                }
                "continue" => {
                    let after =
                        start_of(&value).ok_or("continue key is not valid: not of this server")?;
                    wanted.after = Some(after);
                }
                "fieldSelector" | "labelSelector" => {
                    for part in value.split(',') {
                        wanted.selectors.push(Selector::read(part, key == "labelSelector")?);
                    }
                }
                // which a real server ignores, or which change nothing here
                _ => {}
            }
        }
        Ok(wanted)
    }

    pub(super) fn at_the_start_for_ever(mut self) -> Self {
        self.after = None;
        self.for_ever = true;
        self
    }

    /// A token to go on with what a token that expired had left.
    pub(super) fn go_on(&self) -> Option<String> {
        self.after.as_deref().map(|after| token(after, -1))
    }

    fn matches(&self, object: &Object) -> bool {
        self.namespace.as_deref().is_none_or(|namespace| object.namespace() == namespace)
            && self.selectors.iter().all(|selector| selector.matches(object))
    }
}

impl Selector {
    fn read(text: &str, label: bool) -> Result<Self, String> {
        let (name, equal, value) = if let Some((name, value)) = text.split_once("!=") {
            (name, false, value)
        } else {
            let (name, value) =
                text.split_once('=').ok_or_else(|| format!("invalid selector: {text:?}"))?;
            // `==` is the same
            (name, true, value.trim_start_matches('='))
        };
        let on = match name {
            _ if label => On::Label(name.to_owned()),
            "metadata.namespace" => On::Namespace,
            "metadata.name" => On::Name,
            "status.phase" => On::Phase,
            "spec.nodeName" => On::Node,
            _ => return Err(format!("field label not supported: {name}")),
        };
        Ok(Self { on, equal, value: value.to_owned() })
    }

    fn matches(&self, object: &Object) -> bool {
        let value = match &self.on {
            On::Namespace => Some(object.namespace()),
            On::Name => Some(object.name()),
            On::Phase => Some(object.phase()),
            On::Node => Some(object.node()),
            On::Label(key) => object.label(key),
        };
        (value == Some(self.value.as_str())) == self.equal
    }
}

/// As a real server's: opaque to clients, and the key of the last object that was sent.
fn token(last: &str, resource_version: i64) -> String {
    let start =
        json!({"v": "meta.k8s.io/v1", "rv": resource_version, "start": format!("/{last}\0")});
    URL_SAFE_NO_PAD.encode(start.to_string())
}

fn start_of(token: &str) -> Option<String> {
    let start: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    Some(start["start"].as_str()?.trim_start_matches('/').trim_end_matches('\0').to_owned())
}

/// The objects of one page, and what is said about those behind it.
struct Page<'a> {
    objects: Vec<&'a Object>,
    next: Option<String>,
    remaining: Option<usize>,
}

impl Page<'_> {
    fn metadata(&self) -> Value {
        let mut metadata = json!({"resourceVersion": RESOURCE_VERSION.to_string()});
        if let Some(next) = &self.next {
            metadata["continue"] = json!(next);
        }
        if let Some(remaining) = self.remaining {
            metadata["remainingItemCount"] = json!(remaining);
        }
        metadata
    }
}

impl Store {
    fn page(&self, resource: &Resource, wanted: &Wanted) -> Page<'_> {
        let list = &self.lists[resource.name];
        let start = wanted
            .after
            .as_ref()
            .map_or(0, |after| list.partition_point(|object| *object.key <= **after));
        let rest: Vec<&Object> =
            list[start..].iter().filter(|object| wanted.matches(object)).collect();
        let limit = wanted.limit.unwrap_or(usize::MAX).min(rest.len());
        let more = limit < rest.len() || wanted.for_ever;
        let next = more.then(|| {
            rest[..limit]
                .last()
                .map_or_else(String::new, |last| token(&last.key, RESOURCE_VERSION.into()))
        });
        // a server that selects does not know
        let remaining = (more && wanted.selectors.is_empty()).then(|| (rest.len() - limit).max(1));
        Page { objects: rest[..limit].to_vec(), next, remaining }
    }

    /// The answer to a list request in protobuf; `None` of what the tests have no schema for.
    pub(super) fn list_in_protobuf(&self, resource: &Resource, wanted: &Wanted) -> Option<Vec<u8>> {
        let kind = format!("{}List", resource.kind);
        let fields = schema::item_of(&kind)?;
        let page = self.page(resource, wanted);
        let mut body = encode::list_meta(&page.metadata());
        let mut item = Vec::new();
        for object in page.objects {
            item.clear();
            object.write_message(fields, &mut item);
            body.extend(encode::field(schema::ITEMS, &item));
        }
        Some(encode::answer(&resource.api_version(), &kind, &body))
    }

    /// The answer to a list request.
    pub(super) fn list(&self, resource: &Resource, wanted: &Wanted) -> Vec<u8> {
        let page = self.page(resource, wanted);
        let head = json!({
            "kind": format!("{}List", resource.kind), "apiVersion": resource.api_version(),
            "metadata": page.metadata(), "items": [],
        });
        let (head, between, after) = match self.layout {
            Layout::Compact => (head.to_string(), ",", "]}\n"),
            Layout::Indented => (indented(&head), ",\n", "\n  ]\n}"),
        };
        if page.objects.is_empty() {
            return head.into_bytes();
        }
        let head = head.rfind(']').map_or("", |end| &head[..end]);
        let mut body = Vec::with_capacity(page.objects.len() * 9_000);
        body.extend_from_slice(head.as_bytes());
        for (index, object) in page.objects.iter().enumerate() {
            let lead = if index > 0 { between } else { &between[1..] };
            body.extend_from_slice(lead.as_bytes());
            object.write(&mut body);
        }
        body.extend_from_slice(after.as_bytes());
        body
    }

    /// One object by name; those without a namespace have an empty one.
    pub(super) fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Vec<u8>> {
        let list = &self.lists[resource.name];
        let object =
            list.iter().find(|object| object.namespace() == namespace && object.name() == name)?;
        let mut item = Vec::new();
        object.write(&mut item);
        let item: Value = serde_json::from_slice(&item).expect("objects are JSON");
        let mut whole = json!({"kind": resource.kind, "apiVersion": resource.api_version()});
        let fields = item.as_object().expect("objects are JSON objects").clone();
        whole.as_object_mut().expect("made above").extend(fields);
        Some(self.laid_out(&whole).into_bytes())
    }

    pub(super) fn laid_out(&self, value: &Value) -> String {
        if self.layout == Layout::Compact { format!("{value}\n") } else { indented(value) }
    }

    /// The paths, with query, that a client asks one after another for the whole of a list.
    pub(super) fn paths(&self, resource: &Resource, limit: usize) -> Vec<String> {
        let group = if resource.group.is_empty() {
            "/api".to_owned()
        } else {
            format!("/apis/{}", resource.group)
        };
        let first = format!("{group}/{}/{}?limit={limit}", resource.version, resource.name);
        let list = &self.lists[resource.name];
        let token =
            |page: &[Object]| page.last().map(|last| token(&last.key, RESOURCE_VERSION.into()));
        let full = list.chunks(limit).take(list.len().saturating_sub(1) / limit);
        let rest = full.filter_map(|page| Some(format!("{first}&continue={}", token(page)?)));
        std::iter::once(first.clone()).chain(rest).collect()
    }
}

pub(super) fn indented(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a Value is JSON")
}
