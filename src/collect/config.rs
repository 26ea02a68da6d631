//! The list of collectors, one line each, and the keys of `targets:` that follow from it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::collector::Target;
use super::command::config::CommandConfig;
use super::declared::config::DeclaredConfig;
use super::docker::config::DockerConfig;
use super::http::config::HttpConfig;
use super::kubernetes::config::KubernetesConfig;
use super::packages::config::PackagesConfig;
use super::postgresql::config::PostgresqlConfig;
use super::recorded::config::RecordedConfig;
use super::redis::config::RedisConfig;
use crate::model::Collectors;

pub use super::target::TargetConfig;

macro_rules! collectors {
    ($($key:ident: $config:ty, $summary:literal;)*) => {
        /// Targets, by collector.
        #[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct TargetsConfig {
            $(
                #[doc = $summary]
                #[serde(default)]
                pub $key: Vec<$config>,
            )*
        }

        impl TargetsConfig {
            /// Every target of every collector.
            pub fn all(&self) -> impl Iterator<Item = &dyn Target> {
                std::iter::empty()$(.chain(self.$key.iter().map(|target| target as &dyn Target)))*
            }
        }

        /// What every collector says of itself.
        pub const COLLECTORS: Collectors = Collectors(&[$(&<$config>::KIND),*]);

        #[cfg(test)]
        const KEYS: &[&str] = &[$(stringify!($key)),*];
    };
}

// A collector is its folder and a line here: its key, what its targets are in a profile, and what
// the schema says of them.
collectors! {
    docker: DockerConfig, "Docker Engines.";
    kubernetes: KubernetesConfig, "Kubernetes clusters.";
    redis: RedisConfig, "Redis, Valkey and their kin.";
    http: HttpConfig, "Services that tell their version over HTTP.";
    postgresql: PostgresqlConfig, "PostgreSQL databases.";
    command: CommandConfig, "Programs that tell their version; `allow-commands` must be set.";
    packages: PackagesConfig, "Lists of packages: dpkg, RPM, CycloneDX.";
    recorded: RecordedConfig, "Files that hold what targets answered.";
    declared: DeclaredConfig, "Facts that a person vouches for.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_has_one_name() {
        let names: Vec<&str> = COLLECTORS.0.iter().map(|kind| kind.name).collect();
        assert_eq!(names, KEYS);
    }
}
