//! An sshd of its own for one test, on a loopback port, and an `ssh` that knows it.

use std::fs::Permissions;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::cli::slowness::scaled;
use super::listen;

/// Where Debian has them: the tests put another `ssh` in front.
const SSH: &str = "/usr/bin/ssh";
const SSHD: &str = "/usr/sbin/sshd";

pub(crate) struct Sshd {
    child: Child,
    dir: TempDir,
    address: SocketAddr,
}

impl Sshd {
    /// What is run by ssh sees these variables.
    ///
    /// # Panics
    /// If it does not listen within ten seconds of an idle machine.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let at = dir.path();
        for name in ["host", "user", "stranger"] {
            keygen(&at.join(name));
        }
        let (listener, address) = listen();
        drop(listener);
        let set: String =
            variables.iter().map(|(name, value)| format!(" \"{name}={value}\"")).collect();
        let set = if set.is_empty() { set } else { format!("SetEnv{set}\n") };
        let config = format!(
            "ListenAddress {address}\nHostKey {host}\nAuthorizedKeysFile {authorized}\nStrictModes no\nUsePAM no\n\
             PidFile none\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\n{set}",
            host = at.join("host").display(),
            authorized = at.join("user.pub").display(),
        );
        std::fs::write(at.join("sshd_config"), config).expect("write into a folder of ours");
        // Debian's service makes it, and no service is started here.
        std::fs::create_dir_all("/run/sshd").expect("tests/run.sh is run as root");
        let child = Command::new(SSHD)
            .args(["-D", "-e", "-f"])
            .arg(at.join("sshd_config"))
            .stdin(Stdio::null())
            .stderr(std::fs::File::create(at.join("log")).expect("a file of ours"))
            .spawn()
            .expect("tests/run.sh installs openssh-server");
        let sshd = Self { child, dir, address };
        sshd.wait();
        sshd
    }

    fn wait(&self) {
        let until = Instant::now() + scaled(Duration::from_secs(10));
        while TcpStream::connect(self.address).is_err() {
            let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "sshd does not listen: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// For a profile.
    pub(crate) fn url(&self) -> String {
        format!("ssh://root@{}", self.address)
    }

    /// A `$PATH` whose `ssh` has the right key, and knows the host.
    pub(crate) fn path(&self) -> String {
        self.path_with("user", Some("host"))
    }

    /// The same with a key that the host does not know.
    pub(crate) fn path_of_stranger(&self) -> String {
        self.path_with("stranger", Some("host"))
    }

    /// The same where nobody has ever seen the host.
    pub(crate) fn path_to_unknown(&self) -> String {
        self.path_with("user", None)
    }

    /// The same where the host was another one.
    pub(crate) fn path_to_changed(&self) -> String {
        self.path_with("user", Some("stranger"))
    }

    fn path_with(&self, user: &str, host: Option<&str>) -> String {
        let folder = self.dir.path().join(format!("{user}-{}", host.unwrap_or("unknown")));
        std::fs::create_dir_all(&folder).expect("a folder of ours");
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).expect("write into a folder of ours");
            path
        };
        let key = |name: &str| std::fs::read_to_string(self.at(&format!("{name}.pub")));
        let known = host.map_or(String::new(), |host| {
            format!(
                "[{}]:{} {}",
                self.address.ip(),
                self.address.port(),
                key(host).expect("made above")
            )
        });
        let known = write("known_hosts", &known);
        let config = format!(
            "IdentityFile {}\nIdentitiesOnly yes\nIdentityAgent none\nUserKnownHostsFile {}\nGlobalKnownHostsFile /dev/null\n",
            self.at(user).display(),
            known.display(),
        );
        let config = write("config", &config);
        let ssh =
            write("ssh", &format!("#!/bin/sh\nexec {SSH} -F '{}' \"$@\"\n", config.display()));
        std::fs::set_permissions(&ssh, Permissions::from_mode(0o755)).expect("a file of ours");
        format!("{}:/usr/bin:/bin", folder.display())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn keygen(path: &Path) {
    let made =
        Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status();
    assert!(made.is_ok_and(|status| status.success()), "ssh-keygen makes a key");
}
