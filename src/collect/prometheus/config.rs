//! What a profile says of a Prometheus that keeps a target's load.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::collect::io::config::{TlsConfig, check_tls};
use crate::wire::duration::DurationText;
use crate::wire::problem::Problem;
use crate::wire::secret::SecretReference;
use crate::wire::yaml::Located;

/// What the names of an exporter's metrics begin with, if the profile does not say.
const NAMESPACE: &str = "redis";

/// How long reading it may take, if the profile does not say.
const DEADLINE: Duration = Duration::from_secs(20);

/// Where the load of a target is kept, besides the history:
/// `{prometheus: {url: "https://prom.internal", match: {job: redis, instance: "cache:9121"}}}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LoadConfig {
    /// Prometheus, or what speaks its API: Thanos, Mimir, `VictoriaMetrics`.
    pub prometheus: PrometheusConfig,
}

/// A Prometheus-compatible API that keeps what redis_exporter tells:
/// `{url: "https://prom.internal/base", match: {job: redis, instance: "cache:9121"}}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PrometheusConfig {
    /// `https://prom.internal/base`, or `http://`; without user name and password. What is asked
    /// for is below `api/v1/` of it.
    pub url: Located<String>,
    /// Labels that the target's series have, exactly: `{job: redis, instance: "cache:9121"}`.
    #[serde(rename = "match")]
    pub labels: MatchConfig,
    /// What the names of the metrics begin with (default `redis`): the exporter's `-namespace`.
    #[serde(default)]
    pub namespace: Option<Located<String>>,
    /// `${env:NAME}` or `${file:PATH}`; sent as `Authorization: Bearer …`.
    #[serde(default, deserialize_with = "crate::wire::secret::deserialize_given")]
    pub token: Option<SecretReference>,
    /// User and password: `{username: auditor, password: "${env:PROM_PASSWORD}"}`.
    #[serde(default)]
    pub basic_auth: Option<BasicAuthConfig>,
    /// Headers that are sent besides; values by reference: `{X-Scope-OrgID: "${env:TENANT}"}`.
    #[serde(default)]
    pub headers: BTreeMap<String, SecretReference>,
    /// Certificates, for `https://`.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// How long reading it may take (default 20s).
    #[serde(default, deserialize_with = "crate::wire::duration::limit")]
    pub deadline: Option<DurationText>,
}

/// Labels of series: `{job: redis, instance: "cache:9121"}`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct MatchConfig {
    /// Labels of each server's series besides, by its place, where the target is several servers:
    /// `{"10.0.0.1:6379": {instance: "node-1:9121"}}`.
    #[serde(default)]
    pub members: BTreeMap<String, BTreeMap<String, String>>,
    /// Any other key is a label, with the value that it has.
    #[serde(flatten)]
    pub labels: BTreeMap<String, String>,
}

/// Basic authentication.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BasicAuthConfig {
    /// The user: `auditor`.
    pub username: String,
    /// `${env:NAME}` or `${file:PATH}`.
    pub password: SecretReference,
}

/// The base of an API, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// As the header `Host` has it.
    pub(super) authority: String,
    /// Without a slash at its end.
    pub(super) path: String,
}

impl Base {
    /// As shown to people.
    pub(super) fn shown(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority, self.path)
    }
}

