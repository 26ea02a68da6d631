//! TLS in front of a server that speaks none, as `dockerd --tlsverify` or a load balancer does.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::tls::Leaf;

/// Listens on a loopback port until it is dropped.
pub(crate) struct TlsFront {
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl TlsFront {
    /// Shows the certificate of `leaf`; with `clients`, every client must show one that this
    /// authority has signed.
    pub(crate) fn start(upstream: SocketAddr, leaf: &Leaf, clients: Option<&Path>) -> Self {
        let acceptor = acceptor(leaf, clients);
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // a client that does not trust us, or whom we do not trust, has gone
                    let Ok(mut client) = acceptor.accept(client).await else { return };
                    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
                    drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
                });
            }
        });
        Self { address, _runtime: runtime }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

fn certificates(path: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path)
        .expect("openssl wrote it")
        .map(|read| read.expect("it is PEM"))
        .collect()
}

fn acceptor(leaf: &Leaf, clients: Option<&Path>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions();
    let builder = builder.expect("ring knows them");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            certificates(ca).into_iter().for_each(|ca| roots.add(ca).expect("it is an authority"));
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.expect("it has an authority"))
        }
    };
    let key = PrivateKeyDer::from_pem_file(&leaf.key).expect("openssl wrote it");
    TlsAcceptor::from(Arc::new(
        builder.with_single_cert(certificates(&leaf.cert), key).expect("they fit"),
    ))
}
