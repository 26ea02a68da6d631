//! Where the Docker Engine and the image registry of `tests/run.sh` are. What runs there is listed in `docker.sh`.

use std::net::SocketAddr;
use std::path::PathBuf;

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
