//! Who may read what, and what was asked.

use hyper::{HeaderMap, header};
use serde_json::{Value, json};

use super::list::{RESOURCES, Resource};

/// One thing that is allowed.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    namespace: Option<&'static str>,
    name: Option<&'static str>,
}

impl Rule {
    /// Listing these everywhere; the core group is `""`.
    pub(crate) fn list(group: &'static str, resource: &'static str) -> Self {
        Self { verb: "list", group, resource, namespace: None, name: None }
    }

    /// Getting any of these by name.
    pub(crate) fn get(group: &'static str, resource: &'static str) -> Self {
        Self { verb: "get", ..Self::list(group, resource) }
    }

    /// In this namespace only: a Role instead of a ClusterRole.
    pub(crate) fn in_namespace(mut self, namespace: &'static str) -> Self {
        self.namespace = Some(namespace);
        self
    }

    /// Of this name only.
    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    pub(super) fn allows(&self, asked: &Asked) -> bool {
        self.verb == asked.verb()
            && self.group == asked.resource.group
            && self.resource == asked.resource.name
            && self.namespace.is_none_or(|namespace| asked.scope() == Some(namespace))
            && self.name.is_none_or(|name| asked.name.as_deref() == Some(name))
    }
}

/// What a path means.
pub(super) struct Asked {
    pub(super) resource: &'static Resource,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
}

impl Asked {
    /// Of a path without query; `None` if there is nothing of that name.
    pub(super) fn read(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let group = match parts.next()? {
            "api" => "",
            "apis" => parts.next()?,
            _ => return None,
        };
        let version = parts.next()?;
        let parts: Vec<&str> = parts.collect();
        let (namespace, name, rest) = match parts[..] {
            ["namespaces", namespace, resource] => (Some(namespace), resource, None),
            ["namespaces", namespace, resource, object] => {
                (Some(namespace), resource, Some(object))
            }
            [resource] => (None, resource, None),
            [resource, object] => (None, resource, Some(object)),
            _ => return None,
        };
        let known =
            |known: &&Resource| (known.group, known.version, known.name) == (group, version, name);
        let resource = RESOURCES.iter().find(known)?;
        let fits = resource.namespaced || namespace.is_none();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        fits.then(|| Self { resource, namespace: owned(namespace), name: owned(rest) })
    }

    pub(super) fn verb(&self) -> &'static str {
        if self.name.is_some() { "get" } else { "list" }
    }

    /// The namespace that a permission has to be for. A namespace is in itself.
    fn scope(&self) -> Option<&str> {
        if self.resource.name == "namespaces" {
            self.name.as_deref()
        } else {
            self.namespace.as_deref()
        }
    }

    /// `deployments.apps`.
    fn qualified(&self) -> String {
        let Resource { name, group, .. } = self.resource;
        if group.is_empty() { (*name).to_owned() } else { format!("{name}.{group}") }
    }

    fn details(&self) -> Value {
        let mut details = json!({});
        for (key, value) in [
            ("name", self.name.as_deref().unwrap_or_default()),
            ("group", self.resource.group),
            ("kind", self.resource.name),
        ] {
            if !value.is_empty() {
                details[key] = json!(value);
            }
        }
        details
    }

    pub(super) fn forbidden(&self, user: &str) -> Value {
        let subject = self
            .name
            .as_ref()
            .map_or_else(|| self.qualified(), |name| format!("{} {name:?}", self.qualified()));
        let scope = self.scope().map_or_else(
            || "at the cluster scope".to_owned(),
            |at| format!("in the namespace {at:?}"),
        );
        let (verb, Resource { name, group, .. }) = (self.verb(), self.resource);
        let message = format!(
            "{subject} is forbidden: User {user:?} cannot {verb} resource {name:?} in API group {group:?} {scope}"
        );
        status(403, "Forbidden", &message, Some(self.details()))
    }

    pub(super) fn not_found(&self) -> Value {
        let message = format!(
            "{} {:?} not found",
            self.qualified(),
            self.name.as_deref().unwrap_or_default()
        );
        status(404, "NotFound", &message, Some(self.details()))
    }
}

/// What a real server says when it does not give what was asked.
pub(super) fn status(code: u16, reason: &str, message: &str, details: Option<Value>) -> Value {
    let mut status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason,
    });
    if let Some(details) = details {
        status["details"] = details;
    }
    status["code"] = json!(code);
    status
}

/// The `Status` of a code when nothing else is known.
pub(super) fn plain_status(code: u16) -> Value {
    let (reason, message, details) = match code {
        400 => ("BadRequest", "the server rejected our request for an unknown reason", None),
        401 => ("Unauthorized", "Unauthorized", None),
        403 => ("Forbidden", "forbidden by a policy", Some(json!({}))),
        404 => ("NotFound", "the server could not find the requested resource", Some(json!({}))),
        405 => {
            let message = "the server does not allow this method on the requested resource";
            ("MethodNotAllowed", message, Some(json!({})))
        }
        410 => ("Expired", EXPIRED, None),
        429 => {
            let message = "Too many requests, please try again later.";
            ("TooManyRequests", message, Some(json!({"retryAfterSeconds": 1})))
        }
        503 => (
            "ServiceUnavailable",
            "the server is currently unable to handle the request",
            Some(json!({})),
        ),
        504 => (
            "Timeout",
            "the server was unable to return a response in the time allotted",
            Some(json!({})),
        ),
        _ => (
            "InternalError",
            "Internal error occurred: etcdserver: leader changed",
            Some(json!({})),
        ),
    };
    status(code, reason, message, details)
}

const EXPIRED: &str = "The provided continue parameter is too old to display a consistent list result. You can start a \
    new list without the continue parameter, or use the continue token in this response to retrieve the remainder of \
    the results. Continuing with the provided token results in an inconsistent list - objects that were created, \
    modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/// A request as it arrived. Credentials are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub(crate) version: String,
    pub(crate) accept: Option<String>,
    pub(crate) accept_encoding: Option<String>,
    pub(crate) user_agent: Option<String>,
}

impl Request {
    pub(super) fn new<B>(request: &hyper::Request<B>) -> Self {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let text = |name| text(request.headers(), &name);
        Self {
            method: request.method().to_string(),
            path: path.to_owned(),
            version: format!("{:?}", request.version()),
            accept: text(header::ACCEPT),
            accept_encoding: text(header::ACCEPT_ENCODING),
            user_agent: text(header::USER_AGENT),
        }
    }

    /// `GET /api/v1/pods?limit=500`.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(super) fn offers_gzip(&self) -> bool {
        self.accept_encoding.as_deref().is_some_and(|offered| offered.contains("gzip"))
    }
}

pub(super) fn text(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
