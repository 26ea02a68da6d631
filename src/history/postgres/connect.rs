//! Connects: the socket, TLS, the user. A thread drives the connection until it ends.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::oneshot;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::address::{PostgresAddress, Server, Tls};
use super::super::error::HistoryError;
use super::fault::Faults;
use super::options::PostgresOptions;
use super::stream::{Capped, MOST, Socket};
use crate::wire::file;

/// A bundle of all public authorities is a quarter of this.
const MAX_PEM: u64 = 1024 * 1024;

/// How long a server is waited for to take note of our leave.
const LEAVE: Duration = Duration::from_secs(1);

/// A connection that is driven by its thread.
pub(super) struct Connected {
    client: Option<Arc<Client>>,
    /// Bytes that may still be read.
    pub(super) left: Arc<AtomicUsize>,
    /// The thread leaves when this is dropped.
    stay: Option<oneshot::Sender<()>>,
    ended: Receiver<()>,
}

impl Connected {
    pub(super) fn client(&self) -> Result<Arc<Client>, HistoryError> {
        self.client.clone().ok_or_else(Faults::ended_fault)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.as_ref().is_none_or(|client| client.is_closed())
    }

    /// Leaves a server that does not answer.
    pub(super) fn leave(&mut self) {
        self.client = None;
        self.stay = None;
    }
}

impl Drop for Connected {
    /// A server that is told does not have to find out. One that does not answer is not waited for.
    fn drop(&mut self) {
        if self.client.take().is_some() {
            let _ = self.ended.recv_timeout(LEAVE);
        }
    }
}

type Outcome = Result<Client, HistoryError>;

/// Connects, or says why not.
pub(super) fn connect(
    address: &PostgresAddress,
    options: PostgresOptions,
) -> Result<Connected, HistoryError> {
    let tls = match &address.server {
        Server::Tcp { tls: Tls::On(authority), .. } => {
            Some(trusted_connector(authority.as_deref())?)
        }
        _ => None,
    };
    let left = Arc::new(AtomicUsize::new(MOST));
    let (stay, leave) = oneshot::channel();
    let (tell, told) = mpsc::channel();
    let (end, ended) = mpsc::channel();
    let attempt = Attempt { address: address.clone(), options, tls, left: Arc::clone(&left) };
    let unstarted = |error: io::Error| HistoryError::Server {
        what: format!("no thread could be started: {error}"),
        advice: "free memory or raise the limits of this user",
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unstarted)?;
    let drive = move || {
        runtime.block_on(attempt.run(&tell, leave));
        // A name that is still being looked up is not waited for.
        runtime.shutdown_background();
        let _ = end.send(());
    };
    thread::Builder::new().name("history".to_owned()).spawn(drive).map_err(unstarted)?;
    let silent = Faults { address, options }.silent_fault(options.connect);
    let client =
        told.recv_timeout(options.connect + Duration::from_secs(1)).map_err(|_| silent)??;
    Ok(Connected { client: Some(Arc::new(client)), left, stay: Some(stay), ended })
}

/// What the thread needs.
struct Attempt {
    address: PostgresAddress,
    options: PostgresOptions,
    tls: Option<MakeRustlsConnect>,
    left: Arc<AtomicUsize>,
}

impl Attempt {
    async fn run(self, tell: &Sender<Outcome>, leave: oneshot::Receiver<()>) {
        let work = async {
            let stream = match self.within_limit(self.socket()).await {
                Ok(socket) => Capped { socket, left: Arc::clone(&self.left) },
                Err(error) => return drop(tell.send(Err(error))),
            };
            match &self.tls {
                None => self.drive_connection(stream, NoTls, tell).await,
                Some(tls) => match self.handshake(tls.clone()) {
                    Ok(tls) => self.drive_connection(stream, tls, tell).await,
                    Err(error) => drop(tell.send(Err(error))),
                },
            }
        };
        tokio::select! {
            () = work => (),
            _ = leave => (),
        }
    }

