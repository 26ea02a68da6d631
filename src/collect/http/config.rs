//! What a profile says of a service that tells its version over HTTP.

use std::path::{Path, PathBuf};
use std::time::Duration;

use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::presets::{self, HttpPreset, PRESETS};
use crate::collect::expression;
use crate::collect::io::config::{TlsConfig, check_tls};
use crate::collect::prometheus::config::BasicAuthConfig;
use crate::collect::target::{TargetConfig, check_component, names_secret};
use crate::model::{CollectorKind, CollectorPart, Facts, Holds, Occurs, meant_or_known};
use crate::wire::duration::DurationText;
use crate::wire::problem::Problem;
use crate::wire::secret::SecretReference;
use crate::wire::yaml::Located;

pub(super) const VERSION: &str = "version";

/// A service that tells its version over HTTP, by one GET:
/// `{name: orders, url: "https://orders.internal/actuator/info", pointer: /build/version}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HttpConfig {
    /// Name of the target; `orders` is compared as the component `http/orders`.
    pub name: Located<String>,
    /// `https://orders.internal/actuator/info`, or `http://`; without user name and password.
    /// Reports show it without its query.
    pub url: Located<String>,
    /// A service whose answer is known: `elasticsearch`. Where the URL has no path, its path is asked;
    /// it stands in place of `pointer`, `regex` and `header`, and tells the product. One of consul,
    /// elasticsearch, gitlab, grafana, jenkins, keycloak, minio, nexus, nginx, opensearch,
    /// prometheus, rabbitmq, vault.
    #[serde(default)]
    pub preset: Option<Located<String>>,
    /// JSON pointer to the version in the answer: `/build/version`. The value is a text, or a whole
    /// number.
    #[serde(default)]
    pub pointer: Option<Located<String>>,
    /// Regular expression whose first group is the version: `'nginx/(\S+)'`. It looks at what
    /// `pointer` or `header` finds, else at the whole answer.
    #[serde(default)]
    pub regex: Option<Located<String>>,
    /// Header of the answer that tells the version, instead of its body: `X-Version`.
    #[serde(default)]
    pub header: Option<Located<String>>,
    /// `${env:NAME}` or `${file:PATH}`; sent as `Authorization: Bearer …`.
    #[serde(default, deserialize_with = "crate::wire::secret::given")]
    pub token: Option<SecretReference>,
    /// User name and password, sent as `Authorization: Basic …`:
    /// `{username: auditor, password: "${env:NAME}"}`.
    #[serde(default)]
    pub basic_auth: Option<BasicAuthConfig>,
    /// Certificates, for `https://`.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// The component that it is, if not `http/<name>`: `postgresql/orders`.
    #[serde(default)]
    pub component: Option<Located<String>>,
    /// The product that it is, by its name in the product data: `grafana`.
    #[serde(default)]
    pub product: Option<String>,
    /// File to use when it cannot be reached: evidence.
    #[serde(default)]
    pub else_recorded: Option<PathBuf>,
    /// Whether the verdict needs it; else the environment says.
    #[serde(default)]
    pub required: Option<bool>,
    /// How long reading it may take (default 10s).
    #[serde(default, deserialize_with = "crate::wire::duration::limit")]
    pub deadline: Option<DurationText>,
}

/// A URL taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HttpAddress {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// As the header `Host` has it.
    pub(super) authority: String,
    /// With the query.
    pub(super) path: String,
    /// Without it.
    pub(super) shown_path: String,
}

impl HttpAddress {
    /// As shown to people.
    pub(super) fn shown(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority, self.shown_path)
    }
}

impl HttpConfig {
    /// What the other stages know of it.
    pub const KIND: CollectorKind = CollectorKind {
        name: "http",
        noun: "http target",
        facts: Facts::Version,
        parts: &[CollectorPart { name: VERSION, occurs: Occurs::Always, holds: &[Holds::Itself] }],
        is_service: true,
        jointly: &[],
        identity: None,
        groups: &["http"],
        products: &[],
        deadline: Duration::from_secs(10),
        clashes_with_files: false,
    };

