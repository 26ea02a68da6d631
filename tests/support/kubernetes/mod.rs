//! A Kubernetes API server of the tests' own: it answers as a real one was recorded to, multiplied
//! to any size, writes down what it is asked, and answers wrongly where a test wants it.

mod access;
mod cluster;
mod discovery;
mod encode;
mod faults;
mod kubeconfig;
mod list;
mod objects;
#[path = "../../../src/collect/kubernetes/protobuf/schema.rs"]
mod schema;
mod serve;
mod spoiled;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

pub(crate) use access::{Request, Rule};
pub(crate) use cluster::Cluster;
pub(crate) use faults::{Fault, When};
pub(crate) use kubeconfig::{Kubeconfig, User};
pub(crate) use serve::Protobuf;
pub(crate) use spoiled::Spoiled;

use super::listen;
use super::tls::{Certs, Leaf};
use access::Asked;
use serve::{Armed, State};

/// How the server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// HTTPS, HTTP/2 or HTTP/1.1 as the client likes.
    Https,
    /// HTTPS, and HTTP/1.1 only.
    Http1,
    /// HTTPS with a certificate that has ended.
    Expired,
    /// HTTPS with a certificate for another name.
    WrongName,
    /// HTTP and no questions asked, as behind `kubectl proxy`.
    Plain,
}

/// A server on a loopback port, gone when dropped.
pub(crate) struct ApiServer {
    address: SocketAddr,
    transport: Transport,
    certs: Certs,
    state: Arc<State>,
    runtime: Option<Runtime>,
}

impl ApiServer {
    /// Over HTTPS.
    pub(crate) fn start(cluster: Cluster) -> Self {
        Self::start_over(Transport::Https, cluster)
    }

    /// Takes this user name and password for as good as the token.
    pub(crate) fn accept_basic(&self, name: &str, password: &str) {
        let value = format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
        *self.state.basic.lock().expect("no thread panics with the lock") = Some(value);
    }

    pub(crate) fn start_over(transport: Transport, cluster: Cluster) -> Self {
        let certs = Certs::new();
        let tls = tls(transport, &certs);
        let (listener, address) = listen();
        let state = Arc::new(State {
            store: cluster.build(),
            token: format!("test-token-{}", random_hex()),
            basic: Mutex::default(),
            open: transport == Transport::Plain,
            gzip: AtomicBool::new(true),
            protobuf: Mutex::new(Protobuf::Spoken),
            pace: Mutex::default(),
            connections: AtomicUsize::new(0),
            requests: Mutex::new(Vec::new()),
            rules: Mutex::new(None),
            faults: Mutex::new(Vec::new()),
            compressed: Mutex::new(BTreeMap::new()),
        });
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime");
        runtime.spawn({
            let state = Arc::clone(&state);
            async move {
                listener.set_nonblocking(true).expect("a socket of ours");
                let listener =
                    tokio::net::TcpListener::from_std(listener).expect("a socket of ours");
                serve::accept(listener, tls, state).await;
            }
        });
        Self { address, transport, certs, state, runtime: Some(runtime) }
    }

    /// Without a slash at its end.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.transport == Transport::Plain { "http" } else { "https" };
        format!("{scheme}://{}", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn certs(&self) -> &Certs {
        &self.certs
    }

    /// A secret that no other text contains.
    pub(crate) fn token(&self) -> &str {
        &self.state.token
    }

    /// A file by which a client finds the server.
    pub(crate) fn kubeconfig(&self) -> Kubeconfig<'_> {
        Kubeconfig::new(self)
    }

    /// Everything else is `403`, but what the server says about itself. Without this, everything is
    /// allowed.
    pub(crate) fn allow_only(&self, rules: impl Into<Vec<Rule>>) {
        *self.state.rules.lock().expect("no thread panics with the lock") = Some(rules.into());
    }

    /// Goes wrong for paths that begin so. Of two faults for one request, the one that was set
    /// first is met.
    pub(crate) fn fault(&self, prefix: &str, when: When, fault: Fault) {
        let when = if fault == Fault::ExpiredOnce { When::First(1) } else { when };
        let armed = Armed { prefix: prefix.to_owned(), when, fault, asked: BTreeMap::new() };
        self.state.faults.lock().expect("no thread panics with the lock").push(armed);
    }

    pub(crate) fn clear_faults(&self) {
        self.state.faults.lock().expect("no thread panics with the lock").clear();
    }

    /// Whether long answers are compressed for clients that offer it; they are at first.
    pub(crate) fn set_gzip(&self, on: bool) {
        self.state.gzip.store(on, Ordering::SeqCst);
    }

    /// What the server does where a client would rather have protobuf; it sends it at first.
    pub(crate) fn set_protobuf(&self, protobuf: Protobuf) {
        *self.state.protobuf.lock().expect("no thread panics with the lock") = protobuf;
    }

    /// How long the server takes for each answer before it sends it, in JSON and in protobuf; no
    /// time at first.
    pub(crate) fn set_pace(&self, json: Duration, protobuf: Duration) {
        *self.state.pace.lock().expect("no thread panics with the lock") = [json, protobuf];
    }

    /// Every request so far, those that were refused too.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.requests.lock().expect("no thread panics with the lock").clone()
    }

    pub(crate) fn forget_requests(&self) {
        self.state.requests.lock().expect("no thread panics with the lock").clear();
    }

    /// Group, resource and verb of every request, as permissions name them. What is no resource is
    /// left out, and a method that changes things is named as it is.
    pub(crate) fn permissions_used(&self) -> BTreeSet<(String, String, String)> {
        let used = |request: &Request| {
            let asked = Asked::read(request.path.split('?').next()?)?;
            let verb = if request.method == "GET" { asked.verb() } else { &request.method };
            Some((asked.resource.group.to_owned(), asked.resource.name.to_owned(), verb.to_owned()))
        };
        self.requests().iter().filter_map(used).collect()
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// How many objects there are in all of the cluster.
    pub(crate) fn count(&self, resource: &str) -> usize {
        self.state.store.lists[resource].len()
    }

    /// The paths, with query, of all pages of a list.
    pub(crate) fn pages(&self, resource: &str, limit: usize) -> Vec<String> {
        let known = list::RESOURCES.iter().find(|known| known.name == resource);
        self.state.store.paths(known.unwrap_or_else(|| panic!("no list of {resource}")), limit)
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // does not wait for clients
            runtime.shutdown_background();
        }
    }
}

fn tls(transport: Transport, certs: &Certs) -> Option<TlsAcceptor> {
    let shown = match transport {
        Transport::Https | Transport::Http1 => &certs.server,
        Transport::Expired => &certs.expired,
        Transport::WrongName => &certs.wrong_name,
        Transport::Plain => return None,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&certs.ca)).expect("an authority of ours");
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let verifier = verifier.allow_unauthenticated().build().expect("an authority of ours");
    let config =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config =
        config.expect("ring has the default protocols").with_client_cert_verifier(verifier);
    let Leaf { cert, key } = shown;
    let key = PrivateKeyDer::from_pem_file(key).expect("a key of ours");
    let mut config = config.with_single_cert(vec![certificate(cert)], key).expect("a pair of ours");
    config.alpn_protocols = match transport {
        Transport::Http1 => vec![b"http/1.1".to_vec()],
        _ => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    };
    Some(TlsAcceptor::from(Arc::new(config)))
}

fn certificate(path: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(path).expect("a certificate of ours")
}

/// 128 bits that differ from run to run.
fn random_hex() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let word = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", word(), word())
}
