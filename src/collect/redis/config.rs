//! What a profile says of a Redis target.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::parts::{INFO_PART, NODE, REPLICA, REPLICAS_PART, SENTINEL_PART};
use super::topology::place;
use crate::collect::io::config::{TlsConfig, check_tls};
use crate::collect::prometheus::config::{LoadConfig, PrometheusConfig};
use crate::collect::target::TargetConfig;
use crate::model::{CollectorKind, CollectorPart, Facts, Holds, IdentityField, Occurs};
use crate::wire::duration::DurationText;
use crate::wire::problem::Problem;
use crate::wire::secret::SecretReference;
use crate::wire::yaml::Located;

/// A server that answers Redis INFO: Redis, Valkey and their kin. Either `url`, `sentinel` or
/// `nodes` says where.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RedisConfig {
    /// Name of the target; `cache` is compared as the component `redis/cache`, whatever the
    /// product.
    pub name: Located<String>,
    /// One server: `redis://host:6379`, or `rediss://` for TLS; without user name and password.
    #[serde(default)]
    pub url: Option<Located<String>>,
    /// The master of a service, by the Sentinels that watch it.
    #[serde(default)]
    pub sentinel: Option<SentinelConfig>,
    /// Nodes of a cluster, each read, compared as instances of one component. None is looked for
    /// besides.
    #[serde(default)]
    pub nodes: Option<Vec<Located<String>>>,
    /// Whether to read the replicas that the server names, too (with `url` or `sentinel`; default
    /// false).
    #[serde(default)]
    pub replicas: bool,
    /// ACL user, of every server of the target; without one a password is the default user's.
    #[serde(default)]
    pub username: Option<String>,
    /// `${env:NAME}` or `${file:PATH}`.
    #[serde(default, deserialize_with = "crate::wire::secret::deserialize_given")]
    pub password: Option<SecretReference>,
    /// Certificates, for `rediss://`. With `sentinel`, its presence says that the servers speak
    /// TLS: `{}` for the system's authorities.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// File to use when the live target cannot be reached: evidence, or the text of INFO.
    #[serde(default)]
    pub else_recorded: Option<PathBuf>,
    /// Where its load over time is kept, besides the history: what windows are judged by.
    #[serde(default)]
    pub load: Option<LoadConfig>,
    /// Whether the verdict needs it; else the environment says.
    #[serde(default)]
    pub required: Option<bool>,
    /// How long reading it may take (default 5s).
    #[serde(default, deserialize_with = "crate::wire::duration::limit")]
    pub deadline: Option<DurationText>,
}

/// The Sentinels of a service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SentinelConfig {
    /// The name by which the Sentinels know the master: `mymaster`.
    pub service: Located<String>,
    /// `redis://host:26379`, or `rediss://` for TLS. One that does not answer is named and does no
    /// harm if another does.
    pub urls: Vec<Located<String>>,
    /// ACL user of the Sentinels, which is not that of the servers.
    #[serde(default)]
    pub username: Option<String>,
    /// `${env:NAME}` or `${file:PATH}`.
    #[serde(default, deserialize_with = "crate::wire::secret::deserialize_given")]
    pub password: Option<SecretReference>,
    /// Certificates, for `rediss://`.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
}

/// A URL taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RedisAddress {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
}

impl RedisAddress {
    /// `host:6379`: what tells it from the other servers of a target.
    pub(super) fn place(&self) -> String {
        place(&self.host, self.port)
    }

    /// As shown to people.
    pub(super) fn url(&self) -> String {
        format!("{}://{}", if self.tls { "rediss" } else { "redis" }, self.place())
    }
}

/// Each may hold the service and its modules.
const fn part(name: &'static str, occurs: Occurs) -> CollectorPart {
    CollectorPart { name, occurs, holds: &[Holds::Itself, Holds::OfItself] }
}