    /// Reads the URL. Its text never goes into the message: a password may be in it.
    pub(super) fn address(&self) -> Result<HttpAddress, Problem> {
        const SHAPE: &str = "write https://host/path or http://host:8080/path";
        let wrong = |message: &str, advice: &str| Problem::at(&self.url, message, advice);
        let url = Url::parse(&self.url).map_err(|_| wrong("invalid URL", SHAPE))?;
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(wrong("the URL is neither http:// nor https://", SHAPE)),
        };
        if !url.username().is_empty() || url.password().is_some() {
            let advice = "send a token with token: ${env:NAME}";
            return Err(wrong("the URL holds a user name or password", advice));
        }
        if url.fragment().is_some() {
            return Err(wrong(
                "the URL has a fragment (#…)",
                "remove it: it is not sent to servers",
            ));
        }
        if url.query_pairs().any(|(name, _)| names_secret(&name)) {
            let advice = "send a token with token: ${env:NAME}";
            return Err(wrong("the URL holds a password or token behind its ?", advice));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("the URL names no host", SHAPE))?;
        let port = url.port_or_known_default().unwrap_or(if tls { 443 } else { 80 });
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = match self.known_service() {
            Some(preset) if matches!(url.path(), "" | "/") && query.is_empty() => preset.path,
            _ => url.path(),
        };
        Ok(HttpAddress {
            tls,
            host: host.to_owned(),
            port,
            authority,
            path: format!("{path}{query}"),
            shown_path: path.to_owned(),
        })
    }

    /// What the preset says, if the profile names one.
    pub(super) fn known_service(&self) -> Option<&'static HttpPreset> {
        presets::by_name(self.preset.as_ref()?)
    }

    fn check_preset(&self) -> Vec<Problem> {
        let Some(preset) = &self.preset else { return Vec::new() };
        let mut problems = Vec::new();
        if self.known_service().is_none() {
            let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
            let message = format!("unknown preset {:?}", preset.as_str());
            problems.push(Problem::at(preset, message, meant_or_known(preset, &names)));
        }
        let own = [&self.pointer, &self.regex, &self.header];
        problems.extend(own.into_iter().flatten().map(|place| {
            let message = "preset: says where the version is, and so does this";
            Problem::at(place, message, "remove one of them")
        }));
        problems
    }

    fn check_credentials(&self) -> Option<Problem> {
        self.basic_auth.as_ref().filter(|_| self.token.is_some()).map(|_| {
            let message = "token: and basic-auth: exclude each other";
            Problem::at(&self.name, message, "remove one of them")
        })
    }

    /// The expression that finds the version.
    pub(super) fn expression(&self) -> Result<Option<Regex>, Problem> {
        let Some(text) = &self.regex else { return Ok(None) };
        let regex = expression::compile(text)?;
        if regex.captures_len() < 2 {
            let advice = "put the version in parentheses: 'nginx/(\\S+)'";
            return Err(Problem::at(text, "the regular expression has no group", advice));
        }
        Ok(Some(regex))
    }

    fn check_pointer(&self) -> Option<Problem> {
        let pointer = self.pointer.as_ref()?;
        let is_escaped = |rest: &str| rest.starts_with(['0', '1']);
        let fits = (pointer.is_empty() || pointer.starts_with('/'))
            && pointer.split('~').skip(1).all(is_escaped);
        let advice = "write /build/version; ~1 stands for a / in a key, and ~0 for a ~";
        (!fits).then(|| Problem::at(pointer, "invalid JSON pointer", advice))
    }

    fn check_header(&self) -> Option<Problem> {
        let header = self.header.as_ref()?;
        if hyper::header::HeaderName::from_bytes(header.as_bytes()).is_err() {
            let advice = "write one like X-Version";
            return Some(Problem::at(header, "invalid header name", advice));
        }
        self.pointer.is_some().then(|| {
            let advice = "leave one of them out, or find the version in the header by regex:";
            Problem::at(
                header,
                "header: and pointer: exclude each other: a header is not JSON",
                advice,
            )
        })
    }
}

