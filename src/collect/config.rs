//! What the targets of all collectors have in common in a profile.

pub use super::declared::config::DeclaredConfig;
pub use super::docker::config::DockerConfig;
pub use super::kubernetes::config::KubernetesConfig;
pub use super::recorded::config::RecordedConfig;
pub use super::redis::config::RedisConfig;