impl TargetConfig for RedisConfig {
    fn kind(&self) -> &'static CollectorKind {
        &Self::KIND
    }

    fn name(&self) -> &Located<String> {
        &self.name
    }

    fn required(&self) -> Option<bool> {
        self.required
    }

    fn deadline(&self) -> Option<DurationText> {
        self.deadline
    }

    fn secrets(&self) -> Vec<&SecretReference> {
        let of_sentinels = self.sentinel.iter().flat_map(|sentinel| &sentinel.password);
        let of_load = self.load.iter().flat_map(|load| load.prometheus.secrets());
        self.password.iter().chain(of_sentinels).chain(of_load).collect()
    }

    fn grant(&self, _part: Option<&str>) -> Option<String> {
        let user = self.username.as_deref().unwrap_or("auditor");
        Some(format!(
            "ACL SETUSER {user} on >SECRET resetkeys -@all +hello +auth +ping +info\n\
             of a managed Valkey of OVHcloud, by Terraform: resource \
             \"ovh_cloud_project_database_valkey_user\" {{ name = \"{user}\", categories = \
             [\"-@all\"], commands = [\"+hello\", \"+auth\", \"+ping\", \"+info\"], keys = [], \
             channels = [] }}"
        ))
    }

    fn tls(&self) -> Vec<&TlsConfig> {
        let of_sentinels = self.sentinel.iter().flat_map(|sentinel| &sentinel.tls);
        let of_load = self.load.iter().flat_map(|load| &load.prometheus.tls);
        self.tls.iter().chain(of_sentinels).chain(of_load).collect()
    }

    fn else_recorded(&self) -> Option<&Path> {
        self.else_recorded.as_deref()
    }

    fn load(&self) -> Option<&LoadConfig> {
        self.load.as_ref()
    }

    fn doubts(&self) -> Vec<Problem> {
        let is_several = self.replicas || self.nodes.as_ref().is_some_and(|nodes| nodes.len() > 1);
        let load = self.load.iter().map(|load| &load.prometheus);
        let joint = load.filter(|load| is_several && load.labels.members.is_empty());
        let problem = |load: &PrometheusConfig| {
            let message = "the target is several servers, but match: names the series of one: the \
                load of the others is not judged";
            let advice = "write match: {members: {\"host:6379\": {instance: …}, …}}";
            Problem::at(&load.url, message, advice)
        };
        joint.map(problem).collect()
    }

    fn check(&self) -> Vec<Problem> {
        const ONE: &str = "write one of url:, sentinel: and nodes:";
        let mut problems = Vec::new();
        let given = [self.url.is_some(), self.sentinel.is_some(), self.nodes.is_some()];
        match given.into_iter().filter(|given| *given).count() {
            0 => problems.push(Problem::at(
                &self.name,
                "the target does not say where its server is",
                ONE,
            )),
            1 => {}
            _ => problems.push(Problem::at(
                &self.name,
                "the target has more than one of url:, sentinel: and nodes:",
                ONE,
            )),
        }
        problems.extend(self.url.iter().filter_map(|url| address(url).err()));
        problems.extend(self.nodes.iter().flat_map(|nodes| check_list(&self.name, nodes, "nodes")));
        problems.extend(self.sentinel.iter().flat_map(SentinelConfig::check));
        if self.replicas && self.nodes.is_some() {
            let advice = "leave replicas: out, and name the replicas among nodes:";
            problems.push(Problem::at(&self.name, "replicas: goes with url: or sentinel:", advice));
        }
        problems.extend(self.load.iter().flat_map(|load| load.prometheus.check()));
        problems.extend(check_tls(self.tls.as_ref(), &self.name));
        problems.extend(check_user(&self.name, self.username.as_ref(), self.password.as_ref()));
        if self.tls.is_some() {
            problems
                .extend(self.url.iter().chain(self.nodes.iter().flatten()).filter_map(without_tls));
        }
        problems
    }
}