impl TargetConfig for HttpConfig {
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

    fn component(&self) -> Option<&str> {
        self.component.as_deref().map(String::as_str)
    }

    fn secrets(&self) -> Vec<&SecretReference> {
        let password = self.basic_auth.as_ref().map(|auth| &auth.password);
        self.token.iter().chain(password).collect()
    }

    fn tls(&self) -> Vec<&TlsConfig> {
        self.tls.iter().collect()
    }

    fn else_recorded(&self) -> Option<&Path> {
        self.else_recorded.as_deref()
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        match self.address() {
            Ok(address) if self.tls.is_some() && !address.tls => {
                let message = "tls is given, but the URL is http://";
                problems.push(Problem::at(&self.url, message, "write https://"));
            }
            Ok(_) => {}
            Err(problem) => problems.push(problem),
        }
        let places = [&self.preset, &self.pointer, &self.regex, &self.header];
        if places.iter().all(|place| place.is_none()) {
            let advice = "write preset: NAME, pointer: /version for JSON, or regex: or header:";
            let message = "the target does not say where the version is in the answer";
            problems.push(Problem::at(&self.name, message, advice));
        }
        problems.extend(self.expression().err());
        problems.extend(self.check_preset());
        problems.extend(self.check_credentials());
        problems.extend(self.check_pointer());
        problems.extend(self.check_header());
        problems.extend(self.component.as_ref().and_then(check_component));
        problems.extend(check_tls(self.tls.as_ref(), &self.name));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::yaml::{self, Origin};

    fn problems(text: &str) -> Vec<String> {
        let config: HttpConfig =
            yaml::read(&format!("name: orders\n{text}"), Origin::Person).unwrap();
        config.check().into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn what_is_right_is_accepted() {
        for text in [
            "url: http://h/info\npointer: /build/version",
            "url: https://h:8443/\npointer: ''\nregex: 'v(.+)'\ntls: {ca: ca.pem}",
            "url: https://[::1]/?x=y\nheader: X-Version\ncomponent: postgresql/orders",
            "url: http://h\nregex: '(\\d+)'\ntoken: ${env:T}\nproduct: grafana",
            "url: http://h\npointer: /a~1b/c~0d/0",
            "url: http://h\npreset: vault",
        ] {
            assert_eq!(problems(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, said) in [
            ("url: http://h", "does not say where the version is"),
            ("url: h\npointer: /v", "invalid URL"),
            ("url: ftp://h\npointer: /v", "neither http:// nor https://"),
            ("url: http://u:p@h/\npointer: /v", "holds a user name or password"),
            ("url: http://h/#x\npointer: /v", "fragment"),
            ("url: http://h/?api_key=x\npointer: /v", "holds a password or token"),
            ("url: http://h\npointer: v", "invalid JSON pointer"),
            ("url: http://h\npointer: /a~2", "invalid JSON pointer"),
            ("url: http://h\nregex: '('", "is invalid"),
            ("url: http://h\nregex: 'x'", "has no group"),
            ("url: http://h\nregex: '((a{1000}){1000}){1000}'", "too large"),
            ("url: http://h\nheader: 'X Y'", "invalid header name"),
            ("url: http://h\nheader: X\npointer: /v", "a header is not JSON"),
            ("url: http://h\npointer: /v\ncomponent: orders", "name of a component"),
            ("url: http://h\npointer: /v\ntls: {}", "the URL is http://"),
            ("url: http://h\npreset: elastic", "unknown preset"),
            ("url: http://h\npreset: vault\npointer: /v", "says where the version is"),
            (
                "url: http://h\npreset: vault\ntoken: ${env:T}\nbasic-auth: {username: u, \
                 password: \"${env:P}\"}",
                "exclude each other",
            ),
            ("url: https://h\npointer: /v\ntls: {cert: c}", "without its key"),
        ] {
            let [one] = &problems(text)[..] else { panic!("{text}: {:?}", problems(text)) };
            assert!(one.contains(said), "{text}: {one}");
        }
    }
}