    async fn within_limit<T>(
        &self,
        work: impl Future<Output = Result<T, HistoryError>>,
    ) -> Result<T, HistoryError> {
        let silent = || self.faults().silent_fault(self.options.connect);
        tokio::time::timeout(self.options.connect, work).await.map_err(|_| silent())?
    }

    fn faults(&self) -> Faults<'_> {
        Faults { address: &self.address, options: self.options }
    }

    async fn socket(&self) -> Result<Box<dyn Socket>, HistoryError> {
        let opened: io::Result<Box<dyn Socket>> = match &self.address.server {
            Server::Socket(folder, port) => {
                let socket = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await;
                socket.map(|socket| Box::new(socket) as Box<dyn Socket>)
            }
            Server::Tcp { host, port, .. } => {
                let socket = TcpStream::connect((without_brackets(host), *port)).await;
                socket.map(|socket| {
                    // Only slower without.
                    let _ = socket.set_nodelay(true);
                    Box::new(socket) as Box<dyn Socket>
                })
            }
        };
        opened.map_err(|error| self.faults().unreached_fault(&error))
    }

    fn handshake(
        &self,
        mut tls: MakeRustlsConnect,
    ) -> Result<impl TlsConnect<Capped, Stream: Send> + use<>, HistoryError> {
        let Server::Tcp { host, .. } = &self.address.server else {
            return Err(Faults::ended_fault());
        };
        let made = MakeTlsConnect::<Capped>::make_tls_connect(&mut tls, without_brackets(host));
        made.map_err(|error| self.faults().unreached_fault(&io::Error::other(error)))
    }

    async fn drive_connection<T: TlsConnect<Capped>>(
        &self,
        stream: Capped,
        tls: T,
        tell: &Sender<Outcome>,
    ) {
        let config = self.config();
        let connected = self.within_limit(async {
            let connected = config.connect_raw(stream, tls).await;
            connected.map_err(|error| self.faults().server_error(&error))
        });
        match connected.await {
            Ok((client, connection)) => {
                if tell.send(Ok(client)).is_ok() {
                    // Whoever asks next is told why it ended.
                    let _ = connection.await;
                }
            }
            Err(error) => drop(tell.send(Err(error))),
        }
    }

    fn config(&self) -> Config {
        let mut config = Config::new();
        config.application_name("envparity");
        config.ssl_mode(if self.tls.is_some() { SslMode::Require } else { SslMode::Disable });
        if let Some(user) = &self.address.user {
            config.user(user);
        }
        if let Some(database) = &self.address.database {
            config.dbname(database);
        }
        if let Some(password) = &self.address.password {
            config.password(password.expose());
        }
        config
    }
}

/// An IPv6 address without its brackets.
fn without_brackets(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Whose signature the server's certificate must have.
fn trusted_connector(authority: Option<&Path>) -> Result<MakeRustlsConnect, HistoryError> {
    let unusable = |path: &Path, why: String| HistoryError::Server {
        what: format!("{} cannot be used: {why}", path.display()),
        advice: "name a PEM file with the server's authority by sslrootcert in the URL",
    };
    let mut roots = RootCertStore::empty();
    if let Some(path) = authority {
        let bytes = file::read(path, MAX_PEM).map_err(|error| unusable(path, error.to_string()))?;
        for certificate in CertificateDer::pem_slice_iter(&bytes) {
            let added = certificate.ok().and_then(|certificate| roots.add(certificate).ok());
            added.ok_or_else(|| unusable(path, "it is not PEM".to_owned()))?;
        }
    } else {
        // One that cannot be used is left out.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if roots.is_empty() {
        let nothing = "it holds no certificate".to_owned();
        return Err(unusable(authority.unwrap_or(Path::new("the system's bundle")), nothing));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| HistoryError::Unsupported(error.to_string()))?;
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
