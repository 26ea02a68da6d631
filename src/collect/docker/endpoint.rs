//! A way to an engine, and a question on it: a connection of its own for each GET.

use bytes::Bytes;

use super::config::EngineAddress;
use super::ssh::{self, Program};
use crate::collect::io::http::{self, Advice, HttpRequest, Reply};
use crate::collect::io::{net, tls};
use crate::model::{Failure, FailureKind};

/// Where an engine is, and how it is reached.
#[derive(Clone, Debug)]
pub(super) struct EngineEndpoint {
    pub(super) address: EngineAddress,
    pub(super) tls: tls::TlsSettings,
    /// Whether the server's certificate is checked.
    pub(super) verify: bool,
    /// For people.
    pub(super) shown: String,
}

/// An answer whose body is still to be read.
pub(super) struct Opened {
    reply: Reply,
    program: Option<Program>,
}

impl Opened {
    /// The next piece of the body; `None` at its end.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, Failure> {
        match self.reply.piece().await {
            Ok(piece) => Ok(piece),
            Err(failure) => Err(match &mut self.program {
                // The program that the connection is knows more about its end.
                Some(program) => program.explain(failure).await,
                None => failure,
            }),
        }
    }
}

impl EngineEndpoint {
    #[cfg(test)]
    pub(super) fn unix(socket: &str) -> Self {
        let address = EngineAddress::Unix(socket.into());
        Self { address, tls: tls::TlsSettings::default(), verify: true, shown: String::new() }
    }

    /// Whether the engine's certificate proves nothing.
    pub(super) fn is_unverified(&self) -> bool {
        matches!(self.address, EngineAddress::Tcp { tls: true, .. }) && !self.verify
    }

    /// Whether a failure means that nothing else can be had on this way.
    pub(super) fn is_lost(&self, failure: &Failure) -> bool {
        use FailureKind as K;
        let of_ssh = matches!(failure.kind, K::Authentication | K::Permission | K::Unsupported);
        failure.kind.is_unreached() || of_ssh && matches!(self.address, EngineAddress::Ssh(_))
    }

    /// GET, of which at most `cap` bytes of body are read.
    pub(super) async fn get(&self, target: &str, cap: usize) -> Result<Opened, Failure> {
        let wanted = &HttpRequest {
            host: self.host(),
            path: target,
            shown: target,
            accept: "application/json",
            token: None,
            headers: None,
            cap,
            advice: &advice(target),
        };
        let (host, port, tls) = match &self.address {
            EngineAddress::Ssh(address) => {
                let (stream, mut program) = ssh::dial(address)?;
                return match http::open(Box::new(stream), wanted).await {
                    Ok(reply) => Ok(Opened { reply, program: Some(program) }),
                    Err(failure) => Err(program.explain(failure).await),
                };
            }
            EngineAddress::Unix(socket) => {
                let stream = net::unix(socket).await?;
                let reply = http::open(Box::new(stream), wanted).await?;
                return Ok(Opened { reply, program: None });
            }
            EngineAddress::Tcp { host, port, tls } => (host, *port, *tls),
        };
        let way = if tls && !self.verify {
            net::Endpoint::unverified(host, port, &self.tls).await?
        } else {
            net::Endpoint::to(host, port, tls.then_some(&self.tls)).await?
        };
        let way = &way;
        let opened = way.first(|at| async move {
            let (stream, _) = way.connect(at).await?;
            match http::open(stream, wanted).await {
                Err(failure) if net::is_no_answer(&failure) => Err(failure),
                answered => Ok(answered),
            }
        });
        Ok(Opened { reply: opened.await?, program: None })
    }

    fn host(&self) -> &str {
        match &self.address {
            EngineAddress::Tcp { host, .. } => host,
            EngineAddress::Unix(_) | EngineAddress::Ssh(_) => "docker",
        }
    }

    /// In words that fit the way.
    pub(super) fn advised(&self, failure: Failure) -> Failure {
        let over_tls = matches!(self.address, EngineAddress::Tcp { tls: true, .. });
        match failure.kind {
            // Its reason may be lost with the connection.
            FailureKind::Cut if over_tls && self.tls.0.cert.is_none() => failure.with_advice(
                "does the server want a client certificate? Then name tls.cert and \
                    tls.key in the profile",
            ),
            _ => net::with_tls_in_mind(failure, over_tls),
        }
    }
}

fn advice(path: &str) -> Advice {
    let (unauthorized, broken) = (
        "Docker Engine has no passwords: a proxy in front of it asks for one, and envparity has \
         none to send",
        "the engine could not answer: look into its log, and that of any proxy in between",
    );
    Advice {
        unauthorized: unauthorized.to_owned(),
        forbidden: format!(
            "allow GET {path} to this client, for example in the socket proxy in front of the \
             engine"
        ),
        broken: broken.to_owned(),
    }
}
