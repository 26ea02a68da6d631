//! Where the Docker Engine and the image registry of `tests/run.sh` are, and what its own client
//! says of them. What runs there is listed in `docker.sh`.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::from_run_sh;

/// The Unix socket of the engine.
pub(crate) fn socket() -> PathBuf {
    PathBuf::from(from_run_sh("ENVPARITY_TEST_DOCKER_SOCKET"))
}

/// The same engine over TCP, without TLS.
pub(crate) fn tcp() -> SocketAddr {
    from_run_sh("ENVPARITY_TEST_DOCKER_TCP").parse().expect("tests/run.sh sets host:port")
}

/// The registry as it appears in image references: `127.0.0.1:PORT`.
pub(crate) fn registry() -> String {
    from_run_sh("ENVPARITY_TEST_REGISTRY")
}

/// What `docker ARGUMENTS` prints, without the newline at its end.
///
/// # Panics
/// If the command fails.
pub(crate) fn client(arguments: &[&str]) -> String {
    let output = run_client(arguments).expect("the Docker client starts: tests/run.sh installs it");
    assert!(
        output.status.success(),
        "docker {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

fn run_client(arguments: &[&str]) -> io::Result<Output> {
    // a folder of ours, or the developer's settings would count
    let config = tempfile::tempdir()?;
    let mut command = Command::new("docker");
    command
        .arg("--config")
        .arg(config.path())
        .arg("--host")
        .arg(format!("unix://{}", socket().display()));
    command.args(arguments).output()
}

/// `sha256:…` of what the registry has under a tag.
pub(crate) fn registry_digest(repository: &str, tag: &str) -> String {
    let mut stream = TcpStream::connect(registry()).expect("the registry listens");
    let accept = "application/vnd.docker.distribution.manifest.v2+json";
    let request =
        format!("HEAD /v2/{repository}/manifests/{tag} HTTP/1.0\r\nAccept: {accept}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("send to the registry");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("read from the registry");
    let digest = answer.lines().find_map(|line| line.strip_prefix("Docker-Content-Digest: "));
    digest.unwrap_or_else(|| panic!("no digest of {repository}:{tag}: {answer}")).to_owned()
}

/// Containers that never start, gone when dropped.
pub(crate) struct Containers(Vec<String>);

/// Containers of the image redis:7.2.4 in a compose project of their own. The engine is shared with
/// other tests, which exclude the projects `sandbox-*`.
pub(crate) fn create_containers(project: &str, number: usize) -> Containers {
    let label = format!("com.docker.compose.project={project}");
    let mut containers = Containers(Vec::new());
    for _ in 0..number {
        containers.0.push(client(&["create", "--pull", "never", "--label", &label, "redis:7.2.4"]));
    }
    containers
}

impl Drop for Containers {
    fn drop(&mut self) {
        let names: Vec<&str> = self.0.iter().map(String::as_str).collect();
        // tests/run.sh removes what this could not
        drop(run_client(&[&["rm", "--force"], &names[..]].concat()));
    }
}

/// A folder of contexts as Docker's client writes them; gone when dropped.
pub(crate) struct Contexts(tempfile::TempDir);

impl Contexts {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    /// The value of `$DOCKER_CONFIG`.
    pub(crate) fn variable(&self) -> String {
        self.folder().display().to_string()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// `docker context create NAME --docker ENDPOINT`
    pub(crate) fn create(&self, name: &str, endpoint: &str) {
        let mut command = Command::new("docker");
        command
            .arg("--config")
            .arg(self.folder())
            .args(["context", "create", name, "--docker", endpoint]);
        let output = command.output().expect("the Docker client starts: tests/run.sh installs it");
        assert!(
            output.status.success(),
            "context {name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Where the client has written the context.
    pub(crate) fn meta(&self, name: &str) -> PathBuf {
        self.of(name, "meta").join("meta.json")
    }

    /// Where the client has copied its certificates to.
    pub(crate) fn tls(&self, name: &str) -> PathBuf {
        self.of(name, "tls").join("docker")
    }

    /// The folder whose `meta.json` has the name, as the client says; found by looking, not by
    /// computing its name.
    fn of(&self, name: &str, below: &str) -> PathBuf {
        let folders = std::fs::read_dir(self.folder().join("contexts/meta"))
            .expect("the client made it")
            .flatten();
        let is_it = |folder: &Path| {
            let text = std::fs::read_to_string(folder.join("meta.json")).unwrap_or_default();
            text.contains(&format!("\"Name\":\"{name}\""))
        };
        let found = folders.map(|entry| entry.path()).find(|folder| is_it(folder));
        let id = found.and_then(|folder| folder.file_name().map(ToOwned::to_owned));
        self.folder()
            .join("contexts")
            .join(below)
            .join(id.unwrap_or_else(|| panic!("no context {name}")))
    }
}