impl PrometheusConfig {
    /// Reads the URL. Its text never goes into the message: a password may be in it.
    pub(super) fn base(&self) -> Result<Base, Problem> {
        const SHAPE: &str = "write https://host/base or http://host:9090";
        let wrong = |message: &str, advice: &str| Problem::at(&self.url, message, advice);
        let url = Url::parse(&self.url).map_err(|_| wrong("invalid URL", SHAPE))?;
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(wrong("the URL is neither http:// nor https://", SHAPE)),
        };
        if !url.username().is_empty() || url.password().is_some() {
            let advice = "write token: ${env:NAME}, or basic-auth: with a password by reference";
            return Err(wrong("the URL holds a user name or password", advice));
        }
        if url.query().is_some() || url.fragment().is_some() {
            let advice =
                "name the base of the API alone; headers and tokens have keys of their own";
            return Err(wrong("the URL has a query or a fragment", advice));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("the URL names no host", SHAPE))?;
        Ok(Base {
            tls,
            host: host.to_owned(),
            port: url.port_or_known_default().unwrap_or(if tls { 443 } else { 80 }),
            authority: url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
            path: url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// Labels of the series of each server, by its place; "" where the target is one server.
    pub(super) fn labels_by_place(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let MatchConfig { members, labels } = &self.labels;
        if members.is_empty() {
            return BTreeMap::from([(String::new(), labels.clone())]);
        }
        let all = |own: &BTreeMap<String, String>| {
            let mut labels = labels.clone();
            labels.extend(own.clone());
            labels
        };
        members.iter().map(|(place, own)| (place.clone(), all(own))).collect()
    }

    /// What the names of the metrics begin with.
    pub(super) fn prefix(&self) -> &str {
        self.namespace.as_ref().map_or(NAMESPACE, |name| name.as_str())
    }

    /// How long reading it may take.
    pub fn allowed(&self) -> Duration {
        self.deadline.map_or(DEADLINE, |text| text.0)
    }

    /// The secrets that it needs.
    pub fn secrets(&self) -> Vec<&SecretReference> {
        let password = self.basic_auth.as_ref().map(|auth| &auth.password);
        self.token.iter().chain(password).chain(self.headers.values()).collect()
    }

    /// The files that reading it reads; paths of the profile are relative to `folder`.
    pub fn reads(&self, folder: &Path) -> Vec<PathBuf> {
        let secrets = self.secrets().into_iter().filter_map(SecretReference::file);
        let certificates = self.tls.iter().flat_map(TlsConfig::files);
        secrets.chain(certificates).map(|path| folder.join(path)).collect()
    }

    /// Everything that is wrong with it.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        match self.base() {
            Ok(base) if self.tls.is_some() && !base.tls => {
                let message = "tls is given, but the URL is http://";
                problems.push(Problem::at(&self.url, message, "write https://"));
            }
            Ok(_) => {}
            Err(problem) => problems.push(problem),
        }
        problems.extend(self.check_labels());
        problems.extend(self.check_members());
        problems.extend(self.check_namespace());
        problems.extend(self.check_headers());
        problems.extend(check_tls(self.tls.as_ref(), &self.url));
        problems
    }

    fn check_labels(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (place, labels) in self.labels_by_place() {
            let wrong = |message: String, advice: &str| Problem::at(&self.url, message, advice);
            if labels.values().all(String::is_empty) {
                let message = if place.is_empty() {
                    "match: names no label, so that the series of every server would count".into()
                } else {
                    format!("no label tells the series of the member {place}")
                };
                problems.push(wrong(message, "write match: {job: redis, instance: \"host:9121\"}"));
            }
            let bad = labels.keys().filter(|name| !is_label(name));
            problems.extend(bad.map(|name| {
                let message = format!("match: {name:?} is not a label that can be matched");
                wrong(message, "use the names that the target's series have in Prometheus")
            }));
        }
        problems
    }

    /// Two members of the same labels are one server that counts twice.
    fn check_members(&self) -> Option<Problem> {
        let mut by_labels = BTreeMap::new();
        let same = self.labels_by_place().into_iter().find_map(|(place, labels)| {
            let first = by_labels.get(&labels).cloned();
            by_labels.insert(labels, place.clone());
            first.map(|first: String| (first, place))
        });
        same.map(|(first, second)| {
            let message = format!("the members {first} and {second} have the same labels");
            Problem::at(&self.url, message, "give each the label that its series alone have")
        })
    }

    fn check_namespace(&self) -> Option<Problem> {
        let name = self.namespace.as_ref()?;
        let fits = |(i, c): (usize, char)| {
            c.is_ascii_alphabetic() || matches!(c, '_' | ':') || i > 0 && c.is_ascii_digit()
        };
        let is_name = !name.is_empty() && name.chars().enumerate().all(fits);
        (!is_name).then(|| {
            let advice = "write what stands before _commands_total in the names of the metrics";
            Problem::at(name, "no metric's name can begin so", advice)
        })
    }

    fn check_headers(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |message: String, advice: &str| {
            problems.push(Problem::at(&self.url, message, advice));
        };
        if self.token.is_some() && self.basic_auth.is_some() {
            let advice = "leave one of them out: both are the header Authorization";
            wrong("token and basic-auth are both given".to_owned(), advice);
        }
        let is_user = |name: &String| !name.is_empty() && !name.contains([':', '\r', '\n']);
        if self.basic_auth.as_ref().is_some_and(|auth| !is_user(&auth.username)) {
            let advice = "write the name alone; the password has a key of its own";
            wrong("this cannot be the user name of basic-auth".to_owned(), advice);
        }
        for name in self.headers.keys() {
            if hyper::header::HeaderName::from_bytes(name.as_bytes()).is_err() {
                wrong(format!("{name:?} is not a header name"), "write one like X-Scope-OrgID");
            } else if is_own_header(name) {
                let advice = "use token: or basic-auth:, and leave out what every request has";
                wrong(format!("the header {name} cannot be set"), advice);
            }
        }
        problems
    }
}

