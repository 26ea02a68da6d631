//! TLS to a target: whom we trust, who we are, and what a failed handshake means.

mod unverified;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustls::client::WantsClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::aside::run_blocking;
use super::config::TlsConfig;
use super::file;
use super::system::without_errno;
use crate::model::{Failure, FailureKind};
use crate::wire;
use unverified::Unverified;

/// A bundle of all public authorities is a quarter of this.
const MAX_PEM: u64 = 1024 * 1024;

/// Of the authorities of a system; some add their own to all public ones.
const MAX_BUNDLE: u64 = 16 * 1024 * 1024;

/// What the profile says of TLS; files are read when the target is.
#[derive(Clone, Debug, Default)]
pub(in crate::collect) struct TlsSettings(pub(in crate::collect) TlsConfig);

impl TlsSettings {
    /// Reads the files and prepares a handshake. An own authority replaces the system's.
    pub(in crate::collect) async fn connector(&self) -> Result<TlsConnector, Failure> {
        let roots = match &self.0.ca {
            Some(path) => own_roots(path).await?,
            None => system_roots().await?,
        };
        self.with_client(builder(provider())?.with_root_certificates(roots)).await
    }

    /// The same without a look at whose certificate the server shows.
    pub(in crate::collect) async fn unverified_connector(&self) -> Result<TlsConnector, Failure> {
        let provider = provider();
        let verifier = Arc::new(Unverified(Arc::clone(&provider)));
        let builder = builder(provider)?.dangerous().with_custom_certificate_verifier(verifier);
        self.with_client(builder).await
    }

    /// Who we are, if the server asks.
    async fn with_client(
        &self,
        builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    ) -> Result<TlsConnector, Failure> {
        let config = match (&self.0.cert, &self.0.key) {
            (Some(cert), Some(key)) => {
                let chain = certificates(cert).await?;
                let key = PrivateKeyDer::from_pem_slice(&pem_bytes(key).await?)
                    .map_err(|e| unusable(key, &pem_reason(&e)))?;
                builder.with_client_auth_cert(chain, key).map_err(|e| {
                    Failure::new(
                        FailureKind::Tls,
                        format!("certificate and key of the client do not fit: {e}"),
                    )
                })?
            }
            _ => builder.with_no_client_auth(),
        };
        Ok(TlsConnector::from(Arc::new(config)))
    }

    /// The name that the server's certificate must have.
    pub(in crate::collect) fn server_name(
        &self,
        host: &str,
    ) -> Result<ServerName<'static>, Failure> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = self.0.server_name.as_deref().unwrap_or(bare);
        ServerName::try_from(name.to_owned()).map_err(|_| {
            Failure::new(FailureKind::Tls, format!("{name:?} is not a valid certificate name"))
        })
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn builder(
    provider: Arc<CryptoProvider>,
) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Failure> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Failure::new(FailureKind::Tls, e.to_string()))
}

async fn own_roots(path: &Path) -> Result<Arc<RootCertStore>, Failure> {
    let (certificates, path) = (certificates(path).await?, path.to_owned());
    run_blocking(move || {
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate).map_err(|e| unusable(&path, &e))?;
        }
        Ok(Arc::new(roots))
    })
    .await?
}

/// The system's authorities: hundreds of files on some systems, and the same for every target.
static SYSTEM: OnceCell<Arc<RootCertStore>> = OnceCell::const_new();

fn load_system() -> Result<Arc<RootCertStore>, Failure> {
    // Read by the crate whatever it is: a pipe would be waited for, a device never end.
    if let Some(path) = variable(FILE_VARIABLE) {
        check_bundle(&path)?;
    }
    let mut roots = RootCertStore::empty();
    // One that cannot be used is left out.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Ok(Arc::new(roots))
}

/// By these a user names other authorities than the system's.
const FILE_VARIABLE: &str = "SSL_CERT_FILE";
const FOLDER_VARIABLE: &str = "SSL_CERT_DIR";

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// A bundle of authorities that a variable names is a regular file of a size that one may have.
fn check_bundle(path: &Path) -> Result<(), Failure> {
    let read = wire::file::read_capped(path, MAX_BUNDLE).map_err(|e| without_errno(&e));
    let checked = read.and_then(|bytes| {
        let holds_one = CertificateDer::pem_slice_iter(&bytes).any(|found| found.is_ok());
        if holds_one { Ok(()) } else { Err("it holds no certificate".to_owned()) }
    });
    checked.map_err(|why| {
        let shown = path.display();
        Failure::new(
            FailureKind::Tls,
            format!("{FILE_VARIABLE} names {shown}, which cannot be used: {why}"),
        )
        .with_advice("unset it for the system's authorities, or name a PEM file")
    })
}

async fn system_roots() -> Result<Arc<RootCertStore>, Failure> {
    let known = SYSTEM.get_or_try_init(async || run_blocking(load_system).await?).await?;
    if known.is_empty() {
        let named =
            [FILE_VARIABLE, FOLDER_VARIABLE].into_iter().find(|name| variable(name).is_some());
        let message = match named {
            Some(name) => format!("{name} leads to no certificate authority"),
            None => "this system has no certificate authorities".to_owned(),
        };
        return Err(Failure::new(FailureKind::Tls, message).with_advice(
            "install the system's CA certificates, or set the authority with tls.ca in the profile",
        ));
    }
    Ok(Arc::clone(known))
}

