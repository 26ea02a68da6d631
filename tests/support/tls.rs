//! A certificate authority for one test, made by the `openssl` command: a certificate that is
//! right, and some that are wrong in one way each.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A certificate and its private key, PEM files.
pub(crate) struct Leaf {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// One authority and what it signed. The files go when this is dropped.
pub(crate) struct Certs {
    dir: TempDir,
    /// The authority's certificate, for a client to trust.
    pub(crate) ca: PathBuf,
    /// An authority that signed nothing here.
    pub(crate) other_ca: PathBuf,
    /// One more that signed nothing here, of the name of the one that did.
    pub(crate) namesake_ca: PathBuf,
    /// For `localhost` and `127.0.0.1`.
    pub(crate) server: Leaf,
    /// As `server`, but it ended in 2020.
    pub(crate) expired: Leaf,
    /// Valid, for `elsewhere.invalid` only.
    pub(crate) wrong_name: Leaf,
    /// For a client to show.
    pub(crate) client: Leaf,
}

const NOT_EXPIRED: [&str; 2] = ["-days", "3650"];
// `x509 -days -1` would end before it began, which is another error than being expired
const EXPIRED: [&str; 4] = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"];
const LOOPBACK: &str = "DNS:localhost,IP:127.0.0.1";

impl Certs {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let at = dir.path();
        let ca = authority(at, "ca", "ca");
        let other_ca = authority(at, "other-ca", "other-ca");
        let namesake_ca = authority(at, "namesake-ca", "ca");
        // `openssl ca` is the one command that sets the dates of a certificate in every OpenSSL in
        // use
        std::fs::write(at.join("ca.conf"), CA_CONF).expect("write ca.conf");
        std::fs::write(at.join("index.txt"), "").expect("write index.txt");
        Self {
            server: leaf(at, "server", LOOPBACK, &NOT_EXPIRED),
            expired: leaf(at, "expired", LOOPBACK, &EXPIRED),
            wrong_name: leaf(at, "wrong-name", "DNS:elsewhere.invalid", &NOT_EXPIRED),
            client: leaf(at, "client", "DNS:client.invalid", &NOT_EXPIRED),
            ca,
            other_ca,
            namesake_ca,
            dir,
        }
    }
}

const CA_CONF: &str = "
[ca]
default_ca = test
[test]
database = index.txt
new_certs_dir = .
rand_serial = yes
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
";

fn authority(dir: &Path, name: &str, named: &str) -> PathBuf {
    let (cert, key, subject) =
        (format!("{name}.pem"), format!("{name}.key"), format!("/CN=envparity test {named}"));
    openssl(
        dir,
        &["req", "-x509", "-days", "3650", "-subj", &subject, "-out", &cert, "-keyout", &key]
            .into_iter()
            .chain(NEW_KEY)
            .chain(["-addext", "keyUsage=critical,keyCertSign,cRLSign"])
            .collect::<Vec<_>>(),
    );
    dir.join(cert)
}

fn leaf(dir: &Path, name: &str, alternative_names: &str, validity: &[&str]) -> Leaf {
    let file = |suffix: &str| format!("{name}.{suffix}");
    let (cert, key, request, extensions) = (file("pem"), file("key"), file("csr"), file("ext"));
    let text = format!(
        "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n\
         extendedKeyUsage = serverAuth, clientAuth\nsubjectAltName = {alternative_names}\n"
    );
    std::fs::write(dir.join(&extensions), text).expect("write the extensions");
    let subject = format!("/CN={name}");
    let wanted = ["req", "-new", "-subj", &subject, "-out", &request, "-keyout", &key];
    openssl(dir, &[&wanted, &NEW_KEY[..]].concat());
    let signed = [
        "ca", "-batch", "-notext", "-config", "ca.conf", "-extfile", &extensions, "-in", &request,
        "-out", &cert,
    ];
    openssl(dir, &[&signed, validity].concat());
    Leaf { cert: dir.join(cert), key: dir.join(key) }
}

const NEW_KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

fn openssl(dir: &Path, args: &[&str]) {
    let output = Command::new("openssl").args(args).current_dir(dir).output();
    let output = output.unwrap_or_else(|error| panic!("openssl: {error}: run tests/run.sh"));
    assert!(
        output.status.success(),
        "openssl {}: {}",
        args.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
}