impl RedisConfig {
    /// What the other stages know of it. Replicas and nodes are parts that are found.
    pub const KIND: CollectorKind = CollectorKind {
        name: "redis",
        noun: "redis target",
        facts: Facts::Info,
        parts: &[
            part(INFO_PART, Occurs::Always),
            part(SENTINEL_PART, Occurs::Sometimes),
            part(REPLICAS_PART, Occurs::Sometimes),
            part(NODE, Occurs::ForEachInstead),
            part(REPLICA, Occurs::ForEach),
        ],
        is_service: true,
        jointly: &[],
        identity: Some(IdentityField { field: "run_id", noun: "run_id" }),
        // It may be Valkey.
        groups: &["redis"],
        products: &[],
        deadline: Duration::from_secs(5),
        // The text of INFO recorded as `cache` is `redis/cache`.
        clashes_with_files: true,
    };
}

impl SentinelConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = check_list(&self.service, &self.urls, "urls");
        if self.service.is_empty() {
            let advice = "name the master as in the Sentinels' configuration: service: mymaster";
            problems.push(Problem::at(&self.service, "service: is empty", advice));
        }
        problems.extend(check_tls(self.tls.as_ref(), &self.service));
        problems.extend(check_user(&self.service, self.username.as_ref(), self.password.as_ref()));
        if self.tls.is_some() {
            problems.extend(self.urls.iter().filter_map(without_tls));
        }
        problems
    }
}

/// Each must be an address, and none may stand twice: what is read twice proves nothing.
fn check_list(owner: &Located<String>, urls: &[Located<String>], key: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    if urls.is_empty() {
        let message = format!("{key}: is empty");
        problems.push(Problem::at(owner, message, format!("write {key}: [redis://host:6379, …]")));
    }
    for url in urls {
        match address(url) {
            Err(problem) => problems.push(problem),
            Ok(address) if !seen.insert(address.place()) => {
                let message = format!("{} stands twice", address.place());
                problems.push(Problem::at(url, message, "list each server once"));
            }
            Ok(_) => {}
        }
    }
    problems
}

fn check_user(
    place: &Located<String>,
    name: Option<&String>,
    password: Option<&SecretReference>,
) -> Option<Problem> {
    let advice = "add password: ${env:NAME}, or leave the user name out";
    (name.is_some() && password.is_none())
        .then(|| Problem::at(place, "a user name without a password", advice))
}

fn without_tls(url: &Located<String>) -> Option<Problem> {
    let is_plain = address(url).is_ok_and(|address| !address.tls);
    is_plain.then(|| Problem::at(url, "tls is given, but the URL is redis://", "write rediss://"))
}

/// Reads the URL of a server.
pub(super) fn address(text: &Located<String>) -> Result<RedisAddress, Problem> {
    address_or(text, 6379)
}

/// Reads the URL of a Sentinel.
pub(super) fn sentinel_address(text: &Located<String>) -> Result<RedisAddress, Problem> {
    address_or(text, 26379)
}

