//! Files by which a client finds the server, in the ways that people have them.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ApiServer;

/// What the client shows of itself.
#[derive(Clone, Debug)]
pub(crate) enum User {
    /// The server's token.
    Token,
    /// A file with it, written beside the kubeconfig.
    TokenFile,
    /// A user name and a password, which the server must have been told of.
    Basic(&'static str, &'static str),
    /// A token of nobody.
    WrongToken,
    /// Paths of the certificate and its key.
    CertificateFiles,
    /// The certificate and its key inline.
    CertificateData,
    /// This program prints an `ExecCredential`.
    Exec(PathBuf),
    /// Nothing.
    Nobody,
}

/// A kubeconfig to be written. The authority is inline, as tools that make such files have it.
pub(crate) struct Kubeconfig<'a> {
    server: &'a ApiServer,
    user: User,
    context: String,
    trusts: Trusts,
    ca_file: bool,
    insecure: bool,
    proxy: Option<String>,
    namespace: Option<String>,
}

/// Which authority it names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trusts {
    Signer,
    Stranger,
    Namesake,
}

impl<'a> Kubeconfig<'a> {
    pub(super) fn new(server: &'a ApiServer) -> Self {
        Self {
            server,
            user: User::Token,
            context: "test".to_owned(),
            trusts: Trusts::Signer,
            ca_file: false,
            insecure: false,
            proxy: None,
            namespace: None,
        }
    }

    pub(crate) fn user(mut self, user: User) -> Self {
        self.user = user;
        self
    }

    /// The current context, of which cluster and user have their names too: `<name>-cluster`,
    /// `<name>-user`.
    pub(crate) fn context(mut self, name: &str) -> Self {
        name.clone_into(&mut self.context);
        self
    }

    /// Trusts an authority that did not sign the server's certificate.
    pub(crate) fn wrong_ca(mut self) -> Self {
        self.trusts = Trusts::Stranger;
        self
    }

    /// Trusts an authority of the right name that did not sign the server's certificate.
    pub(crate) fn namesake_ca(mut self) -> Self {
        self.trusts = Trusts::Namesake;
        self
    }

    /// The authority by path.
    pub(crate) fn ca_file(mut self) -> Self {
        self.ca_file = true;
        self
    }

    /// `insecure-skip-tls-verify`, and no authority.
    pub(crate) fn insecure(mut self) -> Self {
        self.insecure = true;
        self
    }

    /// `proxy-url`.
    pub(crate) fn proxy(mut self, url: &str) -> Self {
        self.proxy = Some(url.to_owned());
        self
    }

    /// The context's namespace.
    pub(crate) fn namespace(mut self, name: &str) -> Self {
        self.namespace = Some(name.to_owned());
        self
    }

    /// Writes `<context>.kubeconfig` into the folder.
    pub(crate) fn write(&self, folder: &Path) -> PathBuf {
        let (cluster, context, user) = (self.cluster(), self.contexts(), self.users(folder));
        let path = folder.join(format!("{}.kubeconfig", self.context));
        write(&path, &format!("{HEAD}{cluster}{context}{user}"));
        path
    }

    /// Two files that are whole only together, for `$KUBECONFIG`: the cluster and the context in
    /// one, the user in the other.
    pub(crate) fn write_split(&self, folder: &Path) -> [PathBuf; 2] {
        let files = ["cluster", "user"]
            .map(|what| folder.join(format!("{}.{what}.kubeconfig", self.context)));
        write(&files[0], &format!("{HEAD}{}{}", self.cluster(), self.contexts()));
        write(&files[1], &format!("{HEAD}{}", self.users(folder)));
        files
    }

    fn cluster(&self) -> String {
        let (server, name) = (self.server, &self.context);
        let certs = server.certs();
        let ca = match self.trusts {
            Trusts::Signer => &certs.ca,
            Trusts::Stranger => &certs.other_ca,
            Trusts::Namesake => &certs.namesake_ca,
        };
        let mut text = format!(
            "clusters:\n- name: {name}-cluster\n  cluster:\n    server: {}\n",
            server.url()
        );
        if self.insecure {
            text += "    insecure-skip-tls-verify: true\n";
        } else if !server.url().starts_with("https") {
            // there is nothing to verify
        } else if self.ca_file {
            text += &format!("    certificate-authority: {}\n", ca.display());
        } else {
            text += &format!("    certificate-authority-data: {}\n", inline(ca));
        }
        if let Some(url) = &self.proxy {
            text += &format!("    proxy-url: {url}\n");
        }
        text
    }

    fn contexts(&self) -> String {
        let name = &self.context;
        let namespace =
            self.namespace.as_ref().map(|of| format!("    namespace: {of}\n")).unwrap_or_default();
        format!(
            "contexts:\n- name: {name}\n  context:\n    cluster: {name}-cluster\n    user: {name}-user\n{namespace}\
             current-context: {name}\n"
        )
    }

    fn users(&self, folder: &Path) -> String {
        let client = &self.server.certs().client;
        let user = match &self.user {
            User::Token => format!("    token: {}\n", self.server.token()),
            User::TokenFile => {
                let path = folder.join(format!("{}.token", self.context));
                write(&path, &format!("{}\n", self.server.token()));
                format!("    tokenFile: {}\n", path.display())
            }
            User::Basic(name, password) => {
                format!("    username: {name}\n    password: {password}\n")
            }
            User::WrongToken => "    token: test-token-of-nobody\n".to_owned(),
            User::CertificateFiles => {
                format!(
                    "    client-certificate: {}\n    client-key: {}\n",
                    client.cert.display(),
                    client.key.display()
                )
            }
            User::CertificateData => format!(
                "    client-certificate-data: {}\n    client-key-data: {}\n",
                inline(&client.cert),
                inline(&client.key)
            ),
            User::Exec(program) => format!(
                "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: {}\n      args: []\n      \
                 env: null\n      interactiveMode: Never\n      provideClusterInfo: false\n",
                program.display()
            ),
            User::Nobody => {
                return format!("users:\n- name: {}-user\n  user: {{}}\n", self.context);
            }
        };
        format!("users:\n- name: {}-user\n  user:\n{user}", self.context)
    }
}

const HEAD: &str = "apiVersion: v1\nkind: Config\npreferences: {}\n";

fn inline(path: &Path) -> String {
    STANDARD.encode(std::fs::read(path).expect("a file that the certificates wrote"))
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
