//! A service that tells its version over HTTP, by one GET: in JSON, in any other text, or in a
//! header. The version is kept as it was told, with the component and the product that the
//! profile names.

pub mod config;
mod parse;
mod pointer;
mod presets;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use hyper::header::{AUTHORIZATION, HeaderMap};

use super::collector::{CollectContext, Collector, Target};
use super::io::aside::run_blocking;
use super::io::http::{self, Advice, HttpAnswer, HttpRequest};
use super::io::{net, secret, tls};
use super::prometheus::config::BasicAuthConfig;
use super::target::named_facts;
use crate::model::{
    CollectorKind, Failure, FailureKind, Field, Outcome, Secret, TargetEvidence, TargetId,
};
use crate::wire::problem::Problem;
use crate::wire::secret::SecretReference;
use config::{HttpAddress, HttpConfig, VERSION};
use parse::Finder;
use presets::VersionPlace;

/// What tells a version is short.
const MAX_BODY: usize = 1024 * 1024;

/// Reads one service.
pub struct Http {
    id: TargetId,
    address: HttpAddress,
    tls: tls::TlsSettings,
    token: Option<SecretReference>,
    basic_auth: Option<BasicAuthConfig>,
    finder: Arc<Finder>,
    header: Option<String>,
    /// What the profile says of the target, as the evidence keeps it.
    facts: Vec<Field>,
}

impl Http {
    /// A collector for a checked profile; paths are relative to `folder`.
    ///
    /// # Errors
    /// If its URL or its expression is not one.
    pub fn new(config: &HttpConfig, folder: &Path) -> Result<Self, Problem> {
        let preset = config.known_service();
        let product = config.product.as_deref().or(preset.map(|preset| preset.name));
        Ok(Self {
            id: TargetId::new("http", &config.name),
            address: config.address()?,
            tls: tls::TlsSettings(config.tls.clone().unwrap_or_default().relative_to(folder)),
            token: config.token.as_ref().map(|token| token.relative_to(folder)),
            basic_auth: config.basic_auth.as_ref().map(|basic| BasicAuthConfig {
                username: basic.username.clone(),
                password: basic.password.relative_to(folder),
            }),
            finder: Arc::new(match preset {
                Some(preset) => Finder::of_preset(preset),
                None => Finder {
                    pointer: config.pointer.as_ref().map(|pointer| pointer.value.clone()),
                    regex: config.expression()?,
                    proof: None,
                },
            }),
            header: match preset.map(|preset| preset.place) {
                Some(VersionPlace::Header(header, _)) => Some(header.to_owned()),
                _ => config.header.as_ref().map(|header| header.value.clone()),
            },
            facts: named_facts(config.component.as_ref(), product),
        })
    }

    async fn read(&self) -> Result<String, Failure> {
        let token = match &self.token {
            Some(reference) => Some(secret::resolve(reference, None).await?),
            None => None,
        };
        let mut headers = None;
        if let Some(BasicAuthConfig { username, password }) = &self.basic_auth {
            let password = secret::resolve(password, Some(username)).await?;
            let value = http::basic_value(username, &password)?;
            headers = Some(HeaderMap::from_iter([(AUTHORIZATION, value)]));
        }
        let HttpAnswer { headers, body } = self.get(token.as_ref(), headers.as_ref()).await?;
        let path = &self.address.shown_path;
        let Some(header) = &self.header else {
            let from = format!("the answer to GET {path}");
            return self.find(body, from, token).await;
        };
        let from = format!("the header {header} of the answer to GET {path}");
        let value = headers.get(header).ok_or_else(|| {
            let message = format!("the answer to GET {path} has no header {header}");
            Failure::new(FailureKind::Protocol, message)
                .with_advice("look at what the server answers, and correct header:")
        })?;
        self.find(Bytes::copy_from_slice(value.as_bytes()), from, token).await
    }

    /// Finds the version in `bytes`, which `from` names.
    async fn find(
        &self,
        bytes: Bytes,
        from: String,
        token: Option<Secret>,
    ) -> Result<String, Failure> {
        let finder = Arc::clone(&self.finder);
        run_blocking(move || finder.version(&bytes, &from, token.as_ref())).await?
    }

    fn advised(&self, failure: Failure) -> Failure {
        if failure.kind == FailureKind::Tls && !self.address.tls {
            return failure.with_advice("use https:// in the profile");
        }
        net::with_tls_in_mind(failure, self.address.tls)
    }

    async fn get(
        &self,
        token: Option<&Secret>,
        headers: Option<&HeaderMap>,
    ) -> Result<HttpAnswer, Failure> {
        let HttpAddress { host, port, .. } = &self.address;
        let wanted = HttpRequest {
            host: &self.address.authority,
            path: &self.address.path,
            shown: &self.address.shown_path,
            accept: "application/json, */*;q=0.5",
            token,
            headers,
            cap: MAX_BODY,
            advice: &advice(token.is_some() || headers.is_some()),
        };
        let way = net::Endpoint::to(host, *port, self.address.tls.then_some(&self.tls));
        let (way, wanted) = (&way.await?, &wanted);
        way.first(|at| async move {
            let (stream, _) = way.connect(at).await?;
            match http::get(stream, wanted).await {
                Err(failure) if net::is_no_answer(&failure) => Err(failure),
                answered => Ok(answered),
            }
        })
        .await
    }
}

fn advice(has_token: bool) -> Advice {
    let unauthorized = if has_token {
        "the server does not accept the token or password: renew it"
    } else {
        "the server requires authentication: set token: ${env:NAME} or basic-auth:"
    };
    Advice {
        unauthorized: unauthorized.to_owned(),
        forbidden: "allow this path to the owner of the token, or name one that anybody may read"
            .to_owned(),
        broken: "the server could not answer: look into its log, and that of any proxy in between"
            .to_owned(),
    }
}

impl Target for HttpConfig {
    fn collector(&self, folder: &Path) -> Box<dyn Collector> {
        Box::new(Http::new(self, folder).expect("a checked profile has a URL and an expression"))
    }
}

impl Collector for Http {
    fn id(&self) -> TargetId {
        self.id.clone()
    }

    fn endpoint(&self) -> String {
        self.address.shown()
    }

    fn kind(&self) -> &'static CollectorKind {
        &HttpConfig::KIND
    }

    fn profile_facts(&self) -> &[Field] {
        &self.facts
    }

    fn collect<'a>(&'a self, context: &'a CollectContext) -> BoxFuture<'a, Vec<TargetEvidence>> {
        async move {
            let read = net::within(context.deadline, context.allowed, self.read()).await;
            let now = (context.clock)();
            let version = match read {
                Ok(version) => version,
                Err(failure) => {
                    let failure = self.advised(failure);
                    return vec![self.unread(now, &failure)];
                }
            };
            let mut evidence = TargetEvidence::new(self.id(), self.endpoint(), now);
            evidence.fields.clone_from(&self.facts);
            evidence.fields.push(Field::of_target("version", version));
            evidence.set_part(VERSION, Outcome::Complete);
            vec![evidence]
        }
        .boxed()
    }
}
