//! The names of the grammars.

/// The grammar by which a text is read and ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// Numbers and a tail: everything near semver (`7.0.15`, `20.10.24+dfsg1`); ordered as
    /// libversion does.
    Generic,
    /// Semantic Versioning 2.0.0; a leading `v` and missing numbers are allowed.
    Semver,
    /// dpkg: `[epoch:]upstream[-revision]`, deb-version(7).
    Debian,
    /// RPM: `[epoch:]version[-release]`, rpmvercmp.
    Rpm,
    /// Alpine's apk-tools: `1.2.3a_rc1-r4`.
    Apk,
    /// The tag of an image reference: a version, a date, a commit, or floating.
    ImageTag,
    /// Kubernetes' git version, whose vendor builds are ordered: `v1.27.3-gke.100`, `v1.29.1+k3s1`.
    Kubernetes,
    /// The version of a Kubernetes API group: `v1beta1`.
    KubernetesApi,
    /// `uname -r`: `6.1.0-18-amd64`.
    Kernel,
    /// A container runtime as nodes report it: `containerd://1.7.20`.
    RuntimeUri,
    /// An operating system's full name: `Rocky Linux 9.4 (Blue Onyx)`.
    OsImage,
    /// Java: `1.8.0_392` is `8.0.392`; `17.0.11+9`.
    Jvm,
    /// A calendar date, perhaps with a count and a stage: `2026-01-30-rc1`, `v26.4.11`.
    CalVer,
    /// MySQL and its kin, who say who they are in the tail: `10.11.6-MariaDB`.
    MySql,
    /// PostgreSQL, also in full: `PostgreSQL 16.4 on x86_64-pc-linux-gnu`.
    PostgreSql,
    /// `MODULE_VERSION` of a Redis module: `major * 10000 + minor * 100 + patch`.
    RedisModule,
    /// MinIO: `RELEASE.2024-01-16T16-07-38Z`.
    MinIo,
}

impl Scheme {
    /// All schemes, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::Generic,
        Self::Semver,
        Self::Debian,
        Self::Rpm,
        Self::Apk,
        Self::ImageTag,
        Self::Kubernetes,
        Self::KubernetesApi,
        Self::Kernel,
        Self::RuntimeUri,
        Self::OsImage,
        Self::Jvm,
        Self::CalVer,
        Self::MySql,
        Self::PostgreSql,
        Self::RedisModule,
        Self::MinIo,
    ];

    /// Its name on the command line and in catalogues.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "loose",
            Self::Semver => "semver",
            Self::Debian => "deb",
            Self::Rpm => "rpm",
            Self::Apk => "apk",
            Self::ImageTag => "tag",
            Self::Kubernetes => "k8s",
            Self::KubernetesApi => "kube-api",
            Self::Kernel => "kernel",
            Self::RuntimeUri => "runtime",
            Self::OsImage => "os-image",
            Self::Jvm => "jvm",
            Self::CalVer => "calver",
            Self::MySql => "mysql",
            Self::PostgreSql => "postgres",
            Self::RedisModule => "redis-module",
            Self::MinIo => "minio",
        }
    }

    /// What it reads, with an example, for people.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Generic => {
                "numbers and a tail: `7.0.15`, `20.10.24+dfsg1`, also behind a program's name: \
                 `nginx/1.25.4`; ordered as libversion does"
            }
            Self::Semver => "Semantic Versioning 2.0.0, with a `v` and missing numbers allowed",
            Self::Debian => "dpkg: `1:7.0.15-1~deb12u1`, deb-version(7)",
            Self::Rpm => "RPM: `4.18.0-513.el8`, rpmvercmp",
            Self::Apk => "Alpine: `3.1.4-r5`, apk-tools",
            Self::ImageTag => {
                "tag of an image: a version, perhaps in a channel (`edge-24.5.1`), a date, \
                 a commit (`sha-3f2a9bc`), or floating"
            }
            Self::Kubernetes => {
                "Kubernetes' git version; vendor builds are ordered: `v1.27.3-gke.100`"
            }
            Self::KubernetesApi => "API group version: `v1beta1`; incomparable across majors",
            Self::Kernel => "`uname -r`: `6.1.0-18-amd64`",
            Self::RuntimeUri => "container runtime of a node: `containerd://1.7.20`",
            Self::OsImage => "full name of an operating system: `Rocky Linux 9.4 (Blue Onyx)`",
            Self::Jvm => "Java: `1.8.0_392` is `8.0.392`",
            Self::CalVer => "a date, a count, a stage: `2026-01-30-rc1`, `v26.4.11`",
            Self::MySql => {
                "MySQL, MariaDB, Percona, Aurora: `10.11.6-MariaDB-log`, `8.0.mysql_aurora.3.05.2`"
            }
            Self::PostgreSql => {
                "PostgreSQL: `16.4`, `16.4-R1`, `PostgreSQL 16.4 on x86_64-pc-linux-gnu`"
            }
            Self::RedisModule => "integer of a Redis module: `20612` is `2.6.12`",
            Self::MinIo => "MinIO: `RELEASE.2024-01-16T16-07-38Z`",
        }
    }

    /// The scheme of that name; `generic` is another name of `loose`.
    pub fn by_name(name: &str) -> Option<Self> {
        if name == "generic" {
            return Some(Self::Generic);
        }
        Self::ALL.iter().copied().find(|scheme| scheme.as_str() == name)
    }
}
