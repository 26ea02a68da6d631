//! `notify:` in the file of kind `Audit`: who is told of what audits and checklists find.

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::collect::io::config::TlsConfig;
use crate::wire::problem::Problem;
use crate::wire::secret::SecretReference;
use crate::wire::yaml::Located;

/// One who is told: `{webhook: {url: "${env:SLACK_WEBHOOK}", format: slack}}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum SinkConfig {
    /// A URL that takes a POST of JSON.
    Webhook(WebhookConfig),
    /// Datadog's events.
    Datadog(DatadogConfig),
}

/// A URL that takes a POST of JSON: `{url: "${env:SLACK_WEBHOOK}", format: slack}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WebhookConfig {
    /// `${env:NAME}` or `${file:PATH}`: whoever knows the URL may send.
    pub url: SecretReference,
    /// `slack` for Slack, Mattermost and Rocket.Chat, `json` for programs.
    pub format: WebhookFormat,
    /// Certificates, for a server whose authority the system does not know.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// `http://proxy.internal:3128`, in place of what `HTTPS_PROXY` and `NO_PROXY` say.
    #[serde(default)]
    pub proxy: Option<Located<String>>,
}

/// What a webhook takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WebhookFormat {
    /// A text, as Slack's incoming webhooks take it.
    Slack,
    /// Every field by itself: docs/SCHEDULE.md.
    Json,
}

/// Datadog's events: `{site: datadoghq.eu, key: "${env:DD_API_KEY}"}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DatadogConfig {
    /// `datadoghq.com`, `datadoghq.eu`, `us5.datadoghq.com` …: the one that you log in to.
    #[serde(default)]
    pub site: Option<Located<String>>,
    /// In place of a site, a relay of yours that takes what Datadog does: `https://dd.internal`.
    #[serde(default)]
    pub url: Option<Located<String>>,
    /// The API key: `${env:NAME}` or `${file:PATH}`.
    pub key: SecretReference,
    /// Certificates, for a relay whose authority the system does not know.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// `http://proxy.internal:3128`, in place of what `HTTPS_PROXY` and `NO_PROXY` say.
    #[serde(default)]
    pub proxy: Option<Located<String>>,
}

impl SinkConfig {
    /// What people and the history call it. Nothing of it is a secret.
    pub fn name(&self) -> String {
        match self {
            Self::Webhook(webhook) => format!("webhook {:?}", webhook.url),
            Self::Datadog(datadog) => format!("datadog {}", datadog.intake()),
        }
    }

    /// The secrets that it needs.
    pub fn secrets(&self) -> Vec<&SecretReference> {
        match self {
            Self::Webhook(webhook) => vec![&webhook.url],
            Self::Datadog(datadog) => vec![&datadog.key],
        }
    }

    /// The files that it names.
    pub fn reads(&self) -> Vec<&Path> {
        let tls = match self {
            Self::Webhook(webhook) => &webhook.tls,
            Self::Datadog(datadog) => &datadog.tls,
        };
        let files = tls.iter().flat_map(TlsConfig::files);
        self.secrets().into_iter().filter_map(SecretReference::file).chain(files).collect()
    }

    /// Everything that is wrong with the sinks of a file.
    pub fn check(sinks: &[Located<Self>]) -> Vec<Problem> {
        let mut found = Vec::new();
        for (at, sink) in sinks.iter().enumerate() {
            let proxy = match &sink.value {
                Self::Webhook(webhook) => &webhook.proxy,
                Self::Datadog(datadog) => {
                    found.extend(datadog.check(sink));
                    &datadog.proxy
                }
            };
            found.extend(proxy.as_ref().and_then(check_proxy));
            if sinks[..at].iter().any(|other| other.name() == sink.name()) {
                let message = format!("{} is named twice: it would be told twice", sink.name());
                found.push(Problem::at(sink, message, "name it once"));
            }
        }
        found
    }
}

impl DatadogConfig {
    /// Where events go: `https://api.datadoghq.eu`.
    pub(super) fn intake(&self) -> String {
        match (&self.url, &self.site) {
            (Some(url), _) => url.trim_end_matches('/').to_owned(),
            (None, Some(site)) => format!("https://api.{}", site.as_str()),
            (None, None) => "https://api.datadoghq.com".to_owned(),
        }
    }

    fn check(&self, place: &Located<SinkConfig>) -> Option<Problem> {
        const SITE: &str = "write site: datadoghq.eu, the one that you log in to";
        match (&self.site, &self.url) {
            (Some(_), Some(url)) => {
                let message = "site and url are both given: only one of them is used";
                Some(Problem::at(url, message, "leave one out"))
            }
            (None, None) => Some(Problem::at(place, "datadog names no site", SITE)),
            (Some(site), None) => {
                let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
                let is_host = site.contains('.') && site.chars().all(fits);
                (!is_host).then(|| Problem::at(site, "this is not a site of Datadog", SITE))
            }
            (None, Some(url)) => check_relay(url),
        }
    }
}

/// The key goes there: in clear text only within the machine.
fn check_relay(text: &Located<String>) -> Option<Problem> {
    const SHAPE: &str = "write https://host, without user name and query";
    let wrong = |message: &str, advice: &str| Some(Problem::at(text, message, advice));
    let Ok(url) = Url::parse(text) else { return wrong("invalid URL", SHAPE) };
    let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !is_bare || url.fragment().is_some() {
        return wrong("the URL holds more than a host and a path", SHAPE);
    }
    match url.scheme() {
        "https" => None,
        "http" if is_loopback(&url) => None,
        "http" => wrong("the key would be sent in clear text", "write https://"),
        _ => wrong("the URL is neither http:// nor https://", SHAPE),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn check_proxy(text: &Located<String>) -> Option<Problem> {
    let url = Url::parse(text).ok();
    let is_one = url.as_ref().is_some_and(|url| {
        url.scheme() == "http" && url.has_host() && matches!(url.path(), "" | "/")
    });
    if !is_one {
        let advice = "write http://proxy.internal:3128";
        return Some(Problem::at(text, "this is not the URL of a proxy", advice));
    }
    let has_user = url.is_some_and(|url| !url.username().is_empty() || url.password().is_some());
    has_user.then(|| {
        let advice = "set HTTPS_PROXY where audits run: it may hold them";
        Problem::at(text, "the URL of the proxy holds a user name or password", advice)
    })
}
