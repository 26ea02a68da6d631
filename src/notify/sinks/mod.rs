//! Where notices go. One file for each kind of sink: it makes the request, and sends nothing.

mod datadog;
mod webhook;

use std::path::Path;

use hyper::header::HeaderName;

use super::config::{SinkConfig, WebhookFormat};
use super::notice::Notice;
use crate::collect::io::config::TlsConfig;
use crate::wire::secret::SecretReference;

/// Where the request goes.
#[derive(Clone, Debug)]
pub(super) enum SinkAddress {
    /// The URL is a secret.
    Secret(SecretReference),
    /// The URL is none.
    Plain(String),
}

/// One sink, as the profiles have it. Nothing of it is a secret: it only says where these are.
#[derive(Clone, Debug)]
pub struct Sink {
    /// What people and the history call it: `webhook ${env:SLACK_WEBHOOK}`.
    pub name: String,
    pub(super) kind: SinkKind,
    pub(super) address: SinkAddress,
    pub(super) key: Option<(HeaderName, SecretReference)>,
    pub(super) tls: TlsConfig,
    pub(super) proxy: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SinkKind {
    Webhook(WebhookFormat),
    Datadog,
}

impl Sink {
    /// A sink of the profiles; paths are relative to `folder`.
    pub fn new(config: &SinkConfig, folder: &Path) -> Self {
        match config {
            SinkConfig::Webhook(webhook) => Self {
                name: config.name(),
                kind: SinkKind::Webhook(webhook.format),
                address: SinkAddress::Secret(webhook.url.relative_to(folder)),
                key: None,
                tls: webhook.tls.clone().unwrap_or_default().relative_to(folder),
                proxy: webhook.proxy.as_ref().map(|proxy| proxy.value.clone()),
            },
            SinkConfig::Datadog(datadog) => Self {
                name: config.name(),
                kind: SinkKind::Datadog,
                address: SinkAddress::Plain(datadog::events_url(&datadog.intake())),
                key: Some((datadog::KEY, datadog.key.relative_to(folder))),
                tls: datadog.tls.clone().unwrap_or_default().relative_to(folder),
                proxy: datadog.proxy.as_ref().map(|proxy| proxy.value.clone()),
            },
        }
    }

    /// The body of the request, in JSON.
    pub fn body(&self, notice: &Notice, link: Option<&str>) -> String {
        match self.kind {
            SinkKind::Webhook(WebhookFormat::Slack) => webhook::slack(notice, link),
            SinkKind::Webhook(WebhookFormat::Json) => webhook::json(notice, link),
            SinkKind::Datadog => datadog::event(notice, link),
        }
        .to_string()
    }
}