/// Reads a URL. Its text never goes into the message: a password may be in it.
fn address_or(text: &Located<String>, port: u16) -> Result<RedisAddress, Problem> {
    const SHAPE: &str = "write redis://host:6379 or rediss://host:6379";
    let wrong = |message: &str, advice: &str| Problem::at(text, message, advice);
    let url = Url::parse(text).map_err(|_| wrong("invalid URL", SHAPE))?;
    let tls = match url.scheme() {
        "redis" => false,
        "rediss" => true,
        _ => return Err(wrong("the URL is neither redis:// nor rediss://", SHAPE)),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            "the URL holds a user name or password",
            "move them to username: and password: ${env:NAME}",
        ));
    }
    let host = url
        .host_str()
        .filter(|h| !h.is_empty())
        .ok_or_else(|| wrong("the URL names no host", SHAPE))?;
    if url.query().is_some() || url.fragment().is_some() || !matches!(url.path(), "" | "/") {
        return Err(wrong(
            "the URL has more than a host and a port",
            "remove path and query: INFO is about the whole server",
        ));
    }
    Ok(RedisAddress { host: host.to_owned(), port: url.port().unwrap_or(port), tls })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::yaml::{self, Origin};

    fn problems(text: &str) -> Vec<String> {
        let config: RedisConfig =
            yaml::read(&format!("name: cache\n{text}"), Origin::Person).unwrap();
        config
            .check()
            .into_iter()
            .map(|problem| format!("{} -> {}", problem.message, problem.advice))
            .collect()
    }

    #[test]
    fn each_way_of_naming_servers_is_right_on_its_own() {
        for text in [
            "url: redis://h",
            "url: rediss://h\ntls: {ca: ca.pem}\nreplicas: true",
            "nodes: [redis://a:1, redis://b:1]\nusername: u\npassword: ${env:P}",
            "sentinel: {service: m, urls: [redis://s, rediss://t], username: u, password: \
             '${env:P}'}\nreplicas: true",
            "sentinel: {service: m, urls: [redis://s]}\ntls: {}",
        ] {
            assert_eq!(problems(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_advice() {
        for (text, said) in [
            (
                "required: true",
                "does not say where its server is -> write one of url:, sentinel: and nodes:",
            ),
            ("url: redis://h\nnodes: [redis://a]", "has more than one of"),
            ("nodes: []", "nodes: is empty -> write nodes: [redis://host:6379"),
            ("nodes: [redis://a:1, rediss://a:1]", "a:1 stands twice -> list each server once"),
            ("nodes: [redis://a, http://b]", "neither redis:// nor rediss://"),
            ("nodes: [rediss://a, redis://b]\ntls: {}", "tls is given, but the URL is redis://"),
            (
                "nodes: [redis://a]\nreplicas: true",
                "replicas: goes with url: or sentinel: -> leave replicas: out",
            ),
            ("sentinel: {service: '', urls: [redis://s]}", "service: is empty"),
            ("sentinel: {service: m, urls: []}", "urls: is empty"),
            (
                "sentinel: {service: m, urls: [redis://u:p@s]}",
                "the URL holds a user name or password",
            ),
            (
                "sentinel: {service: m, urls: [redis://s], username: u}",
                "a user name without a password",
            ),
            (
                "sentinel: {service: m, urls: [redis://s], tls: {}}",
                "tls is given, but the URL is redis://",
            ),
            ("sentinel: {service: m, urls: [rediss://s], tls: {cert: c}}", "without its key"),
            ("url: redis://h\nload: {prometheus: {url: ftp://p, match: {a: b}}}", "http://"),
            ("url: redis://h\nload: {prometheus: {url: http://p, match: {}}}", "names no label"),
        ] {
            let [one] = &problems(text)[..] else { panic!("{text}: {:?}", problems(text)) };
            assert!(one.contains(said), "{text}: {one}");
        }
    }

    #[test]
    fn load_of_several_servers_by_the_labels_of_one_is_doubted() {
        let doubts = |text: &str| {
            let text = format!("name: cache\n{text}");
            let config: RedisConfig = yaml::read(&text, Origin::Person).unwrap();
            config.doubts().len()
        };
        let load = |keys: &str| format!("load: {{prometheus: {{url: http://p, match: {keys}}}}}");
        let one = load("{job: r}");
        let each = load("{members: {'a:1': {instance: a}, 'b:1': {instance: b}}}");
        let nodes = "nodes: [redis://a:1, redis://b:1]";
        assert_eq!(doubts(&format!("{nodes}\n{one}")), 1);
        assert_eq!(doubts(&format!("url: redis://a\nreplicas: true\n{one}")), 1);
        assert_eq!(doubts(&format!("{nodes}\n{each}")), 0);
        assert_eq!(doubts(&format!("url: redis://a\n{one}")), 0);
        assert_eq!(doubts(nodes), 0);
    }

    #[test]
    fn a_sentinel_has_a_port_of_its_own_and_every_address_a_place() {
        let text = |url: &str| Located { value: url.to_owned(), line: 1, column: 1 };
        assert_eq!(sentinel_address(&text("redis://s")).unwrap().place(), "s:26379");
        assert_eq!(address(&text("rediss://[::1]")).unwrap().url(), "rediss://[::1]:6379");
    }
}
