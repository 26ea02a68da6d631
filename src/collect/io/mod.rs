//! What collectors reach the outside with: connections, TLS, GET, files and secrets; all capped.

mod addresses;
pub(super) mod aside;
pub mod config;
pub mod file;
pub(super) mod http;
pub(super) mod net;
pub(crate) mod outward;
pub(super) mod percent;
pub(super) mod program;
pub(super) mod repeats;
pub(super) mod secret;
pub(super) mod sent;
pub(super) mod silence;
pub(super) mod ssh_address;
pub(super) mod ssh_failure;
pub(crate) mod stream;
pub(super) mod system;
pub(super) mod tls;
mod tried;