/// Whom a server's certificate must come from, where that is known without files of ours.
pub(in crate::collect) enum Roots {
    System,
    /// DER of each.
    These(Vec<Vec<u8>>),
    /// Anybody.
    Unverified,
}

/// Prepares handshakes. `identity` is a certificate and its key, both PEM.
///
/// # Errors
/// `None` if what was given cannot be used.
pub(in crate::collect) async fn connector(
    roots: Roots,
    identity: Option<(Vec<u8>, Vec<u8>)>,
) -> Result<TlsConnector, Option<Failure>> {
    let trusted = match roots {
        Roots::System => Some(system_roots().await?),
        Roots::These(certificates) => {
            Some(run_blocking(move || own_store(certificates)).await?.ok_or(None)?)
        }
        Roots::Unverified => None,
    };
    let made = run_blocking(move || {
        let provider = provider();
        let builder = builder(Arc::clone(&provider)).ok()?;
        let builder = match trusted {
            Some(roots) => builder.with_root_certificates(roots),
            None => {
                let verifier = Arc::new(Unverified(provider));
                builder.dangerous().with_custom_certificate_verifier(verifier)
            }
        };
        let config = match identity {
            Some((certificate, key)) => {
                let chain = CertificateDer::pem_slice_iter(&certificate).collect::<Result<_, _>>();
                let key = PrivateKeyDer::from_pem_slice(&key).ok()?;
                builder.with_client_auth_cert(chain.ok()?, key).ok()?
            }
            None => builder.with_no_client_auth(),
        };
        Some(TlsConnector::from(Arc::new(config)))
    });
    made.await?.ok_or(None)
}

fn own_store(certificates: Vec<Vec<u8>>) -> Option<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate.into()).ok()?;
    }
    Some(Arc::new(roots))
}

async fn pem_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = file::read_aside(path.to_owned(), MAX_PEM).await;
    bytes.map_err(|e| unusable(path, &without_errno(&e)))
}

async fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let bytes = pem_bytes(path).await?;
    let read =
        run_blocking(move || CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>());
    match read.await? {
        Ok(list) if list.is_empty() => Err(unusable(path, &"it holds no certificate")),
        Ok(list) => Ok(list),
        Err(error) => Err(unusable(path, &pem_reason(&error))),
    }
}

/// In our words, without the system's error number.
fn pem_reason(error: &pem::Error) -> String {
    match error {
        pem::Error::NoItemsFound => "it holds no key or certificate of this kind".to_owned(),
        _ => "it is not PEM".to_owned(),
    }
}

/// The reason says nothing of the file's content: a key may be in it.
fn unusable(path: &Path, reason: &dyn std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Tls, format!("{} cannot be used: {reason}", path.display()))
        .with_advice(
            "check the path under tls in the profile (relative to its folder), its \
            permissions, and that it is PEM",
        )
}

/// The last moment at which the server's certificate is valid; a handshake has checked it by then.
pub(in crate::collect) fn not_after(stream: &TlsStream<TcpStream>) -> Option<Timestamp> {
    let (_, session) = stream.get_ref();
    let certificate = Certificate::from_der(session.peer_certificates()?.first()?).ok()?;
    let end = certificate.tbs_certificate().validity().not_after.to_unix_duration();
    i64::try_from(end.as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok())
}

/// Whether an error on an open connection is one of TLS: by version 1.3 the client takes the
/// handshake for done before the server has looked at its certificate.
pub(in crate::collect) fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

/// What a failed handshake means.
pub(in crate::collect) fn handshake_failure(error: &io::Error) -> Failure {
    use rustls::{CertificateError as C, Error as E};
    let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<E>()) else {
        return Failure::new(
            FailureKind::Tls,
            "the server ended the connection in the TLS handshake",
        )
        .with_advice(
            "check that the server speaks TLS on this port; if it does not, use the URL \
                scheme without TLS",
        );
    };
    // Nothing in the words may change from run to run, as the time of a check does.
    let (what, advice) = match inner {
        E::InvalidMessage(_) => (
            "the server does not speak TLS on this port".to_owned(),
            "use the URL scheme without TLS, or the TLS port",
        ),
        // An authority of the same name and another key is another one: all of kubeadm's are named
        // `kubernetes`.
        E::InvalidCertificate(
            C::UnknownIssuer
            | C::BadSignature
            | C::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
        ) => (
            "the server's certificate is signed by an unknown authority".to_owned(),
            "set the authority that signed it with tls.ca in the profile",
        ),
        E::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => {
            ("the server's certificate has expired".to_owned(), "renew it")
        }
        E::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => (
            "the server's certificate is not valid yet".to_owned(),
            "check the clocks of both machines",
        ),
        E::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => (
            "the server's certificate is for another name".to_owned(),
            "connect by the name in the certificate, or set tls.server-name in the profile",
        ),
        E::InvalidCertificate(C::Other(_)) => (
            "the server's certificate cannot be used for a server: it may be a CA certificate"
                .to_owned(),
            "give the server a certificate that its authority signed (one with CA:FALSE)",
        ),
        E::AlertReceived(alert) => (
            format!("the server ended the TLS handshake: {alert:?}"),
            "does it want a client certificate? Then name tls.cert and tls.key in the profile",
        ),
        other => (format!("TLS handshake failed: {other}"), FailureKind::Tls.advice()),
    };
    Failure::new(FailureKind::Tls, what).with_advice(advice)
}