/// Headers that are ours to send, or that would change what the answer is.
fn is_own_header(name: &str) -> bool {
    const OWN: [&str; 11] = [
        "host", "authorization", "accept", "accept-encoding", "user-agent", "content-length",
        "transfer-encoding", "connection", "upgrade", "range", "te",
    ];
    OWN.contains(&name.to_ascii_lowercase().as_str())
}

/// Labels that queries set themselves cannot be matched.
fn is_label(name: &str) -> bool {
    let fits =
        |(i, c): (usize, char)| c.is_ascii_alphabetic() || c == '_' || i > 0 && c.is_ascii_digit();
    !name.is_empty()
        && name.chars().enumerate().all(fits)
        && !["__name__", "cmd", "db", "run_id", "role"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::yaml::{self, Origin};

    fn read(text: &str) -> PrometheusConfig {
        yaml::read(text, Origin::Person).unwrap()
    }

    #[test]
    fn prometheus_that_is_right_is_accepted() {
        for text in [
            "url: http://p:9090\nmatch: {job: redis}",
            "url: https://p/base/\nmatch: {instance: 'a:1'}\nnamespace: my_redis\ntls: {ca: c}",
            "url: https://[::1]\nmatch: {members: {'h:1': {instance: a}, 'h:2': {instance: b}}}",
            "url: http://p\nmatch: {a: b}\nheaders: {X-Scope-OrgID: '${env:T}'}\ndeadline: 5s",
            "url: http://p\nmatch: {a: b}\nbasic-auth: {username: u, password: '${file:p}'}",
        ] {
            assert_eq!(read(text).check(), [], "{text}");
        }
    }

    #[test]
    fn prometheus_that_is_wrong_is_told() {
        for (text, said) in [
            ("url: p\nmatch: {a: b}", "invalid URL"),
            ("url: ftp://p\nmatch: {a: b}", "neither http:// nor https://"),
            ("url: http://u:hunter2@p\nmatch: {a: b}", "holds a user name or password"),
            ("url: http://p?token=hunter2\nmatch: {a: b}", "a query or a fragment"),
            ("url: http://p\nmatch: {}", "names no label"),
            ("url: http://p\nmatch: {a: ''}", "names no label"),
            ("url: http://p\nmatch: {'a-b': c}", "is not a label that can be matched"),
            ("url: http://p\nmatch: {a: b, cmd: get}", "is not a label that can be matched"),
            ("url: http://p\nmatch: {members: {x: {}}}", "the member x"),
            ("url: http://p\nmatch: {a: b, members: {x: {}, y: {}}}", "x and y have the same"),
            ("url: http://p\nmatch: {a: b}\nnamespace: 'a b'", "name can begin so"),
            ("url: http://p\nmatch: {a: b}\nheaders: {'X Y': '${env:T}'}", "is not a header name"),
            ("url: http://p\nmatch: {a: b}\nheaders: {HOST: '${env:T}'}", "cannot be set"),
            ("url: http://p\nmatch: {a: b}\ntls: {}", "the URL is http://"),
            ("url: https://p\nmatch: {a: b}\ntls: {cert: c}", "without its key"),
            (
                "url: http://p\nmatch: {a: b}\ntoken: '${env:T}'\n\
                 basic-auth: {username: u, password: '${env:P}'}",
                "both given",
            ),
            (
                "url: http://p\nmatch: {a: b}\nbasic-auth: {username: 'u:x', password: '${env:P}'}",
                "user name of basic-auth",
            ),
        ] {
            let problems = read(text).check();
            let [one] = &problems[..] else { panic!("{text}: {problems:?}") };
            assert!(one.message.contains(said), "{text}: {}", one.message);
            assert!(!format!("{one:?}").contains("hunter2"), "{one:?}");
        }
    }

    #[test]
    fn prometheus_takes_secrets_by_reference_alone_and_no_unknown_key() {
        for text in [
            "url: http://p\nmatch: {a: b}\ntoken: hunter2",
            "url: http://p\nmatch: {a: b}\ntoken:",
            "url: http://p\nmatch: {a: b}\nheaders: {X-Key: hunter2}",
            "url: http://p\nmatch: {a: b}\nbasic-auth: {username: u, password: hunter2}",
            "url: http://p\nmatch: {a: b}\nmachtes: {a: b}",
            "url: http://p",
        ] {
            let read = yaml::read::<PrometheusConfig>(text, Origin::Person);
            let error = read.expect_err(text);
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn prometheus_keeps_the_base_path_and_the_labels_of_members() {
        let config = read(
            "url: https://prom:444/a/b/\nmatch: {job: r, az: x, \
             members: {'h:1': {instance: i, az: y}}}",
        );
        let base = config.base().unwrap();
        assert_eq!(base.shown(), "https://prom:444/a/b");
        let labels = &config.labels_by_place()["h:1"];
        let text: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(text, ["az=y", "instance=i", "job=r"]);
    }
}
