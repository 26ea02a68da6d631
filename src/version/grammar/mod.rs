//! The grammars: one file for each family of schemes.
//!
//! A grammar takes a text apart, and orders what only it understands. It knows no other readings,
//! levels or ranges.

pub(super) mod counter;
pub(super) mod database;
mod date;
pub(super) mod generic;
mod host;
mod jvm;
pub(super) mod kubernetes;
pub(super) mod package;
pub(super) mod program;
mod redis_module;
mod semantic;
pub(super) mod tag;
pub(super) mod tail;

use super::reading::Body;
use super::scheme::Scheme;

/// What `text` says by the grammar of `scheme`.
#[inline]
pub(super) fn read_body(scheme: Scheme, text: &str) -> Body {
    // Those two are read most, and look at each byte themselves.
    let is_checked = matches!(scheme, Scheme::ImageTag | Scheme::Generic);
    if !is_checked && program::is_command(text) {
        return Body::Opaque;
    }
    match scheme {
        Scheme::Generic => generic::read_generic(text),
        Scheme::Semver => semantic::read_semantic(text),
        Scheme::Debian => package::read_debian(text),
        Scheme::Rpm => package::read_rpm(text),
        Scheme::Apk => package::read_apk(text),
        Scheme::ImageTag => tag::read_tag(text),
        Scheme::Kubernetes => kubernetes::read_kubernetes(text),
        Scheme::KubernetesApi => kubernetes::read_api(text).map_or(Body::Opaque, Body::Api),
        Scheme::Kernel => host::read_kernel(text),
        Scheme::RuntimeUri => host::read_runtime(text),
        Scheme::OsImage => host::read_os_image(text),
        Scheme::Jvm => jvm::read_jvm(text),
        Scheme::CalVer => date::read_calver(text),
        Scheme::MySql => database::read_mysql(text),
        Scheme::PostgreSql => database::read_postgresql(text),
        Scheme::RedisModule => redis_module::read_redis_module(text),
        Scheme::MinIo => date::read_minio(text).map_or(Body::Opaque, Body::Date),
    }
}
